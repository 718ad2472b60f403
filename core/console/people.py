"""Accounts of all portals seen by an operator: found without names, opened with an entry on the portal's trail."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core import audit
from core.db import db
from core.identity import accounts, moderation
from core.identity.models import Account, SecurityReport
from core.tenancy import keys, service
from core.tenancy.crossing import operating_on, working_in

LISTED = 5000


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in the list: no name, no address."""

    portal: str
    id: uuid.UUID
    role: str
    state: str
    created_at: dt.datetime
    state_until: dt.datetime | None
    limited: int


def listed(tenant_id: int, slug: str) -> list[AccountLine]:
    """The accounts of a portal, newest first."""
    with working_in(tenant_id):
        rows = db.session.execute(select(Account).order_by(Account.created_at.desc()).limit(LISTED)).scalars()
        return [
            AccountLine(slug, r.id, r.role, r.state, r.created_at, r.state_until, len(r.limited_services or ()))
            for r in rows
        ]


def restricted() -> list[AccountLine]:
    """The accounts of all portals that are suspended, blocked or limited."""
    lines = []
    for portal in service.list_tenants():
        lines += [a for a in listed(portal.id, portal.slug) if a.state in ("suspended", "blocked") or a.limited]
    return lines


def found_by_email(tenant_id: int, email: str) -> uuid.UUID | None:
    """The account of an address on a portal."""
    with working_in(tenant_id):
        account = accounts.by_email(email)
        return account.id if account is not None else None


@dataclass(frozen=True, slots=True)
class ReportShown:
    """What somebody reported of this account: misuse or an anomaly."""

    kind: str
    at: dt.datetime
    words: str


@dataclass(frozen=True, slots=True)
class AccountShown:
    """An account, opened by an operator. No identifier, no health data."""

    id: uuid.UUID
    role: str
    state: str
    state_reason: str | None
    state_until: dt.datetime | None
    name: str
    email: str
    country: str | None
    created_at: dt.datetime
    limited_services: tuple[str, ...]
    reports: Sequence[ReportShown]


def opened(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID) -> AccountShown | None:
    """Open an account; the portal's trail keeps who did. None where there is none."""
    with operating_on(tenant_id, str(operator_id), "account.view"):
        row: Account | None = Account.get(account_id)
        if row is None:
            return None
        audit.record("account.viewed", "account", row.id)
        try:
            who = accounts.person(row)
            name, email = who.name, who.email
            reports = [
                ReportShown(r.kind, r.at, keys.unseal(row.person_id, "security_reports", "sealed", r.sealed).decode())
                for r in db.session.execute(
                    select(SecurityReport).where(SecurityReport.account_id == row.id).order_by(SecurityReport.at.desc())
                ).scalars()
            ]
        except keys.Erased:
            name, email, reports = "", "", []
        shown = AccountShown(
            row.id,
            row.role,
            row.state,
            row.state_reason,
            row.state_until,
            name,
            email,
            row.country,
            row.created_at,
            tuple(row.limited_services or ()),
            reports,
        )
        db.session.commit()
    return shown


def suspend(
    tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, reason: str, until: dt.datetime | None
) -> None:
    """Suspend an account, for a time or until it is opened again (CB-071, CB-263). Raises Refused, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "account.suspend"):
        moderation.suspend(account_id, str(operator_id), reason, until)
        db.session.commit()


def block(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, reason: str) -> None:
    """Block an account for good (CB-071, CB-263). Raises Refused, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "account.block"):
        moderation.block(account_id, str(operator_id), reason)
        db.session.commit()


def reactivate(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Open an account again. Raises Refused, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "account.reactivate"):
        moderation.reactivate(account_id, str(operator_id))
        db.session.commit()


def limit(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, services: Iterable[str], reason: str) -> None:
    """Close some services to an account; none lifts the limits (CB-076, CB-078). Raises UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "account.limit"):
        moderation.limit_services(account_id, services, str(operator_id), reason)
        db.session.commit()
