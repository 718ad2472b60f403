"""Deny unless permitted: every view declares who may call it, and the frame asks before the view runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, abort, current_app, g, request

from core import audit
from core.db import db

F = TypeVar("F", bound=Callable[..., Any])
ROLES = ("public", "signed_in", "patient", "professional", "operator", "partner", "client")
# Views of libraries that are public by nature: files only.
OPEN_ENDPOINTS = ("static", "bootstrap.static")


class UndeclaredView(RuntimeError):
    """A view says not who may call it: the application does not start."""


def access(*roles: str) -> Callable[[F], F]:
    """Declare who may call a view: "public", "signed_in", one or several roles; "client" is a partner's program;
    "partner" a person of one of the parties."""
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"unknown access {sorted(unknown)}")

    def mark(view: F) -> F:
        view.portico_access = roles  # type: ignore[attr-defined]
        return view

    return mark


def declared(app: Flask, endpoint: str) -> tuple[str, ...] | None:
    """What the view of an endpoint declares; None where it says nothing."""
    if endpoint in OPEN_ENDPOINTS or endpoint.endswith(".static"):
        return ("public",)
    view = app.view_functions.get(endpoint)
    found = getattr(view, "portico_access", None)
    if found is None:
        found = getattr(getattr(view, "view_class", None), "portico_access", None)
    return found


def check_all(app: Flask) -> None:
    """Refuse to start while a view has no declaration. Raises UndeclaredView naming all of them."""
    missing = sorted({r.endpoint for r in app.url_map.iter_rules() if declared(app, r.endpoint) is None})
    if missing:
        raise UndeclaredView("views without a declared access: " + ", ".join(missing))


def _refuse(kind: str, who: object, role: str) -> Any:
    """Refuse, and keep on the trail who asked for what: only declared recipients reach data (CB-281, IA-093)."""
    audit.record("access.refused", kind, who, {"role": role, "endpoint": request.endpoint})
    db.session.commit()
    abort(403)


def enforce() -> Any:
    """Ask before the view runs: 401 for nobody, 403 for the wrong role; gates (terms, password) come after."""
    if request.endpoint is None:
        return None
    wanted = declared(current_app, request.endpoint) or ()
    if "public" in wanted:
        return None
    account, client = g.get("account"), g.get("client")
    if client is not None:
        return None if "client" in wanted else _refuse("client", client.id, "client")
    if account is None:
        abort(401)
    if "signed_in" not in wanted and account.role not in wanted:
        return _refuse("account", account.id, account.role)
    for gate in current_app.extensions.get("portico_gates", []):
        answer = gate(account)
        if answer is not None:
            return answer
    return None


def install(app: Flask) -> None:
    """Check all views once the application is made."""
    app.extensions.setdefault("portico_gates", [])
    app.extensions.setdefault("portico_checks", []).append(check_all)
