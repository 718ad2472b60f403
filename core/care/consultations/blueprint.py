"""The blueprints of patients' and professionals' consultations, and what their pages share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, g

from core.care.consultations import calling, files, messages, reports, service, states
from core.care.consultations.models import Consultation
from core.care.documents import service as documents
from core.crypto import new_token
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.live import pages as live
from core.money import service as money
from core.scheduling.models import Appointment

bp = Blueprint("care", __name__, template_folder="templates")
desk = Blueprint("care_desk", __name__, template_folder="templates")

TONES = {
    states.REQUESTED: "brand", states.ACCEPTED: "success", states.IN_PROGRESS: "success", states.AWAITING_REPORT: "brand",
    states.COMPLETED: "", states.REFUNDED: "", states.DECLINED: "warning", states.EXPIRED: "warning", states.CANCELLED: "",
    states.NO_SHOW: "warning",
}  # fmt: skip


def own(consultation_id: str) -> Consultation:
    """The consultation of the address, where this account has part in it; else a page that does not exist."""
    try:
        wanted = uuid.UUID(consultation_id)
    except ValueError:
        abort(404)
    row = service.access_consultation(wanted, g.account.id)
    if row is None:
        abort(404)
    return row


def shown(row: Consultation) -> dict[str, Any]:
    """What both sides' pages need of a consultation that they may read."""
    side = service.side_of(row, g.account.id) or "asked"
    live.listen()
    offers = service.offers_of([row.id])
    lines = messages.of(row) if side != "asked" else []
    if lines:
        messages.seen(row, side, lines[-1].seq)
    docs = files.of(row, g.account.id)
    due = service.due_of([row]).get(row.id)
    return {
        "row": row,
        "side": side,
        "word": service.WORDS[row.state],
        "tone": TONES[row.state],
        "offered": directory.service_of(row.service),
        "offers": [(o, Professional.get(o.professional_id)) for o in offers],
        "pro": Professional.get(row.professional_id) if row.professional_id else None,
        "question": service.question_of(row),
        "docs": docs,
        "question_files": files.beside(docs, lines),
        "waiting_scan": any(d.state == "quarantined" for d in docs.values()) and documents.waiting_for_scanner(),
        "lines": lines,
        "writable": row.state in states.UNDER_WAY and side != "asked",
        "who": identity.display_name(row.patient_account_id, row.dependant_id),
        "for_self": row.dependant_id is None,
        "versions": reports.versions(row.id) if side != "asked" else [],
        "parts": reports.PARTS,
        "held": money.held_cents(row.id, row.currency),
        "call_due": due if row.state == states.ACCEPTED else None,
        "report_due": due if service.owed_in(row.state) == service.REPORT else None,
        "room": calling.room_of(row),
        "appointment": Appointment.get(row.appointment_id) if row.appointment_id else None,
        "message_key": new_token,
        "problems": (),
        "again": row.state in states.AGAIN and row.form == "request",
    }
