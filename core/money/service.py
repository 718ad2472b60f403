"""What care may ask of money: hold an amount for an act, lower it, give it back, release it to who did the work; tariffs.

This is the narrow door: whatever pays one day (a wallet today; a partner's quota, a card) stands behind it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from core import audit, clock
from core.db import db
from core.messages import Money, _
from core.money import ledger
from core.money.models import Tariff
from core.tenancy.current import current_tenant
from core.web.frame import Refused

CONSULTATION = "consultation"


def currency() -> str:
    """The portal's currency."""
    return str(current_tenant().config["money"]["currency"])


def wallet_cents(account_id: uuid.UUID) -> int:
    """What the wallet of an account holds."""
    return ledger.balance(ledger.wallet(account_id, currency()))


def held_cents(act_id: uuid.UUID, of: str | None = None) -> int:
    """What is held for an act at this moment."""
    return ledger.balance(ledger.escrow(act_id, of or currency()))


def credit(account_id: uuid.UUID, act_id: uuid.UUID, cents: int) -> bool:
    """Money from outside into a wallet, once per `act_id` (a gift of the operator, a card payment)."""
    if cents <= 0:
        raise Refused(_("An amount above zero is wanted."), status=422)
    of = currency()
    return ledger.move("credit", act_id, "credit", {ledger.wallet(account_id, of): cents, ledger.outside(of): -cents})


def hold(act_id: uuid.UUID, payer: uuid.UUID, cents: int, of: str) -> bool:
    """Take an amount out of the payer's wallet and keep it for an act (CB-208, CB-211). Raises ledger.NotEnough."""
    return ledger.move(
        CONSULTATION, act_id, "hold", {ledger.wallet(payer, of): -cents, ledger.escrow(act_id, of): cents}
    )


def lower(act_id: uuid.UUID, payer: uuid.UUID, agreed: int, of: str) -> int:
    """The agreed price is lower than what is held: the difference goes back at once (CB-159, CB-172). Answers it."""
    difference = held_cents(act_id, of) - agreed
    if difference <= 0:
        return 0
    ledger.move(
        CONSULTATION,
        act_id,
        "lower",
        {ledger.escrow(act_id, of): -difference, ledger.wallet(payer, of): difference},
    )
    return difference


def give_back(act_id: uuid.UUID, payer: uuid.UUID, of: str) -> int:
    """All that is held for an act goes back to who paid (CB-155, CB-156, CB-170, CB-171). Answers how much."""
    held = held_cents(act_id, of)
    if held:
        ledger.move(
            CONSULTATION, act_id, "give_back", {ledger.escrow(act_id, of): -held, ledger.wallet(payer, of): held}
        )
    return held


def release(act_id: uuid.UUID, professional_id: uuid.UUID, of: str) -> int:
    """The work is done: what is held goes to the professional less the operator's commission. Answers their share."""
    held = held_cents(act_id, of)
    kept = commission_of(held)
    ledger.move(
        CONSULTATION,
        act_id,
        "release",
        {
            ledger.escrow(act_id, of): -held,
            ledger.payable(professional_id, of): held - kept,
            ledger.commission(of): kept,
        },
    )
    return held - kept


def refund(act_id: uuid.UUID, payer: uuid.UUID) -> int:
    """The professional gives a finished act's price back (CB-214): the release is booked the other way round."""
    released = ledger.shares_of(CONSULTATION, act_id, "release")
    price = -sum(cents for cents in released.values() if cents < 0)
    if not price:
        return 0
    back = {pot: -cents for pot, cents in released.items() if cents > 0}
    of = next(iter(back)).currency
    ledger.move(CONSULTATION, act_id, "refund", {**back, ledger.wallet(payer, of): price})
    return price


def commission_of(cents: int) -> int:
    """The operator's share of an amount: the contract's percentage, half a cent up."""
    percent = int(current_tenant().config["money"]["commission_percent"])
    return (cents * percent + 50) // 100


def tariffs_of(professional_ids: Iterable[uuid.UUID], service: str) -> dict[uuid.UUID, int]:
    """What each professional asks for a service now, in cents; absent: no tariff was set, so it cannot be asked (CB-094)."""
    t = Tariff
    rows = db.session.execute(
        select(t.professional_id, t.amount_cents)
        .where(t.professional_id.in_(list(professional_ids)), t.service == service, t.valid_from <= clock.now())
        .order_by(t.professional_id, t.valid_from.desc())
        .ext(distinct_on(t.professional_id))
    ).all()
    return {r.professional_id: r.amount_cents for r in rows}


def tariff_of(professional_id: uuid.UUID, service: str) -> int | None:
    """What a professional asks for a service now, in cents."""
    return tariffs_of([professional_id], service).get(professional_id)


def set_tariff(professional_id: uuid.UUID, service: str, cents: int) -> None:
    """Set what a service costs from now on (CB-094, CB-145); orders already placed keep their price (CB-211)."""
    most = int(current_tenant().config["money"]["highest_tariff_cents"])
    if not 0 <= cents <= most:
        raise Refused(_("A tariff is at least zero and at most {most}.", most=Money(most, currency())), status=422)
    db.session.add(
        Tariff(
            professional_id=professional_id,
            service=service,
            amount_cents=cents,
            currency=currency(),
            valid_from=clock.now(),
        )
    )
    db.session.flush()
    audit.record("tariff.set", "professional", professional_id, {"service": service, "cents": cents})
