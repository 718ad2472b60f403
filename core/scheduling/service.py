"""Use cases of appointments that stand: seen, moved, cancelled, missed."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.directory.models import Practice, Professional
from core.jobs import announce
from core.messages import _
from core.scheduling import slots, times
from core.scheduling.models import Appointment
from core.scheduling.times import SlotGone
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

CANCELLED = ("cancelled_by_patient", "cancelled_by_professional", "cancelled_by_operator")


def access_appointment(
    appointment_id: uuid.UUID, *, account_id: uuid.UUID | None = None, professional_id: uuid.UUID | None = None
) -> Appointment | None:
    """The patient's or the professional's own appointment, or None: "absent" and "not yours" are the same."""
    row: Appointment | None = Appointment.get(appointment_id)
    if row is None or row.state in ("held", "expired"):
        if row is not None and account_id is not None and row.patient_account_id == account_id and row.state == "held":
            return row
        return None
    if account_id is not None and row.patient_account_id == account_id:
        return row
    if professional_id is not None and row.professional_id == professional_id:
        return row
    return None


def cancel(row: Appointment, by: str, reason: str = "") -> None:
    """Cancel a booked appointment; the time is free again, the other side is told (CB-140, CB-142). No fee (CB-141)."""
    locked = times.locked(row.id)
    if locked is None or locked.state != "booked":
        raise Refused(_("This appointment cannot be cancelled any more."))
    if by == "patient":
        limit = locked.starts_at - dt.timedelta(hours=current_tenant().config["booking"]["cancel_until_hours"])
        if clock.now() > limit:
            raise Refused(_("It is too late to cancel online. Please call the practice."))
    locked.state, locked.ended_at, locked.sequence = f"cancelled_by_{by}", clock.now(), locked.sequence + 1
    times.give_back(locked)
    audit.record("appointment.cancelled", "appointment", locked.id, {"by": by, "reason": reason})
    announce("appointment_cancelled", {"appointment_id": str(locked.id), "by": by, "reason": reason})


def move(row: Appointment, starts_at: dt.datetime, by: str) -> Appointment:
    """Give a booked appointment another time, in one transaction: the new time is taken before the old is given back.

    Raises SlotGone; the old time is then still held.
    """
    locked = times.locked(row.id)
    if locked is None or locked.state != "booked" or locked.starts_at <= clock.now():
        raise Refused(_("This appointment cannot be moved any more."))
    if starts_at <= clock.now():
        raise Refused(_("This time has passed. Please choose a later one."), status=422)
    if starts_at == locked.starts_at:
        return locked
    minutes = int((locked.ends_at - locked.starts_at).total_seconds() // 60)
    known = True
    # The old range goes first inside the transaction, so that a move by less than its length is possible.
    times.give_back(locked)
    db.session.flush()
    day = starts_at.astimezone(dt.UTC).date()
    after = slots.earliest(notice=by == "patient")
    free = slots.free_time([locked.professional_id], day - dt.timedelta(days=1), day + dt.timedelta(days=1), after)
    mine = [w for w in free if w.practice_id == locked.practice_id]
    found = next((s for s in slots.cut(mine, locked.service, minutes, known=known) if s.starts_at == starts_at), None)
    busy = (
        times.take(locked.practitioner_id, starts_at, starts_at + dt.timedelta(minutes=minutes), None)
        if found
        else None
    )
    if busy is None:
        nearest = slots.next_free(locked.professional_id, locked.service, minutes, starts_at)
        db.session.rollback()
        raise SlotGone(nearest)
    previous = locked.starts_at
    locked.starts_at, locked.ends_at = starts_at, starts_at + dt.timedelta(minutes=minutes)
    locked.busy_id, locked.sequence = busy, locked.sequence + 1
    audit.record("appointment.moved", "appointment", locked.id, {"by": by, "from": previous.isoformat()})
    announce("appointment_moved", {"appointment_id": str(locked.id), "previous_start": previous.isoformat(), "by": by})
    return locked


def mark_no_show(row: Appointment) -> None:
    """The patient did not come: possible once the appointment has begun."""
    locked = times.locked(row.id)
    if locked is None or locked.state != "booked" or locked.starts_at > clock.now():
        raise Refused(_("An appointment can be marked as missed once it has begun."))
    locked.state, locked.ended_at = "no_show", clock.now()
    audit.record("appointment.no_show", "appointment", locked.id)


def of_patient(account_id: uuid.UUID) -> tuple[list[Appointment], list[Appointment]]:
    """(coming in order, past newest first) of a patient's account.

    Professionals and places come along, so that the session has them when the page shows each.
    """
    rows = db.session.execute(
        select(Appointment, Professional, Practice)
        .join(
            Professional,
            (Professional.tenant_id == Appointment.tenant_id) & (Professional.id == Appointment.professional_id),
        )
        .join(Practice, (Practice.tenant_id == Appointment.tenant_id) & (Practice.id == Appointment.practice_id))
        .where(Appointment.patient_account_id == account_id, Appointment.state.not_in(("held", "expired")))
        .order_by(Appointment.starts_at)
    ).scalars()
    now = clock.now()
    coming: list[Appointment] = []
    past: list[Appointment] = []
    for row in rows:
        (coming if row.state == "booked" and row.ends_at > now else past).append(row)
    return coming, past[::-1][:100]


def of_professional(professional_id: uuid.UUID, first: dt.datetime, last: dt.datetime) -> list[Appointment]:
    """A professional's appointments that touch a span of time, cancelled ones left out."""
    return list(
        db.session.execute(
            select(Appointment)
            .where(
                Appointment.professional_id == professional_id,
                Appointment.starts_at < last,
                Appointment.ends_at > first,
                Appointment.state.in_(("booked", "no_show", "done")),
            )
            .order_by(Appointment.starts_at)
        ).scalars()
    )


def note_of(row: Appointment) -> str:
    """The patient's note to the professional."""
    from core.scheduling.people import person_of

    return keys.unseal(person_of(row.patient_account_id), "appointments", "note", row.note).decode() if row.note else ""
