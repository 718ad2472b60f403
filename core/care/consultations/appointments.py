"""Consultations by appointment: an appointment by video has one, made when it is booked, ended when it is cancelled."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import clock
from core.care.consultations import states
from core.care.consultations.clocks import owe_call
from core.care.consultations.models import Consultation
from core.care.consultations.service import KIND, WORDS, Moved, close, locked
from core.db import current_tenant_id, db, new_id
from core.directory import service as directory
from core.directory.models import VisitReason
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import announce, consumer
from core.messages import _
from core.money import service as money
from core.scheduling.models import Appointment
from core.web.frame import Refused


@consumer("appointment_booked", "core.care")
def booked(event: Event) -> None:
    """An appointment by video becomes a consultation, once; it lasts as long as the reason's own duration (CB-176)."""
    row: Appointment | None = Appointment.get(uuid.UUID(event.payload["appointment_id"]))
    offered = directory.service_of(row.service) if row is not None else None
    if row is None or row.state != "booked" or offered is None or offered.channel != "video":
        return
    price = row.price_cents or 0
    made = db.session.execute(
        insert(Consultation)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            service=row.service,
            form="appointment",
            state=states.ACCEPTED,
            patient_account_id=row.patient_account_id,
            person_id=identity.cared_for(row.patient_account_id, row.dependant_id),
            dependant_id=row.dependant_id,
            professional_id=row.professional_id,
            appointment_id=row.id,
            requested_at=row.created_at,
            answer_by=row.created_at,
            accepted_at=row.confirmed_at or clock.now(),
            limit_minutes=_minutes(row),
            highest_cents=price,
            agreed_cents=price,
            currency=row.currency,
            terms_version=row.terms_version,
        )
        .on_conflict_do_nothing()
        .returning(Consultation.id)
    ).scalar_one_or_none()
    if made is not None:
        if not price:
            owe_call(Consultation.get(made))
        announce("consultation_planned", {"consultation_id": str(made)})


def _minutes(row: Appointment) -> int:
    reason = VisitReason.get(row.reason_id) if row.reason_id else None
    return int(reason.duration_minutes) if reason else int((row.ends_at - row.starts_at).total_seconds() // 60)


@consumer("appointment_cancelled", "core.care")
def cancelled(event: Event) -> None:
    """The appointment is off: so is its consultation, with all that was paid given back (CB-171)."""
    found = of_appointment(uuid.UUID(event.payload["appointment_id"]))
    if found is not None and locked(found.id).state == states.ACCEPTED:
        close(locked(found.id), states.CANCELLED, str(event.payload.get("by", "portal")))


def of_appointment(appointment_id: uuid.UUID) -> Consultation | None:
    """The consultation of an appointment."""
    return db.session.execute(
        select(Consultation).where(Consultation.appointment_id == appointment_id)
    ).scalar_one_or_none()


def pay(account_id: uuid.UUID, consultation_id: uuid.UUID) -> int:
    """Hold the price of a consultation by appointment before it is used (CB-208); paying twice changes nothing.

    Raises ledger.NotEnough. Answers what is held.
    """
    row = locked(consultation_id)
    if row.patient_account_id != account_id or row.form != "appointment":
        raise Refused(_("There is no such consultation."), status=404)
    if row.state != states.ACCEPTED:
        raise Moved(row.state, WORDS[row.state])
    money.hold(row.id, account_id, row.highest_cents, row.currency)
    # Who has not been paid cannot call, and so owes no call before.
    owe_call(row)
    return money.held_cents(row.id, row.currency)


def paid(row: Consultation) -> bool:
    """Whether what it costs is held: the condition of entering the call."""
    return money.held_cents(row.id, row.currency) >= (row.agreed_cents or 0)


__all__ = ["KIND", "booked", "cancelled", "of_appointment", "paid", "pay"]
