"""The agenda of a professional: one list in order of time, heights true to the length, a week that has something in it."""

import datetime as dt
import re

import pytest
from sqlalchemy.dialects.postgresql import Range

from core import clock
from core.db import db
from core.scheduling import booking
from core.scheduling.models import BusyRange
from core.testing.makers import choice, sign_in_as

NINE = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)  # Tuesday, 9:00 in Paris
TWENTY = dt.timedelta(minutes=20)


@pytest.fixture
def shown(somebody, browse, frontalia):
    """The page of a path, as the professional sees it."""

    def read(path="/agenda"):
        db.session.commit()
        visitor = browse()
        sign_in_as(visitor, frontalia.id, somebody.account)
        return visitor.get(path).get_data(as_text=True)

    return read


def days(page):
    """The week's days that are on the page."""
    return re.findall(r'agenda-head"><a href="/agenda\?day=([\d-]+)', page)


def test_what_is_taken_elsewhere_stands_between_the_appointments_at_its_true_height(somebody, anna, shown):
    for start in (NINE, NINE + 2 * TWENTY):
        booking.book(anna, **choice(somebody, start))
    db.session.add(
        BusyRange(practitioner_id=somebody.pro.practitioner_id, during=Range(NINE + TWENTY, NINE + 2 * TWENTY))
    )
    page = shown()
    assert re.findall(r'class="(agenda-(?:item|closed)) (r-\d+ s-\d+ in-\d+ out-\d+)', page) == [
        ("agenda-item", "r-8 s-2 in-0 out-10"),
        ("agenda-closed", "r-9 s-2 in-5 out-5"),
        ("agenda-item", "r-10 s-2 in-10 out-0"),
    ]
    assert page.count("agenda-none") == 6, "a day without anything says so"


def test_times_outside_the_hours_shown_stand_at_their_edge(somebody, shown):
    night = dt.datetime(2026, 11, 23, 19, 0, tzinfo=dt.UTC)  # 20:00 in Paris, until 6:30
    db.session.add(
        BusyRange(practitioner_id=somebody.pro.practitioner_id, during=Range(night, night + dt.timedelta(hours=10.5)))
    )
    page = shown()
    assert "r-52 s-4 in-0 out-0" in page
    assert "r-0 s-1 in-0 out-0" in page


def test_a_week_of_which_nothing_is_left_gives_way_to_the_next_appointment(somebody, anna, shown):
    booking.book(anna, **choice(somebody, NINE))
    booking.book(anna, **choice(somebody, NINE + dt.timedelta(days=7)))
    assert days(shown())[0] == "2026-11-23", "something is left"
    with clock.at(NINE + dt.timedelta(days=1)):
        assert days(shown())[0] == "2026-11-30", "the next week with an appointment"
        assert days(shown("/agenda?day=2026-11-25"))[0] == "2026-11-23", "a day that was asked for is kept"
        assert days(shown("/agenda?view=day")) == ["2026-11-25"]
    with clock.at(NINE + dt.timedelta(days=8)):
        assert days(shown())[0] == "2026-11-30", "nothing ahead: the current week"
