"""The ledger: sums to zero, never below the floor, each act once; shown by random histories, races and the database itself."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from core.db import db
from core.money import ledger, service
from core.tenancy.current import entered

OF = "EUR"


def fresh(cents=10_000):
    payer = uuid.uuid4()
    if cents:
        service.credit(payer, uuid.uuid4(), cents)
    return payer


def whole():
    """(sum of all entries, sum of all balances, pots below zero that may not be)."""
    entries = db.session.execute(text("SELECT coalesce(sum(amount_cents), 0) FROM ledger_entries")).scalar_one()
    balances = db.session.execute(text("SELECT coalesce(sum(balance_cents), 0) FROM ledger_accounts")).scalar_one()
    below = db.session.execute(
        text("SELECT count(*) FROM ledger_accounts WHERE balance_cents < 0 AND kind <> 'outside'")
    ).scalar_one()
    return entries, balances, below


def derived():
    """Pots whose balance is not the sum of their entries."""
    return db.session.execute(
        text(
            "SELECT count(*) FROM ledger_accounts a WHERE balance_cents <> (SELECT coalesce(sum(e.amount_cents), 0) "
            "FROM ledger_entries e WHERE e.tenant_id = a.tenant_id AND e.ledger_account_id = a.id)"
        )
    ).scalar_one()


@pytest.mark.rule("CB-208", "CB-211", "CB-222", "CB-028")
def test_a_price_goes_its_whole_way(inside):
    payer, act, pro = fresh(), uuid.uuid4(), uuid.uuid4()
    assert service.hold(act, payer, 4000, OF)
    assert (service.wallet_cents(payer), service.held_cents(act)) == (6000, 4000)
    assert service.lower(act, payer, 3000, OF) == 1000
    assert (service.wallet_cents(payer), service.held_cents(act)) == (7000, 3000)
    assert service.release(act, pro, OF) == 2250, "the operator of this portal keeps a quarter"
    assert ledger.balance(ledger.payable(pro, OF)) == 2250
    assert ledger.balance(ledger.commission(OF)) == 750
    assert service.held_cents(act) == 0
    db.session.commit()
    assert whole() == (0, 0, 0)
    assert derived() == 0


@pytest.mark.rule("CB-214")
def test_a_refund_turns_the_release_around(inside):
    payer, act, pro = fresh(), uuid.uuid4(), uuid.uuid4()
    service.hold(act, payer, 3000, OF)
    service.release(act, pro, OF)
    assert service.refund(act, payer) == 3000
    assert service.refund(act, payer) == 3000, "asked twice, booked once"
    assert service.wallet_cents(payer) == 10_000
    assert ledger.balance(ledger.payable(pro, OF)) == ledger.balance(ledger.commission(OF)) == 0
    db.session.commit()


@pytest.mark.rule("CB-209")
def test_a_wallet_never_goes_below_zero_and_the_refusal_says_what_is_missing(inside):
    payer = fresh(1000)
    with pytest.raises(ledger.NotEnough) as refused:
        service.hold(uuid.uuid4(), payer, 2550, OF)
    assert refused.value.missing_cents == 1550
    assert "25.50" in str(refused.value)
    db.session.rollback()


def test_each_step_of_an_act_is_booked_once(inside):
    payer, act = fresh(), uuid.uuid4()
    assert service.hold(act, payer, 1000, OF)
    assert not service.hold(act, payer, 1000, OF)
    assert service.give_back(act, payer, OF) == 1000
    assert service.give_back(act, payer, OF) == 0
    assert service.wallet_cents(payer) == 10_000


def test_shares_that_do_not_sum_to_zero_are_no_movement(inside):
    pots = {ledger.wallet(uuid.uuid4(), OF): 1, ledger.outside(OF): -2}
    with pytest.raises(ValueError, match="sum to zero"):
        ledger.move("x", uuid.uuid4(), "y", pots)
    with pytest.raises(ValueError, match="one currency"):
        ledger.move("x", uuid.uuid4(), "y", {ledger.outside("CHF"): 1, ledger.outside(OF): -1})


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_accounts SET balance_cents = balance_cents + 1",
        "UPDATE ledger_entries SET amount_cents = 5",
        "DELETE FROM ledger_entries",
        "DELETE FROM ledger_transactions",
        "UPDATE ledger_transactions SET step = 'again'",
    ],
)
def test_the_database_itself_refuses_to_rewrite(inside, statement):
    fresh()
    db.session.commit()
    with pytest.raises(DBAPIError):
        db.session.execute(text(statement))
    db.session.rollback()


def test_the_database_refuses_a_movement_that_does_not_sum_to_zero(inside):
    payer = fresh()
    db.session.commit()
    pot = db.session.execute(text("SELECT id FROM ledger_accounts WHERE owner_id = :o"), {"o": payer}).scalar_one()
    movement = uuid.uuid4()
    tenant = inside.id
    db.session.execute(
        text("INSERT INTO ledger_transactions VALUES (:t, :i, 'x', :i, 'x', now())"), {"t": tenant, "i": movement}
    )
    db.session.execute(
        text("INSERT INTO ledger_entries VALUES (:t, :e, :i, :p, 5, 'EUR')"),
        {"t": tenant, "e": uuid.uuid4(), "i": movement, "p": pot},
    )
    with pytest.raises(DBAPIError, match="sum to zero"):
        db.session.commit()
    db.session.rollback()


steps = st.lists(
    st.tuples(st.sampled_from(["hold", "lower", "give_back", "release", "refund", "credit"]), st.integers(0, 3), st.integers(0, 6000)),
    max_size=16,
)  # fmt: skip


@settings(max_examples=20)
@given(steps)
def test_no_history_breaks_it(history):
    run_history(history)


def run_history(history):
    """Any order of steps over four acts, repeated ones too: what was paid in is always somewhere, and nowhere below zero."""
    payer, pro = uuid.uuid4(), uuid.uuid4()
    acts = [uuid.uuid4() for _ in range(4)]
    paid = 10_000
    service.credit(payer, uuid.uuid4(), paid)
    for name, number, cents in history:
        act = acts[number]
        try:
            with db.session.begin_nested():
                if name == "hold":
                    service.hold(act, payer, cents, OF)
                elif name == "lower":
                    service.lower(act, payer, cents, OF)
                elif name == "give_back":
                    service.give_back(act, payer, OF)
                elif name == "release":
                    service.release(act, pro, OF)
                elif name == "refund":
                    service.refund(act, payer)
                elif cents:
                    service.credit(payer, act, cents)
                    paid = _paid(payer)
        except ledger.NotEnough:
            pass
    assert service.wallet_cents(payer) >= 0
    db.session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    db.session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    assert whole() == (0, 0, 0)
    assert derived() == 0
    assert paid >= 10_000


def _paid(payer):
    return -ledger.balance(ledger.outside(OF))


@pytest.fixture(autouse=True)
def _portal(inside):
    yield
    db.session.rollback()


def test_fifty_orders_at_once_spend_a_wallet_once(app, frontalia):
    with entered(frontalia.id):
        payer = fresh(10_000)
        db.session.commit()
    gate = threading.Barrier(10)

    def attempt(number):
        if number < 10:
            gate.wait()
        with app.app_context(), entered(frontalia.id):
            try:
                service.hold(uuid.uuid4(), payer, 1000, OF)
                db.session.commit()
                return "held"
            except ledger.NotEnough:
                db.session.rollback()
                return "not enough"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(attempt, range(50)))
    assert answers.count("held") == 10
    with entered(frontalia.id):
        assert service.wallet_cents(payer) == 0
        assert whole() == (0, 0, 0)


@pytest.mark.rule("CB-094", "CB-145", "CB-211")
def test_tariffs_are_dated_and_the_newest_holds(inside):
    from core.testing.makers import make_professional

    pro = make_professional().pro
    assert service.tariff_of(pro.id, "express_consultation") is None
    service.set_tariff(pro.id, "express_consultation", 2500)
    service.set_tariff(pro.id, "express_consultation", 2800)
    assert service.tariff_of(pro.id, "express_consultation") == 2800
    from core.web.frame import Refused

    with pytest.raises(Refused, match="at most"):
        service.set_tariff(pro.id, "express_consultation", 5_000_000)
    with pytest.raises(Refused):
        service.set_tariff(pro.id, "express_consultation", -1)
