"""Consultations and wallets as an operator sees them: states and amounts, no name, no question, no answer."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.care.consultations import service, states
from core.care.consultations.models import Consultation
from core.db import db
from core.identity import accounts
from core.messages import _
from core.money import service as money
from core.tenancy.crossing import operating_on, working_in
from core.web.frame import Refused

LISTED = 2000
MOST_CENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class ConsultationLine:
    """A consultation in the list."""

    id: uuid.UUID
    service: str
    state: str
    requested_at: dt.datetime
    due_at: dt.datetime | None
    late: bool
    held_cents: int
    currency: str


def open_ones(tenant_id: int) -> list[ConsultationLine]:
    """The open consultations of a portal, oldest first, with what is owed until when."""
    with working_in(tenant_id):
        rows = list(
            db.session.execute(
                select(Consultation)
                .where(Consultation.state.in_(states.OPEN))
                .order_by(Consultation.requested_at)
                .limit(LISTED)
            ).scalars()
        )
        owed = service.due_of(rows)
        lines = []
        for row in rows:
            due = owed.get(row.id)
            lines.append(
                ConsultationLine(
                    row.id, row.service, row.state, row.requested_at, due, due is not None and due <= clock.now(),
                    money.held_cents(row.id, row.currency), row.currency,
                )
            )  # fmt: skip
        return lines


def cancel(tenant_id: int, operator_id: uuid.UUID, consultation_id: uuid.UUID, reason: str) -> int:
    """End a consultation that cannot go on, with all money back (decision 14). Raises Refused. Answers the cents."""
    with operating_on(tenant_id, str(operator_id), "consultation.cancel"):
        back = service.cancel_by_operator(consultation_id, str(operator_id), reason)
        db.session.commit()
        return back


def wallet(tenant_id: int, account_id: uuid.UUID) -> tuple[int, str]:
    """(cents, currency) of an account's wallet."""
    with working_in(tenant_id):
        return money.wallet_cents(account_id), money.currency()


def credit(
    tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, key: uuid.UUID, cents: int, reason: str
) -> None:
    """Add to a patient's wallet, once per key. Raises Refused, accounts.UnknownAccount."""
    if not reason.strip():
        raise Refused(_("Please give the reason: it is kept."), status=422)
    if not 0 < cents <= MOST_CENTS:
        raise Refused(_("An amount above zero is wanted."), status=422)
    with operating_on(tenant_id, str(operator_id), "wallet.credit"):
        if accounts.by_id(account_id).role != "patient":
            raise Refused(_("Only patients have a wallet."), status=422)
        if money.credit(account_id, key, cents):
            audit.record("wallet.credited", "account", account_id, {"cents": cents, "reason": reason, "act": str(key)})
        db.session.commit()
