"""Tokens for partners' programs: OAuth 2 client credentials."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from marshmallow import fields

from core.api.fields import Input, Output, told
from core.api.operations import operation
from core.api.v1 import shared
from core.db import db
from core.identity import oauth, throttle
from core.messages import _
from core.web import frame
from core.web.language import say

topic = shared.topic("oauth", "Tokens for partners' programs (OAuth 2, RFC 6749).")
PATH = "/oauth/token"
_REFUSALS = {
    "invalid_client": _("This client is unknown here, was revoked, or its secret is wrong."),
    "invalid_scope": _("This client may not do that: ask for a scope that it has."),
    "unsupported_grant_type": _("Ask with grant_type=client_credentials."),
    "invalid_request": _("Ask with grant_type=client_credentials."),
    "insecure_transport": _("Ask over https."),
}


class TokenInput(Input):
    """A form, not JSON; the client signs in by HTTP Basic, or with the two last fields."""

    grant_type = fields.String(required=True, metadata=told("client_credentials"))
    scope = fields.String(metadata=told("Scopes with spaces between; default: all that the client has"))
    client_id = fields.String(metadata=told("The client's id, where HTTP Basic is not used"))
    client_secret = fields.String(metadata=told("The client's secret, where HTTP Basic is not used"))


class ClientTokenAnswer(Output):
    """The token."""

    access_token = fields.String(metadata=told("Send it as `Authorization: Bearer …`"))
    token_type = fields.String(metadata=told("Bearer"))
    expires_in = fields.Integer(metadata=told("Seconds until it ends"))
    scope = fields.String(metadata=told("What it may be used for"))


_FORM = {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": TokenInput}}}


@operation(
    topic, "POST", PATH, roles=("public",), answer=ClientTokenAnswer,
    refusals={400: "Not a request for a token, or a scope that the client has not", 401: "Unknown client or wrong secret", 429: "Too many tries"},
)  # fmt: skip
@topic.doc(requestBody=_FORM)
def token() -> Response:
    """Get a token for a client's id and secret (grant_type=client_credentials).

    Refusals carry `error` as RFC 6749 asks, beside the members of a problem.
    """
    address = request.remote_addr or ""
    wait = throttle.take("client-ip", address, factor=throttle.IP_FACTOR)
    if wait:
        return _refusal(429, "invalid_client", _("Too many tries. Please wait."), {"Retry-After": str(wait)})
    env = current_app.extensions["portico"].settings.env
    status, body, headers = oauth.issue(request, secure=env == "production")
    if status >= 400:
        db.session.rollback()
        code = str(body.get("error", "invalid_request"))
        return _refusal(status, code, _REFUSALS.get(code, _REFUSALS["invalid_request"]), headers)
    throttle.forget("client-ip", address)
    db.session.commit()
    response = jsonify(dict(body))
    response.headers.update(headers)
    return response


def _refusal(status: int, code: str, message: Any, headers: Any) -> Response:
    detail = say(message)
    response = frame.problem(status, code, detail, error=code, error_description=detail)
    response.headers.update({k: v for k, v in dict(headers).items() if k.lower() != "content-type"})
    response.mimetype = "application/json"
    return response
