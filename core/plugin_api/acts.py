"""For plugins that run a service: requests to the pool, their decisions and receipts, promises with a clock, reports."""

from __future__ import annotations

import uuid
from typing import Any

from core.care.consultations.calling import room_of as _room_of
from core.care.consultations.models import Consultation
from core.care.consultations.paper import report as report_paper
from core.care.consultations.pool import (
    ask,
    back_to_pool,
    by_phone,
    call,
    hang_up,
    missed,
    of_ids,
    stop,
    take,
    waiting,
)
from core.care.consultations.reports import PARTS as REPORT_PARTS
from core.care.consultations.reports import Written
from core.care.consultations.reports import versions as reports_of
from core.care.consultations.requests import cancel
from core.care.consultations.service import WORDS as STATE_WORDS
from core.care.consultations.service import Moved, access_consultation, locked, question_of
from core.care.prescriptions.deciding import residence_by
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.opening import COOKIE as PAPERS_COOKIE
from core.care.prescriptions.opening import Closed, Entered
from core.care.prescriptions.opening import enter as enter_code
from core.care.prescriptions.opening import may_send as may_send_code
from core.care.prescriptions.opening import read as read_paper
from core.care.prescriptions.opening import send_again as send_code_again
from core.care.prescriptions.opening import send_in_call as send_code_in_call
from core.care.prescriptions.opening import standing as opening_of
from core.care.prescriptions.service import of_consultation as prescriptions_of
from core.care.rooms.models import Room
from core.care.rooms.panels import Instead
from core.care.rooms.panels import offer as offer_instead
from core.directory.models import Professional
from core.hooks.decisions import Decision, Question
from core.promises.models import Promise
from core.promises.service import due_of, keep, promise, settle
from core.scheduling.service_access import NotAllowed
from core.tenancy import receipts
from core.tenancy.current import current_tenant

__all__ = [
    "PAPERS_COOKIE",
    "REPORT_PARTS",
    "STATE_WORDS",
    "Closed",
    "Consultation",
    "Entered",
    "Instead",
    "Moved",
    "NotAllowed",
    "Prescription",
    "Promise",
    "Room",
    "Written",
    "access_consultation",
    "ask",
    "back_to_pool",
    "by_phone",
    "call",
    "cancel",
    "decide",
    "decided",
    "due_of",
    "enter_code",
    "hang_up",
    "keep",
    "locked",
    "may_send_code",
    "missed",
    "of_ids",
    "offer_instead",
    "opening_of",
    "prescriptions_of",
    "promise",
    "question_of",
    "read_paper",
    "report_paper",
    "reports_of",
    "residence_by",
    "room_of",
    "send_code_again",
    "send_code_in_call",
    "settle",
    "stop",
    "take",
    "waiting",
    "who_carries_out",
]


def room_of(consultation: Consultation | None) -> Room | None:
    """The room of a call by video that is not over; None by telephone, or before somebody took the request."""
    return _room_of(consultation) if consultation is not None and consultation.contact != "phone" else None


def who_carries_out(consultation: Consultation | None) -> Professional | None:
    """The professional who took a request."""
    if consultation is None or consultation.professional_id is None:
        return None
    found: Professional = Professional.get(consultation.professional_id)
    return found


def decide(question: Question) -> Decision:
    """The decision of the portal's plugins, for display: nothing is kept."""
    return current_tenant().dispatcher.decide(question)


def decided(
    question: Question, *, account_id: uuid.UUID, person_id: uuid.UUID, act_kind: str, act_id: uuid.UUID
) -> Decision:
    """The decision on which something is done or refused now: kept with the act as a receipt.

    Raises NotAllowed where it is a no; the caller commits, so that the refusal is kept too.
    """
    decision = decide(question)
    kept: Any = receipts.keep(
        question, decision, person_id=person_id, account_id=account_id, act_kind=act_kind, act_id=act_id
    )
    if not decision.permitted:
        raise NotAllowed(decision, kept)
    return decision
