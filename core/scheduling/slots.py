"""Free slots: the database subtracts, Python cuts. Cost grows with openings and bookings of the days asked for only."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from core import clock
from core.db import db
from core.tenancy.current import current_tenant

MAX_DAYS = 62


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A time that can be booked: instants in UTC."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    professional_id: uuid.UUID
    practice_id: uuid.UUID
    known_patients_only: bool = False


@dataclass(frozen=True, slots=True)
class FreeTime:
    """What is free of one opening: ranges, the grid on which slots start, the services it is for."""

    professional_id: uuid.UUID
    practice_id: uuid.UUID
    services: tuple[str, ...]
    known_patients_only: bool
    grid_minutes: int
    ranges: tuple[tuple[dt.datetime, dt.datetime], ...]


def closed_days(first: dt.date, last: dt.date) -> tuple[list[str], list[dt.date]]:
    """(countries, days) of public holidays within the days, of every country that an enabled plugin knows."""
    tenant = current_tenant()
    countries = sorted(
        {tenant.config["country"], *(c.country for c in tenant.dispatcher.collect("practice_countries"))}
    )
    pairs = [
        (h.country, h.date)
        for country in countries
        for year in range(first.year, last.year + 1)
        for h in tenant.dispatcher.collect("holidays", country=country, year=year)
        if first <= h.date <= last
    ]
    return [p[0] for p in pairs], [p[1] for p in pairs]


def free_time(professionals: Sequence[uuid.UUID], first: dt.date, last: dt.date, after: dt.datetime) -> list[FreeTime]:
    """What is free of these professionals, from `after` on, within the days (both included)."""
    if not professionals:
        return []
    last = min(last, first + dt.timedelta(days=MAX_DAYS))
    countries, days = closed_days(first, last)
    rows = db.session.execute(
        text(
            "SELECT professional_id, practice_id, services, known_patients_only, grid_minutes, free "
            "FROM free_time(CAST(:professionals AS uuid[]), :first, :last, :after, CAST(:countries AS text[]), CAST(:days AS date[]))"
        ),
        {
            "professionals": list(professionals),
            "first": first,
            "last": last,
            "after": after,
            "countries": countries,
            "days": days,
        },
    )
    return [
        FreeTime(
            r.professional_id,
            r.practice_id,
            tuple(r.services),
            r.known_patients_only,
            r.grid_minutes,
            tuple((x.lower, x.upper) for x in r.free),
        )
        for r in rows
    ]


def cut(
    free: Iterable[FreeTime], service: str, minutes: int, *, known: bool = True, limit: int | None = None
) -> list[Slot]:
    """Slots of a service and length, in order of time. `known=False` leaves out hours kept for known patients."""
    length = dt.timedelta(minutes=minutes)
    found: list[Slot] = []
    for window in free:
        if service not in window.services or (window.known_patients_only and not known):
            continue
        step = window.grid_minutes * 60
        stride = dt.timedelta(seconds=step)
        for lower, upper in window.ranges:
            offset = -int(lower.timestamp()) % step
            start = lower + dt.timedelta(seconds=offset, microseconds=-lower.microsecond)
            if start < lower:
                start += stride
            while start + length <= upper:
                found.append(
                    Slot(start, start + length, window.professional_id, window.practice_id, window.known_patients_only)
                )
                start += stride
    found.sort()
    return _unique(found)[:limit]


def _unique(slots: list[Slot]) -> list[Slot]:
    """Two openings of one practice may overlap: each start is offered once."""
    seen: set[tuple[uuid.UUID, dt.datetime, uuid.UUID]] = set()
    result = []
    for slot in slots:
        key = (slot.professional_id, slot.starts_at, slot.practice_id)
        if key not in seen:
            seen.add(key)
            result.append(slot)
    return result


def earliest(notice: bool = True) -> dt.datetime:
    """From when on a patient may book: now, plus the portal's shortest notice."""
    minutes = current_tenant().config["booking"]["minimum_notice_minutes"] if notice else 0
    return clock.now() + dt.timedelta(minutes=minutes)


def horizon() -> dt.date:
    """The last day that the portal shows."""
    tenant = current_tenant()
    return clock.today(tenant.time_zone) + dt.timedelta(days=tenant.config["booking"]["horizon_days"])


def slots_of(
    professional_id: uuid.UUID, service: str, minutes: int, first: dt.date, days: int, *, known: bool = True
) -> list[Slot]:
    """Slots of one professional over some days."""
    last = min(first + dt.timedelta(days=days - 1), horizon())
    if last < first:
        return []
    return cut(free_time([professional_id], first, last, earliest()), service, minutes, known=known)


def next_free(
    professional_id: uuid.UUID, service: str, minutes: int, after: dt.datetime, *, count: int = 3, known: bool = True
) -> list[Slot]:
    """The next free slots, looking further ahead week by week up to the portal's horizon."""
    first = after.astimezone(dt.UTC).date()
    end = horizon()
    while first <= end:
        last = min(first + dt.timedelta(days=13), end)
        found = cut(
            free_time([professional_id], first, last, max(after, earliest())),
            service,
            minutes,
            known=known,
            limit=count,
        )
        if found:
            return found
        first = last + dt.timedelta(days=1)
    return []


def soonest(
    professionals: Sequence[uuid.UUID], minutes: dict[uuid.UUID, dict[str, int]], days: int = 14
) -> dict[uuid.UUID, Slot]:
    """The soonest slot of each professional within some days, over the services and lengths given for each."""
    start = earliest()
    first = start.date()
    by_professional: dict[uuid.UUID, list[FreeTime]] = {}
    for window in free_time(professionals, first, first + dt.timedelta(days=days), start):
        by_professional.setdefault(window.professional_id, []).append(window)
    result = {}
    for professional_id, windows in by_professional.items():
        offers = [
            found[0]
            for service, length in minutes.get(professional_id, {}).items()
            if (found := cut(windows, service, length, known=False, limit=1))
        ]
        if offers:
            result[professional_id] = min(offers)
    return result
