"""What the operator may do with an account: suspend, block, limit, open again; what a person may do: close it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy import delete

from core import audit, clock
from core.consent import service as consent
from core.db import db
from core.identity import accounts, sessions, tokens
from core.identity.models import ProviderLink
from core.jobs import announce
from core.messages import _
from core.notifications.service import notify
from core.web.frame import Refused


def suspend(account_id: uuid.UUID, operator_id: str, reason: str, until: dt.datetime | None = None) -> None:
    """Suspend access for a time (`until`) or until it is opened again; sessions end at once (CB-071, CB-263)."""
    _close_access(account_id, operator_id, "suspended", reason, until)


def block(account_id: uuid.UUID, operator_id: str, reason: str) -> None:
    """Block access for good; sessions end at once (CB-071, CB-263)."""
    _close_access(account_id, operator_id, "blocked", reason, None)


def _close_access(account_id: uuid.UUID, operator_id: str, state: str, reason: str, until: dt.datetime | None) -> None:
    if not reason.strip():
        raise Refused(_("Please give the reason: the person is told, and it is kept."), status=422)
    account = accounts.by_id(account_id, lock=True)
    if account.state not in ("active", "suspended"):
        raise Refused(_("This account cannot be suspended in its present state."), status=409)
    account.state, account.state_reason, account.state_until = state, reason, until
    sessions.end_all(account.id)
    tokens.revoke(account.id)
    details = {"operator": operator_id, "reason": reason, "scope": "all", "until": until.isoformat() if until else None}
    audit.record(f"account.{state}", "account", account.id, details)
    announce("account_suspended", {"account_id": str(account.id), "role": account.role})
    notify(
        "account_suspended",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"reason": reason},
        link="/pages/help",
    )


def reactivate(account_id: uuid.UUID, operator_id: str) -> None:
    """Open a suspended or blocked account again."""
    account = accounts.by_id(account_id, lock=True)
    if account.state not in ("suspended", "blocked"):
        raise Refused(_("This account is not suspended."), status=409)
    account.state, account.state_reason, account.state_until = "active", None, None
    announce("account_reactivated", {"account_id": str(account.id), "role": account.role})
    audit.record("account.reactivated", "account", account.id, {"operator": operator_id})


def limit_services(account_id: uuid.UUID, services: Iterable[str], operator_id: str, reason: str) -> None:
    """Close some services to one account; the others still work (CB-076, CB-078). An empty list lifts the limits."""
    account = accounts.by_id(account_id, lock=True)
    account.limited_services = sorted(set(services))
    details = {"operator": operator_id, "services": account.limited_services, "reason": reason, "scope": "part"}
    audit.record("account.limited", "account", account.id, details)


def service_allowed(account_id: uuid.UUID, service: str) -> bool:
    """Whether the operator left this service open to the account (CB-078)."""
    return service not in accounts.by_id(account_id).limited_services


def close(account_id: uuid.UUID) -> None:
    """Close an account as its holder asks, which withdraws the consent to processing (CB-285). It cannot be undone.

    Nothing can be done with the account any more; its address is free again; data stay sealed for the archive.
    """
    account = accounts.by_id(account_id, lock=True)
    to = accounts.recipient(account)
    consent.withdraw(account.id)
    account.state, account.closed_at = "closed", clock.now()
    account.password_hash = account.email_blind = account.totp_sealed = account.totp_confirmed_at = None
    db.session.execute(delete(ProviderLink).where(ProviderLink.account_id == account.id))
    sessions.end_all(account.id)
    tokens.revoke(account.id)
    audit.record("account.closed", "account", account.id)
    announce("account_closed", {"account_id": str(account.id), "role": account.role})
    # Access has ended: the closure is told by e-mail only (CB-097).
    notify("account_closed", account_id=account.id, person_id=account.person_id, to=to, channels=("email",), link="/")
