"""People whom a patient acts for: added by an adult with a dated declaration; evidence asked, sent, looked at (CB-034, CB-075)."""

from __future__ import annotations

import hashlib
import io
import uuid

import pytest
from werkzeug.exceptions import NotFound

from core import clock as instants
from core.db import db
from core.identity import accounts, dependants
from core.identity.models import Dependant
from core.identity.schemas import DECLARATION
from core.privacy import authority
from core.privacy.models import AuthorityRequest, PrivacyFile
from core.testing.makers import make_account
from core.web.frame import Refused

CHILD = {"first_name": "Léa", "last_name": "Amsel", "birth_date": "2019-03-02", "sex": "female", "relation": "parent"}
PDF = b"%PDF-1.4 family record book %%EOF"


@pytest.mark.rule("CB-034")
def test_nobody_is_added_without_the_declaration_which_is_kept_with_its_date(anna, sign):
    browser = sign(anna)
    refused = browser.post("/account/dependants", CHILD)
    assert refused.status_code == 422 and 'href="#f-declared"' in browser.text(refused)
    assert db.session.query(Dependant).count() == 0
    before = instants.now()
    assert browser.post("/account/dependants", CHILD | {"declared": "yes"}).status_code == 302
    row = db.session.query(Dependant).one()
    assert before <= row.declared_at <= instants.now()
    assert row.declaration == hashlib.sha256(DECLARATION.msgid.encode()).hexdigest()


@pytest.mark.rule("CB-034")
def test_a_professional_cannot_add_anybody(doctor, sign):
    assert sign(doctor.account).post("/account/dependants", CHILD | {"declared": "yes"}).status_code == 403
    with pytest.raises(Refused):
        dependants.add_dependant(doctor.account.id, CHILD | {"declared": "yes"})


@pytest.mark.rule("CB-034")
def test_a_minor_cannot_add_anybody(inside):
    account = make_account()
    accounts.change_person(account, birth_date=f"{instants.now().year - 17}-12-31")
    with pytest.raises(Refused):
        dependants.add_dependant(account.id, CHILD | {"declared": "yes"})


def test_the_service_asks_for_the_declaration_too(anna):
    with pytest.raises(Refused):
        dependants.add_dependant(anna.id, CHILD)


@pytest.mark.rule("CB-075")
def test_evidence_is_asked_sent_and_judged_and_all_of_it_is_kept(anna, child, sign, inbox, trail):
    row = authority.ask(anna.id, child.id, "operator-1", "The family record book, please.")
    db.session.commit()
    assert inbox()[0].subject == "Please send us a document"
    db.session.expire_all()
    browser = sign(anna)
    page = browser.text(browser.get(f"/privacy/authority/{row.id}"))
    assert "The family record book, please." in page and "Ben Amsel" in page
    assert f"/privacy/authority/{row.id}" in browser.text(browser.get("/account/dependants"))
    assert browser.post(f"/privacy/authority/{row.id}", {}).status_code == 422
    assert browser.post(f"/privacy/authority/{row.id}", {"proof": (io.BytesIO(b"no file"), "a.pdf")}).status_code == 422
    assert browser.post(f"/privacy/authority/{row.id}", {"proof": (io.BytesIO(PDF), "a.pdf")}).status_code == 302
    row = AuthorityRequest.get(row.id)
    assert (row.state, row.received_at is not None) == ("received", True)
    with pytest.raises(Refused):
        authority.decide(row.id, "operator-1", False, "")
    authority.decide(row.id, "operator-1", True, "Thank you.")
    db.session.commit()
    assert "Thank you." in browser.text(browser.get(f"/privacy/authority/{row.id}"))
    assert browser.post(f"/privacy/authority/{row.id}", {"proof": (io.BytesIO(PDF), "a.pdf")}).status_code == 409
    assert db.session.query(PrivacyFile).one().digest == hashlib.sha256(PDF).hexdigest()
    assert [a for a, _d in trail("authority.")] == ["authority.asked", "authority.received", "authority.accepted"]


def test_what_cannot_be_asked(anna, berta, child):
    for words in ("", "x" * 2001):
        with pytest.raises(Refused):
            authority.ask(anna.id, child.id, "operator-1", words)
    with pytest.raises(NotFound):
        authority.ask(berta.id, child.id, "operator-1", "please")
    row = authority.ask(anna.id, child.id, "operator-1", "please")
    with pytest.raises(Refused):
        authority.ask(anna.id, child.id, "operator-1", "again")
    with pytest.raises(Refused):
        authority.decide(row.id, "operator-1", True, "")


def test_somebody_elses_is_absent(anna, berta, child, sign):
    row = authority.ask(anna.id, child.id, "operator-1", "please")
    db.session.commit()
    for one in (row.id, uuid.uuid4()):
        assert sign(berta).get(f"/privacy/authority/{one}").status_code == 404
    assert db.session.query(AuthorityRequest).count() == 1
