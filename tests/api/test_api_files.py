"""Files by program: into quarantine, out of it once clean, and nobody else's."""

from __future__ import annotations

import base64
import io
import uuid

import pytest
from PIL import Image

from core.care.consultations import requests
from core.care.documents.scanners import EICAR
from core.db import db
from core.directory.models import Professional
from core.jobs import outbox
from core.money import service as money
from core.tenancy import current
from core.testing.makers import fill_profile

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SEEN = ["show_emergency_warning", "tell_not_reimbursed"]


def body(data=PDF, name="analyse.pdf", **more):
    return {"name": name, "content": base64.b64encode(data).decode(), **more}


@pytest.fixture
def drain(frontalia):
    """Everything that waits is done: files are scanned."""

    def run():
        with current.entered(frontalia.id):
            outbox.drain()

    return run


@pytest.fixture
def under_way(frontalia, patient, doctor, program):
    """(the consultation's path, the professional's program)."""
    with current.entered(frontalia.id):
        pro = Professional.get(doctor.pro.id)
        pro.services = [*pro.services, "express_consultation"]
        money.set_tariff(pro.id, "express_consultation", 2500)
        fill_profile(patient.account_id)
        money.credit(patient.account_id, uuid.uuid4(), 10_000)
        db.session.commit()
    given = {
        "service": "express_consultation", "professional_ids": [str(doctor.pro.id)], "question": "?", "highest_cents": 3000,
        "acknowledged": SEEN, "profile_confirmed": True,
    }  # fmt: skip
    made = patient.book("/consultations", given).get_json()
    with current.entered(frontalia.id):
        requests.accept(Professional.get(doctor.pro.id), uuid.UUID(made["id"]))
        db.session.commit()
    return f"/consultations/{made['id']}", program(doctor.pro.account_id)


@pytest.mark.rule("CB-198")
def test_a_file_of_the_record_waits_is_checked_read_and_removed(patient, doctor, drain, frontalia, program):
    sent = patient.book("/record/documents", body(), key="f" * 20)
    assert sent.status_code == 201, sent.get_json()
    made = sent.get_json()
    assert (made["state"], made["name"], made["mimetype"], made["mine"]) == ("quarantined", "analyse.pdf", "application/pdf", True)  # fmt: skip
    assert patient.book("/record/documents", body(), key="f" * 20).get_json() == made, "sent twice, kept once"
    waits = patient("GET", f"/documents/{made['id']}/content")
    assert (waits.status_code, waits.get_json()["type"]) == (409, "urn:portico:problem:file_quarantined")
    drain()
    assert [f["state"] for f in patient("GET", "/record/documents").get_json()["items"]] == ["clean"]
    content = patient("GET", f"/documents/{made['id']}/content")
    assert (content.status_code, content.data, content.headers["Cache-Control"]) == (200, PDF, "no-store")
    from core.directory import service as directory

    with current.entered(frontalia.id):
        directory.link_patient(doctor.pro.id, patient.account_id, "invited")
        db.session.commit()
    theirs, one = program(doctor.pro.account_id), f"/documents/{made['id']}"
    assert theirs("GET", f"/patients/{patient.account_id}/record/documents").status_code == 403
    assert theirs("GET", one).status_code == 404
    patient.book("/record/grants", {"professional_id": str(doctor.pro.id), "days": None})
    assert theirs("GET", f"/patients/{patient.account_id}/record/documents").get_json()["items"][0]["id"] == made["id"]
    assert theirs("GET", one).get_json()["mine"] is False
    assert theirs("GET", one + "/content").data == PDF
    looks = patient("GET", "/record/accesses").get_json()["items"]
    assert ("read", "document") in {(x["did"], x["what"]) for x in looks}
    assert theirs("DELETE", f"/record/documents/{made['id']}").status_code == 403
    assert patient("DELETE", f"/record/documents/{made['id']}").status_code == 204
    assert patient("GET", one).status_code == 404
    assert patient("DELETE", f"/record/documents/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "not base64!"},
        {"content": 5},
        {"content": ""},
        {"content": base64.b64encode(b"<script>alert(1)</script>").decode(), "name": "a.pdf"},
        {"content": base64.b64encode(b"PK\x03\x04" + b"x" * 50).decode()},
        {"name": ""},
        {"name": "x" * 500},
        {"more": 1},
        {"content": "A" * (15 * 1024 * 1024)},
    ],
)
def test_what_cannot_be_taken_is_refused_and_nothing_is_kept(patient, changed):
    answer = patient.book("/record/documents", {**body(), **changed})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert patient("GET", "/record/documents").get_json()["items"] == []


def test_a_file_of_the_largest_size_passes_and_a_larger_body_does_not(patient):
    most = PDF[:-6] + b"\n" * (10 * 1024**2 - len(PDF)) + b"%%EOF\n"
    assert patient.book("/record/documents", body(most)).status_code == 201
    assert patient.book("/record/documents", body(b"x" * 14 * 1024**2)).status_code == 413


@pytest.mark.rule("CB-152")
def test_files_of_a_consultation_go_to_both_and_to_nobody_else(patient, under_way, drain, sign):
    path, professional = under_way
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    sent = patient.book(path + "/documents", body(picture.getvalue(), "photo.png"))
    assert sent.status_code == 201, sent.get_json()
    one = f"/documents/{sent.get_json()['id']}"
    theirs = professional("GET", path + "/documents").get_json()["items"]
    assert [(f["state"], f["name"], f["mine"]) for f in theirs] == [("quarantined", None, False)]
    drain()
    assert professional("GET", one).get_json()["name"] == "photo.png"
    assert professional("GET", one + "/content").data.startswith(b"\x89PNG")
    assert [m["document_id"] for m in professional("GET", path + "/messages").get_json()["items"]] == [
        sent.get_json()["id"]
    ]
    stranger = sign()
    for method, where in (("GET", path + "/documents"), ("GET", one), ("GET", one + "/content")):
        assert stranger(method, where).status_code == 404, where
    assert stranger.book(path + "/documents", body()).status_code == 404
    assert patient.book(path + "/documents", body(kind="audio")).status_code == 422
    professional.book(path + "/reports", {"parts": {"conclusion": "Repos."}})
    assert patient.book(path + "/documents", body()).status_code == 409


def test_a_harmful_file_is_said_to_be_infected_and_never_given_out(patient, under_way, drain):
    path, professional = under_way
    data = PDF.replace(b"trailer", EICAR + b"\ntrailer")
    sent = patient.book(path + "/documents", body(data)).get_json()
    drain()
    one = f"/documents/{sent['id']}"
    assert patient("GET", one).get_json()["state"] == "infected"
    for side in (patient, professional):
        refused = side("GET", one + "/content")
        assert (refused.status_code, refused.get_json()["state"]) == (409, "infected")
