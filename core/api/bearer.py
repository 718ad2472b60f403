"""Who calls the API: a session token, or that of a partner's program, as bearer. Cookies are never read here, so nothing needs a CSRF token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, abort, g, request

from core import audit
from core.api.problems import Problem, answer
from core.messages import _

PREFIX = "/api/"
PAGE = "/api/v1/"
# A form and a client's own secret, as OAuth 2 wants them: that operation reads both itself.
FORMS = frozenset({"/api/v1/oauth/token"})
# A file of the largest size that a form takes, as base64 in JSON.
MOST_BYTES = 17 * 1024 * 1024
_JSON_METHODS = frozenset({"POST", "PUT", "PATCH"})


def install(
    app: Flask, load: Callable[[str], Any], after: Callable[[], Any], load_client: Callable[[str], Any], prefix: str
) -> None:
    """Read the bearer of API requests in the place of the session cookie.

    `load` takes a session token and returns the account, or None for a token that is unknown, ended or expired; `after`
    is the opener that reads the cookie. A token that begins with `prefix` is a client's: `load_client` gives it, or None.
    """

    def forget_cookies() -> None:
        if _is_call():
            if g.tenant.is_console:
                abort(404)
            request.environ.pop("HTTP_COOKIE", None)
            # Flask looked at them already, for its own session.
            request.__dict__.pop("cookies", None)
            g.csrf_exempt = True
            request.max_content_length = MOST_BYTES
        elif request.path.startswith(PREFIX) and g.tenant.is_console:
            abort(404)

    def read_bearer() -> Any:
        if not _is_call():
            return None
        g.account = g.api_token = g.client = None
        if request.path in FORMS:
            return None
        if request.method in _JSON_METHODS and not request.is_json and request.get_data(cache=True):
            return answer(
                Problem(415, "json_wanted", _("Please send JSON, with the header Content-Type: application/json."))
            )
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        given = token.strip() if scheme.lower() == "bearer" else ""
        if given.startswith(prefix):
            g.client = load_client(given)
            if g.client is not None:
                audit.service.set_actor(audit.Actor("client", str(g.client.id)))
                return None
        account = load(given) if given and not given.startswith(prefix) else None
        if account is None:
            return answer(
                Problem(
                    401,
                    "session_ended",
                    _("This session is unknown or has ended. Please sign in again."),
                    headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
                )
            )
        g.account, g.api_token = account, given
        g.account_language, g.account_zone = account.language, account.time_zone
        actor = audit.Actor("account", str(account.id), str(account.session_id), account.factors)
        audit.service.set_actor(actor)
        return None

    openers = app.extensions["portico"].request_openers
    openers.insert(openers.index(after) + 1, read_bearer)
    openers.insert(0, forget_cookies)


def _is_call() -> bool:
    """Calls of the API; its page for people is a page like any other."""
    return request.path.startswith(PREFIX) and request.path != PAGE


def ungated(app: Flask, endpoints: Mapping[Callable[[Any], Any], frozenset[str]]) -> None:
    """Keep operations reachable that open a gate: agreeing to documents, choosing a password, signing out.

    `endpoints` maps a gate to the endpoints that it lets pass.
    """

    def let_pass(gate: Callable[[Any], Any], names: frozenset[str]) -> Callable[[Any], Any]:
        return lambda account: None if request.endpoint in names else gate(account)

    gates = app.extensions["portico_gates"]
    gates[:] = [let_pass(gate, endpoints[gate]) if gate in endpoints else gate for gate in gates]
