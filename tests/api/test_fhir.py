"""FHIR R4 for reading: resources as the standard has them; one's own, and the directory, and nothing more."""

from __future__ import annotations

import re
import uuid

import pytest

from core.care.consultations import reports, requests
from core.care.consultations.models import Consultation
from core.db import db
from core.directory.models import Professional
from core.identity import clients
from core.money import service as money
from core.scheduling import people
from core.tenancy import current
from core.testing.makers import fill_profile
from tests.api.conftest import Caller

INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


@pytest.fixture
def care(frontalia, doctor, patient):
    """A finished consultation of the patient with the doctor: its id."""
    with current.entered(frontalia.id):
        pro = Professional.get(doctor.pro.id)
        pro.services = [*pro.services, "express_consultation"]
        money.set_tariff(pro.id, "express_consultation", 0)
        fill_profile(patient.account_id)
        row = requests.request(
            people.booker(patient.account_id),
            service="express_consultation",
            professional_ids=[pro.id],
            question="canary question",
            highest_cents=0,
            acknowledged={"show_emergency_warning", "tell_not_reimbursed"},
            profile_confirmed=True,
        )
        requests.accept(pro, row.id)
        reports.save(pro, row.id, {"conclusion": "Repos <b>& eau</b>"})
        db.session.commit()
        return row.id


@pytest.fixture
def program(app, frontalia):
    """`program("fhir.directory")`: a partner's program with a token of these scopes."""

    def make(*scopes):
        with current.entered(frontalia.id):
            row, _secret = clients.add(f"reader {scopes}", list(scopes))
            token = clients.TOKEN_PREFIX + uuid.uuid4().hex
            clients.keep_token(row, token, list(scopes))
            db.session.commit()
        return Caller(app, "frontalia", token)

    return make


def test_it_says_what_it_can_do(caller):
    answer = caller()("GET", "/fhir/metadata")
    body = answer.get_json()
    assert answer.mimetype == "application/fhir+json"
    assert (body["resourceType"], body["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert {r["type"] for r in body["rest"][0]["resource"]} == {
        "Practitioner", "Schedule", "Slot", "Appointment", "Encounter", "Composition",
    }  # fmt: skip


def test_from_a_practitioner_to_a_free_time(patient, doctor):
    found = patient("GET", "/fhir/Practitioner?name=chatelet").get_json()
    assert (found["resourceType"], found["type"], found["total"]) == ("Bundle", "searchset", 1)
    practitioner = found["entry"][0]["resource"]
    assert practitioner["id"] == str(doctor.pro.id)
    assert found["entry"][0]["fullUrl"].endswith(f"/api/v1/fhir/Practitioner/{doctor.pro.id}")
    places = patient("GET", f"/fhir/Schedule?actor=Practitioner/{practitioner['id']}").get_json()["entry"]
    schedule = places[0]["resource"]
    assert schedule["actor"][0]["reference"] == f"Practitioner/{doctor.pro.id}"
    free = patient("GET", f"/fhir/Slot?schedule=Schedule/{schedule['id']}&start=ge2026-11-24").get_json()
    first = free["entry"][0]["resource"]
    assert (first["status"], first["start"], first["end"]) == ("free", "2026-11-24T08:00:00Z", "2026-11-24T08:20:00Z")
    assert re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", first["id"])
    assert (
        patient("GET", f"/fhir/Slot?schedule=Schedule/{schedule['id']}&service-type=nothing").get_json()["total"] == 0
    )


def test_ones_own_appointment(patient, sign, slot):
    booked = patient.book("/appointments", slot | {"note": "canary note"}).get_json()
    answer = patient("GET", f"/fhir/Appointment/{booked['id']}")
    body = answer.get_json()
    assert (body["status"], body["start"], body["minutesDuration"]) == ("booked", "2026-11-24T08:00:00Z", 20)
    assert {p["actor"]["reference"].split("/")[0] for p in body["participant"]} == {"Practitioner", "Patient"}
    assert "canary" not in answer.get_data(as_text=True)
    assert [e["resource"]["id"] for e in patient("GET", "/fhir/Appointment").get_json()["entry"]] == [booked["id"]]
    other = sign()("GET", f"/fhir/Appointment/{booked['id']}")
    assert (other.status_code, other.get_json()["resourceType"]) == (404, "OperationOutcome")
    assert sign()("GET", "/fhir/Appointment").get_json()["total"] == 0


def test_ones_own_encounter_and_its_report(patient, sign, care, frontalia):
    body = patient("GET", f"/fhir/Encounter/{care}").get_json()
    assert (body["status"], body["class"]["code"]) == ("finished", "VR")
    assert INSTANT.match(body["period"]["start"])
    assert INSTANT.match(body["period"]["end"])
    found = patient("GET", f"/fhir/Composition?encounter=Encounter/{care}").get_json()["entry"][0]["resource"]
    assert (found["status"], found["type"]["coding"][0]["code"]) == ("final", "11488-4")
    assert found["section"][0]["text"]["div"].endswith("Repos &lt;b&gt;&amp; eau&lt;/b&gt;</div>")
    assert patient("GET", f"/fhir/Composition/{found['id']}").get_json() == found
    assert "canary question" not in str(body)
    stranger = sign()
    for path in (
        f"/fhir/Encounter/{care}",
        f"/fhir/Composition/{found['id']}",
        f"/fhir/Composition?encounter=Encounter/{care}",
    ):
        assert stranger("GET", path).status_code == 404, path
    assert stranger("GET", "/fhir/Encounter").get_json()["total"] == 0
    with current.entered(frontalia.id):
        assert db.session.get(Consultation, (frontalia.id, care)).state == "completed"


def test_nobody_reads_without_a_session_and_a_program_only_the_directory(caller, program, doctor, care):
    for path in ("/fhir/Practitioner", "/fhir/Appointment", f"/fhir/Encounter/{care}"):
        assert caller()("GET", path).status_code == 401, path
    reader = program("fhir.directory")
    assert reader("GET", "/fhir/Practitioner").get_json()["total"] == 1
    assert reader("GET", f"/fhir/Encounter/{care}").status_code == 403
    assert reader("GET", "/fhir/Appointment").status_code == 403
    refused = program("decisions")("GET", "/fhir/Practitioner")
    assert refused.status_code == 403
    assert "fhir.directory" in refused.get_json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/fhir/Slot?schedule=Schedule/nothing", 422),
        ("/fhir/Slot", 422),
        (f"/fhir/Schedule/{uuid.UUID(int=5)}", 404),
        (f"/fhir/Practitioner/{uuid.UUID(int=5)}", 404),
        ("/fhir/Schedule?actor=Practitioner/x", 422),
    ],
)
def test_what_is_wrong_is_an_outcome(patient, path, status):
    answer = patient("GET", path)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"
