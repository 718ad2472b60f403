"""Announced in the transaction, delivered after it, at least once, visibly dead when it cannot be."""

import datetime as dt
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text

from core import clock
from core.db import db, global_scope
from core.events import Undeliverable
from core.jobs import announce, outbox, periodic, worker
from core.jobs.models import OutboxDelivery, OutboxMessage, PeriodicRun
from core.tenancy.current import entered


@pytest.fixture
def heard(app, portals, monkeypatch):
    outbox.drain()  # what making the portals announced
    events = []
    monkeypatch.setitem(outbox._consumers, "test_happened", {"tests": events.append})
    return events


def test_a_message_is_delivered_once_and_marked(inside, heard):
    announce("test_happened", {"n": 1})
    db.session.commit()
    assert outbox.drain() == 1
    assert outbox.drain() == 0
    assert [e.payload for e in heard] == [{"n": 1}]
    assert heard[0].tenant_id == inside.id


def test_what_is_rolled_back_is_never_told(inside, heard):
    announce("test_happened", {"n": 1})
    db.session.rollback()
    assert outbox.drain() == 0
    assert heard == []


def test_a_failing_consumer_is_tried_again_with_pauses_then_dead_lettered(inside, monkeypatch):
    calls = []

    def fail(event):
        calls.append(event.id)
        raise ValueError("a name that must not be kept")

    monkeypatch.setitem(outbox._consumers, "test_happened", {"tests": fail})
    announce("test_happened", {})
    db.session.commit()
    start = clock.now()
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        with clock.at(start + dt.timedelta(hours=attempt)):
            outbox.drain()
            assert len(calls) == attempt
            assert outbox.drain() == 0
    dead = outbox.dead_letters()
    assert [(d.name, d.attempts, d.last_error) for d in dead] == [("test_happened", outbox.MAX_ATTEMPTS, "ValueError")]
    assert outbox.revive(dead[0].message_id, "tests")
    db.session.commit()
    assert outbox.dead_letters() == []


def test_effects_of_a_failing_consumer_are_undone(inside, monkeypatch):
    def half(event):
        announce("other_happened", {})
        raise ValueError

    monkeypatch.setitem(outbox._consumers, "test_happened", {"tests": half})
    announce("test_happened", {})
    db.session.commit()
    outbox.drain()
    assert db.session.execute(select(OutboxMessage).where(OutboxMessage.name == "other_happened")).first() is None


def test_a_claim_that_runs_out_is_taken_again(inside, heard):
    announce("test_happened", {})
    db.session.commit()
    assert len(outbox.claim()) == 1
    assert outbox.claim() == []
    with clock.at(clock.now() + dt.timedelta(seconds=outbox.CLAIM_SECONDS + 1)):
        assert len(outbox.claim()) == 1


def test_one_consumer_that_fails_does_not_hold_up_another(inside, monkeypatch):
    heard = []

    def fail(event):
        raise ValueError

    monkeypatch.setitem(outbox._consumers, "test_happened", {"a": fail, "b": heard.append})
    announce("test_happened", {})
    db.session.commit()
    outbox.drain()
    assert len(heard) == 1


def test_valkey_away_delays_and_loses_nothing(inside, heard, monkeypatch):
    def away(rows):
        raise ConnectionError("valkey is away")

    monkeypatch.setattr(outbox, "_wake", away)
    announce("test_happened", {})
    db.session.commit()
    monkeypatch.setattr(outbox, "_wake", None)
    with clock.at(clock.now() + dt.timedelta(seconds=outbox.CLAIM_SECONDS + 1)):
        assert outbox.drain() == 1


def test_deliveries_see_their_own_tenant(app, portals, heard):
    for view in portals.values():
        with entered(view.id):
            announce("test_happened", {"slug": view.slug})
            db.session.commit()
    outbox.drain()
    assert sorted((e.tenant_id, e.payload["slug"]) for e in heard) == sorted((v.id, s) for s, v in portals.items())


def test_a_periodic_job_runs_once_per_interval_and_tenant(app, portals, monkeypatch):
    ran = []
    job = periodic.Job("test", 60, lambda: ran.append(1))
    monkeypatch.setattr(periodic, "_core_jobs", [job])
    start = clock.now()
    with clock.at(start):
        periodic.run_due()
        periodic.run_due()
    assert len(ran) == len(portals)
    with clock.at(start + dt.timedelta(seconds=61)):
        periodic.run_due()
    assert len(ran) == 2 * len(portals)


def test_a_periodic_job_that_fails_is_noted_and_due_again(inside, monkeypatch):
    def fail():
        raise KeyError("x")

    monkeypatch.setattr(periodic, "_core_jobs", [periodic.Job("test", 60, fail)])
    periodic.run_due()
    row = db.session.execute(select(PeriodicRun).where(PeriodicRun.job == "core:test")).scalars().first()
    assert row.last_error == "KeyError"


def test_the_row_is_gone_with_its_message(inside, heard):
    announce("test_happened", {})
    db.session.commit()
    db.session.delete(
        db.session.execute(select(OutboxMessage).where(OutboxMessage.name == "test_happened")).scalars().one()
    )
    db.session.commit()
    assert db.session.execute(select(OutboxDelivery).where(OutboxDelivery.consumer == "tests")).first() is None


def test_a_second_job_of_a_delivery_does_not_use_up_its_attempts(inside, monkeypatch):
    """The relay may have queued a delivery many times while the workers were away."""
    calls = []

    def fail(event):
        calls.append(event.id)
        raise ValueError

    monkeypatch.setitem(outbox._consumers, "test_happened", {"tests": fail})
    message = announce("test_happened", {})
    db.session.commit()
    for _job in range(5):
        assert not outbox.deliver(inside.id, message, "tests")
    assert len(calls) == 1


def test_what_can_never_be_delivered_is_dead_at_once(inside, monkeypatch):
    def fail(event):
        raise Undeliverable("no such address")

    monkeypatch.setitem(outbox._consumers, "test_happened", {"tests": fail})
    announce("test_happened", {})
    db.session.commit()
    outbox.drain()
    assert [(d.attempts, d.last_error) for d in outbox.dead_letters()] == [(1, "Undeliverable")]


def test_pauses_grow_to_an_hour_and_reach_over_a_night():
    pauses = [
        min(outbox.FIRST_PAUSE_SECONDS * 2**n, outbox.LONGEST_PAUSE_SECONDS) for n in range(1, outbox.MAX_ATTEMPTS)
    ]
    assert max(pauses) == 3600
    assert sum(pauses) > 10 * 3600


@pytest.mark.parametrize(("waiting", "relayed"), [(0, 1), (worker.LONGEST_QUEUE, 0)])
def test_a_full_queue_is_not_filled_further(inside, heard, monkeypatch, waiting, relayed):
    woken, rounds = [], iter([False, True])
    monkeypatch.setattr(worker, "waker", lambda url: woken.extend)
    monkeypatch.setattr(worker, "_queue", lambda url: SimpleNamespace(count=waiting))
    monkeypatch.setattr(worker, "RELAY_PAUSE_SECONDS", 0)
    monkeypatch.setattr(periodic, "run_due", lambda: 0)
    announce("test_happened", {})
    db.session.commit()
    worker.run_scheduler("", lambda: next(rounds))
    assert len(woken) == relayed


def test_without_valkey_the_relay_delivers_by_itself(inside, heard, monkeypatch):
    rounds = iter([False, True])
    monkeypatch.setattr(worker, "RELAY_PAUSE_SECONDS", 0)
    monkeypatch.setattr(periodic, "run_due", lambda: 0)
    announce("test_happened", {"n": 1})
    db.session.commit()
    worker.run_scheduler("unix:///nonexistent/valkey.sock", lambda: next(rounds))
    assert [e.payload for e in heard] == [{"n": 1}]


@pytest.mark.parametrize("plan", ["enable_hashjoin", "enable_nestloop", "enable_mergejoin"])
def test_what_is_claimed_together_comes_in_the_order_of_its_time(inside, heard, plan):
    """However the database joins: the order of a plan is no order, and statistics change the plan."""
    now = clock.now()
    for n in reversed(range(60)):  # rows do not lie in the order of their time
        with clock.at(now - dt.timedelta(seconds=60 - n)):
            announce("test_happened", {"n": n})
    db.session.commit()
    with global_scope():
        for other in {"enable_hashjoin", "enable_nestloop", "enable_mergejoin"} - {plan}:
            db.session.execute(text(f"SET LOCAL {other} = off"))
        found = db.session.execute(
            text("SELECT message_id FROM outbox_claim(100, 60, :now)"), {"now": now + dt.timedelta(seconds=1)}
        ).scalars()
        claimed = list(found)
        db.session.commit()
    wanted = select(OutboxMessage.id).where(OutboxMessage.name == "test_happened").order_by(OutboxMessage.occurred_at)
    assert claimed == list(db.session.execute(wanted).scalars())
