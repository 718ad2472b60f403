"""The health profile and who may see it, by program: written, corrected, allowed, withdrawn, and every look listed."""

from __future__ import annotations

import uuid

import pytest

from core.db import db
from core.identity import clients, dependants
from core.tenancy import current
from tests.api.conftest import Caller

ALLERGY = {"kind": "medicine", "what": "Pénicilline 💊", "reaction": "urticaire"}
ALLERGIES = "/record/registers/allergies"


@pytest.fixture
def child(frontalia, patient):
    """A dependant of the patient."""
    with current.entered(frontalia.id):
        data = {
            "first_name": "Ben",
            "last_name": "Amsel",
            "birth_date": "2018-04-01",
            "sex": "male",
            "relation": "parent",
            "declared": "yes",
        }
        made = dependants.add_dependant(patient.account_id, data)
        db.session.commit()
        return str(made.id)


@pytest.fixture
def professional(frontalia, doctor, patient, program):
    """The program of a professional who has to do with the patient."""
    from core.directory import service as directory

    with current.entered(frontalia.id):
        directory.link_patient(doctor.pro.id, patient.account_id, "invited")
        db.session.commit()
    return program(doctor.pro.account_id)


@pytest.mark.rule("CB-197", "CB-202")
def test_a_register_is_written_corrected_and_emptied(patient):
    before = patient("GET", "/record").get_json()
    asked = {r["code"]: r for r in before["registers"]}
    assert (asked["allergies"]["missing"], asked["allergies"]["need"]) == (True, "mandatory")
    assert "food" in [c["code"] for c in asked["allergies"]["questions"][0]["choices"]]
    made = patient.book(f"{ALLERGIES}/entries", {"values": ALLERGY}, key="k" * 20)
    assert made.status_code == 201, made.get_json()
    first = made.get_json()
    assert (first["values"]["what"], first["author_kind"]) == ("Pénicilline 💊", "patient")
    assert patient.book(f"{ALLERGIES}/entries", {"values": ALLERGY}, key="k" * 20).get_json() == first
    assert len(patient("GET", ALLERGIES).get_json()["entries"]) == 1, "sent twice, written once"
    better = patient.book(f"{ALLERGIES}/entries", {"values": {**ALLERGY, "reaction": "choc"}, "replaces": first["id"]})
    assert better.status_code == 201, better.get_json()
    again = patient.book(f"{ALLERGIES}/entries", {"values": ALLERGY, "replaces": first["id"]})
    assert (again.status_code, again.get_json()["type"]) == (409, "urn:portico:problem:changed_meanwhile")
    state = patient("GET", ALLERGIES).get_json()
    assert [e["values"]["reaction"] for e in state["entries"]] == ["choc"]
    assert [e["values"]["reaction"] for e in state["past"]] == ["urticaire"]
    assert patient.book(f"{ALLERGIES}/none", {}).status_code == 409, "something is written there"
    assert patient("DELETE", f"{ALLERGIES}/entries/{better.get_json()['id']}").status_code == 204
    assert patient("DELETE", f"{ALLERGIES}/entries/{better.get_json()['id']}").status_code == 404
    assert patient.book(f"{ALLERGIES}/none", {}).get_json()["entries"][0]["none"] is True
    assert patient("POST", "/record/confirm", {}).get_json()["confirmed_at"]
    assert patient("GET", "/record").get_json()["confirmed_at"]


@pytest.mark.parametrize(
    ("path", "body", "status", "pointer"),
    [
        (f"{ALLERGIES}/entries", {"values": {"kind": "medicine"}}, 422, "#/values~1what"),
        (f"{ALLERGIES}/entries", {"values": {**ALLERGY, "kind": "bad"}}, 422, "#/values~1kind"),
        (f"{ALLERGIES}/entries", {"values": {**ALLERGY, "since": "2999"}}, 422, "#/values~1since"),
        (f"{ALLERGIES}/entries", {"values": {**ALLERGY, "more": "x"}}, 422, "#/values~1more"),
        (f"{ALLERGIES}/entries", {"values": {}}, 422, "#/values"),
        (f"{ALLERGIES}/entries", {"values": {"what": 5}}, 422, None),
        (f"{ALLERGIES}/entries", {"values": ALLERGY, "more": 1}, 422, "#/more"),
        (f"{ALLERGIES}/entries", {"values": ALLERGY, "replaces": str(uuid.uuid4())}, 409, None),
        (f"{ALLERGIES}/entries", {"values": ALLERGY, "dependant_id": str(uuid.uuid4())}, 404, None),
        ("/record/registers/biometrics/entries", {"values": {"height": "9000"}}, 422, "#/values~1height"),
        ("/record/registers/nothing/entries", {"values": ALLERGY}, 404, None),
        ("/record/registers/images_and_documents/entries", {"values": ALLERGY}, 422, None),
        ("/record/registers/biometrics/none", {}, 404, None),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(patient, path, body, status, pointer):
    answer = patient.book(path, body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.get_json()
    if pointer:
        assert pointer.replace("~1", "/") in [e["pointer"] for e in answer.get_json()["errors"]], answer.get_json()
    entries = [e for r in patient("GET", "/record").get_json()["registers"] for e in r["entries"]]
    assert entries == []


@pytest.mark.rule("CB-206")
def test_a_dependants_record_is_apart(patient, child, sign):
    patient.book(f"{ALLERGIES}/entries", {"values": ALLERGY, "dependant_id": child})
    assert patient("GET", ALLERGIES).get_json()["entries"] == []
    theirs = patient("GET", f"/record?dependant_id={child}").get_json()
    assert (theirs["name"], theirs["dependant_id"]) == ("Ben Amsel", child)
    assert patient("GET", f"{ALLERGIES}?dependant_id={child}").get_json()["entries"][0]["values"]["kind"] == "medicine"
    assert sign()("GET", f"/record?dependant_id={child}").status_code == 404


@pytest.mark.rule("CB-040", "CB-073", "CB-205")
def test_allowed_for_a_time_read_withdrawn_and_every_look_listed(patient, professional, doctor):
    patient.book(f"{ALLERGIES}/entries", {"values": ALLERGY})
    theirs = f"/patients/{patient.account_id}/record"
    refused = professional("GET", theirs)
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:portico:problem:record_closed")
    assert refused.get_json()["reasons"]
    assert professional("GET", f"{theirs}/registers/allergies").status_code == 403
    days = patient("GET", "/record/grants").get_json()["days"]
    given = patient.book("/record/grants", {"professional_id": str(doctor.pro.id), "days": days[0]})
    assert (given.status_code, given.get_json()["state"]) == (201, "open")
    opened = professional("GET", theirs)
    assert (opened.status_code, opened.get_json()["whole"]) == (200, True)
    assert [p["account_id"] for p in professional("GET", "/records").get_json()["items"]] == [str(patient.account_id)]
    written = professional.book(
        f"{theirs}/registers/medicines/entries", {"values": {"name": "paracétamol", "dose": "500 mg"}}
    )
    assert (written.status_code, written.get_json()["author_kind"]) == (201, "professional")
    assert patient("GET", "/record/registers/medicines").get_json()["entries"][0]["author_kind"] == "professional"
    assert professional("GET", f"{theirs}/registers/allergies").get_json()["entries"][0]["values"]["kind"] == "medicine"
    assert patient("POST", f"/record/grants/{given.get_json()['id']}/withdraw", {}).status_code == 204
    assert professional("GET", theirs).status_code == 403
    assert professional("DELETE", f"{theirs}/registers/medicines/entries/{written.get_json()['id']}").status_code == 403
    assert professional.book(f"{theirs}/registers/family_history/none", {}).status_code == 403
    looks = patient("GET", "/record/accesses").get_json()["items"]
    assert {(x["did"], x["what"]) for x in looks} >= {("refused", "profile"), ("read", "profile"), ("read", "register"), ("wrote", "register")}  # fmt: skip
    assert all(x["who"] and x["act"] and x["why"] for x in looks)
    assert [x["state"] for x in patient("GET", "/record/grants").get_json()["items"]] == ["withdrawn"]


@pytest.mark.rule("CB-074")
def test_a_session_of_one_factor_opens_no_record(patient, professional, doctor, program):
    patient.book("/record/grants", {"professional_id": str(doctor.pro.id), "days": None})
    assert professional("GET", f"/patients/{patient.account_id}/record").status_code == 200
    weak = program(doctor.pro.account_id, "password")
    assert weak("GET", f"/patients/{patient.account_id}/record").status_code == 403


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"days": 12345}, 422),
        ({"days": "30"}, 422),
        ({"professional_id": str(uuid.uuid4())}, 404),
        ({"professional_id": "x"}, 422),
        ({"dependant_id": str(uuid.uuid4())}, 404),
    ],
)
def test_a_wrong_authorisation_gives_nothing(patient, doctor, changed, status):
    body = {"professional_id": str(doctor.pro.id), "days": None, **changed}
    assert patient.book("/record/grants", body).status_code == status
    assert patient("GET", "/record/grants").get_json()["items"] == []


@pytest.mark.rule("CB-279", "CB-132")
def test_the_switches_for_all(patient, professional, doctor):
    patient.book("/record/grants", {"professional_id": str(doctor.pro.id), "days": None})
    on = patient("PUT", "/record/sharing", {"objects": True, "tele_expertise": True}).get_json()
    assert on["objected_at"] is not None
    assert on["tele_expertise_at"] is not None
    assert professional("GET", f"/patients/{patient.account_id}/record").status_code == 403
    off = patient("PUT", "/record/sharing", {"objects": False, "tele_expertise": False}).get_json()
    assert off == {"objected_at": None, "tele_expertise_at": None} == patient("GET", "/record/sharing").get_json()
    assert professional("GET", f"/patients/{patient.account_id}/record").status_code == 200
    assert patient("PUT", "/record/sharing", {"objects": True}).status_code == 422


def test_a_stranger_and_nobody_are_the_same(patient, program, frontalia):
    from core.testing.makers import make_professional

    with current.entered(frontalia.id):
        other = make_professional().account.id
    stranger = program(other)
    told = [stranger("GET", f"/patients/{who}/record") for who in (patient.account_id, uuid.uuid4())]
    assert [t.status_code for t in told] == [404, 404]
    assert told[0].get_json()["detail"] == told[1].get_json()["detail"]
    mine = patient("GET", "/record/accesses").get_json()["items"]
    assert mine == [], "a stranger's try stands on the trail, not on the person's list"


def test_no_partners_program_reads_health_data_whatever_its_scopes(app, frontalia, patient):
    """Every operation of these topics is a person's own: a client's token opens none of them."""
    from core.api.operations import OPERATIONS

    topics = ("health_record.", "files.", "authorisations.", "prescribed.", "calls.", "peers.")
    found = [o for o in OPERATIONS.values() if o.endpoint.startswith(topics)]
    assert len(found) > 40
    assert all(set(o.roles) <= {"patient", "professional"} for o in found)
    with current.entered(frontalia.id):
        row, _secret = clients.add("A partner", sorted(clients.SCOPES))
        token = clients.TOKEN_PREFIX + "t" * 40
        clients.keep_token(row, token, sorted(clients.SCOPES))
        db.session.commit()
    partner = Caller(app, "frontalia", token)
    for path in ("/record", "/record/documents", "/record/grants", "/prescriptions", "/rooms", "/colleagues/threads"):
        assert partner("GET", path).status_code == 403, path


def test_grants_are_announced_without_personal_data(patient, doctor, frontalia):
    from sqlalchemy import select

    from core.jobs.models import OutboxMessage

    given = patient.book("/record/grants", {"professional_id": str(doctor.pro.id), "days": None}).get_json()
    patient("POST", f"/record/grants/{given['id']}/withdraw", {})
    patient("POST", f"/record/grants/{given['id']}/withdraw", {})
    with current.entered(frontalia.id):
        told = {
            name: [
                m.payload for m in db.session.execute(select(OutboxMessage).where(OutboxMessage.name == name)).scalars()
            ]
            for name in ("record_granted", "record_withdrawn")
        }
    ids = {"grant_id": given["id"], "professional_id": str(doctor.pro.id)}
    assert told == {"record_granted": [ids], "record_withdrawn": [ids]}
