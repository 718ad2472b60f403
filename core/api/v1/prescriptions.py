"""Prescriptions for programs: the patient's list, status and papers; the prescriber's withdrawal and handing over."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, g

from core.api.fields import Empty
from core.api.operations import operation
from core.api.v1 import shared
from core.api.v1.schemas_record import (
    HandOverInput,
    OnePrescriptionAnswer,
    PrescriptionAnswer,
    PrescriptionList,
)
from core.care.consultations import service as consultations
from core.care.prescriptions import opening, service
from core.care.prescriptions.blueprint import acts_of, pdf
from core.care.prescriptions.models import Prescription
from core.db import db
from core.directory.models import Professional
from core.tenancy import keys
from core.web.language import say

topic = shared.topic(
    "prescribed",
    "Prescriptions: list, status, document and proof. What is prescribed stands in the physician's document alone. Pharmacies "
    "use the page /pharmacy with the code of the proof.",
)
NONE = {404: "No such prescription of yours"}
PAPER = {"responses": {"200": {"description": "The paper", "content": {"application/pdf": {}}}}}


def _answer(row: Prescription) -> dict[str, Any]:
    professional: Professional = Professional.get(row.professional_id)
    names = (
        "id", "reference", "consultation_id", "professional_id", "kind", "delivery", "state", "issued_at", "first_dispensing_until",
        "closed_at",
    )  # fmt: skip
    return {
        **{n: getattr(row, n) for n in names},
        "professional": f"{professional.title} {professional.name}".strip(),
        "has_document": row.document is not None,
        "has_proof": row.proof is not None,
        "collect": _collect(row),
    }


def _collect(row: Prescription) -> dict[str, str] | None:
    try:
        return service.meta_of(row).get("collect")
    except keys.Erased:
        return None


def _one(row: Prescription) -> dict[str, Any]:
    acts = [{**a, "what": say(a["what"])} for a in acts_of(row)]
    return {**_answer(row), "acts": acts}


def _mine(prescription_id: uuid.UUID) -> Prescription:
    row = service.access_prescription(prescription_id, account_id=g.account.id)
    if row is None:
        raise shared.absent()
    return row


def _prescribed(prescription_id: uuid.UUID) -> Prescription:
    row = service.access_prescription(prescription_id, professional_id=shared.own_professional().id)
    if row is None:
        raise shared.absent()
    return row


@operation(topic, "GET", "/prescriptions", roles=("patient",), answer=PrescriptionList)
def list_prescriptions() -> dict[str, Any]:
    """The patient's prescriptions, for self and dependants, newest first."""
    return {"items": [_answer(row) for row in service.of_account(g.account.id)]}


@operation(
    topic, "GET", "/prescriptions/<uuid:prescription_id>", roles=("patient", "professional"), answer=OnePrescriptionAnswer, refusals=NONE
)  # fmt: skip
def get_prescription(prescription_id: uuid.UUID) -> dict[str, Any]:
    """Its status, where it waits, who looked at it: for the patient and the prescriber."""
    find = _mine if g.account.role == "patient" else _prescribed
    return _one(find(prescription_id))


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>/prescriptions", roles=("patient", "professional"), answer=PrescriptionList,
    refusals={404: "No such consultation of yours"},
)  # fmt: skip
def of_consultation(consultation_id: uuid.UUID) -> dict[str, Any]:
    """The prescriptions of a consultation, oldest first; none is the ordinary case."""
    row = consultations.access_consultation(consultation_id, g.account.id)
    if row is None or consultations.side_of(row, g.account.id) is None:
        raise shared.absent()
    return {"items": [_answer(found) for found in service.of_consultation(row.id)]}


def _paper(row: Prescription, which: str) -> Response:
    # Where the contract wants a code by SMS, the page asks for it: a program has no way round (IA-074).
    data = opening.read(row, which, None)
    if data is None:
        raise shared.absent()
    db.session.commit()
    return pdf(data, f"{row.reference}-{'1' if which == 'document' else '2'}")


@operation(
    topic, "GET", "/prescriptions/<uuid:prescription_id>/document", roles=("patient",), answer=None, refusals=NONE
)
@topic.doc(**PAPER)
def get_document(prescription_id: uuid.UUID) -> Response:
    """The physician's own document as PDF; there is none where it is on paper at the practice."""
    return _paper(_mine(prescription_id), "document")


@operation(topic, "GET", "/prescriptions/<uuid:prescription_id>/proof", roles=("patient",), answer=None, refusals=NONE)
@topic.doc(**PAPER)
def get_proof(prescription_id: uuid.UUID) -> Response:
    """The sealed proof with its code, as PDF."""
    return _paper(_mine(prescription_id), "proof")


@operation(
    topic, "POST", "/prescriptions/<uuid:prescription_id>/new-code", roles=("patient",), body=Empty, answer=PrescriptionAnswer,
    repeatable=True, refusals={**NONE, 409: "There is no code any more that could be renewed"},
)  # fmt: skip
def new_code(body: dict[str, Any], prescription_id: uuid.UUID) -> dict[str, Any]:
    """The proof is lost or was seen by others: a new code and proof, and the old code is void."""
    return _answer(service.renew_code(_mine(prescription_id)))


@operation(
    topic, "POST", "/prescriptions/<uuid:prescription_id>/withdraw", roles=("professional",), body=Empty, answer=PrescriptionAnswer,
    repeatable=True, refusals={**NONE, 409: "It can no longer be withdrawn"},
)  # fmt: skip
def withdraw(body: dict[str, Any], prescription_id: uuid.UUID) -> dict[str, Any]:
    """The prescriber takes it back while nobody has dispensed it."""
    row = _prescribed(prescription_id)
    service.withdraw(row)
    return _answer(row)


@operation(
    topic, "POST", "/prescriptions/<uuid:prescription_id>/hand-over", roles=("professional",), body=HandOverInput,
    answer=PrescriptionAnswer, repeatable=True, refusals={**NONE, 409: "It does not wait at the practice any more"},
)  # fmt: skip
def hand_over(body: dict[str, Any], prescription_id: uuid.UUID) -> dict[str, Any]:
    """The paper was handed over at the practice, after a check of identity."""
    row = _prescribed(prescription_id)
    service.hand_over(row, body["evidence"])
    return _answer(row)
