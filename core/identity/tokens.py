"""Links sent by e-mail: single use, expiring, one of a purpose at a time, stored as digests."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select, update

from core import clock, crypto
from core.db import db
from core.identity.models import AccountToken


def issue(account_id: uuid.UUID, purpose: str, valid: dt.timedelta, sealed: bytes | None = None) -> str:
    """A fresh token; earlier ones of the same purpose stop working."""
    revoke(account_id, purpose)
    token = crypto.new_token()
    now = clock.now()
    db.session.add(
        AccountToken(
            account_id=account_id,
            purpose=purpose,
            digest=crypto.token_digest(token),
            sealed=sealed,
            created_at=now,
            expires_at=now + valid,
        )
    )
    db.session.flush()
    return token


def look(token: str, purpose: str, *, lock: bool = False) -> AccountToken | None:
    """The token while it is good, without using it: mail scanners open links too."""
    query = select(AccountToken).where(
        AccountToken.digest == crypto.token_digest(token),
        AccountToken.purpose == purpose,
        AccountToken.used_at.is_(None),
        AccountToken.expires_at > clock.now(),
    )
    if lock:
        query = query.with_for_update()
    return db.session.execute(query).scalar_one_or_none()


def use(token: str, purpose: str) -> AccountToken | None:
    """Use a token up; None where it is unknown, used, expired or of another purpose."""
    row = look(token, purpose, lock=True)
    if row is not None:
        row.used_at = clock.now()
    return row


def revoke(account_id: uuid.UUID, *purposes: str) -> None:
    """Make the account's unused tokens of these purposes worthless (all, where none is named)."""
    query = update(AccountToken).where(AccountToken.account_id == account_id, AccountToken.used_at.is_(None))
    if purposes:
        query = query.where(AccountToken.purpose.in_(purposes))
    db.session.execute(query.values(used_at=clock.now()))
