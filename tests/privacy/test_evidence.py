"""Agreements as evidence: who, how known, which text, when, by which way; a change is found; all of it can be handed over."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from sqlalchemy import create_engine, text

from core import clock as instants
from core.audit.models import AuditEntry
from core.consent import service as consent
from core.consent.models import Acceptance
from core.db import db
from core.identity import accounts
from core.privacy import evidence
from core.testing.makers import make_account

ACTS = ("terms_of_use_and_sale", "information_and_consent_notice")


def accept_all(browser):
    boxes = {f"accept_{v.code}": v.version for v in consent.to_accept()}
    return browser.post("/acceptances", boxes)


@pytest.fixture
def signed(app, inside, anna):
    """A browser of Anna's, who has accepted nothing yet."""
    from core.identity import sessions
    from core.testing.browser import Browser

    from .conftest import Alone

    browser = Alone(app, "frontalia.localhost", "en")
    token = sessions.open_session(accounts.by_id(anna.id), "password+code")
    db.session.commit()
    browser.client.set_cookie(sessions.COOKIE, token, domain=browser.host)
    assert isinstance(browser, Browser)
    return browser


@pytest.mark.rule("IA-112")
def test_an_acceptance_is_evidence_with_all_its_elements(anna, signed, unzipped, clock):
    at = instants.now() + dt.timedelta(minutes=1)
    clock.set(at)
    assert accept_all(signed).status_code == 302
    answer = signed.get("/account/privacy/proof")
    assert answer.status_code == 200, answer.headers.get("Location")
    found = unzipped(answer.get_data())
    records = {r["document"]: r for r in found["evidence.json"]["records"]}
    assert set(ACTS) <= set(records)
    for r in records.values():
        assert (r["account_id"], r["name"]) == (str(anna.id), "Anna Amsel")
        assert (r["method"], r["channel"], r["act"]) == ("password+code", "web", "express")
        assert (r["at"], r["in_force_since"]) == (at.isoformat(), at.isoformat())
        document = found[f"documents/{r['document']}-{r['version']}-{r['language']}.md"]
        assert hashlib.sha256(document).hexdigest() == r["digest"]


@pytest.mark.rule("IA-113")
def test_nobody_accepts_without_being_signed_in(app, portals, inside, anna):
    from .conftest import Alone

    visitor = Alone(app, "frontalia.localhost", "en")
    answer = accept_all(visitor)
    assert answer.status_code in (302, 401) and "/sign-in" in answer.headers.get("Location", "/sign-in")
    assert db.session.query(Acceptance).count() == 0
    assert visitor.post("/acceptances", {}, csrf=False).status_code in (401, 403)


@pytest.mark.rule("IA-114")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("version", "'2020-01'"), ("digest", "'0'"), ("at", "at - interval '1 day'"), ("method", "'passkey'"),
        ("channel", "'phone'"), ("language", "'xx'"), ("document", "'other'"),
    ],
)  # fmt: skip
def test_a_field_that_was_altered_in_the_database_is_found(anna, signed, test_database, column, value):
    accept_all(signed)
    assert evidence.verify(anna.id).whole
    db.session.rollback()
    engine = create_engine(test_database.admin_url)
    with engine.begin() as connection:
        changed = connection.execute(
            text(f"UPDATE acceptances SET {column} = {value} WHERE document = 'terms_of_use_and_sale'")  # noqa: S608
        )
        assert changed.rowcount == 1
    engine.dispose()
    checked = evidence.verify(anna.id)
    assert not checked.whole
    assert len(checked.broken) == 1


@pytest.mark.rule("IA-114")
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM acceptances WHERE document = 'cookie_policy'",
        "UPDATE audit_entries SET details = replace(details, 'web', 'xxx') || ' '",
    ],
)
def test_a_row_taken_away_or_a_changed_chain_is_found(anna, signed, test_database, sql):
    accept_all(signed)
    db.session.rollback()
    engine = create_engine(test_database.admin_url)
    with engine.begin() as connection:
        assert connection.execute(text(sql)).rowcount
    engine.dispose()
    db.session.expire_all()
    assert not evidence.verify(anna.id).whole


@pytest.mark.rule("IA-114")
def test_the_application_cannot_change_or_remove_evidence(anna, signed):
    from sqlalchemy.exc import ProgrammingError

    accept_all(signed)
    for sql in ("UPDATE acceptances SET version = 'x'", "DELETE FROM acceptances", "DELETE FROM refusals"):
        with pytest.raises(ProgrammingError):
            db.session.execute(text(sql))
        db.session.rollback()


@pytest.mark.rule("IA-114")
def test_an_export_holds_record_document_and_verification(anna, signed, unzipped):
    accept_all(signed)
    found = unzipped(evidence.export(anna.id))
    checked = found["evidence.json"]["verification"]
    assert (checked["whole"], len(checked["entries"])) == (True, len(found["evidence.json"]["records"]))
    assert all(e["hash"] and e["prev"] for e in checked["entries"])
    assert len([n for n in found if n.startswith("documents/")]) == len(consent.to_accept())


@pytest.mark.rule("IA-019")
def test_what_was_ticked_at_registration_holds_only_once_the_person_is_known(inside, sign):
    account = make_account()
    account.state, account.confirmed_at = "pending_confirmation", None
    consent.accept(account.id, consent.to_accept(), language="fr", way="registration")
    db.session.commit()
    assert [r.in_force_since for r in evidence.records(account.id)] == [None] * len(consent.to_accept())
    browser = sign(account)
    assert "/sign-in" in browser.get("/home").headers["Location"]
    from core.identity import registration

    registration.activate_account(accounts.by_id(account.id))
    db.session.commit()
    assert all(r.in_force_since == account.confirmed_at for r in evidence.records(account.id))
    assert {r.method for r in evidence.records(account.id)} == {consent.BY_LINK}


@pytest.mark.rule("IA-020")
def test_the_version_of_a_past_day_is_found(anna, clock):
    first = dt.datetime(2026, 11, 5, 9, 0, tzinfo=dt.UTC)
    clock.set(first)
    terms = next(v for v in consent.to_accept() if v.code == "terms_of_use_and_sale")
    consent.accept_again(anna.id, [terms], language="en")
    import dataclasses

    clock.set(first + dt.timedelta(days=10))
    consent.accept_again(anna.id, [dataclasses.replace(terms, version="2026-12")], language="en")
    db.session.commit()
    on = [consent.version_on(anna.id, terms.code, first + dt.timedelta(days=n)) for n in (-1, 0, 9, 10, 30)]
    assert on == [None, "2026-11", "2026-11", "2026-12", "2026-12"]


@pytest.mark.rule("IA-061")
def test_each_act_of_a_signed_in_person_names_user_session_method_and_time(anna, consulted, sign):
    import json

    from core.identity import sessions
    from core.privacy import answering, service

    browser = sign(anna)
    browser.post("/privacy/requests/new", {"kind": "portability"})
    row = service.of(anna.id)[0]
    answering.answer(row.id, "operator-1", "")
    db.session.commit()
    assert browser.get(f"/privacy/requests/{row.id}/file").status_code == 200
    db.session.rollback()
    (session,) = sessions.listed(anna.id)
    entries = db.session.query(AuditEntry).where(AuditEntry.action.in_(("rights.received", "rights.fetched"))).all()
    assert len(entries) == 2
    for entry in entries:
        told = json.loads(entry.details)
        assert (entry.actor_kind, entry.actor_id) == ("account", str(anna.id))
        assert (told["session"], told["method"]) == (str(session.id), "password+code")
        assert entry.at is not None
