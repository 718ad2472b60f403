"""Requests of people about their data: every kind, the month, the doubt about who asks, the file, the closure."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from sqlalchemy import select

from core import clock as instants
from core.audit.models import AuditEntry
from core.db import db
from core.identity import accounts, sessions
from core.identity.uploads import Upload
from core.privacy import answering, files, policy, service
from core.privacy.models import DONE, OPEN, REFUSED, RightsRequest, RightsStep
from core.promises import service as promises
from core.promises.models import Promise
from core.web.frame import Refused

OPERATOR = "operator-1"


def entered(account_id=None, kind="access", received_at=None, **more):
    told = {
        "kind": kind,
        "channel": "post",
        "received_at": received_at or instants.now(),
        "words": "My letter",
        "name": "Anna Amsel",
    }
    row = service.enter(accounts.new_id(), account_id=account_id, **(told | more))
    db.session.commit()
    return row


def steps(row):
    query = select(RightsStep.step).where(RightsStep.request_id == row.id).order_by(RightsStep.seq)
    return list(db.session.execute(query).scalars())


# -- filing ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-097", "CB-284")
@pytest.mark.parametrize("kind", [k for k in service.KINDS if k != "directives"])
def test_every_right_is_a_request_of_its_own_that_is_followed(anna, sign, kind):
    browser = sign(anna)
    made = browser.post("/privacy/requests/new", {"kind": kind, "words": "please see to it"})
    assert made.status_code == 302
    row = db.session.query(RightsRequest).one()
    assert (row.kind, row.addressee, row.channel, row.state) == (kind, "dpo", "portal", OPEN)
    assert promises.due_of(policy.RIGHTS, service.KIND, [row.id])[row.id].due_at == policy.due_at(row.received_at)
    page = browser.text(browser.get(f"/privacy/requests/{row.id}"))
    assert row.reference in page and "please see to it" in page and "Answer due by" in page
    assert row.reference in browser.text(browser.get("/account/privacy"))


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"kind": "nothing", "words": "x"}, 422),
        ({"kind": ""}, 422),
        ({"kind": "rectification", "words": " "}, 422),
        ({"kind": "access", "words": "x" * 5001}, 422),
        ({"kind": "access", "professional": "00000000-0000-0000-0000-000000000007"}, 422),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_filed(anna, sign, form, status):
    assert sign(anna).post("/privacy/requests/new", form).status_code == status
    assert db.session.query(RightsRequest).count() == 0


@pytest.mark.rule("CB-284", "CB-276")
def test_a_request_can_go_to_the_professional_who_served(anna, berta, doctor, consulted, sign, inbox, app):
    browser = sign(anna)
    form = {"kind": "rectification", "words": "my birth name", "professional": str(doctor.pro.id)}
    assert browser.post("/privacy/requests/new", form).status_code == 302
    row = db.session.query(RightsRequest).one()
    assert (row.addressee, row.professional_id) == ("physician", doctor.pro.id)
    desk = sign(doctor.account)
    page = desk.text(desk.get(f"/data-requests/{row.id}"))
    assert "my birth name" in page and "Anna Amsel" in page
    assert desk.post(f"/data-requests/{row.id}", {"act": "done", "words": ""}).status_code == 422
    assert desk.post(f"/data-requests/{row.id}", {"act": "done", "words": "It is corrected."}).status_code == 302
    db.session.expire_all()
    assert row.state == DONE
    assert "It is corrected." in browser.text(browser.get(f"/privacy/requests/{row.id}"))
    # Berta was never treated by this professional.
    assert sign(berta).post("/privacy/requests/new", form).status_code == 422


@pytest.mark.rule("CB-276")
def test_a_professional_passes_a_request_on_and_the_file_is_made(anna, doctor, consulted, sign, trail):
    desk = sign(doctor.account)
    form = {"patient": str(anna.id), "kind": "access", "words": "asked me in person"}
    assert desk.post("/data-requests/new", form).status_code == 302
    row = db.session.query(RightsRequest).one()
    assert (row.channel, row.addressee, row.professional_id) == ("professional", "dpo", doctor.pro.id)
    service.validate_identity(row.id, OPERATOR, "seen at the practice")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    assert service.shown(row).copy is not None
    assert [a for a, _d in trail("rights.")] == [
        "rights.received",
        "rights.identity_validated",
        "rights.released",
        "rights.done",
    ]
    assert desk.post("/data-requests/new", {**form, "patient": str(doctor.account.id)}).status_code == 422


@pytest.mark.rule("CB-276")
def test_a_file_is_offered_before_an_account_is_closed(anna, doctor, sign):
    browser = sign(anna)
    assert 'href="/privacy/requests/new?kind=portability"' in browser.text(
        browser.follow(browser.get("/account/close"))
    )
    desk = sign(doctor.account)
    assert 'href="/my-copy"' in desk.text(desk.follow(desk.get("/account/close")))


@pytest.mark.rule("CB-280")
def test_an_objection_to_a_host_is_kept_with_its_date_and_reaches_the_controller(anna, doctor, consulted, clock):
    at = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
    clock.set(at)
    row = service.file(anna.id, "hosting_objection", "not there", professional_id=doctor.pro.id)
    db.session.commit()
    assert row.received_at == at
    assert [r.id for r in service.addressed_to(doctor.pro.id)] == [row.id]
    assert service.shown(row).words == "not there"


# -- the month -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-101")
@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-10T08:00:00+00:00", "2026-04-10"),
        ("2026-03-10T23:30:00+00:00", "2026-04-11"),  # it is the 11th already in Paris
        ("2027-01-31T12:00:00+00:00", "2027-02-28"),
        ("2028-01-31T12:00:00+00:00", "2028-02-29"),
        ("2026-12-31T12:00:00+00:00", "2027-01-31"),
    ],
)
def test_the_answer_is_due_one_calendar_month_after_receipt(inside, received, due):
    assert policy.due_day(dt.datetime.fromisoformat(received)).isoformat() == due


@pytest.mark.rule("IA-101")
def test_a_request_still_open_on_the_last_day_is_flagged_then_late(anna, clock, inbox, trail):
    received = dt.datetime(2026, 3, 10, 8, 0, tzinfo=dt.UTC)
    clock.set(received + dt.timedelta(days=3))
    row = entered(anna.id, received_at=received)
    assert service.shown(row).flag == ""
    clock.set(dt.datetime(2026, 4, 10, 10, 0, tzinfo=dt.UTC))
    promises.watch()
    db.session.commit()
    found = promises.due_of(policy.RIGHTS, service.KIND, [row.id])[row.id]
    assert (service.shown(row).flag, found.escalated_at is not None, found.state) == ("near", True, "open")
    clock.set(dt.datetime(2026, 4, 10, 22, 30, tzinfo=dt.UTC))  # past midnight in Paris
    promises.watch()
    db.session.commit()
    assert (service.shown(row).flag, db.session.query(Promise).one().state) == ("late", "missed")
    assert [a for a, _d in trail("promise.")] == ["promise.missed"]


@pytest.mark.rule("IA-101")
def test_an_answer_in_time_keeps_the_promise(anna, sign):
    row = service.file(anna.id, "objection", "not for studies")
    answering.answer(row.id, OPERATOR, "We stopped it.")
    db.session.commit()
    assert (row.state, db.session.query(Promise).one().state) == (DONE, "kept")
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "again")


# -- who asks --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-102")
def test_no_data_leave_before_the_identity_is_validated(anna, consulted, sign):
    row = service.file(anna.id, "access", "")
    service.ask(row.id, "operator", OPERATOR, "proof", "The name differs from the account.")
    db.session.commit()
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "here")
    db.session.rollback()
    browser = sign(anna)
    assert browser.get(f"/privacy/requests/{row.id}/file").status_code == 404
    assert "The name differs from the account." in browser.text(browser.get(f"/privacy/requests/{row.id}"))
    sent = browser.post(
        f"/privacy/requests/{row.id}", {"words": "my card", "proof": (io.BytesIO(b"%PDF-1.4 id %%EOF"), "id.pdf")}
    )
    assert sent.status_code == 302
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "here")
    db.session.rollback()
    assert service.shown(row).copy is None
    with pytest.raises(Refused):
        service.validate_identity(row.id, OPERATOR, " ")
    service.validate_identity(row.id, OPERATOR, "identity card compared")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    assert steps(row) == ["received", "proof_asked", "proof_given", "identity_validated", "released", "done"]
    assert [len(service.shown(row).proofs), service.shown(row).copy is not None] == [1, True]
    assert browser.get(f"/privacy/requests/{row.id}/file").status_code == 200


@pytest.mark.rule("IA-102")
def test_details_are_asked_and_given_in_the_file(anna, sign):
    row = service.file(anna.id, "erasure", "that thing")
    service.ask(row.id, "operator", OPERATOR, "details", "Which one?")
    db.session.commit()
    browser = sign(anna)
    assert "Which one?" in browser.text(browser.get(f"/privacy/requests/{row.id}"))
    assert browser.post(f"/privacy/requests/{row.id}", {"words": ""}).status_code == 422
    assert browser.post(f"/privacy/requests/{row.id}", {"words": "The photo of May"}).status_code == 302
    db.session.expire_all()
    shown = service.shown(row)
    assert ([s.step for s in shown.steps], shown.steps[-1].words, row.waiting) == (
        ["received", "details_asked", "details_given"], "The photo of May", None,
    )  # fmt: skip


@pytest.mark.rule("IA-102", "IA-100")
def test_what_came_by_post_is_nobodys_until_proven(anna):
    row = entered(anna.id, kind="portability")
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "")
    db.session.rollback()
    service.give(row, "operator", OPERATOR, "a copy came", Upload("application/pdf", b"%PDF-1.4 %%EOF"))
    assert row.identity == "received"
    service.validate_identity(row.id, OPERATOR, "compared")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    assert row.state == DONE


def test_who_has_no_account_is_answered_in_words(inside):
    row = entered(kind="access")
    service.validate_identity(row.id, OPERATOR, "compared")
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "")
    answering.answer(row.id, OPERATOR, "Nothing is held about you.")
    assert (row.state, service.shown(row).copy) == (DONE, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"channel": "pigeon"},
        {"name": " "},
        {"received_at": dt.datetime(2099, 1, 1, tzinfo=dt.UTC)},
        {"kind": "closure"},
        {"kind": "x"},
    ],
)
def test_what_the_operator_enters_is_checked(inside, changed):
    with pytest.raises(Refused):
        entered(**changed)


def test_a_refusal_has_its_reasons(anna, sign):
    row = service.file(anna.id, "erasure", "all")
    with pytest.raises(Refused):
        service.refuse(row.id, "operator", OPERATOR, "")
    service.refuse(row.id, "operator", OPERATOR, "The law makes us keep it.")
    db.session.commit()
    browser = sign(anna)
    assert row.state == REFUSED
    assert "The law makes us keep it." in browser.text(browser.get(f"/privacy/requests/{row.id}"))


def test_the_trail_names_nobody_and_holds_no_words(anna, berta):
    row = service.file(anna.id, "complaint", "canary words")
    service.ask(row.id, "operator", OPERATOR, "details", "canary question")
    entered(kind="complaint", name="Canary Name", email="canary@example.org", address="1 Canary street")
    db.session.commit()
    for entry in db.session.query(AuditEntry).where(AuditEntry.action.like("rights.%")):
        assert "anary" not in entry.details and "Amsel" not in entry.details
    assert b"anary" not in row.sealed


def test_somebody_elses_request_is_absent(anna, berta, doctor, sign):
    row = service.file(anna.id, "access", "")
    db.session.commit()
    other = sign(berta)
    assert other.get(f"/privacy/requests/{row.id}").status_code == 404
    assert other.post(f"/privacy/requests/{row.id}", {"words": "x"}).status_code == 404
    assert sign(doctor.account).get(f"/data-requests/{row.id}").status_code == 404


# -- the file --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-097", "CB-284")
def test_portability_gives_a_file_of_what_the_person_supplied(anna, child, consulted, sign, unzipped):
    row = service.file(anna.id, "portability", "")
    answering.answer(row.id, OPERATOR, "Here it is.")
    db.session.commit()
    answer = sign(anna).get(f"/privacy/requests/{row.id}/file")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "application/zip",
        "no-store",
    )
    found = unzipped(answer.get_data())
    data = found["my-data.json"]
    assert set(found) == {"my-data.json", "documents/1-knee.pdf"}
    assert found["documents/1-knee.pdf"].startswith(b"%PDF")
    assert (data["account"]["last_name"], data["people_i_act_for"][0]["name"]) == ("Amsel", "Ben Amsel")
    assert data["consultations"][0]["question"] == "what about my knee"
    assert [m["text"] for m in data["consultations"][0]["messages"]] == ["it hurts at night"]
    assert {"biometrics", "allergies"} <= {e["register"] for e in data["health_profile"]}
    assert data["documents"][0]["name"] == "knee.pdf"
    assert "rest it for a week" not in str(data)
    assert steps(row)[-1] == "fetched"


@pytest.mark.rule("IA-097")
def test_access_gives_what_is_held_besides(anna, consulted, unzipped):
    row = service.file(anna.id, "access", "")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    found = unzipped(files.content(service.shown(row).copy))
    assert "rest it for a week" in str(found["about-me.json"])


def test_the_file_is_the_persons_alone(anna, berta, sign):
    row = service.file(anna.id, "portability", "")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    assert sign(berta).get(f"/privacy/requests/{row.id}/file").status_code == 404


# -- closure ---------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-063")
def test_a_closure_by_post_is_entered_processed_and_ends_all_use(anna, sign, clock):
    browser = sign(anna)
    assert browser.get("/account/privacy").status_code == 200
    received = dt.datetime(2026, 11, 2, 9, 0, tzinfo=dt.UTC)
    clock.set(dt.datetime(2026, 11, 5, 9, 0, tzinfo=dt.UTC))
    row = entered(anna.id, kind="closure", received_at=received)
    with pytest.raises(Refused):
        answering.answer(row.id, OPERATOR, "")
    db.session.rollback()
    service.validate_identity(row.id, OPERATOR, "signature and copy of the card")
    answering.answer(row.id, OPERATOR, "")
    db.session.commit()
    assert (row.received_at, row.closed_at, row.state) == (received, instants.now(), DONE)
    assert accounts.by_id(anna.id).state == "closed"
    assert sessions.listed(anna.id) == []
    assert "/sign-in" in browser.get("/account/privacy").headers["Location"]


@pytest.mark.rule("IA-063", "IA-100")
def test_a_second_closure_waits_for_the_first(anna):
    service.file(anna.id, "closure", "")
    with pytest.raises(Refused):
        service.file(anna.id, "closure", "")
