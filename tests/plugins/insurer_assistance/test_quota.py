"""The ledger of units: never one too many, nothing lost, nobody's but one's own."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from sqlalchemy import func, select

from core.db import db
from core.scheduling.service_access import NotAllowed
from core.tenancy import current
from plugins.insurer_assistance import cases, doctoring, quota, requesting
from plugins.insurer_assistance.models import UnitEntry, Units

pytestmark = pytest.mark.usefixtures("mutual")


@pytest.mark.rule("IA-040", "IA-041")
def test_five_of_a_year_and_no_sixth(member):
    someone = member()
    for _ in range(5):
        quota.reserve(someone.member.id, uuid.uuid4(), 2026)
    with pytest.raises(quota.UsedUp):
        quota.reserve(someone.member.id, uuid.uuid4(), 2026)
    assert quota.balance(someone.member.id, 2026).left == 0


@pytest.mark.rule("IA-040", "IA-042")
def test_a_new_year_begins_with_five_and_nothing_is_carried_over(member):
    someone = member()
    for _ in range(2):
        quota.reserve(someone.member.id, uuid.uuid4(), 2026)
    assert quota.balance(someone.member.id, 2027).left == 5


@pytest.mark.rule("IA-043")
def test_the_spouse_has_a_counter_of_their_own(member):
    insured, spouse = member(), member("spouse")
    for _ in range(5):
        quota.reserve(spouse.member.id, uuid.uuid4(), 2026)
    with pytest.raises(quota.UsedUp):
        quota.reserve(spouse.member.id, uuid.uuid4(), 2026)
    assert quota.balance(insured.member.id, 2026).left == 5


def test_a_unit_is_settled_once_whatever_comes(member):
    someone = member()
    act = uuid.uuid4()
    quota.reserve(someone.member.id, act, 2026)
    quota.reserve(someone.member.id, act, 2026)
    quota.spend(act)
    quota.spend(act)
    quota.give_back(act)
    found = quota.balance(someone.member.id, 2026)
    assert (found.reserved, found.spent) == (0, 1)
    steps = db.session.execute(select(UnitEntry.step).where(UnitEntry.act_id == act)).scalars()
    assert sorted(steps) == ["reserve", "spend"]


def test_what_was_never_reserved_is_neither_spent_nor_given_back(member):
    someone = member()
    quota.spend(uuid.uuid4())
    quota.give_back(uuid.uuid4())
    assert quota.balance(someone.member.id, 2026).used == 0


@pytest.mark.rule("IA-040", "IA-041")
def test_who_asks_at_the_same_instant_gets_no_unit_too_many(app, mutual, member):
    """Twenty threads, each with its own connection, ask for the last unit of one person."""
    someone = member()
    for _ in range(4):
        quota.reserve(someone.member.id, uuid.uuid4(), 2026)
    db.session.commit()
    gate = threading.Barrier(20)
    won: list[uuid.UUID] = []

    def one() -> None:
        act = uuid.uuid4()
        with app.app_context(), current.entered(mutual.id):
            gate.wait()
            try:
                quota.reserve(someone.member.id, act, 2026)
                db.session.commit()
                won.append(act)
            except quota.UsedUp:
                db.session.rollback()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    db.session.expire_all()
    assert quota.balance(someone.member.id, 2026).used == 5
    assert db.session.execute(select(func.sum(Units.reserved + Units.spent))).scalar_one() == 5


@pytest.mark.rule("IA-040", "IA-041", "IA-086")
def test_the_sixth_request_is_refused_with_its_reason_and_makes_nothing(member, ask_for):
    someone = member()
    for _ in range(5):
        quota.reserve(someone.member.id, uuid.uuid4(), cases.year_of(requesting.now()))
    db.session.commit()
    with pytest.raises(NotAllowed) as refused:
        requesting.from_web(ask_for(someone))
    assert any(r.rule in ("IA-040", "IA-041") for r in refused.value.decision.reasons)


def test_a_request_reserves_and_taking_it_back_gives_the_unit_back(member, ask_for, doctor):
    from core.care.consultations import requests

    someone = member()
    made = requesting.from_web(ask_for(someone))
    year = cases.year_of(requesting.now())
    assert quota.balance(someone.member.id, year).reserved == 1
    requests.cancel(someone.account.id, made.id)
    found = quota.balance(someone.member.id, year)
    assert (found.reserved, found.spent) == (0, 0)


@pytest.mark.rule("IA-068", "IA-035")
def test_delivered_is_spent_with_the_report_and_not_before(member, ask_for, doctor):
    from core.care.consultations import reports
    from core.care.consultations.service import Moved

    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    with pytest.raises(Moved):
        reports.save(pro.pro, made.id, {"conclusion": "Repos."})
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    doctoring.hang_up(pro.pro, made.id)
    year = cases.year_of(requesting.now())
    assert quota.balance(someone.member.id, year).spent == 0
    reports.save(pro.pro, made.id, {"conclusion": "Repos."})
    assert quota.balance(someone.member.id, year).spent == 1


@pytest.mark.rule("IA-040")
def test_the_year_changes_at_midnight_of_the_portal(clock, member, ask_for):
    clock.set(dt.datetime(2026, 12, 31, 22, 59, tzinfo=dt.UTC))  # 23:59 in Paris
    assert cases.year_of(requesting.now()) == 2026
    clock.set(dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC))
    assert cases.year_of(requesting.now()) == 2027
