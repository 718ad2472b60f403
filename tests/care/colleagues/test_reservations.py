"""Reservations: within the days of the portal, answered by e-mail, maintained, and the closing that may follow."""

import copy
import datetime as dt
import uuid

import pytest
from sqlalchemy import select

from core import clock as time
from core.audit.models import AuditEntry
from core.care.colleagues import reservations
from core.care.colleagues.models import Reservation
from core.console import reservations as desk
from core.console.service import ensure_console
from core.db import db
from core.identity.models import Account
from core.tenancy import current
from core.tenancy import service as tenants
from core.tenancy.current import entered
from core.testing.browser import Browser
from core.testing.makers import make_account, sign_in_as, signed_in
from core.web.frame import Refused

MADE = dt.datetime(2026, 11, 2, 22, 30, tzinfo=dt.UTC)  # 23:30 in Paris


@pytest.fixture
def fresh(frontalia, browse, clock):
    """A professional whose account is made at MADE, not validated yet: (browser, account)."""
    clock.set(MADE)
    visitor = browse()
    return visitor, signed_in(visitor, frontalia.id, "professional", "en")


def reply(frontalia, reservation_id, words="We hear you."):
    with entered(frontalia.id):
        reservations.reply(reservation_id, "operator-1", words)
        db.session.commit()


def only(frontalia) -> Reservation:
    with entered(frontalia.id):
        return db.session.execute(select(Reservation)).scalar_one()


def again(visitor, frontalia, account):
    """Sign in anew: sessions do not last two weeks."""
    sign_in_as(visitor, frontalia.id, account)
    return visitor


@pytest.mark.rule("CB-065")
def test_on_day_15_it_is_stored_and_on_day_16_the_form_is_closed(fresh, frontalia, clock):
    visitor, account = fresh
    clock.set(dt.datetime(2026, 11, 17, 22, 59, tzinfo=dt.UTC))  # 23:59 of the fifteenth day in Paris
    again(visitor, frontalia, account)
    assert 'href="/reservations"' in visitor.text(visitor.get("/account"))
    page = visitor.text(visitor.get("/reservations"))
    assert "you have 15 days" in page
    assert "<textarea" in page
    assert visitor.post("/reservations", {"text": "Canary words", "key": "a"}).status_code == 302
    assert visitor.post("/reservations", {"text": "Canary words", "key": "a"}).status_code == 302
    row = only(frontalia)
    assert row.state == "filed"
    assert b"Canary" not in row.sealed
    clock.set(dt.datetime(2026, 11, 17, 23, 0, tzinfo=dt.UTC))
    again(visitor, frontalia, account)
    answer = visitor.post("/reservations", {"text": "Too late", "key": "b"})
    assert answer.status_code == 409
    page = visitor.text(answer)
    assert "<textarea" not in page
    assert "Too late" in page  # nothing that was typed is lost
    assert "closed since" in page  # one was expressed: not deemed accepted
    assert only(frontalia).id == row.id


@pytest.mark.rule("CB-065")
def test_after_the_days_the_platform_is_deemed_accepted_since_a_date(fresh, frontalia, clock):
    visitor, account = fresh
    clock.set(MADE + dt.timedelta(days=16))
    again(visitor, frontalia, account)
    page = visitor.text(visitor.get("/reservations"))
    assert "deemed compliant and accepted since" in page
    assert "18" in page.partition("accepted since")[2][:40]
    assert "<textarea" not in page
    with entered(frontalia.id):
        assert reservations.window(account.id).accepted_from == dt.datetime(2026, 11, 17, 23, tzinfo=dt.UTC)


@pytest.mark.rule("CB-065")
def test_the_days_are_the_portals(fresh, frontalia, portals, clock):
    visitor, account = fresh
    bundle = copy.deepcopy(dict(portals["frontalia"].bundle))
    bundle["config"]["care"]["reservation_days"] = 30
    tenants.store(bundle, "tests")
    current.forget_views()
    clock.set(MADE + dt.timedelta(days=29))
    again(visitor, frontalia, account)
    assert "you have 30 days" in visitor.text(visitor.get("/reservations"))
    assert visitor.post("/reservations", {"text": "Still in time"}).status_code == 302


@pytest.mark.parametrize(("words", "said"), [(" ", "Please write your reservation"), ("x" * 5001, "at most")])
def test_words_that_are_wrong_are_told(fresh, words, said):
    visitor, _account = fresh
    answer = visitor.post("/reservations", {"text": words})
    assert answer.status_code == 422
    assert said in visitor.text(answer)


@pytest.mark.rule("CB-066")
def test_the_answer_comes_by_mail_and_settles_it(fresh, frontalia, inbox):
    visitor, _account = fresh
    visitor.post("/reservations", {"text": "I miss something"})
    reply(frontalia, only(frontalia).id, "It comes\nsoon & surely")
    told = [m for m in inbox() if "reservation" in m.subject]
    assert len(told) == 1
    assert "soon & surely" in told[0].body_text
    assert "soon &amp; surely" in told[0].body_html
    page = visitor.text(visitor.get("/reservations"))
    assert "soon &amp; surely" in page
    path = f"/reservations/{only(frontalia).id}"
    assert visitor.post(path, {"act": "terminate"}).status_code == 409  # not before it is maintained
    assert visitor.post(path, {"act": "nonsense"}).status_code == 422
    assert visitor.post(path, {"act": "settle"}).status_code == 302
    row = only(frontalia)
    assert (row.state, row.settled_at is not None) == ("settled", True)
    assert visitor.post(path, {"act": "maintain"}).status_code == 409


@pytest.mark.rule("CB-066")
def test_maintained_leaves_the_request_for_termination_only_and_the_account_closes(fresh, frontalia, inbox):
    visitor, account = fresh
    visitor.post("/reservations", {"text": "I miss something"})
    path = f"/reservations/{only(frontalia).id}"
    assert visitor.post(path, {"act": "maintain"}).status_code == 409  # not before the answer
    reply(frontalia, only(frontalia).id)
    page = visitor.text(visitor.get("/reservations"))
    assert "I maintain my reservation" in page
    assert "Ask for my account to be closed" not in page
    visitor.post(path, {"act": "maintain"})
    page = visitor.text(visitor.get("/reservations"))
    assert "Ask for my account to be closed" in page
    assert "<textarea" not in page
    assert "This settles it" not in page
    with pytest.raises(Refused), entered(frontalia.id):  # not before it was asked for
        reservations.terminate(only(frontalia).id)
    visitor.post(path, {"act": "terminate"})
    assert "You have asked for your account to be closed" in visitor.text(visitor.get("/reservations"))
    console = ensure_console()
    with entered(console.id):
        operator = make_account("operator").id
        db.session.commit()
    desk.terminate(frontalia.id, operator, only(frontalia).id)
    with entered(frontalia.id):
        assert Account.get(account.id).state == "closed"
        done = [r.action for r in db.session.query(AuditEntry).order_by(AuditEntry.seq)]
    for act in ("filed", "answered", "maintained", "termination_requested", "ended"):
        assert f"reservation.{act}" in done
    row = only(frontalia)
    assert row.state == "ended"
    assert None not in (row.filed_at, row.answered_at, row.maintained_at, row.termination_at, row.ended_at)
    assert any(m.subject.startswith(("Your account is closed", "Votre compte est")) for m in inbox())
    assert visitor.get("/reservations").status_code == 302


def test_somebody_elses_reservation_is_absent(fresh, frontalia, browse):
    visitor, _account = fresh
    visitor.post("/reservations", {"text": "Loriot words"})
    reply(frontalia, only(frontalia).id)
    other, patient = browse(), browse()
    signed_in(other, frontalia.id, "professional")
    signed_in(patient, frontalia.id)
    for reservation_id in (only(frontalia).id, uuid.uuid4()):
        assert other.post(f"/reservations/{reservation_id}", {"act": "settle"}).status_code == 404
    assert "Loriot" not in other.text(other.get("/reservations"))
    assert patient.get("/reservations").status_code == 403
    assert only(frontalia).state == "answered"


def test_there_is_a_most(fresh, frontalia):
    _visitor, account = fresh
    with entered(frontalia.id):
        for number in range(reservations.MOST):
            reservations.express(account.id, f"number {number}")
        with pytest.raises(Refused) as refused:
            reservations.express(account.id, "one more")
        assert refused.value.status == 409


@pytest.mark.rule("CB-066")
def test_the_operator_reads_and_answers_on_the_console(app, fresh, frontalia, inbox):
    visitor, _account = fresh
    visitor.post("/reservations", {"text": "Canary words <b>"})
    found, console = only(frontalia).id, ensure_console()
    operator = Browser(app, "console.localhost")
    signed_in(operator, console.id, "operator", "en")
    page = operator.text(operator.get("/console/reservations"))
    path = f"/console/reservations/frontalia/{found}"
    assert path in page
    assert "Canary words" not in page
    page = operator.text(operator.get(path))
    assert "Canary words &lt;b&gt;" in page
    assert "Close the account" not in page
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    def post(to, data):
        return operator.post(to, {**data, "csrf_token": token}, csrf=False)

    assert post(path + "/answer", {"answer": "  "}).status_code == 422
    assert post(path + "/answer", {"answer": "This is our answer"}).status_code == 302
    assert post(path + "/answer", {"answer": "Another"}).status_code == 409
    assert post(path + "/close-account", {"confirmed": "yes"}).status_code == 409
    assert post(f"/console/reservations/frontalia/{uuid.uuid4()}/answer", {"answer": "x"}).status_code == 404
    assert operator.get(f"/console/reservations/frontalia/{uuid.uuid4()}").status_code == 404
    assert [m for m in inbox() if "This is our answer" in m.body_text]
    with entered(frontalia.id):
        done = [r.action for r in db.session.query(AuditEntry).order_by(AuditEntry.seq)]
    assert {"reservation.read", "operator.entered", "reservation.answered"} <= set(done)
    assert time.now() >= MADE
