"""Forgotten, lost, stolen, breached: reset, opposition, provisional credentials, notices; and what the operator may do."""

import datetime as dt

import pytest
from sqlalchemy import select

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.identity import accounts, moderation, recovery, sessions
from core.identity.models import Account, SecurityReport
from core.jobs.models import OutboxMessage
from core.notifications.models import NotificationDelivery
from core.promises import service as promises
from core.promises.models import Promise
from core.tenancy import keys
from core.web.frame import Refused

PASSWORD = "quince lantern orbit veil"
NEW = "tulip harbour mosaic engine"


def sign_in_fully(browser, mail, code_in, password, email="anna@example.org"):
    first = browser.post("/sign-in", {"email": email, "password": password})
    if first.status_code != 302:
        return first
    return browser.post("/sign-in/code", {"code": code_in(mail(email, "sign-in code")[0])})


def test_a_forgotten_password_by_a_link_that_works_once(browse, account, mail, link_in, code_in, signed_in):
    made = account()
    old = signed_in(made)
    b = browse()
    known = b.post("/password/forgot", {"email": "anna@example.org"})
    unknown = browse().post("/password/forgot", {"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    main = lambda a: b.text(a).split("<main")[1].split("</main")[0]  # noqa: E731
    assert main(known) == main(unknown)
    assert mail("nobody@example.org") == []
    link = link_in(mail("anna@example.org", "new password")[0])
    assert b.get(link).status_code == 200
    assert b.post(link, {"password": "short"}).status_code == 422
    assert b.post(link, {"password": NEW}).status_code == 302
    assert b.get(link).status_code == b.post(link, {"password": NEW}).status_code == 410
    # All sessions ended, the old password is nothing, the new one still needs a code.
    assert old.get("/account").status_code == 302
    assert sign_in_fully(browse(), mail, code_in, PASSWORD).status_code == 422
    assert browse().get("/account").status_code == 302
    assert sign_in_fully(browse(), mail, code_in, NEW).status_code == 302
    assert len(mail("anna@example.org", "was changed")) == 1


def test_a_reset_link_runs_out(browse, account, mail, link_in):
    account()
    b = browse()
    b.post("/password/forgot", {"email": "anna@example.org"})
    link = link_in(mail("anna@example.org", "new password")[0])
    with clock.at(clock.now() + dt.timedelta(minutes=61)):
        assert b.get(link).status_code == 410


def test_changing_ones_password_ends_other_sessions(account, signed_in):
    made = account()
    here, there = signed_in(made), signed_in(made)
    assert here.post("/password/change", {"old": "wrong", "new": NEW}).status_code == 422
    assert here.post("/password/change", {"old": PASSWORD, "new": "anna schmit 12345"}).status_code == 422
    assert here.post("/password/change", {"old": PASSWORD, "new": PASSWORD}).status_code == 422
    assert here.post("/password/change", {"old": PASSWORD, "new": NEW}).status_code == 302
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302


@pytest.mark.rule("CB-118", "CB-119")
def test_an_opposition_works_at_once_and_provisional_credentials_open_one_page(
    browse, account, mail, code_in, signed_in, rows
):
    made = account()
    thief = signed_in(made)
    waiting = browse()
    waiting.post("/sign-in", {"email": "anna@example.org", "password": PASSWORD})
    code = code_in(mail("anna@example.org", "sign-in code")[0])

    visitor = browse()
    known = visitor.post("/report-misuse", {"email": "anna@example.org", "what": "My phone was stolen"})
    unknown = browse().post("/report-misuse", {"email": "nobody@example.org", "what": "My phone was stolen"})
    main = lambda a: visitor.text(a).split("<main")[1].split("</main")[0]  # noqa: E731
    assert main(known) == main(unknown)

    # One second later: sessions, password, a sign-in under way and links are all worthless.
    assert thief.get("/account").status_code == 302
    assert waiting.post("/sign-in/code", {"code": code}).status_code == 422
    assert browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD}).status_code == 422
    report = rows(lambda: db.session.execute(select(SecurityReport)).scalar_one())
    assert report.kind == "misuse"
    assert b"stolen" not in report.sealed
    assert (
        rows(lambda: keys.unseal(accounts.by_id(made.id).person_id, "security_reports", "sealed", report.sealed))
        == b"My phone was stolen"
    )

    (told,) = mail("anna@example.org", "locked")
    assert "/password/forgot" in told
    browse().post("/password/forgot", {"email": "anna@example.org"})
    body = mail("anna@example.org", "provisional")[0]
    provisional = next(line.split(": ")[1] for line in body.splitlines() if "provisional password is" in line).strip()
    b = browse()
    assert sign_in_fully(b, mail, code_in, provisional).status_code == 302
    for path in ("/account", "/account/security", "/account/documents", "/account/notifications", "/acceptances"):
        assert b.get(path).headers["Location"] == "/password/change"
    assert b.post("/password/change", {"old": provisional, "new": NEW}).status_code == 302
    assert b.get("/account").status_code == 200
    assert not rows(lambda: accounts.by_id(made.id)).must_change_password


def test_reports_of_misuse_are_slowed(browse, account, mail):
    account()
    b = browse()
    statuses = [b.post("/report-misuse", {"email": f"p{n}@example.org", "what": ""}).status_code for n in range(6)]
    assert statuses[0] == 200
    assert statuses[-1] == 429
    assert b.post("/report-misuse", {"email": " ", "what": "x"}).status_code == 422


@pytest.mark.rule("CB-120")
def test_a_breach_is_told_in_time_and_forces_a_new_password(account, rows, mail, signed_in, browse, code_in):
    made = account()
    b = signed_in(made)
    found = clock.now() - dt.timedelta(hours=1)
    assert rows(lambda: recovery.register_breach([made.id], found)) == 1
    promise = rows(lambda: db.session.execute(select(Promise)).scalar_one())
    assert promise.due_at == found + dt.timedelta(hours=72)
    assert b.get("/account").status_code == 302
    assert len(mail("anna@example.org", "change your password")) == 1
    rows(recovery.watch_breach_notices)
    assert rows(lambda: db.session.execute(select(Promise.state)).scalar_one()) == "kept"
    c = browse()
    sign_in_fully(c, mail, code_in, PASSWORD)
    assert c.get("/account").headers["Location"] == "/password/change"


@pytest.mark.rule("CB-120")
def test_an_unsent_notice_of_a_breach_raises_an_alert_before_it_is_due(account, rows):
    made = account()
    found = clock.now()
    rows(lambda: recovery.register_breach([made.id], found))

    def alerts():
        told = (
            select(OutboxMessage.name).where(OutboxMessage.name.like("promise_%")).order_by(OutboxMessage.occurred_at)
        )
        return list(db.session.execute(told).scalars())

    with clock.at(found + dt.timedelta(hours=59)):
        rows(recovery.watch_breach_notices)
        rows(promises.watch)
        assert rows(alerts) == []
    with clock.at(found + dt.timedelta(hours=61)):
        rows(promises.watch)
        assert rows(alerts) == ["promise_near"]
    with clock.at(found + dt.timedelta(hours=73)):
        rows(promises.watch)
        assert rows(alerts) == ["promise_near", "promise_missed"]
        assert rows(lambda: db.session.execute(select(NotificationDelivery.state)).scalar_one()) == "waiting"


@pytest.mark.rule("CB-071", "CB-263")
def test_a_suspended_account_is_shut_out_with_reason_and_duration_kept(account, rows, signed_in, browse, mail):
    made = account()
    b = signed_in(made)
    until = clock.now() + dt.timedelta(days=7)
    rows(lambda: moderation.suspend(made.id, "op-1", "False birth date", until))
    assert b.get("/account").status_code == 302
    refused = browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD})
    assert refused.status_code == 422
    assert "suspended until" in b.text(refused)
    row = rows(lambda: accounts.by_id(made.id))
    assert (row.state, row.state_reason, row.state_until) == ("suspended", "False birth date", until)
    entry = rows(
        lambda: db.session.execute(select(AuditEntry).where(AuditEntry.action == "account.suspended")).scalar_one()
    )
    assert "op-1" in entry.details and "False birth date" in entry.details
    assert len(mail("anna@example.org", "About your account")) == 1
    with clock.at(until + dt.timedelta(seconds=1)):
        assert browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD}).status_code == 302


@pytest.mark.rule("CB-263")
def test_a_blocked_account_is_refused_at_sign_in_and_in_an_open_session(account, rows, signed_in, browse):
    made = account()
    b = signed_in(made)
    rows(lambda: moderation.block(made.id, "op-1", "Abuse"))
    assert b.get("/account").status_code == 302
    with clock.at(clock.now() + dt.timedelta(days=3650)):
        assert browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD}).status_code == 422
    rows(lambda: moderation.reactivate(made.id, "op-1"))
    assert browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD}).status_code == 302


def test_a_state_without_a_session_row_deleted_is_refused_too(account, rows, signed_in):
    """Even a session that survived (another process wrote it at that moment) opens nothing."""
    made = account()
    rows(lambda: setattr(accounts.by_id(made.id), "state", "blocked"))
    b = signed_in(made)
    assert b.get("/account").status_code == 302


@pytest.mark.rule("CB-076", "CB-078")
def test_one_service_can_be_closed_to_one_account(account, rows, signed_in, frontalia):
    made, other = account(), account(email="berta@example.org")
    rows(lambda: moderation.limit_services(made.id, ["express_consultation"], "op-1", "Advertising in messages"))
    assert not rows(lambda: moderation.service_allowed(made.id, "express_consultation"))
    assert rows(lambda: moderation.service_allowed(made.id, "in_person"))
    assert rows(lambda: moderation.service_allowed(other.id, "express_consultation"))
    b = signed_in(made)
    assert b.get("/account").status_code == 200
    view = rows(lambda: sessions.load(b.session_token))
    assert not view.may_use("express_consultation") and view.may_use("in_person")
    entry = rows(
        lambda: db.session.execute(select(AuditEntry).where(AuditEntry.action == "account.limited")).scalar_one()
    )
    assert "Advertising" in entry.details


def test_restricting_needs_a_reason_and_an_open_account(account, rows):
    made = account(state="pending_confirmation")
    with pytest.raises(Refused):
        rows(lambda: moderation.suspend(made.id, "op-1", " "))
    with pytest.raises(Refused):
        rows(lambda: moderation.block(made.id, "op-1", "Abuse"))


@pytest.mark.rule("CB-269")
def test_the_security_page_advises_and_records_a_report(account, signed_in, rows):
    b = signed_in(account())
    page = b.text(b.get("/account/security"))
    assert "Lock your screen" in page
    assert "alerte@frontalia.example" in page
    assert b.post("/account/security/report", {"what": ""}).status_code == 400
    b.post("/account/security/report", {"what": "A sign-in that was not mine"})
    assert "recorded" in b.text(b.follow(b.last))
    assert rows(lambda: db.session.execute(select(SecurityReport.kind)).scalar_one()) == "anomaly"


@pytest.mark.rule("CB-285")
def test_closing_withdraws_the_consent_and_ends_everything(account, signed_in, rows, browse, mail):
    from core.consent import service as consent

    made = account()
    b = signed_in(made)
    assert b.post("/account/close", {}).status_code == 422
    assert b.post("/account/close", {"sure": "yes"}).status_code == 302
    row = rows(lambda: accounts.by_id(made.id))
    assert row.state == "closed" and row.closed_at is not None
    assert b.get("/account").status_code == 302
    refused = browse().post("/sign-in", {"email": "anna@example.org", "password": PASSWORD})
    assert "is not right" in b.text(refused)
    ways = rows(lambda: [(p.document, p.way) for p in consent.proof(made.id)])
    assert ("information_and_consent_notice", "withdrawn") in ways
    assert rows(
        lambda: db.session.execute(select(OutboxMessage).where(OutboxMessage.name == "account_closed")).scalar_one()
    )
    assert len(mail("anna@example.org", "is closed")) == 1
    # The address is free again for a new account, which starts empty.
    assert account().id != made.id
    assert rows(lambda: len(list(db.session.execute(select(Account)).scalars()))) == 2
