"""What a session opened by a provider keeps: the level, the exercise, and the token for signing out there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlalchemy import select

from core import crypto
from core.db import current_tenant_id, db
from core.identity import oidc_http, providers
from core.identity.models import Account, AuthSession, Challenge, ProviderSession
from core.identity.provider_failures import Failure
from core.tenancy import keys


@dataclass(frozen=True, slots=True)
class Carried:
    """What the first step at a provider hands to the session, maybe over a second step here."""

    provider: str
    acr: str
    id_token: str
    exercise: str = ""


def _context() -> str:
    return f"second_factor|{current_tenant_id()}"


def carry(token: str, challenge: Challenge, carried: Carried) -> None:
    """Seal it into the second step with the token that only the browser's cookie holds."""
    key = crypto.derive(token.encode(), "identity-provider")
    challenge.ceremony = crypto.seal(key, json.dumps(asdict(carried)).encode(), _context())


def carried_by(token: str, challenge: Challenge) -> Carried | None:
    """What a second step carries; None where it began with a password."""
    if challenge.ceremony is None:
        return None
    key = crypto.derive(token.encode(), "identity-provider")
    return Carried(**json.loads(crypto.unseal(key, challenge.ceremony, _context())))


def attach(session_token: str, account: Account, carried: Carried) -> None:
    """Keep it with the session of this token."""
    session = db.session.execute(
        select(AuthSession).where(AuthSession.digest == crypto.token_digest(session_token))
    ).scalar_one()
    sealed = keys.seal_json(account.person_id, "provider_sessions", "sealed", asdict(carried))
    db.session.add(ProviderSession(id=session.id, provider=carried.provider, sealed=sealed))
    db.session.flush()


def of_session(session_id: uuid.UUID, person_id: uuid.UUID) -> Carried | None:
    """What a session keeps; None where no provider opened it."""
    row: ProviderSession | None = ProviderSession.get(session_id)
    if row is None:
        return None
    data: Mapping[str, Any] = keys.unseal_json(person_id, "provider_sessions", "sealed", row.sealed)
    return Carried(**data)


def sign_out_address(carried: Carried, back: str) -> tuple[str, str] | None:
    """(the provider's name, where to end its session too), or None where it offers that to nobody or does not answer."""
    way = providers.way(carried.provider)
    if way is None or not way.logout:
        return None
    try:
        address = oidc_http.metadata(way).get("end_session_endpoint")
    except Failure:
        return None
    if not oidc_http.may_call(address):
        return None
    query = {
        "id_token_hint": carried.id_token,
        "client_id": way.client_id,
        "post_logout_redirect_uri": back,
        "state": crypto.new_token(),
    }
    joint = "&" if urlsplit(str(address)).query else "?"
    return way.label, f"{address}{joint}{urlencode(query)}"
