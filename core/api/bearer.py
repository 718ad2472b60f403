"""Who calls the API: a session token as bearer. Cookies are never read here, so nothing needs a CSRF token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, abort, g, request

from core.api.problems import Problem, answer
from core.messages import _

PREFIX = "/api/"
_JSON_METHODS = frozenset({"POST", "PUT", "PATCH"})


def install(app: Flask, load: Callable[[str], Any]) -> None:
    """Read the bearer of API requests before anything else looks at the request.

    `load` takes a session token and returns the account, or None for a token that is unknown, ended or expired.
    """

    def opener() -> Any:
        if not request.path.startswith(PREFIX):
            return None
        if g.tenant.is_console:
            abort(404)
        g.csrf_exempt = True
        g.account = None
        g.api_token = None
        if request.method in _JSON_METHODS and not request.is_json and request.get_data(cache=True):
            return answer(Problem(415, "json_wanted", _("Please send JSON, with the header Content-Type: application/json.")))
        given = request.headers.get("Authorization", "")
        scheme, _space, token = given.partition(" ")
        if not given:
            return None
        account = load(token.strip()) if scheme.lower() == "bearer" and token.strip() else None
        if account is None:
            return answer(
                Problem(
                    401,
                    "session_ended",
                    _("This session is unknown or has ended. Please sign in again."),
                    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
                )
            )
        g.account = account
        g.api_token = token.strip()
        return None

    app.extensions["portico"].request_openers.insert(0, opener)
