"""Prescriptions by program: status, papers, a lost proof; the prescriber's side; nobody else's."""

from __future__ import annotations

import uuid

import pytest

from core.care.prescriptions import service
from core.care.prescriptions.models import Prescription
from core.directory.models import Practice
from core.tenancy import current
from tests.care.prescriptions.conftest import (  # fmt: skip
    document,
    everything,
    make_consultation,
    make_patient,
    make_physician,
    register,
)

__all__ = ["document", "register"]


@pytest.fixture
def prescribed(app, frontalia, monday, register, document, program):
    """(the patient's program, the prescriber's, the prescription's id, its consultation's)."""
    from core.db import db

    with current.entered(frontalia.id):
        made, account = make_physician(), make_patient()
        consultation = make_consultation(made.pro, account)
        row = service.issue(
            consultation, made.pro, client_key=uuid.uuid4().hex, pdf=document, checklist=everything(), classes=()
        )
        db.session.commit()
        ids = account.id, made.pro.account_id, row.id, consultation.id
        db.session.expunge_all()
    return program(ids[0]), program(ids[1]), str(ids[2]), str(ids[3])


@pytest.mark.rule("CB-183", "CB-184")
def test_the_patient_has_status_document_and_proof(prescribed, document, frontalia):
    patient, physician, made, consultation = prescribed
    listed = patient("GET", "/prescriptions").get_json()["items"]
    assert [(p["id"], p["state"], p["has_document"], p["has_proof"]) for p in listed] == [(made, "issued", True, True)]
    assert patient("GET", f"/prescriptions/{made}/document").data == document
    proof = patient("GET", f"/prescriptions/{made}/proof")
    assert (proof.mimetype, proof.data[:5]) == ("application/pdf", b"%PDF-")
    acts = patient("GET", f"/prescriptions/{made}").get_json()["acts"]
    assert [a["by"] for a in acts[:2]] == ["patient", "patient"], "each look is listed"
    before = _digest(frontalia, made)
    renewed = patient.book(f"/prescriptions/{made}/new-code", {}, key="n" * 20)
    assert renewed.status_code == 200
    after = _digest(frontalia, made)
    assert after != before
    assert patient.book(f"/prescriptions/{made}/new-code", {}, key="n" * 20).get_json() == renewed.get_json()
    assert _digest(frontalia, made) == after, "a repeat makes no further code"
    assert physician("GET", f"/prescriptions/{made}").get_json()["reference"] == listed[0]["reference"]
    for side in (patient, physician):
        found = side("GET", f"/consultations/{consultation}/prescriptions").get_json()["items"]
        assert [p["id"] for p in found] == [made]
    withdrawn = physician.book(f"/prescriptions/{made}/withdraw", {})
    assert (withdrawn.status_code, withdrawn.get_json()["state"]) == (200, "withdrawn")
    assert physician.book(f"/prescriptions/{made}/withdraw", {}).status_code == 409
    assert patient.book(f"/prescriptions/{made}/new-code", {}).status_code == 409


def _digest(frontalia, made):
    with current.entered(frontalia.id):
        return Prescription.get(uuid.UUID(made)).code_digest


def test_nobody_else_sees_or_moves_it(prescribed, sign, frontalia, program):
    patient, physician, made, consultation = prescribed
    with current.entered(frontalia.id):
        other = make_physician().pro.account_id
    stranger, colleague = sign(), program(other)
    for end in ("", "/document", "/proof"):
        assert stranger("GET", f"/prescriptions/{made}{end}").status_code == 404, end
    assert stranger.book(f"/prescriptions/{made}/new-code", {}).status_code == 404
    assert colleague("GET", f"/prescriptions/{made}").status_code == 404
    assert colleague("GET", f"/consultations/{consultation}/prescriptions").status_code == 404
    assert colleague.book(f"/prescriptions/{made}/withdraw", {}).status_code == 404
    assert physician("GET", f"/prescriptions/{made}/proof").status_code == 403, "the code is the patient's"
    assert patient.book(f"/prescriptions/{made}/withdraw", {}).status_code == 403


@pytest.mark.rule("CB-193")
def test_a_paper_at_the_practice_is_handed_over_against_identity(app, frontalia, program):
    from core.db import db

    with current.entered(frontalia.id):
        made, account = make_physician("LU"), make_patient("lu_resident")
        consultation = make_consultation(made.pro, account, "video_consultation")
        place = db.session.query(Practice).filter_by(professional_id=made.pro.id).first().id
        row = service.issue(
            consultation, made.pro, client_key="k" * 20, practice_id=place, when="demain", classes=(), checklist=()
        )
        db.session.commit()
        ids = account.id, made.pro.account_id, row.id
        db.session.expunge_all()
    patient, physician, path = program(ids[0]), program(ids[1]), f"/prescriptions/{ids[2]}"
    waits = patient("GET", path).get_json()
    assert (waits["delivery"], waits["collect"]["when"], waits["has_document"]) == ("at_practice", "demain", False)
    assert patient("GET", path + "/document").status_code == 404
    assert physician.book(path + "/hand-over", {"evidence": "a smile"}).status_code == 422
    done = physician.book(path + "/hand-over", {"evidence": "proof_of_identity"})
    assert (done.status_code, done.get_json()["state"]) == (200, "collected")
    assert physician.book(path + "/hand-over", {"evidence": "proof_of_identity"}).status_code == 409
