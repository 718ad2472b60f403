"""What appointments tell people: confirmations, changes, cancellations, reminders; consumers of the outbox."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import clock, i18n
from core.db import db, new_id
from core.directory.models import Practice, Professional
from core.hooks.types import AgendaEntry, Event
from core.jobs import consumer, periodic
from core.messages import _
from core.notifications.service import notify
from core.scheduling import calendars, people
from core.scheduling.models import Appointment, SentReminder
from core.scheduling.times import give_back
from core.tenancy.current import current_tenant

REMINDER_EVERY_SECONDS = 60
EXPIRE_EVERY_SECONDS = 60
FEE_NOTICE = _(
    "The portal charges nothing for a cancellation. The professional may charge a fee of their own, outside the portal, "
    "for a late or repeated one."
)


def _said(message: Any, code: str) -> str:
    return i18n.render(message, code, current_tenant().words(code))


def _tell_patient(row: Appointment, code: str, *, method: str = "REQUEST", ics: bool = True) -> None:
    professional = Professional.get(row.professional_id)
    practice = Practice.get(row.practice_id)
    to = people.recipient(row.patient_account_id)
    where = _place(practice, to.language)
    params = {
        "when_at": row.starts_at.isoformat(),
        "professional": _name(professional),
        "patient": people.patient_name(row.patient_account_id, row.dependant_id) if row.dependant_id else "",
        "place": where,
        "fee_notice": _said(FEE_NOTICE, to.language),
    }
    file = None
    if ics:
        entry = AgendaEntry(
            calendars.uid(row.id),
            row.starts_at,
            row.ends_at,
            f"{current_tenant().name} · {_name(professional)}",
            where,
            row.state,
            row.sequence,
        )
        file = calendars.write((entry,), method).decode()
    notify(
        code,
        account_id=row.patient_account_id,
        person_id=people.person_of(row.patient_account_id),
        to=to,
        params=params,
        link=f"/appointments/{row.id}",
        ics=file,
    )


def _tell_professional(row: Appointment, code: str) -> None:
    professional = Professional.get(row.professional_id)
    to = people.recipient(professional.account_id)
    notify(
        code,
        account_id=professional.account_id,
        person_id=people.person_of(professional.account_id),
        to=to,
        params={
            "when_at": row.starts_at.isoformat(),
            "patient": people.patient_name(row.patient_account_id, row.dependant_id),
        },
        link=f"/agenda?day={row.starts_at.date().isoformat()}",
    )


def _name(professional: Professional) -> str:
    return f"{professional.title} {professional.name}".strip()


def _place(practice: Practice, code: str) -> str:
    if practice.mode == "virtual":
        return _said(_("By video, on the portal"), code)
    return f"{practice.name}, {practice.street}, {practice.postal_code} {practice.city}"


def _row(event: Event) -> Appointment | None:
    found: Appointment | None = Appointment.get(uuid.UUID(event.payload["appointment_id"]))
    return found


@consumer("appointment_booked", "core.scheduling")
def booked(event: Event) -> None:
    """Confirm to the patient (CB-138), tell the professional."""
    row = _row(event)
    if row is not None:
        _tell_patient(row, "appointment_booked")
        if row.booked_by == "patient":
            _tell_professional(row, "agenda_booked")


@consumer("appointment_moved", "core.scheduling")
def moved(event: Event) -> None:
    """Tell both sides of a new time (CB-140)."""
    row = _row(event)
    if row is not None:
        _tell_patient(row, "appointment_moved")
        if event.payload.get("by") == "patient":
            _tell_professional(row, "agenda_moved")


@consumer("appointment_cancelled", "core.scheduling")
def cancelled(event: Event) -> None:
    """Tell the other side (CB-139, CB-140, CB-142)."""
    row = _row(event)
    if row is not None:
        _tell_patient(row, "appointment_cancelled", method="CANCEL")
        if event.payload.get("by") == "patient":
            _tell_professional(row, "agenda_cancelled")


@periodic.job("reminders", REMINDER_EVERY_SECONDS)
def remind() -> None:
    """Send what is due: the nearest lead time only, once per start (CB-139)."""
    now = clock.now()
    hours = sorted(current_tenant().config["booking"]["reminder_hours"], reverse=True)
    if not hours:
        return
    rows = db.session.execute(
        select(Appointment).where(
            Appointment.state == "booked",
            Appointment.starts_at > now,
            Appointment.starts_at <= now + dt.timedelta(hours=hours[0]),
        )
    ).scalars()
    for row in rows:
        due = [
            h
            for h in hours
            if row.starts_at - dt.timedelta(hours=h) <= now
            and (row.confirmed_at or row.created_at) <= row.starts_at - dt.timedelta(hours=h)
        ]
        if not due:
            continue
        sent = db.session.execute(
            insert(SentReminder)
            .values(
                tenant_id=row.tenant_id,
                id=new_id(),
                appointment_id=row.id,
                hours_before=min(due),
                starts_at=row.starts_at,
                sent_at=now,
            )
            .on_conflict_do_nothing()
            .returning(SentReminder.id)
        ).first()
        if sent is not None:
            _tell_patient(row, "appointment_reminder", ics=False)


@periodic.job("expire_holds", EXPIRE_EVERY_SECONDS)
def expire_holds() -> None:
    """Close holds that ran out; their busy range goes with them."""
    rows = db.session.execute(
        select(Appointment)
        .where(Appointment.state == "held", Appointment.hold_expires_at <= clock.now())
        .with_for_update(skip_locked=True)
        .limit(500)
    ).scalars()
    for row in rows:
        give_back(row)
        row.state, row.ended_at = "expired", clock.now()
