"""What the style page shows: invented people and times, the same on every portal."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.hooks.decisions import Effect, Reason, UsedParameter
from core.messages import _
from core.web.language import fmt_date, fmt_day, zone

PERSON = "Dr Élise Vanderschrick-Hohenfels"
ADDRESS = "12, rue du Pont-aux-Lignes, 57330 Hettange-Grande"
_QUARTERS = {0: ("09:00", "09:20", "09:40", "11:00"), 2: ("08:00", "08:20", "08:40", "09:00", "09:20", "09:40", "10:00", "10:20", "10:40", "11:00"), 3: ("14:00", "14:20"), 6: ("10:00",)}  # fmt: skip
_ITEMS: dict[int, list[dict[str, Any]]] = {
    0: [
        {"row": 36, "span": 2, "time": "09:00", "title": "A. Fontaine", "detail": "Suivi", "url": "#agenda"},
        {
            "row": 38,
            "span": 4,
            "time": "09:30",
            "title": "B. Weber",
            "detail": "Vidéo",
            "url": "#agenda",
            "kind": "video",
        },
    ],
    1: [
        {"row": 40, "span": 3, "time": "10:00", "title": "C. Muller", "url": "#agenda", "lane": 1, "lanes": 2},
        {"row": 40, "span": 3, "time": "10:00", "title": "…", "kind": "hold", "lane": 2, "lanes": 2},
        {"row": 48, "span": 2, "time": "12:00", "title": "D. Peeters", "url": "#agenda", "kind": "missed"},
    ],
    3: [{"row": 33, "span": 3, "time": "08:15", "title": "E. Schmit", "url": "#agenda", "kind": "cancelled"}],
}


def sample(now: dt.datetime) -> dict[str, Any]:
    """Data of the style page around `now` (aware): reasons, a week of slots, a week of agenda."""
    here = now.astimezone(zone())
    monday = here.date() - dt.timedelta(days=here.weekday())
    days = [monday + dt.timedelta(days=n) for n in range(7)]
    return {
        "now": here,
        "until": now + dt.timedelta(minutes=9, seconds=30),
        "person": PERSON,
        "address": ADDRESS,
        "reasons": _reasons(),
        "days": [_slots(day, n, here) for n, day in enumerate(days)],
        "week": [_agenda(day, n, here) for n, day in enumerate(days)],
    }


def _reasons() -> tuple[Reason, ...]:
    return (
        Reason(
            "proof_missing",
            "core",
            _("Your place of residence is not proved yet."),
            rule="CB-051",
            citation="art. R. 6316-1",
            parameters=(UsedParameter("proof_validity", 90, dt.date(2026, 1, 1), "days"),),
            effect=Effect.DENY,
        ),
        Reason("category", "core", _("Your category gives access to visits at the practice."), rule="CB-045"),
    )


def _slots(day: dt.date, number: int, here: dt.datetime) -> dict[str, Any]:
    times = [dt.datetime.combine(day, dt.time.fromisoformat(t), here.tzinfo) for t in _QUARTERS.get(number, ())]
    slots = [{"at": at, "url": "#slots", "gone": number == 0 and n == 1} for n, at in enumerate(times)]
    return {"date": day, "label": fmt_day(day), "today": day == here.date(), "slots": slots}


def _agenda(day: dt.date, number: int, here: dt.datetime) -> dict[str, Any]:
    closed = (
        [{"row": 48, "span": 4, "label": "–"}]
        if number < 5 and number != 1
        else [{"row": 32, "span": 24, "label": "–"}]
        if number > 4
        else []
    )
    today = day == here.date()
    return {
        "label": fmt_day(day),
        "full": fmt_date(day),
        "url": "#agenda",
        "today": today,
        "items": _ITEMS.get(number, []),
        "closed": closed,
        "now": 42 if today else None,
    }
