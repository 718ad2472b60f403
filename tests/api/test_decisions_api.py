"""Rules in bulk for partners' programs: a token for a secret, the command's own answers, nothing personal kept."""

from __future__ import annotations

import base64
import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from core import clock
from core.audit.models import AuditEntry
from core.db import db
from core.hooks import asking
from core.identity import clients
from core.tenancy.current import TenantView, entered
from tests.api.conftest import Caller, alone

ROOT = Path(__file__).resolve().parents[2]
CASE = {
    "id": "Canaryname",
    "question": "service_access",
    "at": "2026-11-21",
    "service": "teleconsultation",
    "patient": {"category": "fr_resident", "statuses": ["ald"], "birth_date": "1980-05-01", "country": "FR"},
    "professional": {"country": "FR", "kind": "physician", "specialty": "general_practice"},
    "facts": {},
}


@pytest.fixture
def made(portals: dict[str, TenantView]) -> Callable[..., tuple[str, str]]:
    """Add a client to a portal: its id and secret."""

    def make(slug: str = "frontalia", name: str = "insurer", **more: Any) -> tuple[str, str]:
        with entered(portals[slug].id):
            row, secret = clients.add(name, ["decisions"], **more)
            db.session.commit()
            return str(row.id), secret

    return make


@pytest.fixture
def get_token(app: Flask, portals: dict[str, TenantView]) -> Callable[..., TestResponse]:
    """Ask for a token as RFC 6749 says: a form, HTTP Basic unless `basic` is false."""

    def ask(
        client_id: str, secret: str, slug: str = "frontalia", *, basic: bool = True, scheme: str = "http", **form: str
    ) -> TestResponse:
        headers = {"Accept-Language": "en"}
        sent = {"grant_type": "client_credentials", **form}
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        else:
            sent |= {"client_id": client_id, "client_secret": secret}
        call = app.test_client(use_cookies=False)
        base = f"{scheme}://{slug}.localhost:8000"
        return alone(lambda: call.post("/api/v1/oauth/token", data=sent, headers=headers, base_url=base))

    return ask


@pytest.fixture
def partner(app: Flask, made: Any, get_token: Any) -> Caller:
    """A client of frontalia with a token."""
    answer = get_token(*made())
    assert answer.status_code == 200, answer.text
    return Caller(app, "frontalia", answer.get_json()["access_token"])


@pytest.mark.parametrize("basic", [True, False])
def test_a_secret_gives_a_token_for_an_hour(made: Any, get_token: Any, basic: bool) -> None:
    answer = get_token(*made(), basic=basic)
    token = answer.get_json()
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 3600, "decisions")
    assert "refresh_token" not in token


def test_secrets_and_tokens_are_kept_as_digests(inside: Any, made: Any, get_token: Any) -> None:
    client_id, secret = made()
    token = get_token(client_id, secret).get_json()["access_token"]
    kept = db.session.execute(text("SELECT t::text || c::text FROM api_tokens t, api_clients c")).scalars().all()
    assert len(kept) == 1
    for word in (secret, token, token.removeprefix(clients.TOKEN_PREFIX)):
        assert word not in kept[0]
        assert word.encode().hex() not in kept[0]


@pytest.mark.parametrize(("change", "status", "error"), [
    ({"secret": "wrong"}, 401, "invalid_client"),
    ({"client_id": str(uuid.UUID(int=7))}, 401, "invalid_client"),
    ({"client_id": "no-id"}, 401, "invalid_client"),
    ({"scope": "decisions everything"}, 400, "invalid_scope"),
    ({"scope": "everything"}, 400, "invalid_scope"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ({"grant_type": ""}, 400, "unsupported_grant_type"),
    ({"slug": "rdv-confiance"}, 401, "invalid_client"),
])  # fmt: skip
def test_who_may_not_gets_no_token(made: Any, get_token: Any, change: dict[str, str], status: int, error: str) -> None:
    client_id, secret = made()
    answer = get_token(**{"client_id": client_id, "secret": secret, **change})
    body = answer.get_json()
    assert (answer.status_code, body["error"], answer.mimetype) == (status, error, "application/json")
    assert body["type"] == f"urn:portico:problem:{error}"
    assert len(body["error_description"]) > 20
    assert "access_token" not in body


def test_an_unknown_client_reads_like_a_wrong_secret(made: Any, get_token: Any) -> None:
    client_id, secret = made()
    wrong, unknown = get_token(client_id, "x").get_json(), get_token(str(uuid.UUID(int=7)), secret).get_json()
    assert {k: v for k, v in wrong.items() if k != "instance"} == {k: v for k, v in unknown.items() if k != "instance"}


def test_guessing_is_slowed_down(monday: Any, made: Any, get_token: Any) -> None:
    client_id, secret = made()
    found = [get_token(client_id, "guess").status_code for _n in range(60)]
    assert found[0] == 401
    assert found[-1] == 429
    assert int(get_token(client_id, secret).headers["Retry-After"]) > 0


def test_production_wants_https(app: Flask, made: Any, get_token: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    portico = app.extensions["portico"]
    monkeypatch.setattr(portico, "settings", dataclasses.replace(portico.settings, env="production"))
    client_id, secret = made()
    assert get_token(client_id, secret).get_json()["error"] == "insecure_transport"
    assert get_token(client_id, secret, scheme="https").status_code == 200


def test_one_case_is_answered_as_the_command_answers_it(
    partner: Caller, frontalia: TenantView, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.cli.decide import open_portal

    monkeypatch.setenv("PORTICO_TENANTS_DIR", str(ROOT / "tenants"))
    portal = open_portal("frontalia")
    answer = partner("POST", "/decisions", CASE)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_data(as_text=True) == asking.written(
        asking.answer(CASE, portal.dispatcher, portal.today, portal.language)
    )
    assert answer.get_json()["effect"] == "permit"


def test_a_list_is_answered_in_order_with_problems_in_their_places(partner: Caller) -> None:
    cases = [
        CASE,
        {**CASE, "id": 2, "question": "no_such"},
        [1],
        {**CASE, "id": 4, "patient": {**CASE["patient"], "birth_date": "2027-01-01"}},
        {**CASE, "id": 5, "at": "2018-09-14"},
        {**CASE, "id": 6, "nonsense": True},
    ]
    answer = partner("POST", "/decisions", cases)
    found = answer.get_json()
    assert answer.status_code == 200
    assert [a.get("effect") for a in found] == ["permit", None, None, None, "deny", None]
    assert [a["id"] for a in found] == ["Canaryname", 2, None, 4, 5, 6]
    for problem in (found[1], found[2], found[3], found[5]):
        assert (problem["type"], problem["status"]) == ("urn:portico:problem:bad_case", 422)
        assert problem["detail"]
    assert "after the day of the act" in found[3]["detail"]
    assert {r["code"] for r in found[4]["reasons"]} == {"no_rule_in_force"}


def test_the_only_case_that_is_none_is_a_problem(partner: Caller) -> None:
    answer = partner("POST", "/decisions", {**CASE, "service": 3})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "service: a text" in answer.get_json()["detail"]
    assert partner("POST", "/decisions", []).get_json() == []


@pytest.mark.parametrize("body", ["3", '"text"', "null", "{broken", ""])
def test_what_is_no_case_at_all(app: Flask, partner: Caller, body: str) -> None:
    call = app.test_client(use_cookies=False)
    headers = {"Authorization": f"Bearer {partner.token}"}
    answer = alone(
        lambda: call.post(
            "/api/v1/decisions", data=body, content_type="application/json", headers=headers,
            base_url="http://frontalia.localhost:8000",
        )
    )  # fmt: skip
    assert (answer.status_code, answer.get_json()["type"]) == (400, "urn:portico:problem:not_json")


def test_a_thousand_cases_and_not_one_more(partner: Caller) -> None:
    found = partner("POST", "/decisions", [CASE] * 1000).get_json()
    assert len(found) == 1000
    assert all(a == found[0] for a in found)
    answer = partner("POST", "/decisions", [CASE] * 1001)
    assert (answer.status_code, answer.get_json()["type"]) == (413, "urn:portico:problem:too_many_cases")


def test_a_minutes_cases_are_counted(app: Flask, monday: Any, made: Any, get_token: Any) -> None:
    token = get_token(*made(cases_per_minute=1000)).get_json()["access_token"]
    partner = Caller(app, "frontalia", token)
    assert partner("POST", "/decisions", [CASE] * 999).status_code == 200
    refused = partner("POST", "/decisions", [CASE] * 2)
    assert (refused.status_code, refused.get_json()["type"]) == (429, "urn:portico:problem:too_many_tries")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert partner("POST", "/decisions", CASE).status_code == 200
    assert partner("POST", "/decisions", CASE).status_code == 429
    with clock.at(clock.now() + dt.timedelta(seconds=61)):
        assert partner("POST", "/decisions", CASE).status_code == 200


def test_who_may_not_ask(app: Flask, partner: Caller, sign: Any, portals: Any, frontalia: TenantView) -> None:
    assert Caller(app, "frontalia")("POST", "/decisions", CASE).status_code == 401
    assert Caller(app, "frontalia", clients.TOKEN_PREFIX + "x")("POST", "/decisions", CASE).status_code == 401
    assert Caller(app, "rdv-confiance", partner.token)("POST", "/decisions", CASE).status_code == 401
    for role in ("patient", "professional"):
        assert sign(role=role)("POST", "/decisions", CASE).status_code == 403


def test_a_token_is_good_for_its_scope_only(app: Flask, partner: Caller, frontalia: TenantView) -> None:
    with entered(frontalia.id):
        row = clients.listed()[0]
        token = clients.TOKEN_PREFIX + "another"
        clients.keep_token(row, token, ["something_else"])
        db.session.commit()
    answer = Caller(app, "frontalia", token)("POST", "/decisions", CASE)
    assert (answer.status_code, answer.get_json()["type"]) == (403, "urn:portico:problem:insufficient_scope")
    assert 'scope="decisions"' in answer.headers["WWW-Authenticate"]


def test_a_clients_token_opens_nothing_of_people(partner: Caller) -> None:
    for method, path in (("GET", "/me"), ("GET", "/session"), ("GET", "/decisions"), ("GET", "/appointments")):
        assert partner(method, path).status_code in (403, 404), path


def test_a_token_ends(monday: Any, partner: Caller) -> None:
    with clock.at(clock.now() + dt.timedelta(minutes=59)):
        assert partner("POST", "/decisions", CASE).status_code == 200
    with clock.at(clock.now() + dt.timedelta(minutes=61)):
        answer = partner("POST", "/decisions", CASE)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_revoked_client_ends_with_its_tokens(partner: Caller, frontalia: TenantView, get_token: Any) -> None:
    with entered(frontalia.id):
        row = clients.listed()[0]
        assert clients.revoke(row.id)
        assert not clients.revoke(row.id)
        db.session.commit()
    assert partner("POST", "/decisions", CASE).status_code == 401
    assert get_token(str(row.id), "x").status_code == 401


def test_ended_tokens_are_forgotten(monday: Any, partner: Caller, frontalia: TenantView) -> None:
    with entered(frontalia.id):
        clients.purge()
        db.session.commit()
        assert db.session.query(clients.ApiToken).count() == 1
        with clock.at(clock.now() + dt.timedelta(hours=2)):
            clients.purge()
            db.session.commit()
        assert db.session.query(clients.ApiToken).count() == 0


def test_a_plugin_that_is_off_answers_nothing(
    app: Flask, bundles: dict[str, Any], portals: Any, made: Any, get_token: Any
) -> None:
    from core.tenancy import service

    bundle = {**bundles["rdv-confiance"]}
    bundle["config"] = {
        **bundle["config"],
        "plugins": {k: v for k, v in bundle["config"]["plugins"].items() if k != "jurisdiction_fr"},
    }
    service.store(bundle, "tests")
    token = get_token(*made("rdv-confiance"), "rdv-confiance").get_json()["access_token"]
    answer = Caller(app, "rdv-confiance", token)("POST", "/decisions", CASE).get_json()
    assert answer["effect"] == "deny"
    assert {r["source"] for r in answer["reasons"]} == {"core"}
    assert "nobody_permits" in {r["code"] for r in answer["reasons"]}


def test_the_trail_has_counts_and_nothing_personal(
    partner: Caller, frontalia: TenantView, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        partner("POST", "/decisions", [CASE, CASE, {**CASE, "question": "no_such"}])
    with entered(frontalia.id):
        entry = db.session.query(AuditEntry).filter_by(action="decisions.asked").one()
        assert entry.actor_kind == "client"
        assert json.loads(entry.details) == {"cases": 3, "answers": {"service_access permit": 2, "problem": 1}}
        everything = [
            str(value)
            for table in db.session.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'alembic%'")
            ).scalars()
            for value in db.session.execute(text(f'SELECT t::text FROM "{table}" t')).scalars()
        ]
    assert not any("Canaryname" in value for value in everything)
    assert not any("Canaryname" in json.dumps(r.__dict__, default=str) for r in caplog.records)
    assert "1980-05-01" not in caplog.text


def test_it_is_described(partner: Caller) -> None:
    spec = partner("GET", "/openapi.json").get_json()
    entry = spec["paths"]["/api/v1/decisions"]["post"]
    assert entry["security"] == [{"client": ["decisions"]}]
    one, many = entry["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert one["$ref"].endswith("/CaseInput")
    assert (many["type"], many["maxItems"]) == ("array", 1000)
    members = spec["components"]["schemas"]["CaseInput"]["properties"]
    assert set(members) == set(asking.CASE)
    token = spec["paths"]["/api/v1/oauth/token"]["post"]
    assert "application/x-www-form-urlencoded" in token["requestBody"]["content"]
    flow = spec["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "http://frontalia.localhost:8000/api/v1/oauth/token"


@pytest.mark.parametrize(("name", "scopes", "per_minute"), [
    ("x", ["everything"], 10_000), ("x", [], 10_000), (" ", ["decisions"], 10_000), ("x", ["decisions"], 999),
])  # fmt: skip
def test_a_client_that_cannot_be_made(inside: Any, name: str, scopes: list[str], per_minute: int) -> None:
    from core.web.frame import Refused

    with pytest.raises(Refused):
        clients.add(name, scopes, per_minute)


def test_a_name_is_given_once(inside: Any) -> None:
    from core.web.frame import Refused

    clients.add("insurer", ["decisions"])
    with pytest.raises(Refused, match="insurer"):
        clients.add("insurer", ["decisions"])
