"""Rooms: two people, started by one, ended once, with what was delivered."""

import datetime as dt
import threading

import pytest
from sqlalchemy import select

from core import clock as clocks
from core.care.rooms import service, video
from core.care.rooms.models import Room
from core.db import db
from core.jobs.models import OutboxMessage
from core.tenancy.current import entered
from core.testing.makers import make_account
from core.web.frame import Refused


def announced(name):
    return [m.payload for m in db.session.execute(select(OutboxMessage).where(OutboxMessage.name == name)).scalars()]


@pytest.fixture
def facts(inside, make_room):
    return make_room()


@pytest.fixture
def row(facts, inside):
    return service.access_room(facts.id, facts.patient)


@pytest.mark.rule("CB-169")
def test_only_the_two_have_access(facts, inside):
    assert service.access_room(facts.id, facts.patient).role_of(facts.patient) == "patient"
    assert service.access_room(facts.id, facts.professional).role_of(facts.professional) == "professional"
    assert service.access_room(facts.id, make_account().id) is None
    assert service.access_room(facts.subject_id, facts.patient) is None


def test_a_room_is_opened_once_for_its_subject(facts, inside):
    again = service.open_room(
        subject_id=facts.subject_id, service="video_consultation", patient_account_id=facts.patient,
        professional_account_id=facts.professional, opens_at=clocks.now(), limit_minutes=99,
    )  # fmt: skip
    assert again.id == facts.id
    assert again.limit_minutes == 30


@pytest.mark.rule("CB-175", "CB-176")
def test_the_limit_is_the_appointments_else_the_portals(make_room, inside):
    assert service.access_room(*ids(make_room())).limit_minutes == 30
    assert service.access_room(*ids(make_room(limit_minutes=20))).limit_minutes == 20


def ids(made):
    return made.id, made.patient


@pytest.mark.rule("CB-173")
def test_only_the_professional_starts(facts, row):
    with pytest.raises(Refused) as refused:
        service.start(row, facts.patient)
    assert refused.value.status == 403
    assert service.of_subject(facts.subject_id).state == "waiting"
    service.start(row, facts.professional)
    assert (row.state, row.media) == ("in_call", "video")
    assert announced("room_started") == [
        {"room_id": str(facts.id), "subject_kind": "consultation", "subject_id": str(facts.subject_id)}
    ]
    service.start(row, facts.professional)
    assert len(announced("room_started")) == 1, "starting twice is starting once"


def test_not_before_it_opens_and_not_after_it_ended(make_room, inside):
    early = make_room(opens_at=clocks.now() + dt.timedelta(minutes=10))
    row = service.access_room(early.id, early.professional)
    with pytest.raises(Refused, match="too early"):
        service.start(row, early.professional)
    service.end(row, "professional", early.professional)
    with pytest.raises(Refused, match="over"):
        service.start(row, early.professional)


@pytest.mark.rule("CB-174")
def test_one_call_at_a_time(make_room, facts, row, inside):
    other = make_room(professional=facts.made)
    second = service.access_room(other.id, other.patient)
    assert not service.in_other_call(second)
    service.start(row, facts.professional)
    db.session.commit()
    assert service.in_other_call(second)
    with pytest.raises(Refused, match="another call"):
        service.start(second, facts.professional)
    service.end(row, "professional", facts.professional)
    service.start(second, facts.professional)
    assert second.state == "in_call"


def test_only_the_professional_ends(facts, row):
    service.start(row, facts.professional)
    with pytest.raises(Refused):
        service.end(row, "professional", facts.patient)
    assert row.state == "in_call"
    assert service.end(row, "professional", facts.professional)
    assert not service.end(row, "professional", facts.professional)
    assert [m["reason"] for m in announced("room_ended")] == ["professional"]


def test_falling_back_keeps_what_was_delivered(facts, row, clock):
    clock.move(seconds=0)
    service.start(row, facts.professional)
    service.note_flowing(row, facts.patient, "video")
    service.note_flowing(row, facts.patient, "video")
    clock.move(minutes=3)
    service.fall_back(row, "audio", facts.patient)
    clock.move(minutes=1)
    service.fall_back(row, "phone", facts.professional)
    clock.move(minutes=1)
    service.fall_back(row, "message", facts.professional)
    assert row.media == "message"
    assert [(d.media, d.what, d.side) for d in service.deliveries(row)] == [
        ("video", "chosen", "professional"),
        ("video", "flowing", "patient"),
        ("audio", "chosen", "patient"),
        ("phone", "chosen", "professional"),
        ("message", "chosen", "professional"),
    ]


@pytest.mark.parametrize("to", ["video", "", "fax", "hologram"])
def test_no_way_where_there_is_none(facts, row, to):
    service.start(row, facts.professional)
    with pytest.raises(Refused):
        service.fall_back(row, to, facts.patient)
    with pytest.raises(Refused):
        service.fall_back(row, "audio", make_account().id)


def test_no_other_way_without_a_call(facts, row):
    with pytest.raises(Refused):
        service.fall_back(row, "audio", facts.patient)
    service.note_flowing(row, facts.patient, "video")
    assert service.deliveries(row) == []


@pytest.mark.rule("CB-175", "CB-177", "CB-058")
def test_the_call_ends_at_its_limit_exactly_once(facts, row, clock):
    clock.move(seconds=0)
    service.start(row, facts.professional)
    db.session.commit()
    clock.move(minutes=29, seconds=59)
    assert service.end_overdue() == 0
    clock.move(seconds=1)
    assert service.end_overdue() == 1
    assert service.end_overdue() == 0
    assert (row.state, row.end_reason) == ("ended", "limit")
    assert [m["reason"] for m in announced("room_ended")] == ["limit"]


def test_a_room_that_nobody_started_is_closed(make_room, inside, clock):
    clock.move(seconds=0)
    made = make_room(starts_by=clocks.now() + dt.timedelta(minutes=30))
    assert service.end_overdue() == 0
    clock.move(minutes=30)
    assert service.end_overdue() == 1
    assert [m["reason"] for m in announced("room_ended")] == ["not_started"]
    assert service.access_room(made.id, made.patient).state == "ended"


def test_two_workers_end_a_call_once(app, facts, inside):
    row = service.access_room(facts.id, facts.professional)
    service.start(row, facts.professional)
    row.started_at -= dt.timedelta(minutes=31)
    db.session.commit()
    ended, begin = [], threading.Barrier(4)

    def work():
        with app.app_context(), entered(inside.id):
            begin.wait()
            ended.append(service.end_overdue())
            db.session.commit()

    threads = [threading.Thread(target=work) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(ended) == 1
    assert len(announced("room_ended")) == 1


@pytest.mark.parametrize("night", [dt.datetime(2027, 3, 28, 0, 45), dt.datetime(2026, 10, 25, 0, 45)])
def test_a_clock_change_makes_no_call_longer_or_shorter(make_room, inside, clock, night):
    clock.set(night.replace(tzinfo=dt.UTC))
    made = make_room()
    row = service.access_room(made.id, made.professional)
    service.start(row, made.professional)
    assert row.ends_at - row.started_at == dt.timedelta(minutes=30)
    clock.move(minutes=29)
    assert service.end_overdue() == 0
    clock.move(minutes=1)
    assert service.end_overdue() == 1


def test_a_clock_that_is_set_back_ends_nothing_twice(facts, row, clock):
    clock.move(seconds=0)
    service.start(row, facts.professional)
    clock.move(minutes=30)
    assert service.end_overdue() == 1
    clock.move(minutes=-20)
    assert service.end_overdue() == 0
    clock.move(minutes=40)
    assert service.end_overdue() == 0
    assert len(announced("room_ended")) == 1


def test_the_warning_comes_before_the_end_and_not_before_the_start(make_room, facts, row, inside):
    service.start(row, facts.professional)
    assert row.ends_at - video.warns_at(row) == dt.timedelta(minutes=5)
    short = make_room(limit_minutes=4)
    other = service.access_room(short.id, short.professional)
    assert video.warns_at(other) is None
    service.start(other, short.professional)
    assert video.warns_at(other) == other.started_at


def test_the_standing_says_when_to_look_again(facts, row):
    asked = service._standing(facts.id, facts.patient)
    assert (asked.role, asked.signals, asked.moments) == ("patient", False, ())
    service.start(row, facts.professional)
    asked = service._standing(facts.id, facts.professional)
    assert asked.signals
    assert [m.what for m in asked.moments] == ["room_warning", "room_over"]
    service.fall_back(row, "phone", facts.professional)
    assert not service._standing(facts.id, facts.professional).signals
    assert service._standing(facts.id, make_account().id) is None


def test_looking_after_the_end_ends_it(facts, row, clock):
    clock.move(seconds=0)
    service.start(row, facts.professional)
    db.session.commit()
    clock.move(minutes=31)
    asked = service._standing(facts.id, facts.patient)
    assert not asked.signals
    assert db.session.get(Room, (row.tenant_id, row.id), populate_existing=True).end_reason == "limit"


@pytest.mark.rule("CB-096")
def test_the_waiting_room_lists_who_is_due(make_room, facts, inside):
    now = clocks.now()
    later = make_room(professional=facts.made, opens_at=now + dt.timedelta(hours=3))
    make_room(professional=facts.made, opens_at=now + dt.timedelta(days=2))
    make_room()
    listed = service.waiting_room(facts.professional, now + dt.timedelta(hours=12))
    assert [line.room.id for line in listed] == [facts.id, later.id]
    assert {line.online for line in listed} == {None}, "without Valkey nobody knows"


def test_a_moved_appointment_moves_its_room(facts, inside):
    at = clocks.now() + dt.timedelta(days=1)
    service.move_room(facts.subject_id, at, at + dt.timedelta(hours=1))
    moved = service.access_room(facts.id, facts.patient)
    assert (moved.opens_at, moved.starts_by) == (at, at + dt.timedelta(hours=1))
