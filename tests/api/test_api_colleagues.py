"""Between professionals by program: messages of the two alone, advice with what the patient agreed to."""

from __future__ import annotations

import uuid

import pytest

from core.care.record import service as record
from core.db import db
from core.tenancy import current
from tests.care.colleagues.conftest import PDF, case, colleague, shared

__all__ = ["case", "colleague", "shared"]


@pytest.fixture
def people(case, shared, program, frontalia):
    """Programs of who delivers the consultation, of two colleagues; and the ids."""
    ids = {
        "consultation": str(case.row.id), "pro": str(case.pro.id), "one": str(case.one.id), "two": str(case.two.id),
        "file": str(shared()), "account": case.booker.account_id,
    }  # fmt: skip
    accounts = case.pro.account_id, case.one.account_id, case.two.account_id
    return tuple(program(a) for a in accounts), ids


def agreed(frontalia, ids, *professionals):
    with current.entered(frontalia.id):
        subject = record.subject_of(ids["account"])
        record.agree_to_tele_expertise(subject.person_id, True)
        for one in professionals:
            record.grant(subject, uuid.UUID(one))
        db.session.commit()


@pytest.mark.rule("CB-129")
def test_two_write_to_each_other_and_a_third_reads_nothing(people):
    (pro, one, two), ids = people
    sent = pro.book("/colleagues/messages", {"professional_id": ids["one"], "text": "Bonjour 👋"}, key="m" * 20)
    assert (sent.status_code, sent.get_json()["message"]["text"]) == (201, "Bonjour 👋"), sent.get_json()
    again = pro.book("/colleagues/messages", {"professional_id": ids["one"], "text": "Bonjour 👋"}, key="m" * 20)
    assert again.get_json() == sent.get_json()
    path = f"/colleagues/threads/{sent.get_json()['thread_id']}/messages"
    waits = one("GET", "/colleagues/threads").get_json()["items"]
    assert [(t["unseen"], t["other"]["professional_id"]) for t in waits] == [(1, ids["pro"])]
    lines = one("GET", path).get_json()["items"]
    assert [(m["text"], m["mine"]) for m in lines] == [("Bonjour 👋", False)]
    assert pro("GET", path).get_json()["items"][0]["seen_at"]
    assert two("GET", path).status_code == 404
    assert two("GET", "/colleagues/threads").get_json()["items"] == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"professional_id": str(uuid.uuid4())}, 404),
        ({"text": ""}, 422),
        ({"text": "   "}, 422),
        ({"text": "x" * 6000}, 422),
        ({"more": 1}, 422),
    ],
)
def test_a_wrong_message_is_refused(people, changed, status):
    (pro, _one, _two), ids = people
    answer = pro.book("/colleagues/messages", {"professional_id": ids["one"], "text": "x", **changed})
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert pro("GET", "/colleagues/threads").get_json()["items"] == []


def question(ids, **changed):
    given = {
        "consultation_id": ids["consultation"],
        "professional_ids": [ids["one"]],
        "question": "Qu’en pensez-vous ?",
    }
    return given | changed


@pytest.mark.rule("CB-047", "CB-132")
def test_advice_is_asked_given_and_closed(people, frontalia):
    (pro, one, two), ids = people
    agreed(frontalia, ids, ids["one"])
    made = pro.book("/expertise", question(ids, document_ids=[ids["file"]]), key="a" * 20)
    assert made.status_code == 201, made.get_json()
    assert pro.book("/expertise", question(ids, document_ids=[ids["file"]]), key="a" * 20).get_json() == made.get_json()
    path = f"/expertise/{made.get_json()['id']}"
    assert [(a["own_state"], a["mine"]) for a in one("GET", "/expertise").get_json()["items"]] == [("asked", False)]
    seen = one("GET", path).get_json()
    assert seen["question"] == "Qu’en pensez-vous ?"
    assert (seen["consultation_id"], seen["files"][0]["name"]) == (None, None), "what names the patient stays away"
    content = one("GET", f"{path}/documents/{ids['file']}")
    assert (content.status_code, content.data) == (200, PDF)
    assert "Canary" not in content.headers["Content-Disposition"]
    for call in (
        two("GET", path),
        two("GET", f"{path}/documents/{ids['file']}"),
        two.book(path + "/answer", {"text": "x"}),
    ):
        assert call.status_code == 404
    assert one.book(path + "/answer", {"text": ""}).status_code == 422
    assert one.book(path + "/answer", {"text": "Repos."}).status_code == 200
    assert one.book(path + "/decline", {}).status_code == 409
    told = pro("GET", path).get_json()
    assert [(a["state"], a["text"]) for a in told["answers"]] == [("answered", "Repos.")]
    assert one.book(path + "/close", {}).status_code == 404, "only who asked closes"
    assert pro.book(path + "/close", {}).get_json()["state"] == "closed"
    assert one("GET", f"{path}/documents/{ids['file']}").status_code == 404


@pytest.mark.rule("CB-122")
@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"question": ""}, 422),
        ({"professional_ids": []}, 422),
        ({"professional_ids": [str(uuid.uuid4())]}, 403),
        ({"consultation_id": str(uuid.uuid4())}, 404),
        ({"document_ids": "file"}, 403),
        ({"more": 1}, 422),
    ],
)
def test_nothing_is_sent_where_something_is_wrong(people, changed, status):
    (pro, one, _two), ids = people
    if changed == {"document_ids": "file"}:  # the patient has not agreed
        changed = {"document_ids": [ids["file"]]}
    answer = pro.book("/expertise", question(ids, **changed))
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert one("GET", "/expertise").get_json()["items"] == []
    if status == 403:
        assert answer.get_json()["reasons"]


def test_a_colleague_declines(people):
    (pro, one, _two), ids = people
    path = f"/expertise/{pro.book('/expertise', question(ids)).get_json()['id']}"
    declined = one.book(path + "/decline", {}).get_json()
    assert (declined["question"], declined["answers"][0]["state"]) == (None, "declined")
