"""P10: free slots against two fetches merged in Python; and how their cost grows."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from core.db import db
from core.scheduling import slots
from core.tenancy.current import entered
from tests.bench.goals import Measured
from tests.bench.ground import Ground
from tests.bench.measure import ROUNDS, Series, interleaved, two

FIRST = dt.date(2027, 3, 1)
"""Days that no booking of the other figures touches; a change of the clock falls on the 28th."""
AFTER = dt.datetime(2027, 2, 28, tzinfo=dt.UTC)
MINUTES = 30
ZONE = "Europe/Paris"

_PERSONS = """
INSERT INTO practitioners (id, created_at) SELECT md5(:set || 'p' || n)::uuid, now() FROM generate_series(1, :count) n
"""
_PEOPLE = """
INSERT INTO professionals (tenant_id, id, account_id, practitioner_id, name, title, specialty, kind, country, languages, presentation,
    services, booking_open, search_text, listed, created_at)
SELECT :tenant, md5(:set || n)::uuid, md5(:set || 'a' || n)::uuid, md5(:set || 'p' || n)::uuid, 'Bench ' || n, 'Dr', 'general_practice',
    'physician', 'FR', '{fr}', '{}', '{in_person}', true, 'bench', true, now() FROM generate_series(1, :count) n;
"""
_PLACES = """
INSERT INTO practices (tenant_id, id, professional_id, mode, name, street, postal_code, city, country, access_note, time_zone, search_place,
    closed_on_holidays, archived)
SELECT :tenant, md5(:set || 'c' || n)::uuid, md5(:set || n)::uuid, 'in_person', 'Cabinet', '1 rue A', '57000', 'Metz', 'FR', '',
    'Europe/Paris', 'metz 57000', true, false FROM generate_series(1, :count) n;
"""
_HOURS = """
INSERT INTO opening_hours (tenant_id, id, professional_id, practice_id, weekday, opens, closes, grid_minutes, services,
    known_patients_only, valid_from)
SELECT :tenant, gen_random_uuid(), md5(:set || n)::uuid, md5(:set || 'c' || n)::uuid, d, o, o + interval '3 hours', 30, '{in_person}',
    false, '2026-01-01'
FROM generate_series(1, :count) n, generate_series(1, 7) d, unnest(ARRAY[time '09:00', time '14:00']) o;
"""
_BUSY = """
INSERT INTO busy_ranges (id, practitioner_id, during)
SELECT gen_random_uuid(), md5(:set || 'p' || n)::uuid, tstzrange(s, s + interval '30 minutes')
FROM generate_series(1, :count) n, generate_series(0, :days - 1) d, unnest(ARRAY[time '09:00', time '14:00']) o, generate_series(0, 5) h,
    LATERAL (SELECT (CAST(:first AS date) + d + o + h * interval '30 minutes') AT TIME ZONE 'Europe/Paris' AS s) x
WHERE abs(hashtext(n || ' ' || d || ' ' || o || ' ' || h)) % 100 < :share;
"""
_OPEN = "SELECT professional_id, weekday, opens, closes FROM opening_hours WHERE professional_id = ANY(:ids)"
_TAKEN = """
SELECT p.id, lower(b.during) AS begins, upper(b.during) AS ends FROM busy_ranges b JOIN professionals p ON p.practitioner_id = b.practitioner_id
WHERE p.id = ANY(:ids) AND b.during && tstzrange(:after, :until) ORDER BY p.id, lower(b.during)
"""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Professionals made for one figure."""

    ids: list[uuid.UUID]
    days: int


def crowd(ground: Ground, name: str, count: int, days: int, share: int) -> Crowd:
    """Make professionals with two openings a day, `share` percent of the half hours booked."""
    values = {"tenant": ground.tenant_id, "set": name, "count": count, "days": days, "share": share, "first": FIRST}
    for statement in (_PERSONS, _PEOPLE, _PLACES, _HOURS, _BUSY):
        db.session.execute(text(statement), values)
    db.session.commit()
    ids = db.session.execute(text("SELECT md5(:set || n)::uuid FROM generate_series(1, :count) n"), values).scalars()
    return Crowd(list(ids), days)


def by_the_database(c: Crowd) -> list[slots.Slot]:
    """The product's way: the database subtracts, Python cuts."""
    free = slots.free_time(c.ids, FIRST, FIRST + dt.timedelta(days=c.days - 1), AFTER)
    return slots.cut(free, "in_person", MINUTES)


def in_python(c: Crowd) -> list[tuple[Any, dt.datetime]]:
    """The base: opening hours and busy ranges are fetched, and merged here. No holidays, absences or exceptions."""
    until = AFTER + dt.timedelta(days=c.days + 2)
    taken: dict[Any, set[dt.datetime]] = defaultdict(set)
    busy: dict[Any, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
    for id_, begins, ends in db.session.execute(text(_TAKEN), {"ids": c.ids, "after": AFTER, "until": until}):
        busy[id_].append((begins, ends))
        taken[id_].add(begins)
    weekly: dict[tuple[Any, int], list[tuple[dt.time, dt.time]]] = defaultdict(list)
    for id_, weekday, opens, closes in db.session.execute(text(_OPEN), {"ids": c.ids}):
        weekly[(id_, weekday)].append((opens, closes))
    zone, stride = ZoneInfo(ZONE), dt.timedelta(minutes=MINUTES)
    days = [FIRST + dt.timedelta(days=n) for n in range(c.days)]
    found = []
    for id_ in c.ids:
        ranges, at = busy[id_], 0
        for day in days:
            for opens, closes in sorted(weekly[(id_, day.isoweekday())]):
                start = dt.datetime.combine(day, opens, zone).astimezone(dt.UTC)
                close = dt.datetime.combine(day, closes, zone).astimezone(dt.UTC)
                while start + stride <= close:
                    while at < len(ranges) and ranges[at][1] <= start:
                        at += 1
                    if at == len(ranges) or ranges[at][0] >= start + stride:
                        found.append((id_, start))
                    start += stride
    found.sort(key=lambda x: x[1])
    return found


def _run(work: Any, c: Crowd) -> Any:
    def run() -> int:
        work(c)
        return 1

    return run


def measure(ground: Ground) -> tuple[list[Measured], list[str]]:
    """The rows P10, and the lines of the table of growth."""
    with ground.app.app_context(), entered(ground.tenant_id):
        many = crowd(ground, "many", 1000, 14, 60)
        grown = [("practitioners", "10 practitioners × 14 days, 60 % booked", Crowd(many.ids[:10], 14))]
        grown += [("practitioners", "100 practitioners × 14 days, 60 % booked", Crowd(many.ids[:100], 14))]
        grown += [("practitioners", "1,000 practitioners × 14 days, 60 % booked", many)]
        long = crowd(ground, "long", 100, 56, 60)
        grown += [("days", f"100 practitioners × {d} days, 60 % booked", Crowd(long.ids, d)) for d in (7, 14, 28, 56)]
        for share in (0, 30, 90):
            made = crowd(ground, f"share{share}", 100, 14, share)
            grown.append(("bookings", f"100 practitioners × 14 days, {share} % booked", made))
        with ground.admin() as c:
            c.execute("ANALYZE")
        same = {(s.professional_id, s.starts_at) for s in by_the_database(many)} == set(in_python(many))
        variants = {"sql": _run(by_the_database, many), "python": _run(in_python, many)}
        pids = [os.getpid()]
        found = interleaved(variants, lambda: [*pids, *ground.database_pids()], rounds=ROUNDS)
        rows = interleaved({name: _run(by_the_database, made) for _kind, name, made in grown}, rounds=ROUNDS)
        sizes = {name: len(by_the_database(made)) for _kind, name, made in grown}
        db.session.rollback()
    note = "equal results" if same else "THE RESULTS DIFFER"
    sql, python = found["sql"], found["python"]
    cpu, wall = two(sql, python, "cpu"), two(sql, python, "wall")
    measured = [
        Measured("P10", sql.cpu_ms / python.cpu_ms, ROUNDS, cpu, wall, note),
        Measured("P10 wall", sql.wall_ms, ROUNDS, "", f"{sql.wall_ms:.0f}", f"{sizes[grown[2][1]]:,} free slots"),
    ]
    return measured, [_line(kind, name, rows[name], sizes[name]) for kind, name, _made in grown]


def _line(kind: str, name: str, series: Series, found: int) -> str:
    each = 1000 * series.wall_ms / found if found else 0
    return f"| {kind} | {name} | {found:,} | {series.wall_ms:.1f} | {series.cpu_ms:.1f} | {each:.1f} |"
