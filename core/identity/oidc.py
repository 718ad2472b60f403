"""Signing in at a provider: authorisation code with PKCE, state and nonce; what comes back is an arrival.

An arrival is a checked identity that has opened nothing yet. What the browser needs until then is sealed with a token
that only its cookie holds; a sign-in under way works once.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from core import clock, crypto
from core.db import current_tenant_id, db
from core.hooks.types import Exercise
from core.identity import oidc_http, oidc_tokens, provider_traits
from core.identity.models import Challenge
from core.identity.provider_failures import Failure
from core.identity.providers import Way
from core.identity.sign_in import find
from core.lazy import lazy

if TYPE_CHECKING:
    import requests
    from authlib.integrations import requests_client
    from authlib.oauth2 import rfc7523
    from joserfc.jwk import Key
else:
    requests, requests_client = lazy("requests"), lazy("authlib.integrations.requests_client")
    rfc7523 = lazy("authlib.oauth2.rfc7523")

FLOW, ARRIVAL = "provider_flow", "provider_arrival"
FLOW_LIFE = dt.timedelta(minutes=15)
ARRIVAL_LIFE = dt.timedelta(minutes=60)
ASSERTION_SECONDS = 120
CODE_MAX = 4096


@dataclass(frozen=True, slots=True)
class Arrival:
    """A person whom a provider identified. `verified` are traits by name; `email` may still have to be confirmed."""

    provider: str
    issuer: str
    subject: str
    acr: str
    intent: str
    account_id: str = ""
    next_path: str = "/"
    id_token: str = ""
    verified: Mapping[str, str] = field(default_factory=dict)
    email: str = ""
    email_refused: bool = False
    phone: str = ""
    number: str = ""
    exercises: tuple[Exercise, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)


def _key(token: str) -> bytes:
    return crypto.derive(token.encode(), "identity-provider")


def _context(purpose: str) -> str:
    return f"{purpose}|{current_tenant_id()}"


def keep(purpose: str, body: Mapping[str, Any], life: dt.timedelta, account_id: uuid.UUID | None, target: str) -> str:
    """Seal something for this browser; returns the token for its cookie."""
    token, now = crypto.new_token(), clock.now()
    db.session.add(
        Challenge(
            purpose=purpose,
            account_id=account_id,
            digest=crypto.token_digest(token),
            ceremony=crypto.seal(_key(token), json.dumps(body).encode(), _context(purpose)),
            next_path=target,
            created_at=now,
            expires_at=now + life,
        )
    )
    db.session.flush()
    return token


def unseal(token: str, row: Challenge) -> dict[str, Any]:
    """What was sealed for this browser."""
    data: dict[str, Any] = json.loads(crypto.unseal(_key(token), row.ceremony or b"", _context(row.purpose)))
    return data


# -- there -------------------------------------------------------------------------------------------------------------


def begin(
    way: Way, redirect_uri: str, *, intent: str, account_id: uuid.UUID | None = None, next_path: str = "/", locales: str
) -> tuple[str, str]:
    """(address at the provider, token for the cookie). `intent` is sign_in or connect. Raises Failure."""
    db.session.commit()  # no connection is held while the provider is asked
    metadata = oidc_http.metadata(way)
    body = {
        "provider": way.code,
        "state": crypto.new_token(),
        "nonce": crypto.new_token(),
        "verifier": crypto.new_token() + crypto.new_token(),
        "redirect_uri": redirect_uri,
        "intent": intent,
    }
    token = keep(FLOW, body, FLOW_LIFE, account_id, next_path)
    more = {"acr_values": way.acr_asked} if way.acr_asked else {}
    with _client(way, metadata, redirect_uri) as client:
        url, _state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=body["state"],
            code_verifier=body["verifier"],
            nonce=body["nonce"],
            ui_locales=locales,
            **more,
        )
    return url, token


def _client(way: Way, metadata: Mapping[str, Any], redirect_uri: str) -> requests_client.OAuth2Session:
    signing = _signing_key(way) if way.client_auth == "private_key_jwt" else None
    client = requests_client.OAuth2Session(
        way.client_id,
        signing if signing is not None else way.secret,
        token_endpoint_auth_method=way.client_auth,
        scope=way.scope,
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        default_timeout=oidc_http.TIMEOUT,
    )
    if signing is not None:
        until = int(clock.now().timestamp()) + ASSERTION_SECONDS
        client.register_client_auth_method(
            rfc7523.PrivateKeyJWT(
                metadata["token_endpoint"],
                claims={"exp": until},
                headers={"kid": signing.kid},
                alg=str(signing.get("alg") or ("ES256" if signing.key_type == "EC" else "RS256")),
            )
        )
    return client


def _signing_key(way: Way) -> Key:
    """The first private key that is not kept for decryption."""
    for key in way.keys or ():
        if key.get("use") in (None, "sig") and key.is_private:
            return key
    raise Failure("not_ready")


# -- and back ----------------------------------------------------------------------------------------------------------


def finish(way: Way, token: str | None, answer: Mapping[str, str]) -> Arrival:
    """Turn the provider's answer into an arrival. A sign-in under way is used up by it, whatever comes of it.

    Raises Failure.
    """
    flow, row_next, account_id = _take(way, token, answer.get("state", ""))
    metadata = oidc_http.metadata(way)
    named = answer.get("iss")
    promised = metadata.get("authorization_response_iss_parameter_supported") is True
    if named != metadata["issuer"] and (named is not None or promised):
        raise Failure("unknown_issuer")
    if answer.get("error"):
        raise Failure(_why(answer["error"]))
    code = answer.get("code", "")
    if not code or len(code) > CODE_MAX:
        raise Failure("provider_error")
    tokens = _exchange(way, metadata, code, flow)
    access = str(tokens.get("access_token") or "")
    inner = oidc_tokens.opened(way, str(tokens.get("id_token") or ""))
    checked = oidc_tokens.signed(metadata, inner)
    claims = oidc_tokens.id_claims(way, metadata, checked, nonce=flow["nonce"], access_token=access)
    person = claims | oidc_tokens.userinfo(way, metadata, access, claims["sub"])
    return Arrival(
        provider=way.code,
        issuer=metadata["issuer"],
        subject=claims["sub"],
        acr=str(claims.get("acr") or ""),
        intent=flow["intent"],
        account_id=account_id,
        next_path=row_next,
        id_token=inner,
        **provider_traits.read(way, person),
    )


def _take(way: Way, token: str | None, state: str) -> tuple[dict[str, Any], str, str]:
    row = find(token, FLOW, lock=True)
    if row is None or not token:
        raise Failure("expired")
    flow = unseal(token, row)
    if not crypto.same(flow["state"], state) or flow["provider"] != way.code:
        raise Failure("wrong_state")
    target, account_id = row.next_path, str(row.account_id or "")
    db.session.delete(row)
    db.session.commit()  # used up before the provider is asked: a second answer at the same time finds nothing
    return flow, target, account_id


def _why(error: str) -> str:
    if error in ("access_denied", "user_cancelled", "user_canceled"):
        return "cancelled"
    return "provider_down" if error in ("temporarily_unavailable", "server_error") else "provider_error"


def _exchange(way: Way, metadata: Mapping[str, Any], code: str, flow: Mapping[str, Any]) -> dict[str, Any]:
    with _client(way, metadata, flow["redirect_uri"]) as client:
        try:
            return dict(
                client.fetch_token(
                    metadata["token_endpoint"],
                    code=code,
                    code_verifier=flow["verifier"],
                    grant_type="authorization_code",
                    allow_redirects=False,
                )
            )
        except requests_client.OAuthError as error:
            reasons = {"invalid_grant": "code_refused", "invalid_client": "not_ready"}
            raise Failure(reasons.get(str(error.error), "provider_error")) from error
        except (requests.RequestException, ValueError) as error:
            raise Failure("provider_down") from error


# -- an arrival waits for the person -----------------------------------------------------------------------------------


def store(arrival: Arrival) -> str:
    """Keep an arrival for this browser until the person has said what to do; returns the token for the cookie."""
    owner = uuid.UUID(arrival.account_id) if arrival.account_id else None
    return keep(ARRIVAL, asdict(arrival), ARRIVAL_LIFE, owner, arrival.next_path)


def waiting(token: str | None, *, lock: bool = False) -> tuple[Arrival, Challenge] | None:
    """The arrival of this browser with its row; deleting the row uses it up."""
    row = find(token, ARRIVAL, lock=lock)
    if row is None or not token:
        return None
    data = unseal(token, row)
    exercises = tuple(Exercise(**e) for e in data.pop("exercises"))
    return Arrival(**data, exercises=exercises), row
