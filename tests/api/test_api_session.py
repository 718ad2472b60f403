"""Signing in by program, registering, agreeing; no cookie opens anything here."""

from __future__ import annotations

import base64
import re

import pytest

from core.consent import service as consent
from core.db import db
from core.identity import accounts, passwords, professionals, sessions
from core.identity.accounts import Person
from core.tenancy import current

PASSWORD = "tulip engine brisk lantern"
PERSON = {
    "first_name": "Jeanne", "last_name": "Morel", "birth_date": "1985-05-17", "sex": "female", "email": "jeanne@example.org",
    "phone": "+33612345678", "password": PASSWORD,
}  # fmt: skip


@pytest.fixture
def jeanne(frontalia):
    """An active account with a password that accepted everything."""
    with current.entered(frontalia.id):
        who = Person(**{k: PERSON[k] for k in ("first_name", "last_name", "email", "phone", "birth_date", "sex")})
        row = accounts.create_account("patient", who, PASSWORD, language="en", state="active")
        consent.accept(row.id, consent.to_accept(), language="en", way="registration")
        db.session.commit()
        return row.id


def code_of(inbox) -> str:
    return re.search(r"\b(\d{6})\b", inbox()[0].body_text).group(1)


def sign_in(caller, inbox):
    begun = caller()("POST", "/session", {"email": PERSON["email"], "password": PASSWORD})
    assert begun.status_code == 201, begun.get_json()
    challenge = begun.get_json()["challenge"]
    done = caller()("POST", "/session/code", {"challenge": challenge, "code": code_of(inbox)})
    assert done.status_code == 201, done.get_json()
    return caller(token=done.get_json()["token"]), challenge


@pytest.mark.rule("CB-116")
def test_two_factors_give_a_token_and_signing_out_ends_it(jeanne, caller, inbox):
    mine, _challenge = sign_in(caller, inbox)
    shown = mine("GET", "/session").get_json()
    assert (shown["account_id"], shown["role"], shown["display_name"]) == (str(jeanne), "patient", "Jeanne Morel")
    assert mine("DELETE", "/session").status_code == 204
    after = mine("GET", "/session")
    assert (after.status_code, after.get_json()["type"]) == (401, "urn:portico:problem:session_ended")


@pytest.mark.rule("CB-116")
def test_a_used_or_wrong_code_opens_nothing(jeanne, caller, inbox):
    _mine, challenge = sign_in(caller, inbox)
    replayed = caller()("POST", "/session/code", {"challenge": challenge, "code": code_of(inbox)})
    assert (replayed.status_code, replayed.get_json()["restart"]) == (401, True)
    begun = caller()("POST", "/session", {"email": PERSON["email"], "password": PASSWORD}).get_json()
    wrong = "000000" if code_of(inbox) != "000000" else "111111"
    refused = caller()("POST", "/session/code", {"challenge": begun["challenge"], "code": wrong})
    assert (refused.status_code, refused.get_json()["restart"]) == (401, False)
    assert "token" not in refused.get_json()


def test_unknown_and_known_addresses_read_the_same(jeanne, caller):
    known = caller()("POST", "/session", {"email": PERSON["email"], "password": "wrong"}).get_json()
    unknown = caller()("POST", "/session", {"email": "nobody@example.org", "password": "wrong"}).get_json()
    assert {k: v for k, v in known.items() if k != "instance"} == {k: v for k, v in unknown.items() if k != "instance"}
    assert known["status"] == 401


def test_too_many_tries_say_how_long_to_wait(jeanne, caller):
    for _try in range(6):
        answer = caller()("POST", "/session", {"email": PERSON["email"], "password": "wrong"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_cookie_opens_nothing_and_no_token_is_needed_against_forgery(app, frontalia, jeanne, caller):
    with current.entered(frontalia.id):
        token = sessions.open_session(accounts.by_id(jeanne), "tests")
        db.session.commit()
    assert caller()("GET", "/me", Cookie=f"portico_session={token}").status_code == 401
    assert caller(token=token)("GET", "/me").status_code == 200
    for scheme in (f"Basic {token}", "Bearer ", "Bearer x", token):
        assert caller()("GET", "/me", Authorization=scheme).status_code == 401
    form = app.test_client(use_cookies=False).post(
        "/api/v1/session", data={"email": "a", "password": "b"}, base_url="http://frontalia.localhost:8000"
    )
    assert form.status_code == 415


@pytest.mark.rule("CB-119")
def test_nothing_but_a_new_password_while_one_must_be_chosen(frontalia, jeanne, caller):
    with current.entered(frontalia.id):
        row = accounts.by_id(jeanne)
        row.must_change_password = True
        token = sessions.open_session(row, "tests")
        db.session.commit()
    mine = caller(token=token)
    refused = mine("GET", "/me")
    assert (refused.status_code, refused.get_json()["type"]) == (403, "urn:portico:problem:password_must_change")
    assert mine("GET", "/acceptances").status_code == 403
    assert mine("PUT", "/me/password", {"old": PASSWORD, "new": "short"}).status_code == 422
    assert mine("PUT", "/me/password", {"old": PASSWORD, "new": "seven quiet harbour stones"}).status_code == 204
    assert mine("GET", "/me").status_code == 200


@pytest.mark.rule("CB-004")
def test_the_services_are_closed_until_the_documents_are_accepted(frontalia, monday, caller):
    with current.entered(frontalia.id):
        who = Person("Paul", "Weber", "paul@example.org", "+33612345679", "1980-01-01", "male")
        row = accounts.create_account(
            "patient", who, "", language="en", state="active", hashed=passwords.hash_password(PASSWORD)
        )
        token = sessions.open_session(row, "tests")
        db.session.commit()
    mine = caller(token=token)
    refused = mine("GET", "/me").get_json()
    assert refused["type"] == "urn:portico:problem:acceptance_missing"
    missing = {d["code"]: d["version"] for d in mine("GET", "/acceptances").get_json()["missing"]}
    assert sorted(missing) == sorted(refused["documents"])
    stale = mine("POST", "/acceptances", {"accept": dict.fromkeys(missing, "1999-01")})
    assert (stale.status_code, len(stale.get_json()["errors"])) == (422, len(missing))
    standing = mine("POST", "/acceptances", {"accept": missing})
    assert (standing.status_code, standing.get_json()["missing"]) == (201, [])
    assert {p["way"] for p in standing.get_json()["proof"]} == {"express"}
    assert mine("GET", "/me").get_json()["last_name"] == "Weber"


# -- registering -----------------------------------------------------------------------------------------------------


def accepted(caller) -> dict[str, str]:
    documents = caller()("GET", "/portal").get_json()["documents"]
    return {d["code"]: d["version"] for d in documents if d["accept_at_registration"]}


@pytest.mark.rule("CB-081", "CB-087", "CB-278")
def test_registering_confirming_signing_in(caller, portals, inbox):
    boxes = accepted(caller)
    made = caller()("POST", "/registrations/patient", {**PERSON, "undertaking": True, "accept": boxes})
    assert made.status_code == 202, made.get_json()
    early = caller()("POST", "/session", {"email": PERSON["email"], "password": PASSWORD})
    assert early.status_code == 401
    link = re.search(r"/confirm/([\w-]+)", inbox()[0].body_text).group(1)
    lacking = caller()("POST", "/registrations/confirm", {"token": link})
    assert [e["pointer"] for e in lacking.get_json()["errors"]] == ["#/accept/information_and_consent_notice"]
    opened = caller()("POST", "/registrations/confirm", {"token": link, "accept": boxes})
    assert opened.status_code == 200, opened.get_json()
    reused = caller()("POST", "/registrations/confirm", {"token": link, "accept": boxes})
    assert reused.status_code == 404
    mine, _challenge = sign_in(caller, inbox)
    assert mine("GET", "/me").get_json()["email"] == PERSON["email"]
    assert mine("GET", "/me/category").get_json()["code"] == "other"
    again = caller()("POST", "/registrations/patient", {**PERSON, "undertaking": True, "accept": boxes})
    assert (again.status_code, again.get_json()) == (202, made.get_json())


@pytest.mark.rule("CB-061", "CB-062", "CB-050")
def test_every_wrong_value_is_named_with_its_place(caller, monday):
    bad = {
        **PERSON,
        "undertaking": True,
        "birth_date": "2099-01-01",
        "email": "no address",
        "phone": "12",
        "password": "short",
        "accept": {},
    }
    answer = caller()("POST", "/registrations/patient", bad)
    places = {e["pointer"] for e in answer.get_json()["errors"]}
    assert answer.status_code == 422
    assert {"#/birth_date", "#/email", "#/phone", "#/password", "#/accept/terms_of_use_and_sale"} <= places
    minor = caller()(
        "POST",
        "/registrations/patient",
        {**PERSON, "undertaking": True, "birth_date": "2015-01-01", "accept": accepted(caller)},
    )
    assert [e["pointer"] for e in minor.get_json()["errors"]] == ["#/birth_date"]


@pytest.mark.rule("CB-090", "CB-091")
def test_a_professional_registers_with_numbers_and_copies(frontalia, caller, monday, inbox):
    body = {
        **PERSON, "email": "doc@example.org", "country": "FR", "specialty": "general_practice", "place": "1 rue A, 57000 Metz",
        "accept": accepted(caller),
    }  # fmt: skip
    lacking = caller()("POST", "/registrations/professional", body)
    assert lacking.status_code == 422
    wanted = {e["pointer"].removeprefix("#/") for e in lacking.get_json()["errors"]}
    with current.entered(frontalia.id) as view:
        country = professionals.practice_country("FR")
        examples = {
            i.code: i.example for i in view.dispatcher.collect("identifier_types") if i.code in country.identifiers
        }
    assert wanted == {*country.identifiers, *country.documents}
    pdf = base64.b64encode(b"%PDF-1.4 a copy %%EOF").decode()
    copies = {code: {"filename": "copy.pdf", "content": pdf} for code in country.documents}
    empty = {**copies, country.documents[0]: {"filename": "copy.pdf", "content": ""}}
    refused = caller()("POST", "/registrations/professional", {**body, "identifiers": examples, "documents": empty})
    assert [e["pointer"] for e in refused.get_json()["errors"]] == [f"#/{country.documents[0]}"]
    not_base64 = {**copies, country.documents[0]: {"filename": "copy.pdf", "content": "%%%"}}
    assert (
        caller()(
            "POST", "/registrations/professional", {**body, "identifiers": examples, "documents": not_base64}
        ).status_code
        == 422
    )
    made = caller()("POST", "/registrations/professional", {**body, "identifiers": examples, "documents": copies})
    assert made.status_code == 202, made.get_json()
    assert inbox()[0].recipient == "doc@example.org"


# -- the person ------------------------------------------------------------------------------------------------------


def test_dependants(patient):
    child = {
        "first_name": "Léo",
        "last_name": "Muster",
        "birth_date": "2019-05-17",
        "sex": "male",
        "relation": "parent",
        "declared": True,
    }
    made = patient("POST", "/me/dependants", child)
    assert (made.status_code, made.get_json()["kind"], made.get_json()["age"]) == (201, "minor", 7)
    future = patient("POST", "/me/dependants", {**child, "birth_date": "2030-01-01"})
    assert [e["pointer"] for e in future.get_json()["errors"]] == ["#/birth_date"]
    assert [d["name"] for d in patient("GET", "/me/dependants").get_json()["items"]] == ["Léo Muster"]
    assert patient("DELETE", f"/me/dependants/{made.get_json()['id']}").status_code == 204
    assert patient("GET", "/me/dependants").get_json()["items"] == []


def test_somebody_elses_dependant_is_absent(patient, sign, slot):
    child = {
        "first_name": "Léo",
        "last_name": "Muster",
        "birth_date": "2019-05-17",
        "sex": "male",
        "relation": "parent",
        "declared": True,
    }
    theirs = sign()("POST", "/me/dependants", child).get_json()["id"]
    assert patient("DELETE", f"/me/dependants/{theirs}").status_code == 404
    assert patient.book("/holds", {**slot, "dependant_id": theirs}).status_code == 404
    assert patient("GET", f"/professionals?dependant_id={theirs}").status_code == 404


@pytest.mark.rule("CB-098")
def test_the_category_follows_from_what_is_declared_and_proved(patient):
    assert patient("GET", "/me/category").get_json()["code"] == "fr_resident"
    assert patient("DELETE", "/me/identifiers/fr_nir").status_code == 204
    shown = patient("GET", "/me/category").get_json()
    assert shown["code"] == "other"
    assert {"kind": "identifier", "value": "fr_nir"} in shown["missing"]
    wrong = patient("PUT", "/me/identifiers/fr_nir", {"value": "280057500000112"})
    assert wrong.status_code == 422
    assert wrong.get_json()["errors"][0]["pointer"] == "#/value"
    assert patient("PUT", "/me/identifiers/nothing", {"value": "1"}).status_code == 404
    assert patient("PUT", "/me/profile", {"residence": "france"}).status_code == 422
