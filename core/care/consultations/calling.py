"""Consultations by video and their rooms: opened with the consultation, started and ended with it, messages beside."""

from __future__ import annotations

import uuid
from typing import Any

from flask import url_for

from core.care.consultations import calls, clocks, files, messages, states
from core.care.consultations.models import Consultation
from core.care.consultations.service import CALL_START, KIND, access_consultation, close, locked, side_of
from core.care.documents import service as documents
from core.care.rooms import panels
from core.care.rooms import service as rooms
from core.care.rooms.models import Room
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import consumer
from core.live import topics
from core.live.topics import Standing
from core.messages import _
from core.promises import service as promises


def open_for(row: Consultation) -> Room | None:
    """The room of a consultation by video, in the present transaction; None where there is nothing to call for.

    On demand it opens at once; for an appointment a little before it. Who has not started it by the end of what was
    agreed never will: the room ends, and the money goes back.
    """
    if (
        row.limit_minutes is None
        or row.contact == "phone"
        or row.professional_id is None
        or row.state not in states.UNDER_WAY
    ):
        return None
    professional: Professional = Professional.get(row.professional_id)
    opens_at, starts_by = clocks.times(row)
    there = rooms.of_subject(row.id)
    if there is not None and there.professional_account_id != professional.account_id:
        rooms.give_to(there, professional.account_id, opens_at, starts_by)
        return there
    return rooms.open_room(
        subject_id=row.id,
        service=row.service,
        patient_account_id=row.patient_account_id,
        professional_account_id=professional.account_id,
        opens_at=opens_at,
        starts_by=starts_by,
        limit_minutes=row.limit_minutes,
    )


@consumer("consultation_accepted", "core.care.calls")
@consumer("consultation_planned", "core.care.calls")
def accepted(event: Event) -> None:
    """The room is there as soon as two parties are."""
    row: Consultation | None = Consultation.get(uuid.UUID(event.payload["consultation_id"]))
    if row is not None:
        open_for(row)


@consumer("appointment_moved", "core.care.calls")
def moved(event: Event) -> None:
    """The room moves with its appointment."""
    from core.care.consultations.appointments import of_appointment

    row = of_appointment(uuid.UUID(event.payload["appointment_id"]))
    if row is not None and row.state == states.ACCEPTED:
        rooms.move_room(row.id, *clocks.times(row))
        clocks.move_call(row)


def _starting(consultation_id: uuid.UUID) -> None:
    if Consultation.get(consultation_id) is not None:
        calls.started(consultation_id)


def _ended(consultation_id: uuid.UUID, reason: str) -> None:
    """The call is over: the report is owed. Nobody started it in time: nothing was delivered, all money goes back."""
    if Consultation.get(consultation_id) is None:
        return
    row = calls.ended(consultation_id)
    if reason == "not_started" and row.state == states.ACCEPTED:
        promises.miss(CALL_START, KIND, row.id)
        close(locked(consultation_id), states.CANCELLED, "portal")


rooms.connect(KIND, starting=_starting, ended=_ended)


@consumer("consultation_cancelled", "core.care.calls")
@consumer("consultation_no_show", "core.care.calls")
def off(event: Event) -> None:
    """No consultation, no room."""
    room = rooms.of_subject(uuid.UUID(event.payload["consultation_id"]))
    if room is not None:
        rooms.end(room, "cancelled")


def room_of(row: Consultation) -> Room | None:
    """The room to go to, where there is one that is not over."""
    found = rooms.of_subject(row.id) if row.limit_minutes is not None else None
    return found if found is not None and found.state != "ended" else None


@topics.kind(KIND)
def _standing(consultation_id: uuid.UUID, account_id: uuid.UUID) -> Standing | None:
    """Both parties are told of messages and changes; who was asked only of changes, and sees nothing by that."""
    row = access_consultation(consultation_id, account_id)
    return Standing(side_of(row, account_id) or "asked") if row is not None else None


def _panel(room: Room, role: str) -> panels.Panel | None:
    row: Consultation | None = Consultation.get(room.subject_id)
    if row is None:
        return None
    mine = room.patient_account_id if role == "patient" else room.professional_account_id
    context = thread_of(row, mine)
    if role == "professional":
        back = url_for("care_desk.report", consultation_id=row.id)
        label = _("Write the report")
    else:
        back = url_for("care.consultation", consultation_id=row.id)
        label = _("Back to the consultation")
    return panels.Panel(
        "consultations/_beside.html",
        url_for("care.beside", consultation_id=row.id),
        context,
        back_url=back,
        back_label=label,
        person=identity.display_name(row.patient_account_id, row.dependant_id) if row.dependant_id else "",
        topics=(topics.name(KIND, row.id),),
    )


panels.connect(KIND, _panel)


def thread_of(row: Consultation, account_id: uuid.UUID) -> dict[str, Any]:
    """What the messages beside a call need."""
    docs = files.of(row, account_id)
    return {
        "row": row,
        "side": side_of(row, account_id),
        "lines": messages.of(row),
        "docs": docs,
        "waiting_scan": any(d.state == "quarantined" for d in docs.values()) and documents.waiting_for_scanner(),
        "who": identity.display_name(row.patient_account_id, row.dependant_id),
        "pro": Professional.get(row.professional_id) if row.professional_id else None,
        "writable": row.state in states.UNDER_WAY,
    }
