"""Holding, booking, moving and cancelling; the professional's agenda; decisions that were kept."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import g

from core import clock
from core.api import paging
from core.api.fields import Empty
from core.api.operations import operation
from core.api.problems import Problem, invalid
from core.api.v1 import shared
from core.api.v1.schemas import (
    AgendaQuery,
    AppointmentAnswer,
    AppointmentList,
    AppointmentPage,
    AppointmentQuery,
    BookInput,
    CancelInput,
    MoveInput,
    ReceiptAnswer,
    ReceiptPage,
    SlotChoice,
)
from core.consent import service as consent
from core.db import db
from core.directory.models import VisitReason
from core.messages import _
from core.scheduling import booking
from core.scheduling import service as scheduling
from core.scheduling.models import Appointment
from core.tenancy import receipts
from core.web.language import language

topic = shared.topic(
    "appointments", "Hold a time, book it, move it, cancel it. Each of these wants an Idempotency-Key."
)
agenda_topic = shared.topic("agenda", "The signed-in professional's appointments.")
decision_topic = shared.topic(
    "decisions", "Decisions that were kept with an act: what was asked, what was answered, why."
)

GONE = {
    403: "A decision refuses it; all reasons are told",
    404: "No such professional, reason or place",
    409: "The time is gone; the next free ones are told",
}
CHOICE = ("professional_id", "reason_id", "practice_id", "starts_at")
AGENDA_DAYS = 62


@operation(
    topic, "POST", "/holds", roles=("patient",), body=SlotChoice, answer=AppointmentAnswer, status=201, repeatable=True,
    needs="appointments", refusals=GONE,
)  # fmt: skip
def hold(body: dict[str, Any]) -> dict[str, Any]:
    """Keep a free time while the patient confirms.

    The hold ends by itself at `hold_expires_at`. Book it with POST /appointments and its id as `hold_id`.
    """
    _open(body["reason_id"])
    booker = shared.patient(body.pop("dependant_id", None))
    return shared.appointment_of(booking.hold(booker, **body))


def _open(reason_id: uuid.UUID) -> None:
    """Ask whether the reason's service is open to the account; an unknown reason is refused by the booking itself."""
    reason: VisitReason | None = VisitReason.get(reason_id)
    if reason is not None:
        shared.open_to_caller(reason.service)


@operation(topic, "DELETE", "/holds/<uuid:hold_id>", roles=("patient",), answer=None, status=204, needs="appointments")
def release(hold_id: uuid.UUID) -> None:
    """Give a hold back."""
    row = scheduling.access_appointment(hold_id, account_id=g.account.id)
    if row is None or row.state != "held":
        raise shared.absent()
    booking.release(g.account.id, hold_id)
    db.session.commit()


@operation(
    topic, "POST", "/appointments", roles=("patient",), body=BookInput, answer=AppointmentAnswer, status=201, repeatable=True,
    needs="appointments", refusals=GONE,
)  # fmt: skip
def book(body: dict[str, Any]) -> dict[str, Any]:
    """Confirm a hold, or book a free time at once.

    The version of the terms in force is kept with the appointment; where a new version waits for the account's agreement,
    the answer is a refusal and the agreement is given with POST /acceptances.
    """
    version = consent.order_version(g.account.id)
    if "hold_id" in body:
        if any(name in body for name in (*CHOICE, "dependant_id")) or body["note"]:
            raise invalid(
                [{"pointer": "#", "detail": "either hold_id alone, or professional, reason, practice and begin"}]
            )
        held = scheduling.access_appointment(body["hold_id"], account_id=g.account.id)
        if held is not None:
            shared.open_to_caller(held.service)
        row = booking.confirm(g.account.id, body["hold_id"], version)
    else:
        missing = [
            {"pointer": f"#/{name}", "detail": "Missing data for required field."}
            for name in CHOICE
            if name not in body
        ]
        if missing:
            raise invalid(missing)
        _open(body["reason_id"])
        booker = shared.patient(body.pop("dependant_id", None))
        row = booking.book(booker, **body, terms_version=version)
    consent.order_version(g.account.id, act_kind="appointment", act_id=row.id, language=language(), checked=True)
    return shared.appointment_of(row)


@operation(topic, "GET", "/appointments", roles=("patient",), query=AppointmentQuery, answer=AppointmentPage)
def list_appointments(query: dict[str, Any]) -> dict[str, Any]:
    """The patient's appointments, for self and dependants."""
    coming, past = scheduling.of_patient(g.account.id)
    newest_first = query["when"] == "past"
    rows = sorted(past if newest_first else coming, key=lambda r: (r.starts_at, str(r.id)), reverse=newest_first)
    position = paging.decode(query.get("cursor"), 2)
    if position is not None:
        rows = _after(rows, position, newest_first=newest_first)
    found = paging.page(rows[: query["limit"] + 1], query["limit"], lambda r: (r.starts_at.isoformat(), str(r.id)))
    return {"items": [shared.appointment_of(r) for r in found["items"]], "next": found["next"]}


def _after(rows: list[Appointment], position: list[str], *, newest_first: bool) -> list[Appointment]:
    try:
        last = (dt.datetime.fromisoformat(position[0]), position[1])
    except ValueError:
        raise paging.bad_cursor() from None
    if last[0].tzinfo is None:
        raise paging.bad_cursor()
    if newest_first:
        return [r for r in rows if (r.starts_at, str(r.id)) < last]
    return [r for r in rows if (r.starts_at, str(r.id)) > last]


def _own(appointment_id: uuid.UUID) -> Appointment:
    """The caller's own appointment: the patient's, or the professional's."""
    if g.account.role == "professional":
        row = scheduling.access_appointment(appointment_id, professional_id=shared.own_professional().id)
    else:
        row = scheduling.access_appointment(appointment_id, account_id=g.account.id)
    if row is None:
        raise shared.absent()
    return row


@operation(
    topic, "GET", "/appointments/<uuid:appointment_id>", roles=("patient", "professional"), answer=AppointmentAnswer,
    refusals={404: "No such appointment of yours"},
)  # fmt: skip
def get_appointment(appointment_id: uuid.UUID) -> dict[str, Any]:
    """An appointment or a hold."""
    return shared.appointment_of(_own(appointment_id))


@operation(
    topic, "POST", "/appointments/<uuid:appointment_id>/move", roles=("patient", "professional"), body=MoveInput, answer=AppointmentAnswer,
    repeatable=True, needs="appointments", refusals={404: "No such appointment of yours", 409: "The time is gone; the next free ones are told"},
)  # fmt: skip
def move(body: dict[str, Any], appointment_id: uuid.UUID) -> dict[str, Any]:
    """Give an appointment another time; the other side is told.

    The old time is given back only when the new one is taken.
    """
    return shared.appointment_of(scheduling.move(_own(appointment_id), body["starts_at"], g.account.role))


@operation(
    topic, "POST", "/appointments/<uuid:appointment_id>/cancel", roles=("patient", "professional"), body=CancelInput, answer=AppointmentAnswer,
    repeatable=True, refusals={404: "No such appointment of yours", 409: "Too late, or not booked"},
)  # fmt: skip
def cancel(body: dict[str, Any], appointment_id: uuid.UUID) -> dict[str, Any]:
    """Cancel an appointment; the time is free again and the other side is told."""
    row = _own(appointment_id)
    scheduling.cancel(row, g.account.role, body["reason"])
    return shared.appointment_of(row)


@operation(agenda_topic, "GET", "/agenda", roles=("professional",), query=AgendaQuery, answer=AppointmentList)
def agenda(query: dict[str, Any]) -> dict[str, Any]:
    """The professional's appointments of a span of time, cancelled ones left out."""
    first, last = query["first"], query["last"]
    if not first < last <= first + dt.timedelta(days=AGENDA_DAYS):
        raise invalid([{"parameter": "last", "detail": f"later than `first`, by at most {AGENDA_DAYS} days"}])
    rows = scheduling.of_professional(shared.own_professional().id, first, last)
    return {"items": [shared.appointment_of(r) for r in rows]}


@operation(
    agenda_topic, "POST", "/appointments/<uuid:appointment_id>/no-show", roles=("professional",), body=Empty, answer=AppointmentAnswer,
    refusals={404: "No such appointment of yours", 409: "Not begun yet, or not booked"},
)  # fmt: skip
def no_show(body: dict[str, Any], appointment_id: uuid.UUID) -> dict[str, Any]:
    """The patient did not come."""
    row = _own(appointment_id)
    if row.starts_at > clock.now():
        raise Problem(409, "not_begun", _("An appointment can be marked as missed once it has begun."))
    scheduling.mark_no_show(row)
    db.session.commit()
    return shared.appointment_of(row)


def _receipt(kept: receipts.Receipt) -> dict[str, Any]:
    return {
        "id": kept.id,
        "decided_at": kept.decided_at,
        "question": kept.question,
        "asked": dict(kept.asked),
        "decision": shared.decision_of(kept.decision, kept.asked.get("service")),
        "act_kind": kept.act_kind,
        "act_id": kept.act_id,
        "plugin_versions": dict(kept.plugin_versions),
        "configuration": kept.configuration,
    }


@operation(decision_topic, "GET", "/decisions", roles=("patient",), answer=ReceiptPage)
def list_decisions() -> dict[str, Any]:
    """The newest decisions on the patient's acts, fifty at most."""
    return {"items": [_receipt(r) for r in receipts.of_account(g.account.id)]}


@operation(decision_topic, "GET", "/decisions/<uuid:receipt_id>", roles=("patient",), answer=ReceiptAnswer, refusals={404: "No such decision of yours"})  # fmt: skip
def get_decision(receipt_id: uuid.UUID) -> dict[str, Any]:
    """A decision that was kept: facts, reasons, rules, dated values, versions."""
    kept = receipts.access_receipt(receipt_id, g.account.id)
    if kept is None:
        raise shared.absent()
    return _receipt(kept)
