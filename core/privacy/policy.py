"""The clock of rights requests: dated values of the law, calendar months."""

from __future__ import annotations

import calendar
import datetime as dt
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from core.hooks.parameters import Parameters, load_parameters
from core.tenancy.current import current_tenant

RIGHTS = "rights_request"
"""The kind of promise that a request is."""


@lru_cache(maxsize=1)
def parameters() -> Parameters:
    """The dated values of law that this package rests on."""
    return load_parameters(Path(__file__).parent / "parameters")


def months_after(day: dt.date, months: int) -> dt.date:
    """The day with the same number some calendar months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_before(instant: dt.datetime, months: int) -> dt.datetime:
    """The instant some calendar months earlier, on the same day of the month or the last of it."""
    day = months_after(instant.date(), -months)
    return dt.datetime.combine(day, instant.timetz())


def due_day(received_at: dt.datetime) -> dt.date:
    """The last day for the answer to what was received then, in the portal's calendar (IA-101)."""
    received = received_at.astimezone(ZoneInfo(current_tenant().time_zone)).date()
    return months_after(received, int(parameters().at("rights_answer_months", received).value))


def due_at(received_at: dt.datetime) -> dt.datetime:
    """The end of the last day for the answer."""
    after = due_day(received_at) + dt.timedelta(days=1)
    return dt.datetime.combine(after, dt.time(), ZoneInfo(current_tenant().time_zone)).astimezone(dt.UTC)


def warning(received_at: dt.datetime) -> dt.timedelta:
    """How long before the end an open request is flagged."""
    return dt.timedelta(days=int(parameters().at("rights_warning_days", received_at.date()).value))
