"""Booking by program: hold, confirm, book at once, move, cancel; whose it is; what a refusal tells."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from core import clock
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import accounts, moderation, sessions
from core.scheduling import hours
from core.tenancy import current


def test_a_hold_becomes_an_appointment(patient, slot):
    held = patient.book("/holds", slot)
    assert held.status_code == 201, held.get_json()
    body = held.get_json()
    assert (body["state"], body["starts_at"], body["hold_expires_at"]) == (
        "held",
        "2026-11-24T08:00:00Z",
        "2026-11-23T06:10:00Z",
    )
    done = patient.book("/appointments", {"hold_id": body["id"]})
    assert done.status_code == 201, done.get_json()
    assert (done.get_json()["state"], done.get_json()["terms_version"]) == ("booked", "2026-11")
    assert [a["id"] for a in patient("GET", "/appointments").get_json()["items"]] == [body["id"]]


def test_booking_at_once_moving_and_cancelling(patient, slot):
    booked = patient.book("/appointments", slot).get_json()
    moved = patient.book(f"/appointments/{booked['id']}/move", {"starts_at": "2026-11-24T10:20:00+01:00"})
    assert moved.status_code == 200, moved.get_json()
    assert (moved.get_json()["starts_at"], moved.get_json()["sequence"]) == ("2026-11-24T09:20:00Z", 1)
    gone = patient.book(f"/appointments/{booked['id']}/cancel", {"reason": "better already"})
    assert gone.get_json()["state"] == "cancelled_by_patient"
    assert patient("GET", "/appointments").get_json()["items"] == []
    assert [a["state"] for a in patient("GET", "/appointments?when=past").get_json()["items"]] == [
        "cancelled_by_patient"
    ]


def test_a_hold_can_be_given_back(patient, sign, slot):
    held = patient.book("/holds", slot).get_json()
    assert sign().book("/holds", slot).status_code == 409
    assert patient("DELETE", f"/holds/{held['id']}").status_code == 204
    assert patient("DELETE", f"/holds/{held['id']}").status_code == 404
    assert sign().book("/holds", slot).status_code == 201


@pytest.mark.rule("CB-135")
def test_a_time_that_is_gone_names_the_next_free_ones(patient, sign, slot):
    assert sign().book("/appointments", slot).status_code == 201
    late = patient.book("/appointments", slot)
    assert late.status_code == 409
    body = late.get_json()
    assert body["type"] == "urn:portico:problem:slot_gone"
    assert [s["starts_at"] for s in body["next_free"]] == [
        "2026-11-24T08:20:00Z", "2026-11-24T08:40:00Z", "2026-11-24T09:00:00Z",
    ]  # fmt: skip
    assert patient("GET", "/appointments").get_json()["items"] == []


def test_a_time_that_has_passed(patient, at_time):
    body = at_time() | {"starts_at": "2026-11-22T08:00:00Z"}
    answer = patient.book("/appointments", body)
    assert (answer.status_code, answer.get_json()["status"]) == (422, 422)


@pytest.fixture
def remote(frontalia, doctor):
    """The body that books a teleconsultation with the doctor."""
    with current.entered(frontalia.id):
        pro = Professional.get(doctor.pro.id)
        pro.services = [*pro.services, "teleconsultation"]
        place = directory.add_practice(pro, mode="virtual", name="Video", country="FR", time_zone="Europe/Paris")
        reason = directory.add_reason(pro, label="Follow-up", service="teleconsultation", duration_minutes=20)
        hours.add_hours(
            pro, place, weekday=2, opens=dt.time(14), closes=dt.time(16), grid_minutes=20, services=["teleconsultation"],
            valid_from=dt.date(2026, 1, 1),
        )  # fmt: skip
        db.session.commit()
        return {
            "professional_id": str(pro.id), "reason_id": str(reason.id), "practice_id": str(place.id), "starts_at": "2026-11-24T13:00:00Z",
        }  # fmt: skip


@pytest.mark.rule("CB-115", "CB-109")
def test_a_refusal_by_decision_tells_all_reasons_and_is_kept(patient, remote):
    assert patient("PUT", "/me/profile", {}).get_json()["code"] == "other"
    answer = patient.book("/holds", remote)
    body = answer.get_json()
    assert (answer.status_code, body["type"]) == (403, "urn:portico:problem:not_allowed")
    assert body["decision"]["effect"] == "deny"
    assert "CB-109" in {r["rule"] for r in body["decision"]["reasons"]}
    assert all(r["message"] and r["code"] for r in body["decision"]["reasons"])
    kept = patient("GET", f"/decisions/{body['receipt_id']}").get_json()
    assert (kept["decision"]["reasons"], kept["asked"]["patient"]["category"]) == (body["decision"]["reasons"], "other")
    assert [r["id"] for r in patient("GET", "/decisions").get_json()["items"]] == [kept["id"]]
    assert patient("GET", "/appointments").get_json()["items"] == []


@pytest.mark.rule("CB-115")
def test_why_says_before_what_booking_says_after(patient, remote):
    path = f"/professionals/{remote['professional_id']}/decisions/teleconsultation"
    assert patient("GET", path).get_json()["effect"] == "permit"
    assert patient.book("/holds", remote).status_code == 201
    patient("PUT", "/me/profile", {})
    why = patient("GET", path).get_json()
    assert (why["effect"], why["service"]) == ("deny", "teleconsultation")
    detail = patient("GET", f"/professionals/{remote['professional_id']}").get_json()
    assert {d["service"]: d["effect"] for d in detail["decisions"]}["teleconsultation"] == "deny"


@pytest.mark.rule("CB-078")
def test_a_service_closed_to_the_account_is_closed_here_too(frontalia, patient, slot):
    with current.entered(frontalia.id):
        moderation.limit_services(patient.account_id, ["in_person"], "operator", "abuse")
        db.session.commit()
    for path in ("/holds", "/appointments"):
        answer = patient.book(path, slot)
        assert (answer.status_code, answer.get_json()["type"]) == (403, "urn:portico:problem:service_closed")


@pytest.mark.rule("CB-078")
def test_a_service_closed_during_the_hold_is_not_confirmed(frontalia, patient, slot):
    held = patient.book("/holds", slot).get_json()["id"]
    with current.entered(frontalia.id):
        moderation.limit_services(patient.account_id, ["in_person"], "operator", "abuse")
        db.session.commit()
    answer = patient.book("/appointments", {"hold_id": held})
    assert (answer.status_code, answer.get_json()["type"]) == (403, "urn:portico:problem:service_closed")


def test_somebody_elses_appointment_is_absent(patient, sign, slot):
    mine = patient.book("/appointments", slot).get_json()["id"]
    other = sign()
    random = uuid.uuid4()
    for method, path, body in (
        ("GET", "/appointments/{}", None),
        ("POST", "/appointments/{}/move", {"starts_at": "2026-11-24T09:00:00Z"}),
        ("POST", "/appointments/{}/cancel", {}),
    ):
        answers = [other(method, path.format(i), body, Idempotency_Key=uuid.uuid4().hex) for i in (mine, random)]
        assert [a.status_code for a in answers] == [404, 404]
        assert answers[0].get_json()["detail"] == answers[1].get_json()["detail"]
    assert patient("GET", f"/appointments/{mine}").get_json()["state"] == "booked"


def test_another_portals_session_opens_nothing(patient, caller, slot):
    abroad = caller("rdv-confiance", patient.token)
    assert abroad("GET", "/appointments").status_code == 401
    assert abroad.book("/appointments", slot).status_code == 401


def test_the_pages_of_a_list_join_without_gap_or_repeat(patient, at_time):
    made = [patient.book("/appointments", at_time(8, m)).get_json()["id"] for m in (0, 20, 40)]
    made += [patient.book("/appointments", at_time(9, m)).get_json()["id"] for m in (0, 20)]
    seen, cursor = [], ""
    for _round in range(5):
        page = patient("GET", "/appointments?limit=2" + (f"&cursor={cursor}" if cursor else "")).get_json()
        seen += [a["id"] for a in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made
    for bad in ("nonsense", "WyJhIl0", "WyJhIiwiYiJd"):
        answer = patient("GET", f"/appointments?cursor={bad}")
        assert (answer.status_code, answer.get_json()["errors"][0]["parameter"]) == (422, "cursor")


def test_the_professionals_agenda(app, frontalia, patient, doctor, sign, slot):
    patient.book("/appointments", slot)
    with current.entered(frontalia.id):
        consent.accept(doctor.account.id, consent.to_accept(), language="en", way="registration")
        token = sessions.open_session(accounts.by_id(doctor.account.id), "tests")
        db.session.commit()
    desk = type(patient)(app, "frontalia", token)
    span = "first=2026-11-23T00:00:00Z&last=2026-11-30T00:00:00Z"
    [row] = desk("GET", f"/agenda?{span}").get_json()["items"]
    assert row["patient"].startswith("Anna")
    assert desk("GET", "/agenda?first=2026-11-23T00:00:00Z&last=2027-11-30T00:00:00Z").status_code == 422
    assert patient("GET", f"/agenda?{span}").status_code == 403
    early = desk("POST", f"/appointments/{row['id']}/no-show", {})
    assert (early.status_code, early.get_json()["type"]) == (409, "urn:portico:problem:not_begun")
    with clock.at(dt.datetime(2026, 11, 24, 8, 5, tzinfo=dt.UTC)), current.entered(frontalia.id):
        db.session.execute(
            db.text("UPDATE auth_sessions SET seen_at = '2026-11-24T08:00:00Z', expires_at = '2026-11-25T08:00:00Z'")
        )
        db.session.commit()
        assert desk("POST", f"/appointments/{row['id']}/no-show", {}).get_json()["state"] == "no_show"


def test_a_booking_by_program_tells_both_sides(frontalia, patient, doctor, slot, inbox):
    patient.book("/appointments", slot)
    with current.entered(frontalia.id):
        wanted = {accounts.person_of(a).email for a in (patient.account_id, doctor.account.id)}
    assert wanted <= {m.recipient for m in inbox()}
