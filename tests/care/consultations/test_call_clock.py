"""The promise to call: made when a call is owed, counted down for both, kept, settled or missed, each once."""

import datetime as dt
import uuid

import pytest
from sqlalchemy import select

from core import clock
from core.care.consultations import appointments, calls, lists, requests
from core.care.consultations.models import Consultation
from core.care.consultations.service import CALL_START, KIND
from core.care.rooms import service as rooms
from core.db import db
from core.directory.models import VisitReason
from core.identity.models import Account
from core.jobs import outbox
from core.jobs.models import OutboxMessage
from core.money import service as money
from core.notifications.models import Notification
from core.promises import service as promises
from core.promises.models import Promise
from core.scheduling import booking, slots
from core.scheduling import service as scheduling
from core.testing.makers import choice, make_professional, sign_in_as

HOURS = 24


def promised(row):
    return db.session.execute(
        select(Promise)
        .where(Promise.kind == CALL_START, Promise.subject_kind == KIND, Promise.subject_id == row.id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def announced(name):
    found = db.session.execute(select(OutboxMessage).where(OutboxMessage.name == name)).scalars()
    return [m.payload for m in found if m.payload.get("kind") == CALL_START]


@pytest.fixture
def accepted(ask, doctor, patient):
    """(consultation, professional, patient): a call on demand that was accepted just now; its room is open."""
    pro, booker = doctor(), patient()
    row = ask(booker, pro, service="video_consultation")
    requests.accept(pro, row.id)
    db.session.commit()
    outbox.drain()
    return row, pro, booker


@pytest.mark.rule("CB-173")
def test_on_demand_it_is_owed_from_the_acceptance_and_kept_by_the_call(accepted):
    row, pro, _booker = accepted
    made = promised(row)
    assert made.state == "open"
    assert made.due_at == row.accepted_at + dt.timedelta(hours=HOURS) == rooms.of_subject(row.id).starts_by
    rooms.start(rooms.of_subject(row.id), pro.account_id)
    db.session.commit()
    assert promised(row).state == "kept"
    with clock.at(made.due_at + dt.timedelta(minutes=5)):
        promises.watch()
    assert promised(row).state == "kept"
    assert announced("promise_missed") == []


def test_both_see_the_same_countdown(accepted, browse, frontalia):
    row, pro, booker = accepted
    due = f'data-countdown="{promised(row).due_at.isoformat()}"'
    assert [e.due_at for e in lists.of_patient(booker.account_id)[0]] == [promised(row).due_at]
    assert [e.due_at for e in lists.under_way(pro.id)] == [promised(row).due_at]
    sides = ((booker.account_id, "/consultations"), (pro.account_id, "/requests"))
    ids = [(db.session.get(Account, (frontalia.id, account_id)), path) for account_id, path in sides]
    for account, path in ids:
        visitor = browse()
        sign_in_as(visitor, frontalia.id, account)
        for where in (path, f"{path}/{row.id}"):
            assert due in visitor.text(visitor.get(where)), where


@pytest.mark.parametrize("end", ["cancelled", "no_show", "professional_closed", "operator"])
def test_what_is_off_is_owed_no_more(accepted, end):
    from core.care.consultations import service

    row, pro, booker = accepted
    {
        "cancelled": lambda: requests.cancel(booker.account_id, row.id),
        "no_show": lambda: calls.missed(pro, row.id),
        "professional_closed": lambda: requests.withdraw_professional(pro.id),
        "operator": lambda: service.cancel_by_operator(row.id, "operator", "a failure"),
    }[end]()
    db.session.commit()
    assert promised(row).state == "void"
    with clock.at(row.accepted_at + dt.timedelta(hours=HOURS, minutes=5)):
        promises.watch()
    assert announced("promise_missed") == []


@pytest.mark.parametrize("first", ["clock", "room"])
def test_a_call_that_never_came_is_missed_once_whoever_looks_first(accepted, first):
    row, _pro, booker = accepted
    jobs = [promises.watch, rooms.end_overdue]
    with clock.at(row.accepted_at + dt.timedelta(hours=HOURS, seconds=1)):
        for job in jobs if first == "clock" else reversed(jobs):
            job()
            db.session.commit()
        outbox.drain()
    assert promised(row).state == "missed"
    assert len(announced("promise_missed")) == 1
    assert db.session.get(Consultation, (row.tenant_id, row.id), populate_existing=True).state == "cancelled"
    assert money.wallet_cents(booker.account_id) == 10_000


def test_the_professional_is_reminded_once_in_the_last_quarter(accepted):
    row, pro, _booker = accepted
    for minutes in (0, 1, 2):
        with clock.at(row.accepted_at + dt.timedelta(hours=HOURS * 3 / 4, minutes=minutes)):
            promises.watch()
            db.session.commit()
            outbox.drain()
    told = db.session.execute(select(Notification).where(Notification.code == "call_near")).scalars().all()
    assert [n.account_id for n in told] == [pro.account_id]


def test_by_message_no_call_is_owed(under_way):
    assert promised(under_way.row) is None


@pytest.mark.rule("CB-171", "CB-208")
def test_by_appointment_it_is_owed_once_paid_moves_with_it_and_ends_with_it(inside, patient):
    made = make_professional(service="video_consultation")
    db.session.get(VisitReason, (inside.id, made.reason.id)).price_cents = 2500
    db.session.commit()
    free = slots.next_free(made.pro.id, "video_consultation", 20, slots.earliest())[0].starts_at
    later = free + dt.timedelta(minutes=40)
    booker = patient()
    booked = booking.book(booker, **choice(made, free))
    db.session.commit()
    outbox.drain()
    row = appointments.of_appointment(booked.id)
    assert (row.highest_cents, promised(row)) == (2500, None), "who was not paid owes no call"
    appointments.pay(booker.account_id, row.id)
    db.session.commit()
    owed = promised(row)
    assert (owed.near_at, owed.due_at) == (booked.starts_at, booked.ends_at)
    moved = scheduling.move(booked, later, "patient")
    db.session.commit()
    outbox.drain()
    assert (promised(row).near_at, promised(row).due_at) == (later, moved.ends_at)
    with clock.at(later):
        promises.watch()
        db.session.commit()
    assert len(announced("promise_near")) == 1
    scheduling.cancel(moved, "professional", "")
    db.session.commit()
    outbox.drain()
    assert promised(row).state == "void"


def test_events_of_promises_name_ids_and_codes_alone(accepted):
    row, _pro, _booker = accepted
    promises.miss(CALL_START, KIND, row.id)
    promises.miss(CALL_START, KIND, row.id)
    (body,) = announced("promise_missed")
    assert set(body) == {"promise_id", "kind", "subject_kind", "subject_id"}
    assert uuid.UUID(body["subject_id"]) == row.id
