"""Rules on terms, consent, truth and passwords, each from the outside."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from core import clock as instants
from core.audit.models import AuditEntry
from core.consent import service as consent
from core.db import db
from core.identity import accounts, moderation, passwords, sessions
from core.identity.models import Account
from core.testing.makers import make_account

from .conftest import Alone

OLD, NEW = "quince lantern orbit veil", "harbour thistle nine windows"


@pytest.fixture
def bare(app, inside, anna):
    """A signed-in browser of Anna's, who has accepted nothing; `documents` are accepted first."""

    def make(*documents, account=None):
        whose = account or anna
        consent.accept(
            whose.id, [v for v in consent.to_accept() if v.code in documents], language="en", way="registration"
        )
        token = sessions.open_session(accounts.by_id(whose.id), "password+code")
        db.session.commit()
        browser = Alone(app, "frontalia.localhost", "en")
        browser.client.set_cookie(sessions.COOKIE, token, domain=browser.host)
        return browser

    return make


@pytest.mark.rule("IA-016")
@pytest.mark.parametrize("path", ["/home", "/record", "/consultations", "/account", "/appointments"])
def test_no_service_before_the_terms_are_accepted_expressly(bare, path):
    browser = bare("information_and_consent_notice", "cookie_policy")
    for _n in range(2):  # looking again is no acceptance
        assert browser.get(path).headers["Location"].startswith("/acceptances")
    page = browser.text(browser.get("/acceptances")).split("<main")[1].split("</main")[0]
    assert "accept_terms_of_use_and_sale" in page and " checked" not in page


@pytest.mark.rule("IA-089")
@pytest.mark.parametrize("path", ["/record", "/record/documents", "/consultations", "/home"])
def test_no_health_data_without_the_consent_of_its_own(bare, path):
    browser = bare("terms_of_use_and_sale", "cookie_policy")
    answer = browser.get(path)
    assert answer.headers["Location"].startswith("/acceptances")
    page = browser.text(browser.get("/acceptances"))
    assert "accept_information_and_consent_notice" in page
    assert not any(word in page for word in ("allerg", "blood_group", 'name="question"'))


@pytest.mark.rule("IA-089")
def test_the_service_refuses_a_request_without_the_consent(anna):
    from core.web.frame import Refused

    terms = [v for v in consent.to_accept() if not v.consent]
    consent.accept(anna.id, terms, language="en", way="registration")
    with pytest.raises(Refused):
        consent.order_version(anna.id)
    consent.accept(anna.id, consent.to_accept(), language="en", way="registration")
    assert consent.order_version(anna.id)


@pytest.mark.rule("IA-058")
def test_no_account_without_the_undertaking_which_is_shown_and_recorded(app, portals, inside):
    visitor = Alone(app, "frontalia.localhost", "en")
    assert "I undertake to give complete, exact and current data" in visitor.text(visitor.get("/register/patient"))
    boxes = {f"accept_{v.code}": v.version for v in consent.to_accept()}
    form = {
        "first_name": "Bruno", "last_name": "Lorrain", "birth_date": "1985-07-12", "sex": "male", "email": "bruno@example.org",
        "phone": "+33612345678", "password": OLD,
    } | boxes  # fmt: skip
    refused = visitor.post("/register/patient", form)
    assert refused.status_code == 422 and 'href="#f-undertaking"' in visitor.text(refused)
    assert db.session.query(Account).count() == 0
    assert visitor.post("/register/patient", form | {"undertaking": "yes"}).status_code == 302
    account = db.session.query(Account).one()
    (entry,) = db.session.query(AuditEntry).where(AuditEntry.action == "account.undertaking")
    assert entry.object_id == str(account.id) and len(json.loads(entry.details)["digest"]) == 64


@pytest.mark.rule("IA-058")
def test_a_changed_birth_date_is_kept_with_old_and_new_value(anna, sign):
    browser = sign(anna)
    who = accounts.person(anna)
    form = {
        "first_name": who.first_name, "last_name": who.last_name, "birth_date": "1981-06-02", "sex": who.sex,
        "email": who.email, "phone": who.phone,
    }  # fmt: skip
    assert browser.post("/account", form).status_code == 302
    (entry,) = db.session.query(AuditEntry).where(AuditEntry.action == "account.birth_date_changed")
    told = json.loads(entry.details)
    account = accounts.by_id(anna.id)
    assert accounts.read_birth_date(account, told["old"]) == "1980-05-01"
    assert accounts.read_birth_date(account, told["new"]) == "1981-06-02"
    assert entry.actor_id == str(anna.id)


@pytest.mark.rule("IA-059")
def test_a_suspension_for_a_time_holds_at_once_and_its_trace_is_whole(anna, sign, clock):
    browser = sign(anna)
    assert browser.get("/home").status_code == 200
    until = instants.now() + dt.timedelta(days=3)
    moderation.suspend(anna.id, "operator-1", "False birth date", until)
    db.session.commit()
    assert "/sign-in" in browser.get("/home").headers["Location"]
    (entry,) = db.session.query(AuditEntry).where(AuditEntry.action == "account.suspended")
    told = json.loads(entry.details)
    assert (told["operator"], told["reason"], told["scope"], told["until"]) == (
        "operator-1", "False birth date", "all", until.isoformat(),
    )  # fmt: skip
    clock.set(until + dt.timedelta(seconds=1))
    assert sessions.usable(accounts.by_id(anna.id))


@pytest.mark.rule("IA-059")
def test_a_part_of_the_services_can_be_closed_and_for_good(anna):
    moderation.limit_services(anna.id, ["express_consultation"], "operator-1", "Incomplete data")
    assert not moderation.service_allowed(anna.id, "express_consultation")
    assert moderation.service_allowed(anna.id, "in_person")
    moderation.block(anna.id, "operator-1", "False identity")
    db.session.commit()
    told = [
        json.loads(e.details)
        for e in db.session.query(AuditEntry).order_by(AuditEntry.seq)
        if e.action in ("account.limited", "account.blocked")
    ]
    assert [(t["scope"], t["reason"]) for t in told] == [("part", "Incomplete data"), ("all", "False identity")]
    assert not sessions.usable(accounts.by_id(anna.id))


@pytest.mark.rule("IA-062")
def test_a_new_password_in_the_profile_ends_the_old_one_and_other_sessions(app, inside, sign):
    account = make_account()
    account.password_hash = passwords.hash_password(OLD)
    db.session.commit()
    email = accounts.person(account).email
    here, elsewhere = sign(account), sign(account)
    assert elsewhere.get("/home").status_code == 200
    assert 'href="/password/change"' in here.text(here.get("/account"))
    assert here.post("/password/change", {"old": OLD, "new": NEW}).status_code == 302
    assert "/sign-in" in elsewhere.get("/home").headers["Location"]
    assert here.get("/home").status_code == 200
    visitor = Alone(app, "frontalia.localhost", "en")
    assert visitor.post("/sign-in", {"email": email, "password": OLD}).status_code in (401, 422)
    assert "/sign-in/code" in visitor.post("/sign-in", {"email": email, "password": NEW}).headers["Location"]
