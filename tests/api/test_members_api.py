"""Members by the insurer's programs: a token with its scope, a closed list both ways, safe to repeat, one portal only."""

from __future__ import annotations

import base64
import copy
import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.audit.models import AuditEntry
from core.db import db
from core.identity import clients
from core.tenancy import current, service
from core.tenancy.current import TenantView, entered
from core.web.frame import Refused
from tests.api.conftest import Caller, alone

pytest.importorskip("plugins.insurer_assistance.api_members")
from plugins.insurer_assistance import api_members, listing, members
from plugins.insurer_assistance.members import Asked
from plugins.insurer_assistance.models import Member

PATH = "/x/insurer_assistance/members"
LEA = {
    "number": "N1", "contract_number": "C-100", "role": "insured", "last_name": "Dûpré", "first_name": "Léa", "birth_date": "1980-05-01",
    "opens_on": "2026-01-01", "residence": "FR", "protected": False,
}  # fmt: skip
PAUL = LEA | {"number": "N2", "role": "spouse", "first_name": "Paul", "birth_date": "1981-06-02"}


@pytest.fixture
def insured(app: Flask, bundles: dict[str, Any], portals: dict[str, TenantView]) -> TenantView:
    """frontalia with the assistance on; rdv-confiance without."""
    bundle = copy.deepcopy(bundles["frontalia"])
    bundle["config"]["plugins"]["insurer_assistance"] = {}
    service.store(bundle, "tests")
    current.forget_views()
    return current.view_by_id(portals["frontalia"].id)


@pytest.fixture
def program(app: Flask, insured: TenantView) -> Callable[..., Caller]:
    """A program of the insurer with a token."""

    def make(*scopes: str, **more: Any) -> Caller:
        with entered(insured.id):
            row, secret = clients.add(uuid.uuid4().hex, list(scopes or ("members",)), **more)
            client_id = str(row.id)
            db.session.commit()
        basic = "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        call = app.test_client(use_cookies=False)
        answer = alone(
            lambda: call.post(
                "/api/v1/oauth/token",
                data={"grant_type": "client_credentials"},
                headers={"Authorization": basic},
                base_url="http://frontalia.localhost:8000",
            )  # fmt: skip
        )
        assert answer.status_code == 200, answer.text
        return Caller(app, "frontalia", answer.get_json()["access_token"])

    return make


def listed(insured: TenantView, who: dict[str, Any]) -> members.Answer:
    with entered(insured.id):
        born = dt.date.fromisoformat(who["birth_date"])
        found = members.in_list(Asked(who["last_name"], who["first_name"], born, who["contract_number"]))
        db.session.expunge_all()
    return found


@pytest.mark.rule("IA-009")
def test_one_member_is_put_found_shown_and_removed_and_all_of_it_can_be_repeated(program, insured):
    call = program()
    first, again = call("PUT", PATH, LEA), call("PUT", PATH, LEA)
    assert (first.status_code, first.get_json()["done"], again.get_json()["done"]) == (200, "added", "unchanged")
    assert listed(insured, LEA).ok
    ident = first.get_json()["id"]
    assert call("PUT", PATH, LEA | {"closes_on": "2026-12-31"}).get_json()["done"] == "changed"
    found = call("POST", f"{PATH}/search", {"number": "n1"}).get_json()
    assert found == {
        "id": ident, "role": "insured", "opens_on": "2026-01-01", "closes_on": "2026-12-31", "residence": "FR", "protected": False,
        "exclusions": [], "listed": True,
    }  # fmt: skip
    assert call("GET", f"{PATH}/{ident}").get_json() == found
    for _time in range(2):
        assert call("DELETE", f"{PATH}/{ident}").status_code == 204
    assert listed(insured, LEA).code == "removed"
    assert call("GET", f"{PATH}/{ident}").get_json()["listed"] is False
    assert call("PUT", PATH, LEA).get_json()["done"] == "changed"
    assert listed(insured, LEA).ok


@pytest.mark.rule("IA-091", "IA-092")
def test_the_closed_list_is_this_and_a_field_more_is_refused(program, insured):
    assert set(api_members.TAKEN) == {
        "number", "contract_number", "role", "last_name", "first_name", "birth_date", "opens_on", "closes_on", "residence", "protected",
        "exclusions",
    }  # fmt: skip
    assert set(api_members.GIVEN) == {
        "id", "role", "opens_on", "closes_on", "residence", "protected", "exclusions", "listed", "done",
    }  # fmt: skip
    call = program()
    answer = call("PUT", PATH, LEA | {"diagnosis": "asthma"})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert "asthma" not in answer.text and "#/diagnosis" in answer.text
    batch = call("POST", f"{PATH}/batch", {"members": [LEA | {"diagnosis": "asthma"}, PAUL]}).get_json()
    assert (batch["added"], [e["index"] for e in batch["errors"]]) == (1, [0])
    assert "asthma" not in json.dumps(batch)


@pytest.mark.rule("IA-091", "IA-092")
def test_the_document_of_the_portal_holds_the_closed_list_and_the_others_does_not_name_it(app, insured, caller):
    spec = caller()("GET", "/openapi.json").get_json()
    mine = {p: e for p, e in spec["paths"].items() if p.startswith("/api/v1/x/")}
    assert set(mine) == {
        f"/api/v1{PATH}",
        f"/api/v1{PATH}/search",
        f"/api/v1{PATH}/batch",
        f"/api/v1{PATH}/{{member_id}}",
    }
    assert set(spec["components"]["schemas"]["MemberInput"]["properties"]) == set(api_members.TAKEN)
    assert set(spec["components"]["schemas"]["MemberDone"]["properties"]) == set(api_members.GIVEN)
    assert "members" in spec["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]["scopes"]
    other = caller("rdv-confiance")("GET", "/openapi.json").get_json()
    assert not [p for p in other["paths"] if "/x/" in p]
    assert "members" not in other["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]["scopes"]
    assert "/members/batch" in caller()("GET", "/").text


@pytest.mark.parametrize(("change", "place"), [
    ({"role": "cousin"}, "#/role"), ({"number": " "}, "#/number"), ({"birth_date": "2030-01-01"}, "#/birth_date"),
    ({"birth_date": "01/05/1980"}, "#/birth_date"), ({"closes_on": "2025-01-01"}, "#/closes_on"), ({"residence": "France"}, "#/residence"),
    ({"protected": "no"}, "#/protected"), ({"exclusions": ["asthma"]}, "#/exclusions/0"), ({"last_name": "x" * 101}, "#/last_name"),
])  # fmt: skip
def test_what_is_wrong_is_named_by_its_place(app, insured, change, place):
    with entered(insured.id):
        found = api_members.MemberInput().validate(LEA | change)
    from core.api.problems import flatten

    assert place in {e["pointer"] for e in flatten(found, "json")}


def test_a_batch_tells_its_faults_by_index_and_takes_the_others(program, insured):
    call = program()
    body = {
        "members": [
            LEA,
            PAUL | {"role": "x"},
            7,
            PAUL,
            LEA | {"number": "N3", "first_name": "Zoé"},
            LEA | {"number": "n 3"},
        ]
    }
    done = call("POST", f"{PATH}/batch", body)
    assert done.status_code == 200, done.text
    answer = done.get_json()
    assert (answer["added"], answer["changed"], answer["unchanged"]) == (2, 0, 0)
    assert [e["index"] for e in answer["errors"]] == [1, 2, 4, 5]
    again = call("POST", f"{PATH}/batch", {"members": [LEA, PAUL]}).get_json()
    assert (again["added"], again["changed"], again["unchanged"], again["errors"]) == (0, 0, 2, [])
    assert listed(insured, LEA).ok and listed(insured, PAUL).ok


def test_a_batch_holds_a_thousand_and_not_one_more(program, insured, monday):
    call = program(cases_per_minute=2_500)
    many = [LEA | {"number": f"N{n}", "contract_number": f"C{n}", "first_name": f"A{n}"} for n in range(1001)]
    assert call("POST", f"{PATH}/batch", {"members": many}).status_code == 422
    assert call("POST", f"{PATH}/batch", {"members": []}).status_code == 422
    for _time in range(2):
        assert call("POST", f"{PATH}/batch", {"members": many[:1000]}).status_code == 200
    full = call("POST", f"{PATH}/batch", {"members": many[:1000]})
    assert (full.status_code, full.mimetype) == (429, "application/problem+json")
    assert int(full.headers["Retry-After"]) > 0
    with entered(insured.id):
        assert db.session.execute(select(func.count()).select_from(Member)).scalar_one() == 1000


@pytest.mark.rule("IA-002", "IA-092")
def test_only_a_program_with_the_scope_on_a_portal_with_the_service(program, insured, caller, sign, portals):
    calls = (("PUT", PATH, LEA), ("POST", f"{PATH}/search", {"number": "N1"}), ("POST", f"{PATH}/batch", {"members": [LEA]}),
             ("GET", f"{PATH}/{uuid.uuid4()}", None), ("DELETE", f"{PATH}/{uuid.uuid4()}", None))  # fmt: skip
    without, patient = program("decisions"), sign()
    for method, path, body in calls:
        assert caller()(method, path, body).status_code == 401
        assert without(method, path, body).status_code == 403
        assert patient(method, path, body).status_code == 403
    with entered(portals["rdv-confiance"].id):
        with pytest.raises(Refused):
            clients.add("insurer", ["members"])
        db.session.rollback()
        row, _secret = clients.add("insurer", ["decisions"])
        clients.keep_token(row, clients.TOKEN_PREFIX + "elsewhere", ["members"])
        db.session.commit()
    elsewhere = caller("rdv-confiance", clients.TOKEN_PREFIX + "elsewhere")
    for method, path, body in calls:
        assert elsewhere(method, path, body).status_code == 404
        assert caller("frontalia", clients.TOKEN_PREFIX + "elsewhere")(method, path, body).status_code == 401
    assert not listed(insured, LEA).ok


def test_a_member_of_another_insurer_is_absent(program, insured, bundles, portals):
    bundle = copy.deepcopy(bundles["rdv-confiance"])
    bundle["config"]["plugins"]["insurer_assistance"] = {}
    service.store(bundle, "tests")
    with entered(portals["rdv-confiance"].id):
        there = listing.put(
            listing.Listed("N1", "C-100", "Dûpré", "Léa", dt.date(1980, 5, 1), "insured", dt.date(2026, 1, 1)), "api"
        ).id
        db.session.commit()
    call = program()
    assert call("GET", f"{PATH}/{there}").status_code == 404
    assert call("DELETE", f"{PATH}/{there}").status_code == 404
    assert call("POST", f"{PATH}/search", {"number": "N1"}).status_code == 404
    assert call("PUT", PATH, LEA).get_json()["done"] == "added"


@pytest.mark.rule("IA-010", "IA-091")
def test_no_number_and_no_name_on_the_trail_or_in_an_answer_and_no_use_of_the_service(program, insured, caplog):
    call = program()
    with caplog.at_level("DEBUG"):
        answers = [
            call("PUT", PATH, LEA),
            call("POST", f"{PATH}/batch", {"members": [PAUL]}),
            call("POST", f"{PATH}/search", {"number": "N1"}),
        ]
    with entered(insured.id):
        trail = [str(e.details) for e in db.session.execute(select(AuditEntry)).scalars()]
    everything = "\n".join([*trail, caplog.text, *[a.text for a in answers], *[str(a.headers) for a in answers]])
    for word in ("C-100", "Dûpré", "D\\u00fbpr\\u00e9", "1980-05-01"):
        assert word not in everything
    for rule in call.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/x/insurer_assistance"):
            assert rule.arguments <= {"member_id"}, "no address carries a number of the insurer"
