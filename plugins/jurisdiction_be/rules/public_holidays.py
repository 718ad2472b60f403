"""Legal holidays of Belgium: the ten legal days."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Holiday

_DAY = dt.timedelta(days=1)
_SUNDAY = 6


def holidays_of(year: int) -> tuple[Holiday, ...]:
    """The legal holidays of a year (Gregorian). Names are French.

    The library also lists Easter Sunday and Pentecost Sunday, which are no legal days: the Sundays before a Monday that
    is one. No other holiday on a Sunday is followed by another.
    """
    import holidays  # slow to load, and only agendas ask

    found = holidays.country_holidays("BE", years=year, language="fr")
    return tuple(
        Holiday(day, name, "BE")
        for day, name in sorted(found.items())
        if not (day.weekday() == _SUNDAY and day + _DAY in found)
    )
