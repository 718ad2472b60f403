"""The OAuth 2 server of partners' programs: client credentials for a token (RFC 6749, 4.4), by Authlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import ClientMixin, InvalidScopeError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Request

from core import crypto
from core.identity import clients

GRANT = "client_credentials"
METHODS = ("client_secret_basic", "client_secret_post")
Outcome = tuple[int, Mapping[str, Any], Mapping[str, str]]


class _Client(ClientMixin):
    def __init__(self, row: clients.ApiClient) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return str(self.row.id)

    def get_allowed_scope(self, scope: str | None) -> str:
        wanted = scope.split() if scope else self.row.scopes
        return " ".join(s for s in wanted if s in self.row.scopes)

    def check_client_secret(self, client_secret: str) -> bool:
        return crypto.same(self.row.secret_digest, crypto.token_digest(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and method in METHODS

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == GRANT


class _Grant(ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = list(METHODS)

    def validate_requested_scope(self) -> None:
        wanted = (self.request.payload.scope or "").split()
        allowed = self.request.client.get_allowed_scope(" ".join(wanted)).split()
        if not allowed or set(wanted) - set(allowed):
            raise InvalidScopeError()


class _Server(AuthorizationServer):
    def __init__(self) -> None:
        super().__init__()
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                lambda **_more: clients.TOKEN_PREFIX + crypto.new_token(),
                expires_generator=lambda *_more: int(clients.TOKEN_LIFE.total_seconds()),
            ),
        )
        self.register_grant(_Grant)

    def query_client(self, client_id: str) -> _Client | None:
        row = clients.living(client_id)
        return _Client(row) if row is not None else None

    def save_token(self, token: Mapping[str, Any], request: Any) -> None:
        clients.keep_token(request.client.row, token["access_token"], token["scope"].split())

    def create_oauth2_request(self, request: Any) -> Any:
        return request

    def handle_response(self, status: int, payload: Any, headers: Any) -> Outcome:
        return status, payload, dict(headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        return


class _Request(OAuth2Request):
    """The form of a request; what stands in the address counts for nothing, so that no secret lands in a log."""

    def __init__(self, request: Request, secure: bool) -> None:
        # Authlib refuses plain http but on the host "localhost"; a portal of a developer's machine is <slug>.localhost.
        uri = request.url if secure else request.url.replace("http://", "https://", 1)
        super().__init__(request.method, uri, headers=request.headers)
        self._form = dict(request.form)
        self.payload = BasicOAuth2Payload(self._form)

    @property
    def form(self) -> Mapping[str, str]:
        return self._form


_server = _Server()


def issue(request: Request, *, secure: bool) -> Outcome:
    """Answer a request for a token: status, body and headers; the caller commits.

    `secure` asks for https, as everywhere but on a developer's machine.
    """
    try:
        outcome: Outcome = _server.create_token_response(_Request(request, secure))
        return outcome
    except OAuth2Error as error:
        status, body, headers = error()
        return status, dict(body), dict(headers)
