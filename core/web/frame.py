"""The frame of every request: number, tenant by host, scope, language, headers, errors that lose nothing."""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
import time
from typing import Any, cast

from flask import Flask, Response, abort, current_app, g, make_response, redirect, render_template, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from core import audit
from core.db import db, scope
from core.tenancy import current

log = logging.getLogger("portico.web")

HOSTLESS = ("/healthz", "/readyz", "/metrics")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
PERMISSIONS = "camera=({devices}), microphone=({devices}), display-capture=(), geolocation=(), payment=()"
# What a page may open for itself; scripts and styles never come from elsewhere.
OPENABLE = ("connect-src", "frame-src")


_ORIGIN = re.compile(r"^(https?|wss?)://[A-Za-z0-9.-]+(:\d{1,5})?\Z")


class Refused(Exception):
    """A use case that cannot be done, with its reasons for the visitor; `status` is the HTTP one."""

    def __init__(self, *messages: Any, status: int = 409) -> None:
        super().__init__("; ".join(str(m) for m in messages))
        self.messages = messages
        self.status = status


def install(app: Flask) -> None:
    """Hook the frame into an application."""
    app.before_request(_open)
    app.after_request(_headers)
    app.teardown_request(_close)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(Exception, _crash)


def request_number() -> str:
    """The number of this request: it stands on every error and on every log line."""
    number: str = g.get("request_number", "-")
    return number


def _open() -> Any:
    g.request_number = secrets.token_hex(6)
    g.started = time.perf_counter()
    if request.path in HOSTLESS:
        return None
    host = request.host.rsplit(":", 1)[0].lower() if not request.host.startswith("[") else request.host
    found = current.find_host(host)
    if found is None:
        abort(404)
    g.scope_token = scope.enter(found.id)
    g.tenant = current.view_of(found)
    if found.state == "suspended" and not request.path.startswith(
        ("/theme/", "/static/", "/static-identity/", "/brand/", "/bootstrap/")
    ):
        return _suspended()
    for callback in current_app.extensions["portico"].request_openers:
        answer = callback()
        if answer is not None:
            return answer
    return None


def _suspended() -> Any:
    notice = g.tenant.notice
    if wants_json():
        return problem(503, "portal_suspended", notice or "This portal is suspended.")
    return make_response(render_template("errors/suspended.html", notice=notice), 503)


def _headers(response: Response) -> Response:
    h = response.headers
    h.setdefault("Content-Security-Policy", _policy())
    h.setdefault("X-Content-Type-Options", "nosniff")
    h.setdefault("Referrer-Policy", "same-origin")
    h.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    h.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    h.setdefault("Permissions-Policy", _permissions())
    h["X-Request-Number"] = request_number()
    if current_app.extensions["portico"].settings.secure_cookies:
        h.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    if "Cache-Control" not in h:
        h["Cache-Control"] = "no-store"
    if request.path not in HOSTLESS:
        for callback in current_app.extensions["portico"].response_closers:
            callback(response)
        _measure(response)
    return response


def framed_here(styles: bool = False) -> str:
    """The policy of a page that this portal shows inside one of its own: a preview. It runs no script.

    With `styles` the page may hold styles of its own, as the text of an e-mail does.
    """
    policy = CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'").replace(
        "script-src 'self'", "script-src 'none'"
    )
    return policy.replace("style-src 'self'", "style-src 'unsafe-inline'") if styles else policy


def allow(directive: str, *origins: str) -> None:
    """Open the present page's content policy to these origins: `connect-src` or `frame-src` only.

    Raises ValueError for another directive, and for what is no plain origin.
    """
    if directive not in OPENABLE:
        raise ValueError(f"{directive} stays closed")
    for origin in origins:
        if not _ORIGIN.match(origin):
            raise ValueError(f"no origin: {origin!r}")
    g.setdefault("opened", {}).setdefault(directive, []).extend(origins)


def allow_devices(*origins: str) -> None:
    """Let frames of these origins on the present page use camera and microphone. Raises ValueError as `allow`."""
    for origin in origins:
        if not _ORIGIN.match(origin):
            raise ValueError(f"no origin: {origin!r}")
    g.setdefault("opened", {}).setdefault("devices", []).extend(origins)


def _policy() -> str:
    opened: dict[str, list[str]] = g.get("opened") or {}
    policy = CSP
    if "connect-src" in opened:
        policy = policy.replace("connect-src 'self'", " ".join(["connect-src 'self'", *opened["connect-src"]]))
    if "frame-src" in opened:
        policy = f"{policy}; frame-src {' '.join(opened['frame-src'])}"
    return policy


def _permissions() -> str:
    origins = (g.get("opened") or {}).get("devices", ())
    return PERMISSIONS.format(devices=" ".join(["self", *(f'"{o}"' for o in origins)]))


def _measure(response: Response) -> None:
    took = time.perf_counter() - g.get("started", time.perf_counter())
    current_app.extensions["portico"].metrics.request(
        request.endpoint or "-", request.method, response.status_code, took
    )
    log.info(
        "request",
        extra={
            "method": request.method,
            "endpoint": request.endpoint or "-",
            "status": response.status_code,
            "ms": round(took * 1000, 1),
        },
    )


def _close(_error: BaseException | None) -> None:
    audit.service.set_actor(None)
    # A context may outlive the request (commands, tests): nothing of one visitor stays for the next.
    for name in (
        "account",
        "client",
        "account_language",
        "account_zone",
        "language",
        "csrf_seed",
        "csrf_made",
        "opened",
        "tenant",
    ):
        g.pop(name, None)
    token = g.pop("scope_token", None)
    if token is not None:
        scope.leave(token)


def wants_json() -> bool:
    """Whether the answer to this request is JSON: the API, or a script that says so."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def problem(status: int, code: str, detail: str, **more: Any) -> Response:
    """A problem-details answer (RFC 9457). `code` is stable, `detail` in the visitor's language."""
    body = {
        "type": f"urn:portico:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
        "instance": f"urn:portico:request:{request_number()}",
        **more,
    }
    response = cast(Response, current_app.json.response(body))
    response.status_code = status
    response.mimetype = "application/problem+json"
    return response


def _http_error(error: HTTPException) -> Any:
    if error.code is None or error.code < 400:
        return error
    _drop_transaction()
    if error.code == 401 and not wants_json():
        return redirect("/sign-in?next=" + _safe_next())
    if wants_json():
        extra = getattr(error, "data", None) or {}
        problems = extra.get("messages") if isinstance(extra, dict) else None
        response: Any = problem(
            error.code, f"http_{error.code}", error.description or "", **({"errors": problems} if problems else {})
        )
    else:
        response = make_response(_error_page(error.code), error.code)
    for key, value in error.get_headers():
        if key.lower() == "retry-after":
            response.headers[key] = value
    return response


def _safe_next() -> str:
    from urllib.parse import quote

    return quote(request.full_path.rstrip("?") if request.method == "GET" else "/", safe="")


def _refused(error: Refused) -> Any:
    _drop_transaction()
    from core.web.language import say

    words = [say(m) for m in error.messages]
    if wants_json():
        return problem(error.status, "refused", " ".join(words), reasons=words)
    return make_response(_error_page(error.status, words), error.status)


def _crash(error: Exception) -> Any:
    _drop_transaction()
    log.error("unexpected error", exc_info=error, extra={"endpoint": request.endpoint or "-"})
    status = 503 if isinstance(error, DBAPIError) and error.connection_invalidated else 500
    if wants_json():
        return problem(status, "unexpected", "Something went wrong on our side. Nothing was changed.")
    return make_response(_error_page(status), status)


def _drop_transaction() -> None:
    with contextlib.suppress(Exception):
        db.session.rollback()


def _error_page(status: int, words: list[str] | None = None) -> str:
    try:
        return render_template(
            "errors/error.html",
            status=status,
            words=words or [],
            tenant=g.get("tenant"),
            request_number=request_number(),
        )
    except Exception as error:
        log.error("the error page itself failed", exc_info=error)
        return f"<!doctype html><title>{status}</title><h1>{status}</h1><p>{request_number()}</p>"
