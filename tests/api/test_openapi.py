"""The description of the API: valid, complete, of this portal only; problems in one form; nothing unknown taken."""

from __future__ import annotations

import re

import pytest
import schemathesis
from flask.globals import _cv_app

from core.api.operations import OPERATIONS
from core.web.access import declared


@pytest.fixture
def document(caller):
    return caller()("GET", "/openapi.json").get_json()


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def test_it_is_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]
        assert target


def test_every_operation_is_described_and_says_who_may_call_it(app, document):
    seen = 0
    for path, entries in document["paths"].items():
        for method in ("get", "post", "put", "delete"):
            entry = entries.get(method)
            if entry is None:
                continue
            seen += 1
            assert len(entry["summary"]) > 3, (method, path)
            assert entry["x-portico-access"], (method, path)
            assert (entry["security"] == []) == ("public" in entry["x-portico-access"])
            assert "default" in entry["responses"]
    # Those of plugins are there where the portal has the plugin on.
    assert seen == sum(not (o.needs or "").startswith("plugin ") for o in OPERATIONS.values())
    assert (
        len({e["operationId"] for p in document["paths"].values() for m, e in p.items() if m != "parameters"}) == seen
    )
    for endpoint, operation in OPERATIONS.items():
        if endpoint in app.view_functions:  # the example's plugin is not installed
            assert declared(app, endpoint) == operation.roles


def test_every_member_is_described(document):
    for name, schema in document["components"]["schemas"].items():
        for member, about in schema.get("properties", {}).items():
            assert about.get("description"), f"{name}.{member}"


def test_what_books_wants_a_key(document):
    wanted = set()
    for path, entries in document["paths"].items():
        for method, entry in entries.items():
            if method != "parameters" and any(p.get("name") == "Idempotency-Key" for p in entry.get("parameters", [])):
                wanted.add((method, path.removeprefix("/api/v1")))
    assert wanted == {
        ("post", "/consultations"),
        ("post", "/consultations/{consultation_id}/accept"),
        ("post", "/consultations/{consultation_id}/cancel"),
        ("post", "/consultations/{consultation_id}/decline"),
        ("post", "/consultations/{consultation_id}/messages"),
        ("post", "/consultations/{consultation_id}/reports"),
        ("post", "/holds"),
        ("post", "/appointments"),
        ("post", "/appointments/{appointment_id}/move"),
        ("post", "/appointments/{appointment_id}/cancel"),
        ("post", "/record/registers/{code}/entries"),
        ("post", "/record/registers/{code}/none"),
        ("post", "/patients/{account_id}/record/registers/{code}/entries"),
        ("post", "/patients/{account_id}/record/registers/{code}/none"),
        ("post", "/record/documents"),
        ("post", "/consultations/{consultation_id}/documents"),
        ("post", "/record/grants"),
        ("post", "/prescriptions/{prescription_id}/new-code"),
        ("post", "/prescriptions/{prescription_id}/withdraw"),
        ("post", "/prescriptions/{prescription_id}/hand-over"),
        ("post", "/colleagues/messages"),
        ("post", "/expertise"),
        ("post", "/expertise/{expertise_id}/answer"),
        ("post", "/expertise/{expertise_id}/decline"),
        ("post", "/expertise/{expertise_id}/close"),
    }


def services_in(document):
    schema = document["components"]["schemas"]["AppointmentAnswer"]["properties"]["service"]
    return set(schema["enum"])


def test_it_is_the_portals_own(caller, document):
    other = caller("rdv-confiance")("GET", "/openapi.json").get_json()
    assert "Frontalia" in document["info"]["title"]
    assert "Frontalia" not in str(other)
    assert services_in(document) == {"in_person", "video_consultation", "express_consultation", "teleconsultation"}
    offered = {s["code"] for s in caller("rdv-confiance")("GET", "/portal").get_json()["services"]}
    assert services_in(other) == offered != services_in(document)


def test_a_portal_without_appointments_has_no_operation_for_them(bundles, app, caller, portals):
    from core.tenancy import service

    bundle = {**bundles["rdv-confiance"]}
    bundle["config"] = {
        **bundle["config"],
        "services": {"express_consultation": {"enabled": True, "duration_minutes": 15}},
    }
    service.store(bundle, "tests")
    paths = caller("rdv-confiance")("GET", "/openapi.json").get_json()["paths"]
    assert "/api/v1/holds" not in paths
    assert "/api/v1/portal" in paths
    assert caller("rdv-confiance")("GET", "/professionals/00000000-0000-4000-8000-000000000000/slots?reason_id=00000000-0000-4000-8000-000000000000").get_json()["type"] == "urn:portico:problem:http_404"  # fmt: skip


def test_the_page_for_people_lists_every_operation(browse, document):
    page = browse().get("/api/v1/")
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    for path, entries in document["paths"].items():
        for method in entries:
            if method != "parameters":
                assert f"<code>{method.upper()} {path}</code>" in text
    assert "<script>" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    assert not re.search(r"(src|href)=\"https?://", text)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "http_404"),
        ("GET", "/me", None, 401, "http_401"),
        ("DELETE", "/portal", None, 405, "http_405"),
        ("POST", "/session", {"email": "a@example.org"}, 422, "invalid_input"),
        ("POST", "/session", {"email": "a@example.org", "password": "x", "more": 1}, 422, "invalid_input"),
        ("POST", "/session", [1], 422, "invalid_input"),
        ("GET", "/professionals?nothing=1", None, 422, "invalid_input"),
        ("GET", "/professionals/not-an-id", None, 404, "http_404"),
        ("GET", "/professionals/00000000-0000-4000-8000-000000000000", None, 404, "not_found"),
        ("GET", "/legal/nothing", None, 404, "not_found"),
    ],
)
def test_every_refusal_is_a_problem(caller, method, path, body, status, code):
    answer = caller()(method, path, body)
    problem = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert problem["type"] == f"urn:portico:problem:{code}"
    assert problem["status"] == status
    assert problem["title"] and problem["instance"].startswith("urn:portico:request:")
    if code == "invalid_input":
        assert all(("pointer" in e) != ("parameter" in e) and e["detail"] for e in problem["errors"])


def test_a_body_that_is_not_json(caller, app):
    answer = caller()("POST", "/session", None, Content_Type="application/json")
    assert (answer.status_code, answer.get_json()["type"]) == (422, "urn:portico:problem:invalid_input")
    client = app.test_client(use_cookies=False)
    broken = client.post(
        "/api/v1/session", data="{broken", content_type="application/json", base_url="http://frontalia.localhost:8000"
    )
    assert (broken.status_code, broken.get_json()["type"]) == (400, "urn:portico:problem:not_json")


def test_problems_are_told_in_the_callers_language(bundles, caller):
    from core.tenancy import service

    source = "Some values are missing or wrong. Each is named under “errors”."
    bundle = {**bundles["frontalia"], "catalogue": {"fr": {source: "Des valeurs manquent."}}}
    service.store(bundle, "tests")
    said = {c: caller()("POST", "/session", {}, Accept_Language=c).get_json()["detail"] for c in ("en", "fr")}
    assert said == {"en": source, "fr": "Des valeurs manquent."}


def test_generated_calls_never_break_it(app, frontalia, document):
    """Calls made from the description, right and wrong ones: never a 5xx, and answers as described."""
    token = _cv_app.set(None)  # type: ignore[arg-type]
    try:
        schema = schemathesis.openapi.from_dict(document)
        schema.app = app.wsgi_app
        for result in schema.get_all_operations():
            operation = result.ok()
            if "public" not in operation.definition.raw.get("x-portico-access", []) or "session" in operation.path:
                continue
            _try(operation)
    finally:
        _cv_app.reset(token)


def _try(operation):
    import hypothesis

    @hypothesis.settings(
        max_examples=15, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy())
    def call(case):
        answer = case.call(base_url="http://frontalia.localhost:8000", headers={"Host": "frontalia.localhost:8000"})
        assert answer.status_code < 500, (case.method, case.formatted_path, answer.text[:300])
        if answer.status_code >= 400 and "error" in answer.json() and operation.path.endswith("/oauth/token"):
            assert "application/json" in str(answer.headers.get("content-type")), "as RFC 6749 wants it"
        elif answer.status_code >= 400:
            assert "application/problem+json" in str(answer.headers.get("content-type")), answer.text[:300]

    call()
