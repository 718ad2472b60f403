"""Passkeys: optional, and with user verification both factors in one. Who signs in is read from the stored key alone."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core import audit, clock, crypto
from core.db import db
from core.identity import accounts
from core.identity.models import Account, Challenge, Passkey
from core.identity.sessions import open_session, usable
from core.identity.sign_in import find
from core.lazy import lazy
from core.tenancy.current import current_tenant

if TYPE_CHECKING:
    import webauthn
    from webauthn.helpers import exceptions, structs
else:
    webauthn = lazy("webauthn")
    exceptions, structs = lazy("webauthn.helpers.exceptions"), lazy("webauthn.helpers.structs")

LIFE = dt.timedelta(minutes=5)
MOST = 10


def listed(account_id: uuid.UUID) -> list[Passkey]:
    """The account's passkeys, oldest first."""
    query = select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at)
    return list(db.session.execute(query).scalars())


def _ceremony(purpose: str, account_id: uuid.UUID | None, challenge: bytes, next_path: str = "/") -> str:
    token = crypto.new_token()
    now = clock.now()
    db.session.add(
        Challenge(
            purpose=purpose,
            account_id=account_id,
            digest=crypto.token_digest(token),
            ceremony=challenge,
            next_path=next_path,
            created_at=now,
            expires_at=now + LIFE,
        )
    )
    db.session.flush()
    return token


def _take(token: str | None, purpose: str) -> Challenge | None:
    """A ceremony's challenge, used up: a second answer to it finds nothing."""
    challenge = find(token, purpose, lock=True)
    if challenge is not None:
        db.session.delete(challenge)
        db.session.flush()
    return challenge


def registration_options(account: Account, host: str) -> tuple[str, dict[str, Any]]:
    """(token for the cookie, options for the browser). `host` is the portal's host name without port."""
    who = accounts.person(account)
    options = webauthn.generate_registration_options(
        rp_id=host,
        rp_name=current_tenant().name,
        user_name=who.email,
        user_id=account.id.bytes,
        user_display_name=who.name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=p.credential_id) for p in listed(account.id)],
    )
    token = _ceremony("passkey_register", account.id, options.challenge)
    return token, json.loads(webauthn.options_to_json(options))


def register(
    account: Account, token: str | None, credential: dict[str, Any], host: str, origin: str, label: str
) -> bool:
    """Keep a new passkey for the signed-in account, whoever the browser says it is for; False where it does not fit."""
    challenge = _take(token, "passkey_register")
    if (
        challenge is None
        or challenge.account_id != account.id
        or challenge.ceremony is None
        or len(listed(account.id)) >= MOST
    ):
        return False
    try:
        verified = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge.ceremony,
            expected_rp_id=host,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (exceptions.WebAuthnException, ValueError, KeyError, TypeError):
        return False
    taken = select(Passkey.id).where(Passkey.credential_id == verified.credential_id)
    if db.session.execute(taken).first() is not None:
        return False
    db.session.add(
        Passkey(
            account_id=account.id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            label=label[:60],
            created_at=clock.now(),
        )
    )
    db.session.flush()
    audit.record("passkey.added", "account", account.id)
    return True


def authentication_options(host: str, next_path: str = "/") -> tuple[str, dict[str, Any]]:
    """(token for the cookie, options for the browser): any passkey of this portal may answer."""
    options = webauthn.generate_authentication_options(
        rp_id=host, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    token = _ceremony("passkey_sign_in", None, options.challenge, next_path)
    return token, json.loads(webauthn.options_to_json(options))


def sign_in(
    token: str | None, credential: dict[str, Any], host: str, origin: str, agent: str = ""
) -> tuple[str, Account, str] | None:
    """(session token, account, next path), or None. The account is the stored key's, never one named by the browser."""
    challenge = _take(token, "passkey_sign_in")
    if challenge is None or challenge.ceremony is None:
        return None
    try:
        credential_id = webauthn.helpers.base64url_to_bytes(str(credential["rawId"]))
    except (KeyError, ValueError):
        return None
    passkey = db.session.execute(
        select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
    ).scalar_one_or_none()
    if passkey is None:
        return None
    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.ceremony,
            expected_rp_id=host,
            expected_origin=origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (exceptions.WebAuthnException, ValueError, KeyError, TypeError):
        return None
    account = accounts.by_id(passkey.account_id)
    if not usable(account) or account.opposed_at is not None:
        return None
    passkey.sign_count, passkey.used_at = verified.new_sign_count, clock.now()
    return open_session(account, "passkey", agent), account, challenge.next_path


def remove(account_id: uuid.UUID, passkey_id: uuid.UUID) -> bool:
    """Take one of the account's passkeys away; True when there was one."""
    row = db.session.execute(
        select(Passkey).where(Passkey.account_id == account_id, Passkey.id == passkey_id)
    ).scalar_one_or_none()
    if row is None:
        return False
    db.session.delete(row)
    audit.record("passkey.removed", "account", account_id)
    return True
