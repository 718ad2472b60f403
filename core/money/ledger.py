"""The ledger: double entry, only ever added to. The database adds up the pots and refuses what does not sum to zero.

Each movement belongs to one step of one act and happens once, however often it is asked for (invariant 2).
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import insert as plain_insert
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.db import current_tenant_id, db, new_id
from core.messages import Money, _
from core.money.models import LedgerAccount, LedgerEntry, LedgerTransaction
from core.web.frame import Refused

THE_PORTAL = uuid.UUID(int=0)
"""The owner of pots that are the portal's own: commission, and the world outside."""


class NotEnough(Refused):
    """The wallet holds less than the amount: nothing was moved. `missing_cents` is what it lacks (CB-209)."""

    def __init__(self, wanted: int, there: int, currency: str) -> None:
        super().__init__(
            _(
                "Your wallet holds {there}; this needs {wanted}. Please add {missing} first; nothing was sent.",
                there=Money(there, currency),
                wanted=Money(wanted, currency),
                missing=Money(wanted - there, currency),
            ),
            status=402,
        )
        self.missing_cents = wanted - there


@dataclass(frozen=True, slots=True)
class Pot:
    """Which pot: kind and owner, in a currency."""

    kind: str
    owner_id: uuid.UUID
    currency: str


def wallet(account_id: uuid.UUID, currency: str) -> Pot:
    """What a patient has put by."""
    return Pot("wallet", account_id, currency)


def escrow(act_id: uuid.UUID, currency: str) -> Pot:
    """What is held for one act."""
    return Pot("escrow", act_id, currency)


def payable(professional_id: uuid.UUID, currency: str) -> Pot:
    """What a professional has earned."""
    return Pot("payable", professional_id, currency)


def commission(currency: str) -> Pot:
    """What the operator has earned."""
    return Pot("commission", THE_PORTAL, currency)


def outside(currency: str) -> Pot:
    """Banks, cards, gifts of the operator: the only pot that may be below zero."""
    return Pot("outside", THE_PORTAL, currency)


def balance(pot: Pot) -> int:
    """What is in a pot, in cents; 0 where there never was anything."""
    found = db.session.execute(
        select(LedgerAccount.balance_cents).where(
            LedgerAccount.kind == pot.kind,
            LedgerAccount.owner_id == pot.owner_id,
            LedgerAccount.currency == pot.currency,
        )
    ).scalar_one_or_none()
    return found or 0


def move(act_kind: str, act_id: uuid.UUID, step: str, shares: dict[Pot, int]) -> bool:
    """Book one movement: cents to add to each pot, zero in sum. True when it was booked now, False when it was before.

    The pots are locked in one order, so that movements never wait for each other in a ring. Raises NotEnough where a
    wallet holds less than it should give; ValueError for shares that do not sum to zero or mix currencies.
    """
    shares = {pot: cents for pot, cents in shares.items() if cents}
    if not shares:
        return False
    if sum(shares.values()) or len({pot.currency for pot in shares}) > 1:
        raise ValueError("the shares of a movement sum to zero, in one currency")
    booked = db.session.execute(
        insert(LedgerTransaction)
        .values(tenant_id=current_tenant_id(), id=new_id(), act_kind=act_kind, act_id=act_id, step=step, at=clock.now())
        .on_conflict_do_nothing()
        .returning(LedgerTransaction.id)
    ).scalar_one_or_none()
    if booked is None:
        return False
    rows = _locked(list(shares))
    for pot, cents in shares.items():
        there = rows[pot].balance_cents
        if pot.kind == "wallet" and there + cents < 0:
            raise NotEnough(-cents, there, pot.currency)
    db.session.execute(
        plain_insert(LedgerEntry),
        [
            {
                "tenant_id": current_tenant_id(),
                "id": new_id(),
                "transaction_id": booked,
                "ledger_account_id": rows[pot].id,
                "amount_cents": cents,
                "currency": pot.currency,
            }
            for pot, cents in sorted(shares.items(), key=lambda share: rows[share[0]].id)
        ],
    )
    audit.record(
        "money.moved",
        act_kind,
        act_id,
        {"step": step, "shares": {f"{p.kind}:{p.owner_id}": c for p, c in shares.items()}},
    )
    return True


def _locked(pots: list[Pot]) -> dict[Pot, LedgerAccount]:
    """The pots, made where they are not yet, locked in the order of their ids."""
    a = LedgerAccount
    for pot in sorted(pots, key=lambda p: (p.kind, p.owner_id)):
        db.session.execute(
            insert(a)
            .values(
                tenant_id=current_tenant_id(), id=new_id(), kind=pot.kind, owner_id=pot.owner_id, currency=pot.currency
            )
            .on_conflict_do_nothing()
        )
    owners = [p.owner_id for p in pots]
    rows = db.session.execute(
        select(a)
        .where(a.owner_id.in_(owners), a.kind.in_([p.kind for p in pots]), a.currency == pots[0].currency)
        .order_by(a.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalars()
    found = {Pot(r.kind, r.owner_id, r.currency): r for r in rows}
    return {pot: found[pot] for pot in pots}


def shares_of(act_kind: str, act_id: uuid.UUID, step: str) -> dict[Pot, int]:
    """What a booked step moved; empty where it was never booked."""
    t, e, a = LedgerTransaction, LedgerEntry, LedgerAccount
    rows = db.session.execute(
        select(a.kind, a.owner_id, a.currency, e.amount_cents)
        .join(e, (e.tenant_id == a.tenant_id) & (e.ledger_account_id == a.id))
        .join(t, (t.tenant_id == e.tenant_id) & (t.id == e.transaction_id))
        .where(t.act_kind == act_kind, t.act_id == act_id, t.step == step)
    ).all()
    return {Pot(r.kind, r.owner_id, r.currency): r.amount_cents for r in rows}


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of a pot: when, for which act, which step, how many cents came (or went)."""

    at: dt.datetime
    act_kind: str
    act_id: uuid.UUID
    step: str
    cents: int


def movements(pot: Pot, limit: int = 200) -> list[Movement]:
    """The last movements of a pot, newest first (CB-222)."""
    t, e, a = LedgerTransaction, LedgerEntry, LedgerAccount
    rows = db.session.execute(
        select(t.at, t.act_kind, t.act_id, t.step, e.amount_cents)
        .join(e, (e.tenant_id == t.tenant_id) & (e.transaction_id == t.id))
        .join(a, (a.tenant_id == e.tenant_id) & (a.id == e.ledger_account_id))
        .where(a.kind == pot.kind, a.owner_id == pot.owner_id, a.currency == pot.currency)
        .order_by(t.at.desc(), t.id)
        .limit(limit)
    ).all()
    return [Movement(*row) for row in rows]
