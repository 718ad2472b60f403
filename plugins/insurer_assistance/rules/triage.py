"""Who answers first: a nurse on the telephone by day, a doctor at any other time and always on the web."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any, Literal

from plugins.insurer_assistance.rules.contract import DAYS, DEFAULTS, clock_time

TELEPHONE, WEB = "telephone", "web"
CHANNELS = (TELEPHONE, WEB)
NURSE: Literal["nurse"] = "nurse"
DOCTOR: Literal["doctor"] = "doctor"
OUTCOMES = ("orientation_only", "connect_to_doctor", "doctor_call_back", "emergency_transfer")
_SATURDAY, _SUNDAY = 5, 6


def nurse_on_duty(at_local: dt.datetime, window: Mapping[str, Any], holidays: Collection[dt.date]) -> bool:
    """Whether a nurse answers at this local time (IA-026); the end of the window is no longer in it.

    Args: the wall clock of the portal's zone, so that days on which clocks change need nothing more; the `nurse` section;
    the public holidays of the jurisdiction, at least of that day's year.
    """
    hours = {**DEFAULTS["nurse"], **window}
    if DAYS[at_local.weekday()] not in hours["days"]:
        return False
    if at_local.date() in holidays and not hours["public_holidays"]:
        return False
    return clock_time(hours["from"]) <= at_local.time() < clock_time(hours["to"])


def route(
    channel: str, at_local: dt.datetime, window: Mapping[str, Any], holidays: Collection[dt.date]
) -> Literal["nurse", "doctor"]:
    """Who takes a request first (IA-026 to IA-028, IA-064, IA-067). Raises ValueError for an unknown channel."""
    if channel not in CHANNELS:
        raise ValueError(f"channel: {channel!r}; allowed: {', '.join(CHANNELS)}")
    return NURSE if channel == TELEPHONE and nurse_on_duty(at_local, window, holidays) else DOCTOR


def period(
    at_local: dt.datetime, window: Mapping[str, Any], holidays: Collection[dt.date]
) -> Literal["day", "night", "saturday", "sunday", "public_holiday"]:
    """The part of the week for the records of the desk: `day` while a nurse answers, else why none does (IA-028)."""
    if nurse_on_duty(at_local, window, holidays):
        return "day"
    if at_local.date() in holidays:
        return "public_holiday"
    if at_local.weekday() == _SATURDAY:
        return "saturday"
    return "sunday" if at_local.weekday() == _SUNDAY else "night"


def closing_problem(outcome: str) -> str | None:
    """None where a nurse may close a call so (IA-027), else the code of what is wrong."""
    return None if outcome in OUTCOMES else "unknown_outcome"
