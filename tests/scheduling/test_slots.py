"""Free slots: hours, exceptions, holidays, daylight-saving changes."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.db import db
from core.scheduling import hours, slots
from core.testing.makers import make_professional

PARIS = ZoneInfo("Europe/Paris")


def local(found):
    return [s.starts_at.astimezone(PARIS).strftime("%d %H:%M") for s in found]


def test_slots_follow_the_grid_of_the_opening(somebody):
    found = slots.slots_of(somebody.pro.id, "in_person", 20, dt.date(2026, 11, 24), 1)
    assert local(found) == [f"24 {h:02d}:{m:02d}" for h in (9, 10, 11) for m in (0, 20, 40)]


def test_a_longer_reason_needs_room_to_the_end(somebody):
    assert local(slots.slots_of(somebody.pro.id, "in_person", 45, dt.date(2026, 11, 24), 1))[-1] == "24 11:00"


def test_another_service_has_no_slot_there(somebody):
    assert slots.slots_of(somebody.pro.id, "video_consultation", 20, dt.date(2026, 11, 24), 1) == []


def test_a_holiday_is_closed_unless_the_professional_opens_it(somebody, inside):
    christmas = dt.date(2026, 12, 25)
    assert slots.slots_of(somebody.pro.id, "in_person", 20, christmas, 1) == []
    hours.add_exception(
        somebody.pro,
        somebody.practice,
        day=christmas,
        kind="open",
        opens=dt.time(9),
        closes=dt.time(10),
        grid_minutes=20,
        services=["in_person"],
    )
    db.session.commit()
    assert local(slots.slots_of(somebody.pro.id, "in_person", 20, christmas, 1)) == ["25 09:00", "25 09:20", "25 09:40"]


def test_a_closed_morning_and_a_closed_day(somebody):
    day = dt.date(2026, 11, 26)
    hours.add_exception(somebody.pro, somebody.practice, day=day, kind="closed", opens=dt.time(9), closes=dt.time(11))
    hours.add_exception(somebody.pro, somebody.practice, day=day + dt.timedelta(days=1), kind="closed")
    db.session.commit()
    found = slots.slots_of(somebody.pro.id, "in_person", 20, day, 2)
    assert local(found) == ["26 11:00", "26 11:20", "26 11:40"]


@pytest.mark.parametrize(
    ("day", "offset"), [(dt.date(2027, 3, 28), 2), (dt.date(2026, 10, 25), 1), (dt.date(2026, 10, 24), 2)]
)
def test_hours_are_wall_clock_times_across_daylight_saving(inside, day, offset):
    with clock.at(dt.datetime.combine(day - dt.timedelta(days=3), dt.time(6), dt.UTC)):
        made = make_professional()
        found = slots.slots_of(made.pro.id, "in_person", 20, day, 1)
    assert local(found)[0].endswith("09:00")
    assert found[0].starts_at.hour == 9 - offset
    assert len(found) == 9


def test_the_shortest_notice_and_the_horizon_hold(somebody, monday, frontalia):
    today = slots.slots_of(somebody.pro.id, "in_person", 20, monday.date(), 1)
    assert local(today)[0] == "23 09:00"
    with clock.at(dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)):
        assert local(slots.slots_of(somebody.pro.id, "in_person", 20, monday.date(), 1))[0] == "23 10:40"
    beyond = monday.date() + dt.timedelta(days=frontalia.config["booking"]["horizon_days"] + 1)
    assert slots.slots_of(somebody.pro.id, "in_person", 20, beyond, 7) == []


def test_refused_hours_say_what_is_wrong(somebody):
    from core.web.frame import Refused

    for bad in ({"opens": dt.time(12), "closes": dt.time(9)}, {"grid_minutes": 7}, {"services": []}, {"weekday": 9}):
        wanted = {
            "weekday": 1,
            "opens": dt.time(9),
            "closes": dt.time(10),
            "grid_minutes": 20,
            "services": ["in_person"],
            **bad,
        }
        with pytest.raises(Refused) as refusal:
            hours.add_hours(somebody.pro, somebody.practice, **wanted)
        assert refusal.value.status == 422
