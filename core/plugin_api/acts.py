"""For plugins that run a service: requests to the pool, their decisions and receipts, promises with a clock, reports."""

from __future__ import annotations

import uuid
from typing import Any

from core.care.consultations.models import Consultation
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
from core.care.consultations.reports import Written
from core.care.consultations.reports import versions as reports_of
from core.care.consultations.requests import cancel
from core.care.consultations.service import WORDS as STATE_WORDS
from core.care.consultations.service import Moved, access_consultation, locked, question_of
from core.hooks.decisions import Decision, Question
from core.promises.models import Promise
from core.promises.service import due_of, keep, promise, settle
from core.scheduling.service import NotAllowed
from core.tenancy import receipts
from core.tenancy.current import current_tenant

__all__ = [
    "STATE_WORDS",
    "Consultation",
    "Moved",
    "NotAllowed",
    "Promise",
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
    "hang_up",
    "keep",
    "locked",
    "missed",
    "of_ids",
    "promise",
    "question_of",
    "reports_of",
    "settle",
    "stop",
    "take",
    "waiting",
]


def decide(question: Question) -> Decision:
    """The decision of the portal's plugins, for display: nothing is kept."""
    return current_tenant().dispatcher.decide(question)


def decided(question: Question, *, account_id: uuid.UUID, person_id: uuid.UUID, act_kind: str, act_id: uuid.UUID) -> Decision:
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
