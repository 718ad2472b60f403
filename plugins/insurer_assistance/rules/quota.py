"""The calendar year in which a unit counts, by the portal's own clock (IA-040, IA-042)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def year_of(instant: dt.datetime, zone: str) -> int:
    """The year of an instant in a zone. Raises ValueError for an instant without offset."""
    if instant.tzinfo is None:
        raise ValueError("an instant with its offset is wanted")
    return instant.astimezone(ZoneInfo(zone)).year
