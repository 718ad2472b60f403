"""Later appointments: when one can be asked for, and the times of a day (IA-033)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from plugins.insurer_assistance.rules.contract import DEFAULTS, clock_time


def problem(asked_local: dt.datetime, now_local: dt.datetime, window: Mapping[str, Any]) -> str | None:
    """Why an appointment cannot begin at this time; None where it can.

    Args: both in the portal's zone; the `appointments` section. An appointment begins between `from` and `to`, both
    included, on any day of the week, at most `days_ahead` calendar days ahead. Codes: `in_the_past`, `too_far_ahead`,
    `before_opening`, `after_closing`, `not_on_a_step`, `no_such_time` (skipped when clocks go forward).
    """
    hours = {**DEFAULTS["appointments"], **window}
    asked, opens, closes = asked_local.time(), clock_time(hours["from"]), clock_time(hours["to"])
    if _instant(asked_local) <= _instant(now_local):
        return "in_the_past"
    if (asked_local.date() - now_local.date()).days > hours["days_ahead"]:
        return "too_far_ahead"
    if asked < opens:
        return "before_opening"
    if asked > closes:
        return "after_closing"
    if asked.second or asked.microsecond or (_minutes(asked) - _minutes(opens)) % hours["step_minutes"]:
        return "not_on_a_step"
    return None if _exists(asked_local) else "no_such_time"


def steps(day: dt.date, window: Mapping[str, Any], zone: dt.tzinfo) -> tuple[dt.datetime, ...]:
    """The times at which an appointment can begin on a day, in the zone; without those that a change of clocks skips."""
    hours = {**DEFAULTS["appointments"], **window}
    first, last = _minutes(clock_time(hours["from"])), _minutes(clock_time(hours["to"]))
    found = (
        dt.datetime.combine(day, dt.time(m // 60, m % 60), zone) for m in range(first, last + 1, hours["step_minutes"])
    )
    return tuple(moment for moment in found if _exists(moment))


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def _instant(moment: dt.datetime) -> dt.datetime:
    """In UTC where a zone is known: two times of one zone would be compared by the wall clock."""
    return moment.astimezone(dt.UTC) if moment.tzinfo is not None else moment


def _exists(moment: dt.datetime) -> bool:
    if moment.tzinfo is None:
        return True
    return moment.astimezone(dt.UTC).astimezone(moment.tzinfo).replace(tzinfo=None) == moment.replace(tzinfo=None)
