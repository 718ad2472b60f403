"""Weekly hours, days unlike the others, absences: what the professional publishes (CB-136)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import Range

from core import audit, clock
from core.db import db
from core.directory.models import Practice, Professional
from core.messages import _
from core.scheduling.models import BusyRange, OpeningException, OpeningHours, PractitionerAbsence
from core.tenancy.current import current_tenant
from core.web.frame import Refused

GRIDS = (5, 10, 15, 20, 30, 60)


def add_hours(
    professional: Professional,
    practice: Practice,
    *,
    weekday: int,
    opens: dt.time,
    closes: dt.time,
    grid_minutes: int,
    services: Sequence[str],
    known_patients_only: bool = False,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> OpeningHours:
    """Open a span each week, in the practice's wall-clock time. Raises Refused naming what is wrong."""
    (made,) = add_week(
        professional, practice, weekdays=(weekday,), opens=opens, closes=closes, grid_minutes=grid_minutes, services=services,
        known_patients_only=known_patients_only, valid_from=valid_from, valid_until=valid_until,
    )  # fmt: skip
    return made


def add_week(
    professional: Professional,
    practice: Practice,
    *,
    weekdays: Sequence[int],
    opens: dt.time,
    closes: dt.time,
    grid_minutes: int,
    services: Sequence[str],
    known_patients_only: bool = False,
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> list[OpeningHours]:
    """Open the same span on several days of each week. Raises Refused naming what is wrong."""
    _check(opens, closes, grid_minutes, services, professional)
    if not all(1 <= weekday <= 7 for weekday in weekdays):
        raise Refused(_("A day of the week is a number from 1 (Monday) to 7 (Sunday)."), status=422)
    made = [
        OpeningHours(
            professional_id=professional.id,
            practice_id=practice.id,
            weekday=weekday,
            opens=opens,
            closes=closes,
            grid_minutes=grid_minutes,
            services=list(services),
            known_patients_only=known_patients_only,
            valid_from=valid_from or clock.today(practice.time_zone),
            valid_until=valid_until,
        )
        for weekday in weekdays
    ]
    db.session.add_all(made)
    db.session.flush()
    for row in made:
        audit.record("hours.added", "opening_hours", row.id, {"weekday": row.weekday})
    return made


def _check(opens: dt.time, closes: dt.time, grid: int, services: Sequence[str], professional: Professional) -> None:
    if opens >= closes:
        raise Refused(
            _(
                "The closing time, {closes}, must be later than the opening time, {opens}.",
                opens=f"{opens:%H:%M}",
                closes=f"{closes:%H:%M}",
            ),
            status=422,
        )
    if grid not in GRIDS:
        raise Refused(_("Slots start every {allowed} minutes.", allowed=", ".join(map(str, GRIDS))), status=422)
    unknown = [s for s in services if s not in professional.services]
    if unknown or not services:
        raise Refused(_("Choose at least one service that stands on your profile."), status=422)


def remove_hours(professional: Professional, hours_id: uuid.UUID) -> None:
    """Close a weekly span from now on; appointments already booked stay."""
    db.session.execute(
        delete(OpeningHours).where(OpeningHours.id == hours_id, OpeningHours.professional_id == professional.id)
    )
    audit.record("hours.removed", "opening_hours", hours_id)


def hours_of(professional_id: uuid.UUID) -> list[OpeningHours]:
    """Weekly spans in order."""
    return list(
        db.session.execute(
            select(OpeningHours)
            .where(OpeningHours.professional_id == professional_id)
            .order_by(OpeningHours.weekday, OpeningHours.opens)
        ).scalars()
    )


def add_exception(
    professional: Professional,
    practice: Practice,
    *,
    day: dt.date,
    kind: str,
    opens: dt.time = dt.time(0),
    closes: dt.time = dt.time(0),
    grid_minutes: int = 15,
    services: Sequence[str] = (),
) -> OpeningException:
    """Close a day (or part of it), or open one beside the weekly hours: a public holiday, a Saturday."""
    if kind == "open":
        _check(opens, closes, grid_minutes, services, professional)
    elif opens >= closes and (opens, closes) != (dt.time(0), dt.time(0)):
        raise Refused(
            _(
                "The closing time, {closes}, must be later than the opening time, {opens}.",
                opens=f"{opens:%H:%M}",
                closes=f"{closes:%H:%M}",
            ),
            status=422,
        )
    made = OpeningException(
        professional_id=professional.id,
        practice_id=practice.id,
        day=day,
        kind=kind,
        opens=opens,
        closes=closes,
        grid_minutes=grid_minutes,
        services=list(services),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("exception.added", "opening_exception", made.id, {"day": day.isoformat(), "kind": kind})
    return made


def exceptions_of(professional_id: uuid.UUID) -> list[OpeningException]:
    """Coming days unlike the others."""
    today = clock.today(current_tenant().time_zone)
    return list(
        db.session.execute(
            select(OpeningException)
            .where(OpeningException.professional_id == professional_id, OpeningException.day >= today)
            .order_by(OpeningException.day)
        ).scalars()
    )


def remove_exception(professional: Professional, exception_id: uuid.UUID) -> None:
    """Back to the weekly hours on that day."""
    db.session.execute(
        delete(OpeningException).where(
            OpeningException.id == exception_id, OpeningException.professional_id == professional.id
        )
    )
    audit.record("exception.removed", "opening_exception", exception_id)


def add_absence(professional: Professional, start: dt.datetime, end: dt.datetime) -> PractitionerAbsence:
    """Be away, on every portal. Appointments already booked in it stay and are shown to be moved."""
    if start >= end:
        raise Refused(_("An absence ends after it begins."), status=422)
    made = PractitionerAbsence(practitioner_id=professional.practitioner_id, during=Range(start, end))
    db.session.add(made)
    db.session.flush()
    audit.record("absence.added", "absence", made.id)
    return made


def absences_of(professional: Professional) -> list[PractitionerAbsence]:
    """Absences that are not over."""
    return list(
        db.session.execute(
            select(PractitionerAbsence)
            .where(
                PractitionerAbsence.practitioner_id == professional.practitioner_id,
                PractitionerAbsence.during.overlaps(Range(clock.now(), None)),
            )
            .order_by(PractitionerAbsence.during)
        ).scalars()
    )


def remove_absence(professional: Professional, absence_id: uuid.UUID) -> None:
    """Be back."""
    db.session.execute(
        delete(PractitionerAbsence).where(
            PractitionerAbsence.id == absence_id, PractitionerAbsence.practitioner_id == professional.practitioner_id
        )
    )
    audit.record("absence.removed", "absence", absence_id)


def taken(
    practitioner_id: uuid.UUID, start: dt.datetime, end: dt.datetime
) -> list[tuple[uuid.UUID, dt.datetime, dt.datetime]]:
    """(opaque id, start, end) of what is taken of a practitioner in a span, on whatever portal."""
    rows = db.session.execute(
        select(BusyRange.id, BusyRange.during).where(
            BusyRange.practitioner_id == practitioner_id,
            BusyRange.during.overlaps(Range(start, end)),
            or_(BusyRange.expires_at.is_(None), BusyRange.expires_at > clock.now()),
        )
    ).all()
    return [(r.id, r.during.lower, r.during.upper) for r in rows]


def day_bounds(day: dt.date, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """A calendar day of a zone as two instants: 23, 24 or 25 hours apart."""
    info = ZoneInfo(zone)
    start = dt.datetime.combine(day, dt.time(0), info)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(0), info)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)
