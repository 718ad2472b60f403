"""What consultations tell people: consumers of the outbox. No health word, no amount, only where to look."""

from __future__ import annotations

import uuid
from typing import Any

from core.care.consultations import messages, requests, states
from core.care.consultations.models import Consultation
from core.care.consultations.service import ANSWER, CALL_START, KIND, REPORT, offers_of, side_of
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import consumer
from core.notifications.service import notify


def _tell(account_id: uuid.UUID, code: str, row: Consultation, **params: Any) -> None:
    side = "desk" if side_of(row, account_id) != "patient" else "consultations"
    path = f"/requests/{row.id}" if side == "desk" else f"/consultations/{row.id}"
    notify(
        code,
        account_id=account_id,
        person_id=identity.person_of(account_id),
        to=identity.recipient(account_id),
        params=params,
        link=path,
    )


def _row(event: Event) -> Consultation | None:
    found: Consultation | None = Consultation.get(uuid.UUID(event.payload["consultation_id"]))
    return found


def _name(professional_id: uuid.UUID | None) -> str:
    if professional_id is None:
        return ""
    found: Professional = Professional.get(professional_id)
    return f"{found.title} {found.name}".strip()


def _account(professional_id: uuid.UUID) -> uuid.UUID:
    found: Professional = Professional.get(professional_id)
    return found.account_id


def has_way_in(row: Consultation) -> bool:
    """Whether a link to the space helps: who came by telephone and has no password is told by the service that took them in."""
    return row.form != "pool" or identity.has_password(row.patient_account_id)


def _told_by_its_service(row: Consultation) -> bool:
    """Whether the service that runs the pool tells its people itself: it knows the channel, the fund and what comes next."""
    return row.form == "pool"


@consumer("consultation_requested", "core.care")
def requested(event: Event) -> None:
    """Tell each professional asked, with the time they have (CB-154)."""
    row = _row(event)
    if row is None or row.state != states.REQUESTED:
        return
    for offer in offers_of([row.id]):
        if offer.state == "open":
            _tell(_account(offer.professional_id), "consultation_asked", row, until_at=row.answer_by.isoformat())


@consumer("consultation_accepted", "core.care")
def accepted(event: Event) -> None:
    """Tell the patient who accepted."""
    row = _row(event)
    if row is not None and not _told_by_its_service(row):
        _tell(row.patient_account_id, "consultation_accepted", row, professional=_name(row.professional_id))


@consumer("consultation_declined", "core.care")
def declined(event: Event) -> None:
    """Tell the patient that nobody accepted, and that the money is back."""
    row = _row(event)
    if row is not None:
        _tell(row.patient_account_id, "consultation_declined", row)


@consumer("consultation_expired", "core.care")
def expired(event: Event) -> None:
    """Tell the patient that nobody answered in time, and that the money is back."""
    row = _row(event)
    if row is not None and not _told_by_its_service(row):
        _tell(row.patient_account_id, "consultation_expired", row)


@consumer("consultation_cancelled", "core.care")
def cancelled(event: Event) -> None:
    """Tell who did not do it: the professional when the patient cancelled or the portal did, the patient when they did not."""
    row = _row(event)
    if row is None or row.form == "appointment":
        return  # the appointment's own message says it
    by = event.payload.get("by")
    if by != "patient" and not _told_by_its_service(row):
        _tell(row.patient_account_id, "consultation_cancelled", row)
    if row.professional_id is not None and by != "professional":
        _tell(_account(row.professional_id), "consultation_withdrawn", row)


@consumer("consultation_message", "core.care")
def message(event: Event) -> None:
    """Tell the other side of a message, once while earlier ones are unread: nobody wants ten mails of ten lines."""
    row = _row(event)
    if row is None or row.professional_id is None:
        return
    reader = "patient" if event.payload["author"] == "professional" else "professional"
    if not messages.is_first_unseen(row, uuid.UUID(event.payload["message_id"])):
        return
    account_id = row.patient_account_id if reader == "patient" else _account(row.professional_id)
    _tell(account_id, "consultation_message", row)


@consumer("report_saved", "core.care")
def report_saved(event: Event) -> None:
    """Tell the patient that a document waits."""
    row = _row(event)
    if row is not None and has_way_in(row):
        _tell(row.patient_account_id, "report_saved", row, professional=_name(row.professional_id))


@consumer("promise_near", "core.care")
def near(event: Event) -> None:
    """Remind who owes: those who have not answered, or the one who owes the call or the report."""
    _remind(event, "near")


@consumer("promise_missed", "core.care")
def late(event: Event) -> None:
    """A report is late: its author is told again (an answer or a call that is late ends the matter)."""
    if event.payload["kind"] == REPORT:
        _remind(event, "late")


def _remind(event: Event, how: str) -> None:
    if event.payload.get("subject_kind", KIND) != KIND or event.payload["kind"] not in (ANSWER, CALL_START, REPORT):
        return
    row: Consultation | None = Consultation.get(uuid.UUID(event.payload["subject_id"]))
    if row is None:
        return
    if event.payload["kind"] == ANSWER and row.state == states.REQUESTED:
        for offer in offers_of([row.id]):
            if offer.state == "open":
                _tell(_account(offer.professional_id), "consultation_waiting", row, until_at=row.answer_by.isoformat())
    elif event.payload["kind"] == CALL_START and row.professional_id is not None and row.state == states.ACCEPTED:
        _tell(_account(row.professional_id), "call_near", row)
    elif event.payload["kind"] == REPORT and row.professional_id is not None and row.state in states.UNDER_WAY:
        _tell(_account(row.professional_id), f"report_{how}", row)


@consumer("account_suspended", "core.care")
def suspended(event: Event) -> None:
    """A professional's access was closed: patients are not left waiting, and have their money back."""
    _withdraw(event)


@consumer("account_closed", "core.care")
def closed(event: Event) -> None:
    """As above, for an account closed by its holder."""
    _withdraw(event)


def _withdraw(event: Event) -> None:
    if event.payload.get("role") != "professional":
        return
    found = directory.profile_of(uuid.UUID(event.payload["account_id"]))
    if found is not None:
        requests.withdraw_professional(found.id)
