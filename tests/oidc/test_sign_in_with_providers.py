"""Signing in, connecting and registering with an identity provider, against a real one over real sockets."""

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from sqlalchemy import func, select

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.identity import oidc_http, provider_links
from core.identity.models import Account, AuthSession, Identifier, ProfessionalProfile, ProviderLink, ProviderSession
from core.jobs import outbox
from core.notifications.inbox import latest

RPPS = "10000000017"
PSC = {
    "sub": "f:550dc1c8:899700000001", "SubjectNameID": "8" + RPPS, "preferred_username": "8" + RPPS,
    "given_name": "Claire", "family_name": "Lorrain",
    "SubjectRefPro": {"exercices": [
        {"codeProfession": "10", "codeSavoirFaire": "SM54", "activities": [{"numeroFinessSite": "570000001", "raisonSocialeSite": "Cabinet du Pont"}]},
        {"codeProfession": "10", "codeSavoirFaire": "SM04", "activities": [{"numeroFinessSite": "570000002", "raisonSocialeSite": "Clinique Est"}]},
    ]},
}  # fmt: skip


def actions(rows):
    return rows(lambda: list(db.session.execute(select(AuditEntry.action).order_by(AuditEntry.seq)).scalars()))


def count(rows, model):
    return rows(lambda: db.session.execute(select(func.count()).select_from(model)).scalar_one())


def boxes():
    codes = ("terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy")
    return {f"accept_{code}": "2026-11" for code in codes} | {"undertaking": "yes"}


def test_the_button_is_there_when_the_portal_enables_it_and_its_secret_is_known(browse, enable, own):
    assert "/sign-in/with/" not in browse().text(browse().get("/sign-in"))
    enable(own)
    page = browse().text(browse().get("/sign-in?next=/account"))
    assert "Sign in with Member area" in page
    assert "/sign-in/with/horizon?next=/account" in page
    french = browse("frontalia", "fr")
    assert "Se connecter avec Espace adhérent" in french.text(french.get("/sign-in"))
    enable(own | {"secret_env": "PORTICO_OIDC_FRONTALIA__NOT_SET"})
    assert "/sign-in/with/" not in browse().text(browse().get("/sign-in"))
    assert browse().get("/sign-in/with/horizon").status_code == 404
    enable(own | {"secret_env": "PORTICO_OIDC_RDV_CONFIANCE__OTHER"})
    assert browse().get("/sign-in/with/horizon").status_code == 404, "the secret of another portal is never read"


def test_a_provider_is_of_one_portal_only(browse, enable, own):
    enable(own)
    assert browse("rdv-confiance").get("/sign-in/with/horizon").status_code == 404


def test_the_request_carries_pkce_state_nonce_and_level_to_another_host_than_the_issuer(
    browse, enable, own, provider, there
):
    enable(own)
    _back, asked = there(browse())
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert len(asked["state"]) >= 32 and len(asked["nonce"]) >= 32 and asked["state"] != asked["nonce"]
    assert asked["acr_values"] == "eidas2"
    assert asked["redirect_uri"] == "http://frontalia.localhost:8000/sign-in/with/horizon/back"
    assert asked["response_type"] == "code" and asked["ui_locales"] == "en"
    seen = [s for s in provider()["seen"] if s["at"] == "authorize"]
    assert seen[0]["host"].startswith("localhost:") and provider.issuer.startswith("http://127.0.0.1:")


def test_a_connected_identity_signs_in_at_a_level_of_two_factors(browse, enable, own, account, connect, sign_in, rows):
    enable(own)
    connect(account())
    browser = browse()
    done = sign_in(browser, "/sign-in/with/horizon?next=/account/security")
    assert done.headers["Location"] == "/account/security"
    page = browser.text(browser.get("/account/security"))
    assert "connected" in page
    factors = rows(lambda: list(db.session.execute(select(AuthSession.factors)).scalars()))
    assert sorted(factors) == ["password+code", "provider:horizon"]
    assert {"provider.connected", "session.opened"} <= set(actions(rows))


def test_below_that_level_the_one_time_code_is_asked(browse, enable, own, provider, account, connect, sign_in, rows):
    enable(own)
    connect(account())
    provider(acr="eidas1")
    browser = browse()
    assert sign_in(browser).headers["Location"] == "/sign-in/code"
    assert browser.get("/account").status_code == 302, "the provider alone opens nothing"

    def code():
        outbox.drain()
        return re.search(r"\b(\d{6})\b", next(m.body_text for m in latest() if m.channel == "email")).group(1)

    assert browser.post("/sign-in/code", {"code": rows(code)}).status_code == 302
    assert browser.get("/account").status_code == 200
    assert "provider:horizon+code" in rows(lambda: list(db.session.execute(select(AuthSession.factors)).scalars()))
    # The portal's date decides: before 2026 the lower level was two factors here.
    with clock.at(dt.datetime.now(dt.UTC)):
        from core.identity import providers

        way = rows(lambda: providers.way("horizon"))
    with clock.at(dt.datetime(2025, 6, 1, tzinfo=dt.UTC)):
        assert rows(lambda: way.is_two_factors("eidas1"))
    assert not rows(lambda: way.is_two_factors("eidas1"))
    assert not rows(lambda: way.is_two_factors(""))


def test_an_e_mail_address_connects_nobody(browse, enable, own, provider, account, sign_in, rows):
    enable(own)
    account(email="victim@example.org")
    provider(person={"sub": "attacker", "email": "victim@example.org", "email_verified": True, "given_name": "Eve"})
    browser = browse()
    assert sign_in(browser).headers["Location"] == "/sign-in/identity"
    assert browser.get("/account").status_code == 302
    assert count(rows, AuthSession) == 0 and count(rows, ProviderLink) == 0


def test_registration_is_filled_with_what_was_checked_and_asks_for_the_rest(
    browse, enable, own, provider, sign_in, rows
):
    enable(own)
    provider(person={
        "sub": "new-person", "given_name": "Éloïse", "family_name": "N'Diaye", "birthdate": "1985-07-12", "gender": "female",
        "email": "eloise@example.org", "email_verified": True,
    })  # fmt: skip
    browser = browse()
    assert sign_in(browser).headers["Location"] == "/sign-in/identity"
    assert "Welcome, Éloïse" in browser.text(browser.get("/sign-in/identity"))
    page = browser.text(browser.get("/register/patient"))
    assert 'value="Éloïse"' in page and "readonly" in page and 'value="eloise@example.org"' in page
    form = {"first_name": "Somebody", "last_name": "Else", "birth_date": "1970-01-01", "phone": "+33 6 12 34 56 78"}
    form |= {"email": "eloise@example.org", "password": "Quatre lacs tranquilles 71"}
    refused = browser.post("/register/patient", form)
    assert refused.status_code == 422, "the documents are still asked for"
    assert count(rows, Account) == 0 and count(rows, ProviderLink) == 0
    assert browser.post("/register/patient", form | boxes()).headers["Location"] == "/register/sent"

    def check():
        from core.identity import accounts

        made = accounts.by_email("eloise@example.org")
        assert made.state == "pending_confirmation"
        who = accounts.person(made)
        assert (who.first_name, who.last_name, who.birth_date, who.sex) == ("Éloïse", "N'Diaye", "1985-07-12", "female")
        made.state = "active"
        from core.consent import service as consent

        consent.accept(made.id, consent.to_accept(), language="en", way="registration")

    assert sign_in(browse()).status_code == 422, "not before the address is confirmed"
    rows(check)
    assert sign_in(browse()).headers["Location"] == "/"
    assert 'value="Éloïse"' not in browser.text(browser.get("/register/patient")), "used up"


def test_registering_with_a_known_address_connects_nothing_and_shows_the_same(
    browse, enable, own, provider, account, sign_in, rows
):
    enable(own)
    account(email="anna@example.org")
    provider(person={"sub": "x", "given_name": "A", "family_name": "B", "birthdate": "1985-07-12", "gender": "male"})
    browser = browse()
    sign_in(browser)
    form = {"email": "anna@example.org", "phone": "+33 6 12 34 56 78", "password": "Quatre lacs tranquilles 71"}
    assert browser.post("/register/patient", form | boxes()).headers["Location"] == "/register/sent"
    assert count(rows, ProviderLink) == 0


@pytest.mark.parametrize("birthdate", ["1985-00-00", "1985-07-00", "2031-01-01", 1985, None])
def test_a_birth_date_that_is_none_is_asked_for(browse, enable, own, provider, sign_in, birthdate):
    enable(own)
    provider(person={"sub": "presumed", "given_name": "Ana", "family_name": "Née", "birthdate": birthdate})
    browser = browse()
    sign_in(browser)
    assert "birth_date_day" in browser.text(browser.get("/register/patient"))


def test_the_person_may_go_on_without_the_provider(browse, enable, own, sign_in):
    enable(own)
    browser = browse()
    sign_in(browser)
    browser.post("/sign-in/identity/forget")
    assert browser.get("/sign-in/identity").headers["Location"] == "/sign-in"
    assert 'value="Éloïse"' not in browser.text(browser.get("/register/patient"))


def test_connecting_needs_the_same_person_and_a_yes(browse, enable, own, account, signed_in, there, sign_in, rows):
    enable(own)
    first, second = account(), account(email="other@example.org")
    browser = signed_in(first)
    back, _asked = there(browser, "/account/security/providers/horizon")
    assert browser.get(back).headers["Location"] == "/account/security/connect"
    assert "Éloïse" in browser.text(browser.get("/account/security/connect"))
    assert count(rows, ProviderLink) == 0, "nothing before the yes"
    assert browser.post("/account/security/connect", csrf=False).status_code == 403
    assert browser.post("/account/security/connect").status_code == 302
    assert browser.get("/account/security/connect").headers["Location"] == "/account/security"
    # The same identity opens one account only.
    other = signed_in(second)
    sign_in(other, "/account/security/providers/horizon")
    taken = other.post("/account/security/connect")
    assert taken.status_code == 422 and "another account" in other.text(taken)
    assert count(rows, ProviderLink) == 1
    assert browser.post("/account/security/providers/horizon/remove").status_code == 302
    assert count(rows, ProviderLink) == 0
    assert sign_in(browse()).headers["Location"] == "/sign-in/identity"


def test_a_sign_in_that_ends_in_another_account_connects_nothing(enable, own, account, signed_in, there, rows, browse):
    enable(own)
    browser = signed_in(account())
    back, _asked = there(browser, "/account/security/providers/horizon")
    other = signed_in(account(email="other@example.org"))
    browser.client.set_cookie(
        "portico_session", other.client.get_cookie("portico_session", domain=other.host).value, domain=browser.host
    )
    answer = browser.get(back)
    assert answer.status_code == 422 and "no longer signed in" in browser.text(answer)
    assert count(rows, ProviderLink) == 0


def test_after_a_first_visit_an_existing_account_is_connected_by_signing_in_as_before(
    enable, own, account, signed_in, sign_in, browse
):
    enable(own)
    made = account()
    visitor = browse()
    sign_in(visitor)
    token = signed_in(made).client.get_cookie("portico_session", domain=visitor.host).value
    visitor.client.set_cookie("portico_session", token, domain=visitor.host)
    assert visitor.post("/account/security/connect").status_code == 302
    assert sign_in(browse()).headers["Location"] == "/"


def test_closing_the_account_frees_the_identity(enable, own, account, connect, sign_in, browse, rows):
    from core.identity import moderation

    enable(own)
    made = account()
    connect(made)
    rows(lambda: moderation.suspend(made.id, "op", "checks"))
    answer = sign_in(browse())
    assert answer.status_code == 422 and "Access to this account" in browse().text(answer)
    rows(lambda: moderation.reactivate(made.id, "op"))
    rows(lambda: moderation.close(made.id))
    assert sign_in(browse()).headers["Location"] == "/sign-in/identity"


def test_misuse_that_was_reported_closes_this_door_too(enable, own, account, connect, sign_in, browse, rows):
    from core.identity import accounts, recovery

    enable(own)
    made = account()
    connect(made)
    rows(lambda: recovery.disable(accounts.by_id(made.id)))
    answer = sign_in(browse())
    assert answer.status_code == 422 and "reported as misused" in browse().text(answer)


def test_signing_out_offers_to_end_the_session_there(enable, own, provider, account, connect, sign_in, browse, rows):
    enable(own)
    connect(account())
    browser = browse()
    sign_in(browser)
    assert count(rows, ProviderSession) == 1
    answer = browser.post("/sign-out")
    assert answer.status_code == 200
    address = re.search(r'href="(http://localhost:[^"]+/logout[^"]+)"', browser.text(answer)).group(1)
    asked = parse_qs(urlsplit(address.replace("&amp;", "&")).query)
    assert asked["post_logout_redirect_uri"] == ["http://frontalia.localhost:8000/"]
    assert asked["id_token_hint"][0].count(".") == 2 and asked["client_id"] == ["portico-tests"]
    assert requests.get(address.replace("&amp;", "&"), allow_redirects=False, timeout=5).status_code == 302
    assert count(rows, ProviderSession) == 0, "it went with the session"
    assert browser.get("/account").status_code == 302


# -- professionals -------------------------------------------------------------------------------------------------


@pytest.fixture
def doctor(enable, psc, provider, account, connect):
    """A professional whose account is connected."""
    provider(person=PSC)
    enable(psc)
    made = account("professional", RPPS, first_name="Claire", last_name="Lorrain")
    connect(made, "pro_sante_connect")
    return made


def test_several_exercises_are_a_choice(doctor, browse, sign_in, rows, provider):
    browser = browse()
    assert sign_in(browser, "/sign-in/with/pro_sante_connect").headers["Location"] == "/sign-in/identity/exercise"
    assert browser.get("/account").status_code == 302, "nothing is open before the choice"
    page = browser.text(browser.get("/sign-in/identity/exercise"))
    assert (
        "Cabinet du Pont" in page
        and "Clinique Est" in page
        and "Cardiology" in page
        and not re.search("<input[^>]* checked", page)
    )
    assert browser.post("/sign-in/identity/exercise", {"exercise": "made|up"}).status_code == 422
    code = re.search(r'value="([^"]*570000002)"', page).group(1)
    assert browser.post("/sign-in/identity/exercise", {"exercise": code}).headers["Location"] == "/"
    assert browser.get("/account").status_code == 200
    again = browse()
    sign_in(again, "/sign-in/with/pro_sante_connect")
    page = again.text(again.get("/sign-in/identity/exercise"))
    assert re.search(r'570000002"[^>]* checked', page), "the last choice is proposed"
    one = PSC | {"SubjectRefPro": {"exercices": PSC["SubjectRefPro"]["exercices"][:1]}}
    for person in (one, {k: v for k, v in PSC.items() if k != "SubjectRefPro"}):
        provider(person=person)
        assert sign_in(browse(), "/sign-in/with/pro_sante_connect").headers["Location"] == "/"


def test_without_a_dated_level_the_one_level_of_the_provider_is_one_factor(
    doctor, enable, psc, provider, browse, sign_in
):
    enable({k: v for k, v in psc.items() if k != "two_factors"})
    provider(person={k: v for k, v in PSC.items() if k != "SubjectRefPro"})
    assert sign_in(browse(), "/sign-in/with/pro_sante_connect").headers["Location"] == "/sign-in/code"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"SubjectNameID": "810000000025", "preferred_username": ""}, "not the one of this account"),
        ({"SubjectNameID": "ANS20211115", "preferred_username": "ANS20211115"}, "no professional number"),
    ],
)
def test_another_number_than_the_accounts_is_refused(doctor, provider, browse, sign_in, rows, changed, words):
    before = count(rows, AuthSession)
    provider(person=PSC | changed)
    browser = browse()
    answer = sign_in(browser, "/sign-in/with/pro_sante_connect")
    assert answer.status_code == 422 and words in browser.text(answer)
    assert count(rows, AuthSession) == before
    assert {"provider.number_mismatch", "provider.number_missing"} & set(actions(rows))


def test_a_number_of_somebody_else_is_not_connected(enable, psc, provider, account, signed_in, sign_in, rows):
    provider(person=PSC)
    enable(psc)
    browser = signed_in(account("professional", "10000000025"))
    sign_in(browser, "/account/security/providers/pro_sante_connect")
    answer = browser.get("/account/security/connect")
    assert answer.status_code == 422 and "not the one of this account" in browser.text(answer)
    assert count(rows, ProviderLink) == 0


def test_nobody_registers_as_a_professional_without_the_number(enable, psc, provider, browse, sign_in, rows):
    provider(person=PSC | {"SubjectNameID": "ANS20211115", "preferred_username": "ANS20211115"})
    enable(psc)
    browser = browse()
    answer = sign_in(browser, "/sign-in/with/pro_sante_connect")
    assert answer.status_code == 422 and "no professional number" in browser.text(answer)
    provider(
        person=PSC
        | {"SubjectNameID": "", "preferred_username": "", "otherIds": [{"origine": "RPPS", "identifiant": RPPS}]}
    )
    assert sign_in(browser, "/sign-in/with/pro_sante_connect").status_code == 302


def test_a_patient_is_not_offered_the_professionals_provider(enable, psc, account, signed_in):
    enable(psc)
    browser = signed_in(account())
    assert browser.get("/account/security/providers/pro_sante_connect").status_code == 404
    assert "pro_sante_connect" not in browser.text(browser.get("/account/security"))


def test_a_professional_registers_with_the_number_and_the_exercise_chosen(enable, psc, provider, browse, sign_in, rows):
    provider(person=PSC)
    enable(psc)
    browser = browse()
    assert sign_in(browser, "/sign-in/with/pro_sante_connect").headers["Location"] == "/sign-in/identity/exercise"
    assert browser.get("/register/professional").headers["Location"] == "/sign-in/identity/exercise"
    page = browser.text(browser.get("/sign-in/identity/exercise"))
    code = re.search(r'value="([^"]*570000002)"', page).group(1)
    assert browser.post("/sign-in/identity/exercise", {"exercise": code}).headers["Location"] == "/sign-in/identity"
    page = browser.text(browser.get("/register/professional"))
    assert f'value="{RPPS}"' in page and 'value="cardiology" selected' in page and 'value="Clinique Est"' in page
    import io

    pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
    names = re.findall(r'type="file" id="[^"]+" name="([^"]+)"', page)
    form = {
        "country": "FR", "birth_date": "1980-05-01", "sex": "female", "email": "claire@example.org",
        "phone": "+33 6 12 34 56 78", "password": "Quatre lacs tranquilles 71", "specialty": "cardiology",
        "place": "Clinique Est", "fr_rpps": "10000000025", "fr_cps": "2400123456", **boxes(),
    }  # fmt: skip
    answer = browser.post("/register/professional", form | {n: (io.BytesIO(pdf), "a.pdf") for n in names})
    assert answer.headers.get("Location") == "/register/sent", re.findall(
        r"field-error[^>]*>([^<]+)", browser.text(answer)
    )

    def check():
        from core.identity import accounts, profile

        made = accounts.by_email("claire@example.org")
        assert profile.identifiers(made)["fr_rpps"] == RPPS, "the provider's number, whatever was typed"
        assert accounts.person(made).last_name == "Lorrain"
        (link,) = provider_links.of_account(made.id).values()
        assert provider_links.last_exercise(link) == code

    rows(check)
    assert count(rows, ProfessionalProfile) == 1 and count(rows, Identifier) >= 1


# -- the traps of tokens -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client_auth", ["client_secret_post", "client_secret_basic", "private_key_jwt"])
def test_the_portal_proves_itself_in_each_way(enable, own, provider, browse, sign_in, client_auth):
    enable(own | {"client_auth": client_auth, "key_env": "PORTICO_OIDC_FRONTALIA__KEYS"})
    assert sign_in(browse()).headers["Location"] == "/sign-in/identity"
    (asked,) = [s for s in provider()["seen"] if s["at"] == "token"]
    assert asked["basic"] is (client_auth == "client_secret_basic")
    assert ("client_assertion" in asked) is (client_auth == "private_key_jwt")
    assert ("client_secret" in asked) is (client_auth == "client_secret_post")
    assert len(asked["code_verifier"]) >= 43


def test_encrypted_tokens_and_userinfo_are_opened(enable, own, provider, browse, sign_in):
    enable(own | {"encrypted": True, "userinfo": "signed", "key_env": "PORTICO_OIDC_FRONTALIA__KEYS"})
    provider(encrypt=True, userinfo_kind="signed")
    assert sign_in(browse()).headers["Location"] == "/sign-in/identity"
    provider(encrypt=False)
    browser = browse()
    assert sign_in(browser).status_code == 422, "what must be encrypted and is not is refused"


def test_an_encrypted_token_that_nobody_asked_for_is_refused(enable, own, provider, browse, sign_in):
    enable(own)
    provider(encrypt=True)
    assert sign_in(browse()).status_code == 422


def test_the_public_keys_are_published_without_the_private_parts(enable, own, browse):
    enable(own | {"key_env": "PORTICO_OIDC_FRONTALIA__KEYS"})
    keys = browse().get("/sign-in/with/horizon/keys").get_json()["keys"]
    assert {k["kid"] for k in keys} == {"sign-1", "open-2", "open-1"}
    assert not [k for k in keys if set(k) & {"d", "p", "q", "dp", "dq", "qi"}]


def test_rotated_keys_are_fetched_anew_but_not_without_end(enable, own, provider, browse, sign_in, monkeypatch):
    enable(own)
    assert sign_in(browse()).status_code == 302
    provider(rotate=True)
    assert sign_in(browse()).status_code == 302

    def fetched():
        return len([s for s in provider()["seen"] if s["at"] == "jwks"])

    assert fetched() == 2
    provider(foreign_key=True)
    for _time in range(3):
        assert sign_in(browse()).status_code == 422
    assert fetched() == 2, "bad signatures do not make us flood the provider"
    monkeypatch.setattr(oidc_http, "RENEW_SECONDS", 0.0)
    assert sign_in(browse()).status_code == 422
    assert fetched() == 3


@pytest.mark.parametrize("skew", [-50, 50])
def test_a_clock_that_is_a_little_off_is_forgiven(enable, own, browse, sign_in, skew):
    enable(own)
    browser = browse()
    with clock.at(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=skew)):
        assert sign_in(browser).status_code == 302
