"""Pages of physicians: issue a prescription at the end of a consultation, withdraw it, hand a paper over."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import abort, g, redirect, render_template, request, url_for

from core import crypto
from core.care.consultations.models import Consultation
from core.care.prescriptions import deciding, service
from core.care.prescriptions.blueprint import acts_of, bp, shown, uuid_of
from core.care.prescriptions.deciding import CLASSES, KINDS, MEDICINE
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.service import EVIDENCE
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.identity import uploads
from core.lazy import lazy
from core.messages import Message, _
from core.scheduling.blueprint import signed_in_professional
from core.web.access import access

if TYPE_CHECKING:
    from core.care.prescriptions import documents
else:
    documents = lazy("core.care.prescriptions.documents")

DRAFT = "prescription"
Errors = dict[str, list[Message]]


def _own(consultation_id: str) -> tuple[Professional, Consultation]:
    me = signed_in_professional()
    found = service.access_consultation(uuid_of(consultation_id), me.id)
    if found is None:
        abort(404)
    return me, found


def _issued(prescription_id: str) -> tuple[Professional, Prescription]:
    me = signed_in_professional()
    row = service.access_prescription(uuid_of(prescription_id), professional_id=me.id)
    if row is None:
        abort(404)
    return me, row


@bp.route("/consultations/<consultation_id>/prescription", methods=["GET", "POST"])
@access("professional")
def issue(consultation_id: str) -> Any:
    """Issue a prescription: an act of its own, never automatic (CB-180); the document is the physician's (CB-191)."""
    me, consultation = _own(consultation_id)
    if request.method == "GET":
        return _page(me, consultation, {}, "")
    data, draft, errors = _file(request.form.get("document_kept"))
    days = _days(errors)
    if errors:
        return _page(me, consultation, errors, draft), 422
    form = request.form
    try:
        row = service.issue(
            consultation,
            me,
            client_key=form.get("client_key", "") or crypto.new_token(),
            kind=form.get("kind", MEDICINE),
            pdf=data,
            checklist=set(form.getlist("mention")),
            cross_border=form.get("cross_border") == "yes",
            classes=_classes(),
            duration_days=days,
            renewal=form.get("renewal") == "yes",
            one_off=form.get("one_off") == "yes",
            is_treating_physician={"yes": True, "no": False}.get(form.get("treating", "")),
            practice_id=_uuid(form.get("practice", "")),
            when=form.get("when", ""),
            signed_with=g.account.factors,
        )
    except service.NotAllowed as refusal:
        db.session.commit()
        return render_template(
            "prescriptions/refused.html", decision=refusal.decision, consultation=consultation
        ), refusal.status
    except service.Incomplete as wrong:
        db.session.rollback()
        if data is not None and not draft and documents.problem(data) is None:
            draft = uploads.stash(DRAFT, uploads.Upload("application/pdf", data))
            db.session.commit()
        return _page(me, consultation, {k: list(v) for k, v in wrong.errors.items()}, draft), 422
    uploads.unkeep([draft])
    db.session.commit()
    return redirect(url_for("prescriptions.issue", consultation_id=consultation.id, done=row.id))


def _file(token: str | None) -> tuple[bytes | None, str, Errors]:
    """(bytes, token of a kept draft, errors): the file chosen now, else the one that was kept while the form was mended."""
    file = request.files.get("document")
    if file is None or not file.filename:
        kept = uploads.unstash(DRAFT, token)
        return (kept.data, token or "", {}) if kept is not None else (None, "", {})
    data = file.stream.read(documents.MOST_BYTES + 1)
    wrong = documents.problem(data)
    return (data, "", {}) if wrong is None else (None, "", {"document": [wrong]})


def _days(errors: Errors) -> int | None:
    typed = request.form.get("duration_days", "").strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit()) or len(typed) > 5:
        errors["duration_days"] = [_("“{found}” is no number of days.", found=typed[:20])]
        return None
    return int(typed)


def _classes() -> set[str] | None:
    """The classes declared; None where neither a class nor "none of them" was chosen, or both."""
    chosen = set(request.form.getlist("class"))
    if "none" in chosen:
        return None if len(chosen) > 1 else set()
    return chosen or None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _page(me: Professional, consultation: Consultation, errors: Errors, draft: str) -> str:
    kind = request.values.get("kind", MEDICINE)
    kind = kind if kind in KINDS else MEDICINE
    decision = deciding.expected(consultation, me, kind)
    offered = deciding.offered(consultation, me)
    every = deciding.mentions(me.country, kind, cross_border=True)
    return render_template(
        "prescriptions/issue.html",
        consultation=consultation,
        who=identity.display_name(consultation.patient_account_id, consultation.dependant_id),
        possible=consultation.state in service.WHILE,
        decision=decision,
        delivery=decision.values.get("delivery") if decision.permitted else None,
        duties=[o for o in decision.obligations if not _for_patient(o.code)],
        kind=kind,
        kinds={k: v for k, v in KINDS.items() if k == kind or k in offered},
        treatment=kind == MEDICINE and deciding.asks_duration(consultation, me),
        single=kind == MEDICINE and deciding.asks_one_off(consultation, me),
        classes=CLASSES,
        national=[m for m in every if not m.cross_border],
        across=[m for m in every if m.cross_border],
        places=[p for p in directory.practices_of(me.id) if p.mode == "in_person"],
        errors=errors,
        form=request.form,
        draft=draft,
        client_key=request.form.get("client_key") or crypto.new_token(),
        items=[{**shown(r), "acts": acts_of(r)} for r in service.of_consultation(consultation.id)],
        evidence=EVIDENCE,
        done=request.args.get("done"),
        most=documents.MOST_BYTES // 1024**2,
        country=me.country,
    )


def _for_patient(code: str) -> bool:
    """What the page says in its own place: the checklist, and what is told to the patient."""
    return code.startswith("tell_") or code in ("mandatory_mentions", "cross_border_mentions", "eu_cross_border_notice")


@bp.post("/prescriptions/<prescription_id>/withdraw")
@access("professional")
def withdraw(prescription_id: str) -> Any:
    """Take it back while no pharmacy dispensed it."""
    _me, row = _issued(prescription_id)
    service.withdraw(row)
    db.session.commit()
    return redirect(url_for("prescriptions.issue", consultation_id=row.consultation_id))


@bp.get("/handovers")
@access("professional")
def handovers() -> str:
    """What waits at my practice, oldest first."""
    return _handovers({})


def _handovers(errors: dict[str, list[Message]], which: str = "") -> str:
    me = signed_in_professional()
    items = []
    for row in service.waiting_at_practice(me.id):
        consultation = Consultation.get(row.consultation_id)
        name = identity.display_name(row.account_id, consultation.dependant_id)
        items.append({**shown(row), "who": name})
    return render_template("prescriptions/handovers.html", items=items, evidence=EVIDENCE, errors=errors, which=which)


@bp.post("/prescriptions/<prescription_id>/hand-over")
@access("professional")
def hand_over(prescription_id: str) -> Any:
    """The paper was handed over, after a check of identity (CB-193)."""
    _me, row = _issued(prescription_id)
    try:
        service.hand_over(row, request.form.get("evidence", ""))
    except service.Incomplete as wrong:
        db.session.rollback()
        return _handovers({k: list(v) for k, v in wrong.errors.items()}, str(row.id)), 422
    db.session.commit()
    return redirect(url_for("prescriptions.handovers"))
