"""Pages of patients: their prescriptions, both papers, who looked at them, a lost proof."""

from __future__ import annotations

from typing import Any

from flask import abort, g, make_response, redirect, render_template, request, url_for

from core.care.prescriptions import opening, service
from core.care.prescriptions.blueprint import acts_of, bp, pdf, shown, uuid_of
from core.care.prescriptions.models import Prescription
from core.care.prescriptions.service import EVIDENCE
from core.db import db
from core.messages import Message
from core.web import cookies
from core.web.access import access
from core.web.frame import Refused


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
    return _page(_own(prescription_id))


def _page(row: Prescription, problem: Message | None = None) -> str:
    return render_template(
        "prescriptions/one.html",
        **shown(row),
        told=service.told_to_patient(row),
        acts=acts_of(row),
        evidence=list(EVIDENCE.values()),
        renewed=request.args.get("renewed"),
        opening=opening.standing(row, _token()),
        problem=problem,
        sent=request.args.get("sent"),
    )


@bp.get("/prescriptions/<prescription_id>/proof")
@access("patient")
def proof_file(prescription_id: str) -> Any:
    """The proof with its code."""
    return _file(_own(prescription_id), "proof")


@bp.get("/prescriptions/<prescription_id>/document")
@access("patient")
def document_file(prescription_id: str) -> Any:
    """The prescription itself; on paper there is none to download (CB-193)."""
    return _file(_own(prescription_id), "document")


def _token() -> str | None:
    """What this browser was given for a right code."""
    return request.cookies.get(cookies.cookie_name(opening.COOKIE))


@bp.post("/prescriptions/<prescription_id>/open")
@access("patient")
def open_with_code(prescription_id: str) -> Any:
    """The code of the text message (IA-074): right, the papers open in this browser for a short while; every try counts."""
    row = _own(prescription_id)
    entered = opening.enter(row, request.form.get("code", ""))
    db.session.commit()
    if entered.error is not None:
        return _page(row, entered.error), 422
    answer = make_response(redirect(url_for("prescriptions.one", prescription_id=row.id)))
    cookies.give(answer, opening.COOKIE, entered.token)
    return answer


@bp.post("/prescriptions/<prescription_id>/send-code")
@access("patient")
def send_code(prescription_id: str) -> Any:
    """Another code to the mobile telephone."""
    row = _own(prescription_id)
    try:
        opening.send_again(row)
    except Refused as no:
        db.session.rollback()
        return _page(row, no.messages[0]), no.status
    db.session.commit()
    return redirect(url_for("prescriptions.one", prescription_id=row.id, sent=1))


def _file(row: Prescription, which: str) -> Any:
    try:
        data = opening.read(row, which, _token())
    except opening.Closed as no:
        return _page(row, no.messages[0]), no.status
    if data is None:
        abort(404)
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
