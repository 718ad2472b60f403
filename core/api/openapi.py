"""The OpenAPI 3.1 document of one portal, and its page for people: what the portal does not offer is not in it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, current_app, g, jsonify, render_template, url_for

from core.api.fields import VALUES
from core.api.idempotency import HEADER
from core.api.operations import NEEDS, OPERATIONS, PREFIX, Operation, PorticoApi
from core.identity import clients
from core.messages import Message
from core.tenancy.current import TenantView
from core.web.access import access

ADDRESS = "portico_api_address"
METHODS = ("get", "post", "put", "patch", "delete")
bp = Blueprint("api_docs", __name__, url_prefix=PREFIX, template_folder="templates")
_sources: dict[str, Callable[[TenantView], list[str]]] = {}


def values(name: str) -> Callable[[Callable[[TenantView], list[str]]], Callable[[TenantView], list[str]]]:
    """Register what a member may hold on a portal: a function of the tenant's view that gives the codes."""

    def register(source: Callable[[TenantView], list[str]]) -> Callable[[TenantView], list[str]]:
        _sources[name] = source
        return source

    return register


def document(tenant: TenantView, api: PorticoApi) -> dict[str, Any]:
    """The document for a portal: operations that it has, with the codes of its services, categories and so on."""
    kept: dict[str, Any] | None = tenant._memo.get("openapi")
    if kept is None:
        kept = tenant._memo["openapi"] = _build(tenant, api)
    return kept


def _build(tenant: TenantView, api: PorticoApi) -> dict[str, Any]:
    spec: dict[str, Any] = copy.deepcopy(api.spec.to_dict())
    spec["info"] = {
        "title": f"{tenant.name}: API",
        "version": "1.0",
        "description": (
            "Everything that the pages of this portal do, for programs. Sign in with POST /session and POST /session/code; send "
            "the token as a bearer. Instants are ISO 8601 in UTC, amounts integer cents. Every refusal is a problem (RFC 9457)."
        ),
    }
    spec["servers"] = [{"url": "/", "description": tenant.name}]
    spec["components"].setdefault("securitySchemes", {})["session"] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of POST /api/v1/session/code.",
    }
    spec["components"]["securitySchemes"]["client"] = {
        "type": "oauth2",
        "description": "Partners' programs; an operator makes them with `portico client add`.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{current_app.extensions[ADDRESS](tenant)}{PREFIX}/oauth/token",
                "scopes": {name: words.msgid for name, words in sorted(_scopes(tenant).items())},
            }
        },
    }
    by_rule = {
        (re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), method.lower()): OPERATIONS[rule.endpoint]
        for rule in current_app.url_map.iter_rules()
        if rule.endpoint in OPERATIONS
        for method in rule.methods or ()
    }
    paths: dict[str, Any] = {}
    for path, entries in spec["paths"].items():
        present = {
            method: _complete(entry, by_rule[path, method])
            for method, entry in entries.items()
            if method in METHODS and _has(tenant, by_rule.get((path, method)))
        }
        if present:
            paths[path] = {**{k: v for k, v in entries.items() if k not in METHODS}, **present}
    spec["paths"] = dict(sorted(paths.items()))
    used = {tag for entries in paths.values() for m in METHODS for tag in entries.get(m, {}).get("tags", ())}
    spec["tags"] = [t for t in spec.get("tags", []) if t["name"] in used]
    _fill(spec, tenant)
    return spec


def _scopes(tenant: TenantView) -> dict[str, Message]:
    """Scopes of core's operations and of the portal's plugins."""
    found = {op.scope: clients.SCOPES[op.scope] for op in OPERATIONS.values() if op.scope in clients.SCOPES}
    for topic in tenant.dispatcher.collect("api_topics"):
        found |= topic.scopes
    return found


def _has(tenant: TenantView, operation: Operation | None) -> bool:
    return operation is not None and (operation.needs is None or NEEDS[operation.needs](tenant))


def _complete(entry: Mapping[str, Any], operation: Operation) -> dict[str, Any]:
    done = dict(entry)
    public = "public" in operation.roles
    done["operationId"] = operation.endpoint.replace(".", "_")
    done["security"] = [] if public else [{"client": [operation.scope]} if operation.scope else {"session": []}]
    done["x-portico-access"] = list(operation.roles)
    problem = {"$ref": "#/components/responses/PROBLEM"}
    answers = {str(k): v for k, v in entry.get("responses", {}).items()}
    wanted: dict[str, Any] = {"default": problem}
    for status, why in operation.refusals.items():
        wanted[str(status)] = {**_body(), "description": why}
    if not public:
        whose = "token" if operation.scope else "session"
        wanted.setdefault("401", {**_body(), "description": f"No {whose}, or one that has ended"})
        wanted.setdefault("403", {**_body(), "description": "Not for this account, or not with this token"})
    if operation.idempotent:
        done["parameters"] = [
            *entry.get("parameters", []),
            {
                "in": "header",
                "name": HEADER,
                "required": True,
                "description": "8 to 255 visible characters, new for each act; a repeat gets the first answer again",
                "schema": {"type": "string", "minLength": 8, "maxLength": 255},
            },
        ]
        wanted.setdefault("400", {**_body(), "description": "No Idempotency-Key"})
        wanted.setdefault("409", {**_body(), "description": "The first request with this key is still running"})
        wanted.setdefault("422", {**_body(), "description": "Wrong values, or the key was used for another request"})
    done["responses"] = dict(sorted({**answers, **wanted}.items()))
    return done


def _body() -> dict[str, Any]:
    return {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemAnswer"}}}}


def _fill(node: Any, tenant: TenantView) -> None:
    """Replace each `x-portico-values` by the portal's codes."""
    if isinstance(node, dict):
        name = node.pop(VALUES, None)
        if name is not None:
            target = node["items"] if node.get("type") == "array" and isinstance(node.get("items"), dict) else node
            codes: list[Any] = _sources[name](tenant)
            if codes:
                kind = target.get("type")
                target["enum"] = [*codes, None] if isinstance(kind, list) and "null" in kind else codes
        for inner in node.values():
            _fill(inner, tenant)
    elif isinstance(node, list):
        for inner in node:
            _fill(inner, tenant)


@values("services")
def _services(tenant: TenantView) -> list[str]:
    offered = tenant.config.get("services", {})
    known = {s.code for s in tenant.dispatcher.collect("services")}
    return sorted(code for code, section in offered.items() if section.get("enabled", True) and code in known)


@values("languages")
def _languages(tenant: TenantView) -> list[str]:
    return list(tenant.languages)


@values("categories")
def _categories(tenant: TenantView) -> list[str]:
    return sorted({c.code for c in tenant.dispatcher.collect("categories")})


@values("statuses")
def _statuses(tenant: TenantView) -> list[str]:
    return sorted({s.code for s in tenant.dispatcher.collect("patient_statuses")})


@values("identifier_types")
def _identifier_types(tenant: TenantView) -> list[str]:
    return sorted({i.code for i in tenant.dispatcher.collect("identifier_types")})


@values("practice_countries")
def _countries(tenant: TenantView) -> list[str]:
    return sorted({p.country for p in tenant.dispatcher.collect("practice_countries")})


@values("legal_documents")
def _documents(tenant: TenantView) -> list[str]:
    return sorted(tenant.bundle.get("legal", {}))


def services_of(tenant: TenantView) -> list[str]:
    """The codes of the services that a portal offers, sorted."""
    return _services(tenant)


@bp.get("/openapi.json")
@access("public")
def openapi_json() -> Any:
    """The document for programs."""
    return jsonify(document(g.tenant, current_app.extensions["portico_api"]))


@bp.get("/")
@access("public")
def page() -> str:
    """The same, for people."""
    spec = document(g.tenant, current_app.extensions["portico_api"])
    topics = [
        {
            "name": tag["name"],
            "description": tag.get("description", ""),
            "operations": [
                _readable(spec, path, method, entries[method])
                for path, entries in spec["paths"].items()
                for method in METHODS
                if tag["name"] in entries.get(method, {}).get("tags", ())
            ],
        }
        for tag in spec["tags"]
    ]
    return render_template("api/index.html", spec=spec, topics=topics, spec_url=url_for("api_docs.openapi_json"))


def _readable(spec: Mapping[str, Any], path: str, method: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    body = entry.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answer: Mapping[str, Any] = next((v for k, v in entry["responses"].items() if k.startswith("2")), {})
    answered = answer.get("content", {}).get("application/json", {}).get("schema")
    return {
        "id": entry["operationId"],
        "path": path,
        "method": method.upper(),
        "summary": entry.get("summary", ""),
        "description": entry.get("description", ""),
        "access": entry["x-portico-access"],
        "parameters": [_resolved(spec, p) for p in _parameters(spec, path, entry)],
        "body": _members(spec, body),
        "answer": _members(spec, answered),
        "statuses": [(k, _resolved(spec, v).get("description", "")) for k, v in entry["responses"].items()],
    }


def _parameters(spec: Mapping[str, Any], path: str, entry: Mapping[str, Any]) -> list[Any]:
    return [*spec["paths"][path].get("parameters", []), *entry.get("parameters", [])]


def _resolved(spec: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, Mapping) and "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _members(spec: Mapping[str, Any], schema: Any, prefix: str = "", depth: int = 0) -> list[dict[str, Any]]:
    found = _resolved(spec, schema)
    if not isinstance(found, Mapping) or depth > 3:
        return []
    if "oneOf" in found:  # one thing, or a list of the same
        return _members(spec, found["oneOf"][0], prefix, depth)
    if found.get("type") == "array":
        return _members(spec, found.get("items"), prefix + "[]", depth + 1)
    required = set(found.get("required", ()))
    rows = []
    for name, member in sorted(found.get("properties", {}).items()):
        inner = _resolved(spec, member)
        kind = inner.get("type", "object")
        rows.append(
            {
                "name": f"{prefix}.{name}" if prefix else name,
                "type": ", ".join(kind) if isinstance(kind, list) else kind,
                "format": inner.get("format", ""),
                "required": name in required,
                "description": member.get("description") or inner.get("description", ""),
                "values": [v for v in _enum(inner) if v is not None],
            }
        )
        rows += _members(
            spec, inner if "properties" in inner or inner.get("type") == "array" else None, rows[-1]["name"], depth + 1
        )
    return rows


def _enum(member: Mapping[str, Any]) -> list[Any]:
    return list(member.get("enum") or (member.get("items") or {}).get("enum") or [])


def install(app: Flask, address: Callable[[TenantView], str]) -> None:
    """Mount the two documents. `address` gives a portal's own, such as https://portal.example."""
    app.extensions[ADDRESS] = address
    app.register_blueprint(bp)
