"""Legal documents: in force or announced, every way to change them, and the gate before the services."""

import copy
import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ProgrammingError

from core import clock
from core.audit.models import AuditEntry
from core.consent import documents, service
from core.consent.models import Acceptance
from core.db import db
from core.identity import accounts, passwords, sessions
from core.identity.accounts import Person
from core.jobs import outbox
from core.notifications.inbox import latest
from core.tenancy import current
from core.tenancy import service as tenancy
from core.web.frame import Refused

TERMS, NOTICE, COOKIES = documents.TERMS, "information_and_consent_notice", "cookie_policy"


@pytest.fixture
def publish(bundles, portals):
    """Publish a new version of a document with a mode; the present version becomes the previous one."""

    def make(code=TERMS, mode="reaccept_sign_in", days=0, version="2026-12", keep_previous=True):
        bundle = copy.deepcopy(bundles["frontalia"])
        today = clock.today("Europe/Paris")
        entry = bundle["legal"][code]
        old = copy.deepcopy(entry["texts"])
        entry |= {
            "version": version,
            "change_mode": mode,
            "effective_on": (today + dt.timedelta(days=days)).isoformat(),
            "notice_days": 30,
            "texts": {lang: f"# New words {version} ({lang})\n\nText.\n" for lang in entry["texts"]},
        }
        if keep_previous:
            entry |= {"previous_version": "2026-11", "previous_texts": old}
        tenancy.store(bundle, "tests")
        return current.view_by_id(portals["frontalia"].id)

    return make


@pytest.fixture
def rows(portals):
    def run(function):
        with current.entered(portals["frontalia"].id):
            result = function()
            db.session.commit()
            db.session.expunge_all()
            return result

    return run


@pytest.fixture
def member(rows, browse):
    """(account id, signed-in browser); with the present versions accepted unless told otherwise."""
    hashed = passwords.hash_password("quince lantern orbit veil")

    def make(accepted=(TERMS, NOTICE, COOKIES), email="anna@example.org"):
        def write():
            who = Person("Anna", "Schmit", email, "+33612345678", "1985-07-12", "female")
            made = accounts.create_account("patient", who, "", language="en", state="active", hashed=hashed)
            service.accept(
                made.id, [v for v in service.to_accept() if v.code in accepted], language="en", way="registration"
            )
            return made.id, sessions.open_session(made, "password+code")

        account_id, token = rows(write)
        b = browse()
        b.client.set_cookie("portico_session", token, domain=b.host)
        return account_id, b

    return make


def ways(rows, account_id, code=TERMS):
    return rows(lambda: [(p.version, p.way) for p in service.proof(account_id) if p.document == code])


@pytest.mark.rule("CB-001", "CB-060")
@pytest.mark.parametrize("code", ["legal_notice", TERMS, NOTICE, COOKIES])
def test_each_document_is_public_and_printable(browse, member, code):
    visitor, (_account, signed_in) = browse(), member()
    assert visitor.get(f"/legal/{code}").status_code == signed_in.get(f"/legal/{code}").status_code == 200
    page = visitor.text(visitor.get(f"/legal/{code}"))
    assert "data-print" in page and "2026-11" in page


@pytest.mark.parametrize(("lang", "title"), [("fr", "Mentions légales"), ("en", "Legal notice"), ("de", "Impressum")])
def test_a_document_is_read_in_the_visitors_language(browse, lang, title):
    b = browse("frontalia", lang)
    page = b.text(b.get("/legal/legal_notice"))
    assert f'<article class="prose" lang="{lang}">' in page
    assert f"<h1>{title}</h1>" in page


def test_an_unknown_document_or_version_is_not_there(browse):
    b = browse()
    assert b.get("/legal/nothing").status_code == 404
    assert b.get(f"/legal/{TERMS}?version=1999").status_code == 404


def test_a_replaced_version_stays_readable_by_its_link(browse, publish):
    publish(keep_previous=False)
    b = browse()
    assert "New words" in b.text(b.get(f"/legal/{TERMS}"))
    old = b.text(b.get(f"/legal/{TERMS}?version=2026-11")).split("<main")[1].split("</main")[0]
    assert "New words" not in old and "2026-11" in old


@pytest.mark.rule("CB-004", "CB-062")
@pytest.mark.parametrize("lacking", [TERMS, NOTICE, COOKIES])
def test_no_service_without_each_of_the_three(member, rows, lacking):
    account_id, b = member(tuple(c for c in (TERMS, NOTICE, COOKIES) if c != lacking))
    for path in ("/account", "/account/category", "/account/dependants", "/account/security"):
        assert b.get(path).headers["Location"].startswith("/acceptances")
    assert b.get("/account/acceptances").status_code == 200
    page = b.text(b.get("/acceptances?next=/account"))
    assert f'name="accept_{lacking}"' in page
    assert page.count('name="accept_') == 1
    assert b.post("/acceptances", {}).status_code == 422
    done = b.post("/acceptances", {f"accept_{lacking}": "2026-11", "next": "/account"})
    assert done.headers["Location"] == "/account"
    assert b.get("/account").status_code == 200
    assert ways(rows, account_id, lacking) == [("2026-11", "express")]


def test_the_gate_answers_programs_with_a_problem(member):
    _account, b = member(())
    answer = b.get("/account", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert set(answer.get_json()["documents"]) == {TERMS, NOTICE, COOKIES}


@pytest.mark.rule("CB-061")
def test_an_acceptance_keeps_user_document_version_time_and_digest(member, rows):
    before = clock.now()
    account_id, _b = member()
    found = rows(lambda: list(db.session.execute(select(Acceptance)).scalars()))
    assert {(a.account_id, a.document, a.version) for a in found} == {
        (account_id, c, "2026-11") for c in (TERMS, NOTICE, COOKIES)
    }
    assert all(before <= a.at <= clock.now() and len(a.digest) == 64 for a in found)
    trail = rows(
        lambda: list(db.session.execute(select(AuditEntry).where(AuditEntry.action == "consent.accepted")).scalars())
    )
    assert len(trail) == 3


@pytest.mark.parametrize(
    "statement", ["UPDATE acceptances SET version = 'x'", "DELETE FROM acceptances", "DELETE FROM refusals"]
)
def test_a_proof_cannot_be_changed_by_the_application(member, rows, statement):
    member()
    from sqlalchemy import text

    with pytest.raises(ProgrammingError, match="permission denied"):
        rows(lambda: db.session.execute(text(statement)))


def test_published_needs_nothing(member, publish, rows):
    account_id, b = member()
    publish(mode="published")
    assert b.get("/account").status_code == 200
    assert ways(rows, account_id) == [("2026-11", "registration")]


def test_accepted_again_at_the_next_sign_in(member, publish, rows):
    account_id, b = member()
    assert b.get("/account").status_code == 200
    publish(mode="reaccept_sign_in")
    # The change holds in a session that is open already.
    assert b.get("/account").headers["Location"].startswith("/acceptances")
    b.post("/acceptances", {f"accept_{TERMS}": "2026-12"})
    assert b.get("/account").status_code == 200
    assert ways(rows, account_id) == [("2026-11", "registration"), ("2026-12", "express")]


@pytest.mark.rule("CB-063")
def test_each_order_carries_the_version_in_force(member, publish, rows):
    account_id, b = member()
    import uuid

    first, second = uuid.uuid4(), uuid.uuid4()
    assert rows(lambda: service.order_version(account_id, act_kind="appointment", act_id=first)) == "2026-11"
    publish(mode="reaccept_order")
    assert b.get("/account").status_code == 200
    assert rows(lambda: service.order_version(account_id, act_kind="appointment", act_id=second)) == "2026-12"
    found = rows(
        lambda: {
            (a.act_id, a.version)
            for a in db.session.execute(select(Acceptance).where(Acceptance.way == "order")).scalars()
        }
    )
    assert found == {(first, "2026-11"), (second, "2026-12")}


def test_no_order_without_the_documents(member, rows):
    account_id, _b = member((TERMS,))
    with pytest.raises(Refused):
        rows(lambda: service.order_version(account_id))


@pytest.mark.rule("CB-067")
def test_continued_use_after_the_date_is_recorded_apart_from_express(member, publish, rows):
    account_id, b = member()
    publish(mode="tacit")
    assert ways(rows, account_id) == [("2026-11", "registration")]
    assert b.get("/account").status_code == 200
    assert ways(rows, account_id) == [("2026-11", "registration"), ("2026-12", "continued_use")]
    b.get("/account/security")
    assert len(ways(rows, account_id)) == 2


def test_a_consent_to_processing_never_rests_on_continued_use(member, publish, rows):
    account_id, b = member()
    publish(NOTICE, mode="tacit")
    assert b.get("/account").headers["Location"].startswith("/acceptances")
    assert ways(rows, account_id, NOTICE) == [("2026-11", "registration")]


@pytest.mark.rule("CB-067")
def test_announced_ahead_two_versions_are_in_force_and_silence_counts_from_the_date_on(member, publish, rows):
    account_id, b = member()
    view = publish(mode="announced", days=30)
    today = clock.today("Europe/Paris")
    found = [(v.version, v.announced) for v in service.in_force(view, today) if v.code == TERMS]
    assert found == [("2026-11", False), ("2026-12", True)]
    assert b.get("/account").status_code == 200
    page = b.text(b.get(f"/legal/{TERMS}"))
    assert "New words" not in page and "version=2026-12" in page
    assert ways(rows, account_id) == [("2026-11", "registration")]
    with clock.at(clock.now() + dt.timedelta(days=30)):
        assert [
            (v.version, v.announced) for v in service.in_force(view, clock.today("Europe/Paris")) if v.code == TERMS
        ] == [("2026-12", False)]
        rows(
            lambda: db.session.execute(
                sessions.AuthSession.__table__.update().values(
                    seen_at=clock.now(), expires_at=clock.now() + dt.timedelta(hours=1)
                )
            )
        )
        assert b.get("/account").status_code == 200
    assert ways(rows, account_id) == [("2026-11", "registration"), ("2026-12", "continued_use")]


@pytest.mark.rule("CB-067", "CB-068")
def test_a_refusal_ahead_closes_the_services_from_the_date_on_and_offers_to_close_the_account(member, publish, rows):
    account_id, b = member()
    publish(mode="announced", days=30)
    b.post("/acceptances/refuse", {"document": TERMS})
    assert b.get("/account").status_code == 200
    with clock.at(clock.now() + dt.timedelta(days=30)):
        rows(
            lambda: db.session.execute(
                sessions.AuthSession.__table__.update().values(
                    seen_at=clock.now(), expires_at=clock.now() + dt.timedelta(hours=1)
                )
            )
        )
        assert b.get("/account").headers["Location"].startswith("/acceptances")
        assert ways(rows, account_id) == [("2026-11", "registration"), ("2026-12", "refused")]
        page = b.text(b.get("/acceptances"))
        assert "/account/close" in page
        with pytest.raises(Refused):
            rows(lambda: service.order_version(account_id))
        # Thinking again is possible.
        b.post("/acceptances", {f"accept_{TERMS}": "2026-12"})
        assert b.get("/account").status_code == 200


def test_accepting_ahead_asks_nothing_later(member, publish, rows):
    account_id, b = member()
    publish(mode="announced", days=30)
    b.post("/acceptances", {f"accept_{TERMS}": "2026-12"})
    with clock.at(clock.now() + dt.timedelta(days=31)):
        assert rows(lambda: service.standing(account_id)) == service.Standing()
    assert ways(rows, account_id) == [("2026-11", "registration"), ("2026-12", "express")]


@pytest.mark.rule("CB-067")
def test_people_are_told_of_a_change_once(member, publish, rows, portals):
    member()
    publish(mode="announced", days=30)
    outbox.drain()

    def told():
        return [m.subject for m in latest() if m.recipient == "anna@example.org"]

    assert rows(told) == ["Our documents change"]
    outbox.drain()
    assert rows(told) == ["Our documents change"]


@pytest.mark.rule("CB-060")
def test_ones_own_agreements_are_listed(member):
    _account, b = member()
    page = b.text(b.get("/account/acceptances"))
    assert page.count("ticked at registration") == 3


def test_a_stranger_to_the_list_cannot_refuse_what_is_not_asked(member):
    _account, b = member()
    assert b.post("/acceptances/refuse", {"document": TERMS}).status_code == 404
