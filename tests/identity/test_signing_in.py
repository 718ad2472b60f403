"""Signing in: two factors always, codes once, growing delays, nothing told of who exists; sessions on the server."""

import datetime as dt
import threading

import pyotp
import pytest
from sqlalchemy import func, select

from core import clock
from core.db import db
from core.identity import accounts, passwords, sessions, sign_in, throttle, totp
from core.identity.models import AuthSession, Challenge
from core.tenancy import current

PASSWORD = "quince lantern orbit veil"


def later(**delta):
    return clock.at(clock.now() + dt.timedelta(**delta))


def first(browser, password=PASSWORD, email="anna@example.org", **more):
    return browser.post("/sign-in", {"email": email, "password": password, **more})


@pytest.mark.rule("CB-088", "CB-116")
def test_password_then_a_code_by_mail_and_sms_that_works_once(browse, account, mail, code_in):
    account()
    b = browse()
    assert first(b, next="/account/security").headers["Location"] == "/sign-in/code"
    # The password alone opens nothing.
    assert b.get("/account").status_code == 302
    assert "/sign-in" in b.last.headers["Location"]
    (body,) = mail("anna@example.org", "sign-in code")
    (sms,) = mail("+33612345678", channel="sms")
    code = code_in(body)
    assert code in sms
    wrong = b.post("/sign-in/code", {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    done = b.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]} "})
    assert done.headers["Location"] == "/account/security"
    cookie = next(c for c in done.headers.getlist("Set-Cookie") if c.startswith("portico_session="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Domain" not in cookie
    assert b.get("/account/security").status_code == 200
    # The code is used up: in the same browser and in another one that holds the same challenge.
    assert b.post("/sign-in/code", {"code": code}).status_code == 422


@pytest.mark.rule("CB-088")
def test_an_expired_code_is_refused_and_a_fresh_one_works(browse, account, mail, code_in):
    account()
    b = browse()
    first(b)
    old = code_in(mail("anna@example.org", "sign-in code")[0])
    with later(minutes=11):
        late = b.post("/sign-in/code", {"code": old})
        assert late.status_code == 422
        assert "no longer good" in b.text(late)
        assert b.post("/sign-in/code/again").status_code == 200
        codes = [code_in(m) for m in mail("anna@example.org", "sign-in code")]
        assert b.post("/sign-in/code", {"code": codes[0]}).status_code == 302


def test_another_code_waits_for_the_pause_replaces_the_first_and_is_limited(browse, account, mail, code_in):
    account()
    b = browse()
    first(b)
    assert b.post("/sign-in/code/again").status_code == 429
    with later(seconds=31):
        assert b.post("/sign-in/code/again").status_code == 200
        codes = {code_in(m) for m in mail("anna@example.org", "sign-in code")}
    with later(seconds=62):
        assert b.post("/sign-in/code/again").status_code == 200
    with later(seconds=120):
        assert b.post("/sign-in/code/again").status_code == 429
        newest = code_in(mail("anna@example.org", "sign-in code")[0])
        for old in codes - {newest}:
            assert b.post("/sign-in/code", {"code": old}).status_code == 422
        assert b.post("/sign-in/code", {"code": newest}).status_code == 302


def test_too_many_wrong_codes_need_the_password_again(browse, account, mail, code_in, rows):
    account()
    b = browse()
    first(b)
    right = code_in(mail("anna@example.org", "sign-in code")[0])
    wrong = [f"{n:06d}" for n in range(6) if f"{n:06d}" != right][:5]
    answers = [b.post("/sign-in/code", {"code": code}) for code in wrong]
    assert [a.status_code for a in answers] == [422] * 5
    assert "sign in again" in b.text(answers[-1])
    assert b.post("/sign-in/code", {"code": right}).status_code == 422
    assert rows(lambda: db.session.execute(select(func.count()).select_from(Challenge)).scalar_one()) == 0


def test_known_and_unknown_addresses_read_the_same(browse, account):
    account()
    pages = []
    for email in ("anna@example.org", "nobody@example.org"):
        b = browse()
        answer = first(b, password="a wrong password", email=email)
        pages.append((answer.status_code, b.text(answer).replace(email, "X")))
    strip = [(s, p.split("<main")[1].split("</main")[0]) for s, p in pages]
    tokens = [__import__("re").sub(r'(value|data-csrf)="[0-9a-f]{64}"', "", p) for _s, p in strip]
    assert strip[0][0] == strip[1][0] == 422
    assert tokens[0] == tokens[1]


def test_an_unknown_address_costs_the_same_hash(monkeypatch, inside, account):
    account()
    seen = []
    real = passwords._hasher.verify
    monkeypatch.setattr(
        passwords,
        "_hasher",
        type(
            "H",
            (),
            {
                "verify": lambda self, h, p: seen.append(h) or real(h, p),
                "hash": passwords._hasher.hash,
                "check_needs_rehash": lambda self, h: False,
            },
        )(),
    )
    for email in ("anna@example.org", "nobody@example.org"):
        sign_in.first_step(email, "a wrong password", "203.0.113.1")
    assert len(seen) == 2
    assert all(h.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for h in seen)


def test_wrong_passwords_bring_a_delay_that_grows_and_ends(browse, account, mail):
    account()
    b = browse()
    for _try in range(5):
        assert first(b, password="wrong").status_code == 422
    refused = first(b)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 30
    with later(seconds=31):
        assert first(b, password="wrong").status_code == 422
        assert 30 < int(first(b).headers["Retry-After"]) <= 60
    # No hard lock: after the delay the right password opens.
    with later(seconds=31 + 62):
        assert first(b).headers["Location"] == "/sign-in/code"


def test_an_unknown_address_meets_the_same_delay(browse, portals):
    b = browse()
    for _try in range(5):
        first(b, password="wrong", email="nobody@example.org")
    assert first(b, email="nobody@example.org").status_code == 429


def test_one_network_address_trying_many_accounts_is_slowed(inside, portals):
    waits = [sign_in.first_step(f"p{n}@example.org", "x", "203.0.113.7").wait_seconds for n in range(51)]
    assert waits[:50] == [0] * 50
    assert waits[50] > 0
    assert sign_in.first_step("p99@example.org", "x", "203.0.113.8").wait_seconds == 0


def test_tries_at_once_do_not_share_one_place(app, frontalia):
    allowed = []

    def one():
        with app.app_context(), current.entered(frontalia.id):
            allowed.append(throttle.take("race", "anna"))

    threads = [threading.Thread(target=one) for _n in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(allowed)[:5] == [0] * 5
    assert sum(1 for w in allowed if w == 0) == 5


def test_who_knows_the_password_cannot_send_codes_without_end(browse, account):
    account()
    b = browse()
    statuses = [first(b).status_code for _n in range(11)]
    assert statuses[0] == 302
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_back_never_leaves_the_portal(browse, account, mail, code_in, target):
    account()
    b = browse()
    first(b, next=target)
    answer = b.post("/sign-in/code", {"code": code_in(mail("anna@example.org", "sign-in code")[0])})
    assert answer.headers["Location"] == "/"


def test_a_new_token_at_each_sign_in_and_sign_out_ends_it_on_the_server(browse, account, signed_in):
    made = account()
    one, two = signed_in(made), signed_in(made)
    assert one.session_token != two.session_token
    assert one.get("/account").status_code == 200
    one.post("/sign-out")
    one.client.set_cookie("portico_session", one.session_token, domain=one.host)
    assert one.get("/account").status_code == 302
    assert two.get("/account").status_code == 200


def test_sign_out_everywhere(account, signed_in, rows):
    made = account()
    one, two, three = signed_in(made), signed_in(made), signed_in(made)
    one.post("/account/security/sign-out-everywhere")
    assert one.get("/account").status_code == 200
    assert two.get("/account").status_code == three.get("/account").status_code == 302
    one.post("/account/security/sign-out-everywhere", {"here": "yes"})
    assert one.get("/account").status_code == 302
    assert rows(lambda: db.session.execute(select(func.count()).select_from(AuthSession)).scalar_one()) == 0


def test_one_ends_only_ones_own_sessions(account, signed_in, rows):
    mine, other = account(), account(email="berta@example.org")
    a, b = signed_in(mine), signed_in(other)
    theirs = rows(lambda: sessions.listed(other.id)[0].id)
    assert a.post(f"/account/security/sessions/{theirs}/end").status_code == 404
    assert b.get("/account").status_code == 200


def test_sessions_end_by_inactivity_and_by_age(account, signed_in):
    made = account()
    b = signed_in(made)
    with later(minutes=29):
        assert b.get("/account").status_code == 200
    with later(minutes=58):
        assert b.get("/account").status_code == 200
    with later(minutes=89):
        assert b.get("/account").status_code == 302
    c = signed_in(made)
    for minutes in range(25, 12 * 60, 25):
        with later(minutes=minutes):
            assert c.get("/account/security").status_code == 200
    with later(hours=12, seconds=1):
        assert c.get("/account").status_code == 302


def test_a_session_of_one_portal_is_nothing_in_another(account, signed_in, browse):
    b = signed_in(account())
    other = browse("rdv-confiance")
    other.client.set_cookie("portico_session", b.session_token, domain=other.host)
    assert other.get("/account").status_code == 302


def test_posting_without_the_token_of_the_form_is_refused(account, signed_in):
    b = signed_in(account())
    assert b.post("/account/security/sign-out-everywhere", {"here": "yes"}, csrf=False).status_code == 403
    assert b.get("/account").status_code == 200


def test_the_loader_reads_session_account_and_name_in_one_query(account, frontalia, app):
    from sqlalchemy import event

    made = account()
    with current.entered(frontalia.id):
        token = sessions.open_session(accounts.by_id(made.id), "passkey")
        db.session.commit()
    seen = []
    with current.entered(frontalia.id):
        listen = lambda conn, cursor, statement, *rest: seen.append(statement)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            view = sessions.load(token)
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
    assert view.display_name == "Anna Schmit"
    assert len([s for s in seen if s.lstrip().startswith("SELECT")]) == 1


def test_an_authenticator_app_is_a_second_factor_and_its_code_is_no_replay(account, signed_in, browse, mail, rows):
    made = account()
    b = signed_in(made)
    page = b.text(b.get("/account/security/app"))
    assert "data:image/svg+xml" in page
    secret = rows(lambda: totp.begin(accounts.by_id(made.id)))
    assert secret[:4] in page
    assert b.post("/account/security/app", {"code": "000000"}).status_code == 422
    code = pyotp.TOTP(secret).at(clock.now())
    assert b.post("/account/security/app", {"code": code}).status_code == 302
    assert secret.encode() not in rows(lambda: accounts.by_id(made.id)).totp_sealed

    c = browse()
    first(c)
    assert mail("anna@example.org", "sign-in code") == []
    # The code of the set-up is used up; the next one opens once.
    assert c.post("/sign-in/code", {"code": code}).status_code == 422
    with later(seconds=30):
        nxt = pyotp.TOTP(secret).at(clock.now())
        assert c.post("/sign-in/code", {"code": nxt}).status_code == 302
        d = browse()
        first(d)
        assert d.post("/sign-in/code", {"code": nxt}).status_code == 422
        # Without the phone, a code by message still opens.
        assert d.post("/sign-in/code/again").status_code == 200
        assert len(mail("anna@example.org", "sign-in code")) == 1


def test_what_is_hard_to_undo_asks_for_the_password_again(account, signed_in, rows):
    made = account()
    b = signed_in(made)
    with later(minutes=16):
        answer = b.get("/account/security/app")
        assert "/sign-in/again" in answer.headers["Location"]
        assert b.post("/sign-in/again", {"password": "wrong", "next": "/account/security/app"}).status_code == 422
        again = b.post("/sign-in/again", {"password": PASSWORD, "next": "/account/security/app"})
        assert again.headers["Location"] == "/account/security/app"
        assert b.get("/account/security/app").status_code == 200
