"""Public holidays of all of Germany. Those of single states are left out: an agenda does not know the state."""

from __future__ import annotations

import holidays

from core.plugin_api import Holiday


def holidays_of(year: int) -> tuple[Holiday, ...]:
    """The holidays of a year (Gregorian) in all states. Names are German."""
    found = holidays.country_holidays("DE", years=year, language="de")
    return tuple(Holiday(day, name, "DE") for day, name in sorted(found.items()))
