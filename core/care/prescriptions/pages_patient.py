"""Pages of patients: their prescriptions, both papers, who looked at them, a lost proof."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for

from core.care.prescriptions import looks, service
from core.care.prescriptions.blueprint import acts_of, bp, pdf, shown, uuid_of
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.service import EVIDENCE
from core.db import db
from core.tenancy import keys
from core.web.access import access


def _own(prescription_id: str) -> Prescription:
    row = service.access_prescription(uuid_of(prescription_id), account_id=g.account.id)
    if row is None:
        abort(404)
    return row


@bp.get("/prescriptions")
@access("patient")
def mine() -> str:
    """My prescriptions, newest first (CB-183)."""
    return render_template("prescriptions/mine.html", items=[shown(r) for r in service.of_account(g.account.id)])


@bp.get("/prescriptions/<prescription_id>")
@access("patient")
def one(prescription_id: str) -> str:
    """One prescription: both papers or where it waits, what to know, who looked (CB-168, CB-183 to CB-189, CB-193, CB-194)."""
    row = _own(prescription_id)
    return render_template(
        "prescriptions/one.html",
        **shown(row),
        told=service.told_to_patient(row),
        acts=acts_of(row),
        evidence=list(EVIDENCE.values()),
        renewed=request.args.get("renewed"),
    )


@bp.get("/prescriptions/<prescription_id>/proof")
@access("patient")
def proof_file(prescription_id: str) -> Response:
    """The proof with its code."""
    return _file(_own(prescription_id), "proof")


@bp.get("/prescriptions/<prescription_id>/document")
@access("patient")
def document_file(prescription_id: str) -> Response:
    """The prescription itself; on paper there is none to download (CB-193)."""
    return _file(_own(prescription_id), "document")


def _file(row: Prescription, which: str) -> Response:
    try:
        data = service.proof_of(row) if which == "proof" else service.document_of(row)
    except keys.Erased:
        data = None
    if data is None:
        abort(404)
    looks.note(row, looks.PATIENT, f"{which}_read")
    db.session.commit()
    # The name of a file that lies about on a disk says nothing of health.
    return pdf(data, f"{row.reference}-{'1' if which == 'document' else '2'}")


@bp.post("/prescriptions/<prescription_id>/new-code")
@access("patient")
def new_code(prescription_id: str) -> Any:
    """The proof is lost or was seen by others: a new code, and the old one is void."""
    row = service.renew_code(_own(prescription_id))
    db.session.commit()
    return redirect(url_for("prescriptions.one", prescription_id=row.id, renewed=1))
