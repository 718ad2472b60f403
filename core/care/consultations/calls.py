"""What a call does to its consultation: it starts it, it ends it, the report is owed from then on."""

from __future__ import annotations

import uuid

from core import clock
from core.care.consultations import states
from core.care.consultations.appointments import paid
from core.care.consultations.models import Consultation
from core.care.consultations.service import CALL_START, KIND, WORDS, Moved, close, locked, owe_report, step
from core.directory.models import Professional
from core.messages import _
from core.promises import service as promises
from core.web.frame import Refused


def started(consultation_id: uuid.UUID) -> Consultation:
    """The professional has called (CB-173): from now on it cannot be cancelled. Starting twice changes nothing."""
    row = locked(consultation_id)
    if row.state in (states.IN_PROGRESS, states.AWAITING_REPORT):
        return row
    if row.state == states.ACCEPTED and not paid(row):
        raise Refused(_("The patient has not paid yet. The call can start as soon as the price is held."), status=409)
    step(row, states.IN_PROGRESS, "professional")
    row.started_at = clock.now()
    promises.keep(CALL_START, KIND, row.id)
    return row


def ended(consultation_id: uuid.UUID) -> Consultation:
    """The call is over, by hand or by time: the professional is asked for the report (CB-177)."""
    row = locked(consultation_id)
    if row.state == states.IN_PROGRESS:
        step(row, states.AWAITING_REPORT, "professional")
        row.ended_at = clock.now()
        owe_report(row)
    return row


def missed(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """The patient did not come: nothing was delivered, what was held goes back."""
    row = locked(consultation_id)
    if row.professional_id != professional.id:
        raise Refused(_("There is no such consultation."), status=404)
    if row.state != states.ACCEPTED:
        raise Moved(row.state, WORDS[row.state])
    close(row, states.NO_SHOW, "professional")
    return row
