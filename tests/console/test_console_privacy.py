"""Rights requests, reports and evidence in the console: entered, flagged, handled, and every reading on the portal's trail."""

from __future__ import annotations

import datetime as dt
import html
import io
import re

import pytest

from core import clock as instants
from core.audit.models import AuditEntry
from core.db import db
from core.identity import accounts, dependants
from core.privacy import authority, reports, service
from core.privacy.models import RightsRequest
from core.promises import service as promises
from core.tenancy import current
from core.testing.makers import make_account

PDF = b"%PDF-1.4 a copy %%EOF"


def words(answer) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def actions(portal) -> list[str]:
    with current.entered(portal.id):
        return [r.action for r in db.session.query(AuditEntry).order_by(AuditEntry.seq)]


def patient(portal, **told):
    with current.entered(portal.id):
        made = make_account(first_name="Anna", last_name="Amsel", language="en", **told)
        db.session.commit()
        return made.id


def letter(**changed):
    form = {
        "portal": "frontalia", "kind": "closure", "channel": "post", "name": "Anna Amsel", "account_email": "anna@example.org",
        "received_at": "2026-11-02T09:30", "words": "Please close my account.",
    }  # fmt: skip
    return form | changed


@pytest.mark.rule("IA-063", "IA-100")
def test_a_closure_that_came_by_post_is_entered_and_followed_until_done(operator, frontalia):
    who = patient(frontalia, email="anna@example.org")
    made = operator.post("/console/privacy", letter())
    assert made.status_code == 302
    path = made.headers["Location"]
    page = words(operator.get(path))
    assert "Please close my account." in page and "Not proven yet" in page
    assert operator.post(f"{path}/answer", {"kind": "closure", "confirmed": "yes"}).status_code == 409
    assert operator.post(f"{path}/validate", {"words": ""}).status_code == 422
    assert operator.post(f"{path}/validate", {"words": "signature compared"}).status_code == 302
    assert operator.yes(f"{path}/answer", {"kind": "closure"}).status_code == 302
    with current.entered(frontalia.id):
        row = db.session.query(RightsRequest).one()
        assert row.received_at == dt.datetime(2026, 11, 2, 8, 30, tzinfo=dt.UTC)
        assert row.closed_at is not None and row.recorded_by == str(operator.account_id)
        assert accounts.by_id(who).state == "closed"
    page = words(operator.get(path))
    assert "The account was closed" in page and "Done" in page
    told = actions(frontalia)
    assert {
        "rights.received",
        "rights.identity_validated",
        "rights.closed_account",
        "rights.done",
        "rights.read",
    } <= set(told)


@pytest.mark.parametrize(
    "changed",
    [
        {"received_at": ""},
        {"received_at": "2999-01-01T09:00"},
        {"name": ""},
        {"kind": "x"},
        {"channel": "portal"},
        {"account_email": "nobody@example.org"},
    ],
)
def test_what_cannot_be_entered(operator, frontalia, changed):
    patient(frontalia, email="anna@example.org")
    assert operator.post("/console/privacy", letter(**changed)).status_code == 422
    with current.entered(frontalia.id):
        assert db.session.query(RightsRequest).count() == 0


@pytest.mark.rule("IA-101")
def test_what_is_near_and_overdue_is_flagged_for_the_operator(operator, frontalia, clock):
    who = patient(frontalia)
    clock.set(dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC))
    with current.entered(frontalia.id):
        row = service.file(who, "access", "")
        db.session.commit()
        reference = row.reference
    from core.console import privacy as desk

    assert [(x.reference, x.flag, x.due_day.isoformat()) for x in desk.listed()] == [(reference, "", "2026-04-10")]
    clock.set(dt.datetime(2026, 4, 10, 9, 0, tzinfo=dt.UTC))
    assert [x.flag for x in desk.listed()] == ["near"]
    clock.set(dt.datetime(2026, 4, 11, 9, 0, tzinfo=dt.UTC))
    with current.entered(frontalia.id):
        promises.watch()
        db.session.commit()
    assert [x.flag for x in desk.listed()] == ["late"]


@pytest.mark.rule("IA-101")
def test_the_page_shows_the_flag(operator, frontalia):
    now = instants.now()
    with current.entered(frontalia.id):
        for days in (25, 60):
            service.enter(
                operator.account_id, kind="complaint", channel="email", received_at=now - dt.timedelta(days=days), words="x",
                name="Somebody",
            )  # fmt: skip
        db.session.commit()
    page = words(operator.get("/console/privacy"))
    assert "1 answer is overdue." in page and "1 answer is due soon." in page
    assert "Somebody" not in page


@pytest.mark.rule("IA-102")
def test_every_step_of_the_officer_is_in_the_file(operator, frontalia):
    who = patient(frontalia)
    with current.entered(frontalia.id):
        row = service.file(who, "access", "all of it")
        db.session.commit()
        path = f"/console/privacy/frontalia/{row.id}"
    assert operator.post(f"{path}/details", {"words": "Since when?"}).status_code == 302
    assert operator.post(f"{path}/proof", {"words": "Another name."}).status_code == 302
    assert operator.post(f"{path}/answer", {"words": "x", "kind": "access"}).status_code == 409
    sent = {"words": "by post", "proof": (io.BytesIO(PDF), "card.pdf")}
    assert operator.post(f"{path}/received", sent).status_code == 302
    page = operator.get(path)
    link = re.search(r'href="(/console/privacy-files/[^"]+)"', page.get_data(as_text=True)).group(1)
    assert operator.get(link).get_data() == PDF
    assert operator.post(f"{path}/validate", {"words": "card seen"}).status_code == 302
    assert operator.post(f"{path}/answer", {"words": "", "kind": "access"}).status_code == 302
    assert "SHA-256" in words(operator.get(path))
    assert operator.post(f"{path}/refuse", {"words": "no"}).status_code == 409
    assert operator.post(f"{path}/nonsense", {"words": "no"}).status_code == 404
    with current.entered(frontalia.id):
        shown = service.shown(db.session.query(RightsRequest).one())
        assert [s.step for s in shown.steps] == [
            "received", "details_asked", "proof_asked", "proof_given", "identity_validated", "released", "done",
        ]  # fmt: skip
        # The person's copy is for the person alone.
        assert operator.get(f"/console/privacy-files/frontalia/{shown.copy.id}").status_code == 404
    assert "privacy_file.read" in actions(frontalia)


@pytest.mark.rule("IA-105")
def test_a_report_is_seen_by_its_reference_until_it_is_handled(operator, frontalia):
    who = patient(frontalia)
    with current.entered(frontalia.id):
        reference = reports.send(who, "Two calendars differ.")
        db.session.commit()
    page = operator.get("/console/reports")
    assert reference in words(page) and "calendars" not in words(page)
    path = re.search(r'href="(/console/reports/frontalia/[^"]+)"', page.get_data(as_text=True)).group(1)
    assert "Two calendars differ." in words(operator.get(path))
    assert operator.post(f"{path}/handled").status_code == 302
    with current.entered(frontalia.id):
        assert reports.everybody()[0].handled_at is not None
    assert {"report.read", "report.handled"} <= set(actions(frontalia))


@pytest.mark.rule("CB-075")
def test_evidence_of_authority_is_asked_and_its_state_is_seen(operator, frontalia):
    who = patient(frontalia)
    with current.entered(frontalia.id):
        child = {
            "first_name": "Ben", "last_name": "Amsel", "birth_date": "2018-04-01", "sex": "male", "relation": "parent",
            "declared": "yes",
        }  # fmt: skip
        made = dependants.add_dependant(who, child).id
        db.session.commit()
    account = f"/console/accounts/frontalia/{who}"
    page = operator.get(account)
    assert "People this account acts for" in words(page) and "Ben" not in words(page)
    ask = f"/console/authority/frontalia/{who}/{made}/ask"
    assert operator.post(ask, {"words": ""}).status_code == 422
    path = operator.post(ask, {"words": "The family record book"}).headers["Location"]
    assert "A document is awaited" in words(operator.get(path))
    assert operator.post(f"{path}/decide", {"proven": "yes"}).status_code == 409
    with current.entered(frontalia.id):
        from core.identity.uploads import Upload

        authority.send(authority.of(who)[0], Upload("application/pdf", PDF))
        db.session.commit()
    shown = operator.get(path)
    link = re.search(r'href="(/console/privacy-files/[^"]+)"', shown.get_data(as_text=True)).group(1)
    assert operator.get(link).get_data() == PDF
    assert operator.post(f"{path}/decide", {"proven": "no", "words": ""}).status_code == 422
    assert operator.post(f"{path}/decide", {"proven": "no", "words": "Another name"}).status_code == 302
    assert "Not proven" in words(operator.get(account))


def test_nothing_of_it_is_open_to_others(visit, frontalia):
    for role in ("patient", "professional"):
        visitor = visit("frontalia", role)
        for path in ("/console/privacy", "/console/reports"):
            assert visitor.get(path).status_code == 404
