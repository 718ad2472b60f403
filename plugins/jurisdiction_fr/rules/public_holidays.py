"""Legal holidays of France, with the two more of Alsace and Moselle where asked."""

from __future__ import annotations

from core.plugin_api import Holiday

REGIONS = {"none": None, "alsace": "6AE", "moselle": "57"}


def holidays_of(year: int, region: str = "none") -> tuple[Holiday, ...]:
    """The legal holidays of a year (Gregorian). `region` is `none`, `alsace` or `moselle`. Names are French."""
    import holidays  # slow to load, and only agendas ask

    found = holidays.country_holidays("FR", years=year, subdiv=REGIONS[region], language="fr")
    return tuple(Holiday(day, name, "FR") for day, name in sorted(found.items()))
