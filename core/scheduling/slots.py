"""Free slots: the database subtracts, Python cuts. Cost grows with openings and bookings of the days asked for only."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import text

from core import clock
from core.db import db
from core.tenancy.current import current_tenant

MAX_DAYS = 62


class Slot(NamedTuple):
    """A time that can be booked: instants in UTC. A search makes thousands of them, so they are plain tuples."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    professional_id: uuid.UUID
    practice_id: uuid.UUID
    known_patients_only: bool = False


@dataclass(frozen=True, slots=True)
class FreeTime:
    """What is free of one place's openings of a kind: the grid on which slots start, the services they are for.

    `ranges` are (begin, end) in whole seconds since 1970, UTC: they are cut by the thousand.
    """

    professional_id: uuid.UUID
    practice_id: uuid.UUID
    services: tuple[str, ...]
    known_patients_only: bool
    grid_minutes: int
    ranges: tuple[tuple[int, int], ...]


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
        _FREE,
        {
            "professionals": list(professionals),
            "first": first,
            "last": last,
            "after": after,
            "countries": countries,
            "days": days,
        },
    )
    found: dict[tuple[uuid.UUID, uuid.UUID, tuple[str, ...], bool, int], list[tuple[int, int]]] = {}
    for professional, practice, services, reserved, grid, begins, ends in rows:
        of_place = found.setdefault((professional, practice, tuple(services), reserved, grid), [])
        of_place.extend(zip(begins, ends, strict=True))
    return [FreeTime(*place, tuple(sorted(ranges))) for place, ranges in found.items()]


# One row for each hour of a week kept at a place: a row for each day would cost more to read than to find.
_FREE = text(
    "SELECT professional_id, practice_id, services, known_patients_only, grid_minutes, "
    "ARRAY(SELECT CAST(ceil(date_part('epoch', lower(r))) AS bigint) FROM unnest(free) r), "
    "ARRAY(SELECT CAST(floor(date_part('epoch', upper(r))) AS bigint) FROM unnest(free) r) "
    "FROM free_time(CAST(:professionals AS uuid[]), :first, :last, :after, CAST(:countries AS text[]), CAST(:days AS date[])) "
    "WHERE NOT isempty(free)"
)


def cut(
    free: Iterable[FreeTime], service: str, minutes: int, *, known: bool = True, limit: int | None = None
) -> list[Slot]:
    """Slots of a service and length, in order of time. `known=False` leaves out hours kept for known patients."""
    length = minutes * 60
    windows = sorted(
        (w for w in free if service in w.services and (known or not w.known_patients_only)),
        key=lambda w: (w.professional_id.int, w.practice_id.int, w.known_patients_only),
    )
    if limit is None:
        at: dict[int, list[int]] = defaultdict(list)
        for number, window in enumerate(windows):
            for start, _number in _starts(number, window, length):
                at[start].append(number)
        return list(_slots(sorted(at.items()), windows, length))
    # The first few only: each opening is cut no further than the merge asks for.
    merged = heapq.merge(*(_starts(number, window, length) for number, window in enumerate(windows)))
    return list(itertools.islice(_slots(((start, (number,)) for start, number in merged), windows, length), limit))


def _starts(number: int, window: FreeTime, length: int) -> Iterator[tuple[int, int]]:
    """(start, number of the window) in order of time: starts lie on the window's grid, counted from the hour."""
    step = window.grid_minutes * 60
    reached = 0
    for begin, end in window.ranges:
        # Openings of one place may overlap: the common grid makes what they share the same starts.
        for start in range(max(begin + -begin % step, reached), end - length + 1, step):
            yield start, number
            reached = start + step


def _slots(starts: Iterable[tuple[int, Sequence[int]]], windows: Sequence[FreeTime], length: int) -> Iterator[Slot]:
    """Slots of these starts, in their order. Two openings of one practice may overlap: each start is offered once."""
    places = [(w.professional_id, w.practice_id, w.known_patients_only) for w in windows]
    lasting = dt.timedelta(seconds=length)
    before: tuple[Any, ...] = ()
    for second, numbers in starts:
        start = dt.datetime.fromtimestamp(second, dt.UTC)
        end = start + lasting
        for number in numbers:
            professional, practice, reserved = places[number]
            here = (second, professional, practice)
            if here != before:
                yield Slot(start, end, professional, practice, reserved)
            before = here


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
