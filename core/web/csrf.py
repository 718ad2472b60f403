"""CSRF: a token bound to a random cookie by a keyed digest; every unsafe request to a page carries it."""

from __future__ import annotations

import hashlib
import hmac

from flask import Response, abort, current_app, g, request

from core import crypto
from core.web.cookies import cookie_name, give

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def _digest(key: str, seed: str) -> str:
    tenant = g.get("tenant")
    body = f"csrf|{tenant.id if tenant else 0}|{seed}".encode()
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def token() -> str:
    """The token for a form on this page; makes the visitor's seed cookie on first use."""
    seed = request.cookies.get(cookie_name("portico_seed")) or g.get("csrf_seed")
    if not seed:
        seed = g.csrf_seed = crypto.new_token()
    made: str | None = g.get("csrf_made")
    if made is None:
        made = g.csrf_made = _digest(current_app.extensions["portico"].settings.secret_keys[0], seed)
    return made


def check() -> None:
    """Refuse an unsafe request whose token does not fit (403). The API authenticates by bearer and is exempt."""
    if request.method in SAFE or g.get("csrf_exempt"):
        return
    seed = request.cookies.get(cookie_name("portico_seed"), "")
    given = request.form.get(FIELD) or request.headers.get(HEADER, "")
    keys = current_app.extensions["portico"].settings.secret_keys
    if not seed or not given or not any(crypto.same(_digest(k, seed), given) for k in keys):
        abort(403)


def set_cookie(response: Response) -> None:
    """Store a seed made during this request."""
    seed = g.pop("csrf_seed", None)
    if seed:
        give(response, "portico_seed", seed)
