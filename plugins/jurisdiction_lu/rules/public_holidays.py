"""Legal holidays of Luxembourg."""

from __future__ import annotations

from core.plugin_api import Holiday


def holidays_of(year: int) -> tuple[Holiday, ...]:
    """The legal holidays of a year (Gregorian); two that fall on one day are one. Names are French."""
    import holidays  # slow to load, and only agendas ask

    found = holidays.country_holidays("LU", years=year, language="fr")
    return tuple(Holiday(day, name, "LU") for day, name in sorted(found.items()))
