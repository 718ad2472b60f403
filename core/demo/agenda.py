"""Weeks of appointments: a crowd written in bulk, and a few journeys booked as a patient books."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.dialects.postgresql import insert as upsert

from core import clock
from core.consent import service as consent
from core.db import db, new_id
from core.demo.people import Patient, Pro
from core.directory import service as directory
from core.directory.models import PatientLink, Practice, Professional, VisitReason
from core.identity import profile
from core.identity.models import Account
from core.scheduling import hours, slots
from core.scheduling import service as scheduling
from core.scheduling.models import Appointment, BusyRange
from core.tenancy.current import current_tenant

PAST_DAYS, COMING_DAYS = 14, 28
# How full an agenda is: yesterday, this week, the weeks to come.
FULL_PAST, FULL_WEEKS = 0.3, (0.5, 0.3, 0.15, 0.08, 0.04)


@dataclass(frozen=True, slots=True)
class Found:
    """A professional of the demo on this portal."""

    pro: Pro
    profile: Professional
    email: str
    places: dict[str, Practice]
    reasons: list[VisitReason]


def fill(chance: Random, found: Sequence[Found], crowd: Sequence[Account]) -> None:
    """Appointments of the crowd over the past two and the coming four weeks, none over another one's time."""
    now = clock.now()
    taken = _taken(f.profile.practitioner_id for f in found)
    busy_patients: set[tuple[uuid.UUID, dt.datetime]] = set()
    rows: list[dict[str, Any]] = []
    for one in found:
        closed = _holidays(one.profile.country, now)
        for start, length, place in _windows(one, now, closed):
            if chance.random() >= _fullness(start, now):
                continue
            reason = _reason(chance, one, place, length)
            end = start + dt.timedelta(minutes=reason.duration_minutes)
            mine = taken.setdefault((one.profile.practitioner_id, start.date()), [])
            patient = chance.choice(crowd)
            if any(s < end and start < e for s, e in mine) or (patient.id, start) in busy_patients:
                continue
            mine.append((start, end))
            busy_patients.add((patient.id, start))
            rows.append(_row(chance, one, reason, place, patient, start, end, now))
    _write(rows, now)


def _taken(practitioners: Iterable[uuid.UUID]) -> dict[tuple[uuid.UUID, dt.date], list[tuple[dt.datetime, dt.datetime]]]:
    """What the other portal has booked already, by day; nobody of the demo works past midnight."""
    result: dict[tuple[uuid.UUID, dt.date], list[tuple[dt.datetime, dt.datetime]]] = {}
    for row in db.session.execute(select(BusyRange).where(BusyRange.practitioner_id.in_(list(practitioners)))).scalars():
        if row.during.lower is not None and row.during.upper is not None:
            result.setdefault((row.practitioner_id, row.during.lower.date()), []).append((row.during.lower, row.during.upper))
    return result


def _holidays(country: str, now: dt.datetime) -> set[dt.date]:
    dispatcher = current_tenant().dispatcher
    years = {(now + dt.timedelta(days=d)).year for d in (-PAST_DAYS, COMING_DAYS)}
    return {h.date for year in years for h in dispatcher.collect("holidays", country=country, year=year)}


def _windows(one: Found, now: dt.datetime, closed: set[dt.date]) -> Iterator[tuple[dt.datetime, int, Practice]]:
    """(start, grid, practice) of each place in the grid of the weekly hours."""
    places = {p.id: p for p in one.places.values()}
    weekly = hours.hours_of(one.profile.id)
    for offset in range(-PAST_DAYS, COMING_DAYS):
        day = (now + dt.timedelta(days=offset)).date()
        if day in closed:
            continue
        for span in weekly:
            if span.weekday != day.isoweekday():
                continue
            zone = ZoneInfo(places[span.practice_id].time_zone)
            start = dt.datetime.combine(day, span.opens, zone)
            end = dt.datetime.combine(day, span.closes, zone)
            while start < end:
                yield start.astimezone(dt.UTC), span.grid_minutes, places[span.practice_id]
                start += dt.timedelta(minutes=span.grid_minutes)


def _fullness(start: dt.datetime, now: dt.datetime) -> float:
    days = (start - now).days
    return FULL_PAST if days < 0 else FULL_WEEKS[min(days // 7, len(FULL_WEEKS) - 1)]


def _reason(chance: Random, one: Found, place: Practice, grid: int) -> VisitReason:
    """A reason that fits the place, short enough for the grid where there is one."""
    fitting = [r for r in one.reasons if (r.service == "in_person") == (place.mode == "in_person")]
    return chance.choice([r for r in fitting if r.duration_minutes <= grid] or fitting)


def _row(
    chance: Random, one: Found, reason: VisitReason, place: Practice, patient: Account, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> dict[str, Any]:  # fmt: skip
    if end < now:
        state = "no_show" if chance.random() < 0.04 else "done"
    else:
        state = "cancelled_by_patient" if start > now and chance.random() < 0.05 else "booked"
    return {
        "tenant_id": current_tenant().id,
        "id": new_id(),
        "professional_id": one.profile.id,
        "practitioner_id": one.profile.practitioner_id,
        "practice_id": place.id,
        "reason_id": reason.id,
        "reason_label": reason.label,
        "service": reason.service,
        "patient_account_id": patient.id,
        "starts_at": start,
        "ends_at": end,
        "state": state,
        "busy_id": new_id(),
        "sequence": 1 if state == "cancelled_by_patient" else 0,
        "price_cents": reason.price_cents,
        "currency": reason.currency,
        "booked_by": "patient",
        "created_at": min(start, now) - dt.timedelta(days=chance.randint(1, 20)),
        "confirmed_at": min(start, now),
        "ended_at": now if state == "cancelled_by_patient" else end if state in ("done", "no_show") else None,
    }


def _write(rows: list[dict[str, Any]], now: dt.datetime) -> None:
    if not rows:
        return
    tenant = current_tenant()
    version = consent.documents.find(tenant, consent.TERMS, None, clock.today(tenant.time_zone))
    covered = set(tenant.config["partner"].get("services", ()))
    for row in rows:
        row["terms_version"] = version.version if version else None
        row["partner"] = tenant.config["partner"]["name"] if row["service"] in covered else None
    db.session.execute(insert(Appointment), rows)
    taken = [r for r in rows if not r["state"].startswith("cancelled")]
    db.session.execute(
        insert(BusyRange),
        [{"id": r["busy_id"], "practitioner_id": r["practitioner_id"], "during": Range(r["starts_at"], r["ends_at"])} for r in taken],
    )
    links = {(r["professional_id"], r["patient_account_id"]): r["created_at"] for r in rows}
    known = [
        {"tenant_id": tenant.id, "id": new_id(), "professional_id": p, "account_id": a, "way": "appointment", "created_at": at}
        for (p, a), at in links.items()
    ]
    db.session.execute(upsert(PatientLink).on_conflict_do_nothing(), known)


def journeys(found: Sequence[Found], patients: Sequence[tuple[Account, Patient]]) -> None:
    """Each patient with a login books two coming appointments that the rules allow, by the same way as on the page."""
    tenant = current_tenant()
    version = consent.documents.find(tenant, consent.TERMS, None, clock.today(tenant.time_zone))
    for index, (account, _patient) in enumerate(patients):
        facts = profile.patient_facts(account.id)
        booker = scheduling.Booker(account.id, account.person_id, facts)
        wanted, booked = ["in_person", "teleconsultation", "video_consultation"], 0
        for step in range(len(found)):
            one = found[(index * 5 + step) % len(found)]
            choice = _choice(one, booker, wanted)
            if choice is None:
                continue
            reason, place, start = choice
            scheduling.book(
                booker, professional_id=one.profile.id, reason_id=reason.id, practice_id=place.id, starts_at=start,
                terms_version=version.version if version else None,
            )  # fmt: skip
            directory.mark_favourite(account.id, one.profile.id)
            wanted.remove(reason.service)
            booked += 1
            if booked == 2:
                break


def _choice(one: Found, booker: scheduling.Booker, wanted: Sequence[str]) -> tuple[VisitReason, Practice, dt.datetime] | None:
    for reason in one.reasons:
        if reason.service not in wanted or not scheduling.may_have(booker, one.profile, reason.service).permitted:
            continue
        place = one.places["in_person" if reason.service == "in_person" else "virtual"]
        after = clock.now() + dt.timedelta(days=3)
        for slot in slots.next_free(one.profile.id, reason.service, reason.duration_minutes, after):
            if slot.practice_id == place.id:
                return reason, place, slot.starts_at
    return None
