"""What goes wrong with a provider: a plain page with a number, on the trail, and nothing half done."""

import copy
import datetime as dt
import threading

import pytest
from sqlalchemy import func, select

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.identity import oidc_http
from core.identity.models import Account, AuthSession, Challenge, ProviderLink

BAD = [
    ({"error": "access_denied"}, 200, "cancelled", "You stopped"),
    ({"error": "server_error"}, 503, "provider_down", "does not answer"),
    ({"error": "invalid_scope"}, 422, "provider_error", "refused the sign-in"),
    ({"token_error": "invalid_grant"}, 422, "code_refused", "used already or ran out"),
    ({"token_error": "invalid_client"}, 503, "not_ready", "does not recognise this portal"),
    ({"down": ["token"]}, 503, "provider_down", "does not answer"),
    ({"down": ["jwks"]}, 503, "provider_down", "does not answer"),
    ({"down": ["userinfo"]}, 503, "provider_down", "does not answer"),
    ({"id_token": {"nonce": "of another sign-in"}}, 422, "wrong_nonce", "made for another sign-in"),
    ({"id_token": {"nonce": None}}, 422, "wrong_nonce", "made for another sign-in"),
    ({"id_token": {"iss": "https://evil.example"}}, 422, "unknown_issuer", "somebody else than the provider"),
    ({"answer_issuer": "https://evil.example"}, 422, "unknown_issuer", "somebody else than the provider"),
    ({"id_token": {"aud": "another-portal"}}, 422, "token_invalid", "could not be trusted"),
    ({"id_token": {"aud": ["portico-tests", "other"]}}, 422, "token_invalid", "could not be trusted"),
    ({"id_token": {"exp": 1_700_000_000}}, 422, "token_invalid", "could not be trusted"),
    ({"id_token": {"iat": 4_000_000_000}}, 422, "token_invalid", "could not be trusted"),
    ({"id_token": {"sub": None}}, 422, "token_invalid", "could not be trusted"),
    ({"id_token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}, 422, "token_invalid", "could not be trusted"),
    ({"foreign_key": True}, 422, "bad_signature", "could not be trusted"),
    ({"acr": "eidas0"}, 422, "level_too_low", "level that is too low"),
    ({"acr": None}, 422, "level_too_low", "level that is too low"),
    ({"userinfo": {"sub": "somebody else"}}, 422, "userinfo_mismatch", "could not be trusted"),
    ({"userinfo": {"email": "a@example.org", "email_verified": False}}, 422, "unverified_email", "not verified your e-mail"),
]  # fmt: skip


def counted(rows):
    def run():
        models = (Account, AuthSession, ProviderLink, Challenge)
        return [db.session.execute(select(func.count()).select_from(m)).scalar_one() for m in models]

    return rows(run)


def last_refusal(rows):
    def run():
        return (
            db.session.execute(
                select(AuditEntry.details)
                .where(AuditEntry.action == "provider.refused")
                .order_by(AuditEntry.seq.desc())
            )
            .scalars()
            .first()
        )

    return rows(run)


@pytest.fixture
def plain(rows):
    """Check that an answer says why, with its number, in both the page and the trail, and that nothing was left."""

    def check(browser, answer, reason, words, status=422):
        body = browser.text(answer)
        assert answer.status_code == status, body
        assert words in body
        number = answer.headers["X-Request-Number"]
        assert number in body
        told = last_refusal(rows)
        assert reason in str(told) and number in str(told)
        assert counted(rows) == [0, 0, 0, 0]
        assert browser.client.get_cookie("portico_provider", domain=browser.host) is None
        assert "Traceback" not in body

    return check


@pytest.mark.parametrize(("changes", "status", "reason", "words"), BAD, ids=lambda v: str(v)[:40])
def test_each_failure_is_a_plain_page(enable, own, provider, browse, sign_in, plain, changes, status, reason, words):
    enable(own)
    provider(**changes)
    browser = browse()
    plain(browser, sign_in(browser), reason, words, status)


def test_a_document_of_another_issuer_goes_nowhere(enable, own, provider, browse, plain):
    enable(own)
    provider(issuer="https://evil.example")
    browser = browse()
    plain(browser, browser.get("/sign-in/with/horizon"), "unknown_issuer", "somebody else")


def test_a_provider_that_is_away_or_too_slow_is_said_to_be(enable, own, provider, browse, plain, monkeypatch):
    enable(own)
    provider(down=["openid-configuration"])
    browser = browse()
    plain(browser, browser.get("/sign-in/with/horizon"), "provider_down", "does not answer", 503)
    monkeypatch.setattr(oidc_http, "TIMEOUT", (0.3, 0.3))
    provider(down=[], pause=1.0)
    plain(browser, browser.get("/sign-in/with/horizon"), "provider_down", "does not answer", 503)
    provider(pause=0)
    enable(own | {"discovery": "http://127.0.0.1:9/.well-known/openid-configuration"})
    plain(browser, browser.get("/sign-in/with/horizon"), "provider_down", "does not answer", 503)


def test_an_address_without_tls_is_not_called_in_production(enable, own, browse, plain, monkeypatch, app):
    enable(own)
    browser = browse()
    settings = app.extensions["portico"].settings
    object.__setattr__(settings, "env", "production")
    try:
        answer = browser.get("/sign-in/with/horizon")
    finally:
        object.__setattr__(settings, "env", "test")
    assert answer.status_code == 503


def test_signed_userinfo_that_comes_unsigned_is_refused(enable, own, provider, browse, sign_in, plain):
    enable(own | {"userinfo": "signed"})
    browser = browse()
    plain(browser, sign_in(browser), "bad_signature", "could not be trusted")


def test_an_answer_works_once(enable, own, browse, there, plain):
    enable(own)
    browser = browse()
    back, _asked = there(browser)
    assert browser.get(back).status_code == 302
    browser.post("/sign-in/identity/forget")
    plain(browser, browser.get(back), "expired", "used already")


def test_two_answers_at_once_open_one(enable, own, browse, there, app):
    enable(own)
    first = browse()
    back, _asked = there(first)
    cookie = first.client.get_cookie("portico_provider", domain=first.host).value
    found = []

    def run():
        with app.app_context():
            browser = browse()
            browser.client.set_cookie("portico_provider", cookie, domain=browser.host)
            found.append(browser.get(back).status_code)
            db.session.remove()

    threads = [threading.Thread(target=run) for _time in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(found) == [302, 422, 422, 422]


def test_a_code_that_was_used_elsewhere_is_refused(enable, own, provider, browse, there, plain):
    enable(own)
    thief, browser = browse(), browse()
    stolen, _asked = there(browser)
    used, _asked = there(thief)
    code = stolen.partition("code=")[2]
    mixed = used.partition("code=")[0] + "code=" + code
    # The thief's own state and cookie with the code of somebody else: the verifier does not fit.
    plain_status = thief.get(mixed)
    assert plain_status.status_code == 422 and "used already or ran out" in thief.text(plain_status)


def test_an_answer_of_another_browser_opens_nothing(enable, own, browse, there, plain):
    enable(own)
    back, _asked = there(browse())
    victim = browse()
    answer = victim.get(back)
    assert answer.status_code == 422 and "another window" in victim.text(answer)
    there(victim)
    answer = victim.get(back)
    assert answer.status_code == 422 and "does not belong" in victim.text(answer)


def test_a_sign_in_that_took_too_long_is_over(enable, own, browse, there, rows):
    enable(own)
    browser = browse()
    back, _asked = there(browser)
    with clock.at(clock.now() + dt.timedelta(minutes=16)):
        answer = browser.get(back)
    assert answer.status_code == 422 and "took too long" in browser.text(answer)
    assert counted(rows)[:3] == [0, 0, 0]


def test_an_answer_for_another_provider_is_refused(enable, own, browse, there):
    enable(own, copy.deepcopy(own) | {"code": "second"})
    browser = browse()
    back, _asked = there(browser)
    answer = browser.get(back.replace("/horizon/", "/second/"))
    assert answer.status_code == 422 and "does not belong" in browser.text(answer)


def test_tries_are_counted_as_in_signing_in(enable, own, browse, provider):
    enable(own)
    browser = browse()
    codes = [browser.get("/sign-in/with/horizon").status_code for _time in range(60)]
    assert codes[0] == 302 and codes[-1] == 429
    answer = browser.get("/sign-in/with/horizon")
    assert int(answer.headers["Retry-After"]) > 0 and "wait" in browser.text(answer)


def test_the_words_are_french_for_who_reads_french(enable, own, provider, browse, sign_in):
    enable(own)
    provider(error="access_denied")
    browser = browse("frontalia", "fr")
    body = browser.text(sign_in(browser))
    assert "Vous avez interrompu" in body and "Espace adhérent" in body


def test_next_never_leads_to_another_site(enable, own, account, connect, browse, sign_in):
    enable(own)
    connect(account())
    assert sign_in(browse(), "/sign-in/with/horizon?next=https://evil.example/").headers["Location"] == "/"
    assert sign_in(browse(), "/sign-in/with/horizon?next=//evil.example/").headers["Location"] == "/"
