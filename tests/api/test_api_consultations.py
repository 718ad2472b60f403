"""Consultations by program: both sides, once each, and nothing of them for anybody else."""

from __future__ import annotations

import uuid

import pytest

from core.consent import service as consent
from core.db import db
from core.directory.models import Professional
from core.identity import accounts, sessions
from core.money import service as money
from core.tenancy import current
from core.testing.makers import fill_profile
from tests.api.conftest import Caller

ACKNOWLEDGED = ["show_emergency_warning", "tell_not_reimbursed"]


@pytest.fixture
def asked_of(frontalia, doctor):
    """A professional who gives advice by message for 25 euros."""
    with current.entered(frontalia.id):
        pro = Professional.get(doctor.pro.id)
        pro.services = [*pro.services, "express_consultation"]
        money.set_tariff(pro.id, "express_consultation", 2500)
        db.session.commit()
        return pro.id


@pytest.fixture
def professional(app, frontalia, doctor):
    """The doctor's own program."""
    with current.entered(frontalia.id):
        account = accounts.by_id(doctor.pro.account_id)
        consent.accept(account.id, consent.to_accept(), language="en", way="registration")
        token = sessions.open_session(account, "tests")
        db.session.commit()
        return Caller(app, "frontalia", token, account.id)


@pytest.fixture
def rich(frontalia, patient):
    with current.entered(frontalia.id):
        fill_profile(patient.account_id)
        money.credit(patient.account_id, uuid.uuid4(), 10_000)
        db.session.commit()
    return patient


def body(pro, **changed):
    given = {
        "service": "express_consultation",
        "professional_ids": [str(pro)],
        "question": "Depuis hier 🤧",
        "highest_cents": 3000,
        "acknowledged": ACKNOWLEDGED,
        "profile_confirmed": True,
    }
    return given | changed


@pytest.mark.rule("CB-151", "CB-153", "CB-158")
def test_from_the_question_to_the_report(rich, professional, asked_of):
    sent = rich.book("/consultations", body(asked_of), key="k" * 20)
    assert sent.status_code == 201, sent.get_json()
    made = sent.get_json()
    assert (made["state"], made["held_cents"], made["question"]) == ("requested", 3000, "Depuis hier 🤧")
    assert rich.book("/consultations", body(asked_of), key="k" * 20).get_json() == made, "sent twice, asked once"
    assert rich("GET", "/wallet").get_json()["balance_cents"] == 7000
    path = f"/consultations/{made['id']}"
    waiting = professional("GET", "/requests").get_json()["items"]
    assert [(w["id"], w["held_cents"]) for w in waiting] == [(made["id"], 0)]
    accepted = professional.book(path + "/accept", {})
    assert (accepted.status_code, accepted.get_json()["state"]) == (200, "in_progress")
    assert rich.book(path + "/cancel", {}).status_code == 409
    assert rich.book(path + "/messages", {"text": "Bonjour"}).status_code == 201
    lines = professional("GET", path + "/messages").get_json()["items"]
    assert [(m["author"], m["text"]) for m in lines] == [("patient", "Bonjour")]
    assert rich("GET", path + "/messages").get_json()["items"][0]["seen_at"] is not None
    assert professional.book(path + "/reports", {"parts": {"reason": "x"}}).status_code == 422
    written = professional.book(path + "/reports", {"parts": {"conclusion": "Repos."}})
    assert written.status_code == 201, written.get_json()
    assert professional.book(path + "/reports", {"parts": {"conclusion": "Bis"}}).status_code == 409
    assert [r["parts"] for r in rich("GET", path + "/reports").get_json()["items"]] == [{"conclusion": "Repos."}]
    assert rich("GET", "/consultations?when=past").get_json()["items"][0]["state"] == "completed"
    steps = [m["step"] for m in rich("GET", "/wallet").get_json()["movements"]]
    assert sorted(steps) == ["credit", "hold", "lower"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"highest_cents": 20_000}, 402),
        ({"highest_cents": 2000}, 422),
        ({"acknowledged": []}, 422),
        ({"profile_confirmed": False}, 422),
        ({"service": "in_person"}, 404),
        ({"professional_ids": []}, 422),
        ({"question": ""}, 422),
        ({"previous_id": str(uuid.uuid4())}, 404),
        ({"dependant_id": str(uuid.uuid4())}, 404),
        ({"more": 1}, 422),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_nothing_is_held(rich, asked_of, changed, status):
    answer = rich.book("/consultations", body(asked_of, **changed))
    assert answer.status_code == status, answer.get_json()
    assert rich("GET", "/wallet").get_json()["balance_cents"] == 10_000


def test_nobody_else_sees_or_moves_it(rich, sign, asked_of, professional):
    made = rich.book("/consultations", body(asked_of)).get_json()
    path = f"/consultations/{made['id']}"
    stranger = sign()
    for method, end in (("GET", ""), ("GET", "/messages"), ("GET", "/reports")):
        assert stranger(method, path + end).status_code == 404, end
    assert stranger.book(path + "/cancel", {}).status_code == 404
    assert stranger.book(path + "/messages", {"text": "x"}).status_code == 404
    assert stranger.book(path + "/accept", {}).status_code == 403
    assert professional("GET", path + "/messages").status_code == 404, "asked, but not a party yet"


@pytest.mark.rule("CB-155")
def test_a_decline_with_its_word(rich, professional, asked_of):
    made = rich.book("/consultations", body(asked_of)).get_json()
    path = f"/consultations/{made['id']}"
    declined = professional.book(path + "/decline", {"reason": "Pas mon domaine"})
    assert declined.get_json()["state"] == "declined", declined.get_json()
    assert professional("GET", path).status_code == 409
    assert rich("GET", "/wallet").get_json()["balance_cents"] == 10_000
    again = rich.book("/consultations", body(asked_of, previous_id=made["id"]))
    assert again.get_json()["previous_id"] == made["id"]
