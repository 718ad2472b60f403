"""A patient moves an appointment: both times are shown before anything changes."""

import datetime as dt

import pytest

from core.db import db
from core.identity import accounts
from core.scheduling import booking, service
from core.scheduling.models import Appointment
from core.tenancy.current import entered
from core.testing.makers import MONDAY, choice, sign_in_as

NINE = MONDAY.replace(hour=8)
TEN = NINE + dt.timedelta(hours=1)


@pytest.fixture
def visitor(browse, frontalia, somebody, anna):
    made = browse()
    made.client.set_cookie("portico_language", "en", domain=made.host)
    sign_in_as(made, frontalia.id, accounts.by_id(anna.account_id))
    return made


@pytest.fixture
def booked(somebody, anna):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    return row.id


@pytest.fixture
def starts(frontalia):
    """When an appointment begins, as the database has it."""

    def read(id_):
        with entered(frontalia.id):
            db.session.expire_all()
            return Appointment.get(id_).starts_at

    return read


@pytest.mark.rule("CB-140")
def test_both_times_are_shown_and_nothing_changes_before_it_is_said(visitor, booked, starts):
    path = f"/appointments/{booked}/move/{int(TEN.timestamp())}"
    page = visitor.text(visitor.get(path))
    assert "Move this appointment?" in page
    assert "09:00" in page
    assert "10:00" in page
    assert starts(booked) == NINE
    answer = visitor.post(path)
    assert answer.status_code == 302
    assert starts(booked) == TEN
    assert "Your appointment is moved." in visitor.text(visitor.follow(answer))


def test_the_times_of_a_professional_lead_to_that_page(visitor, booked, somebody):
    page = visitor.text(visitor.get(f"/professionals/{somebody.pro.id}?reason={somebody.reason.id}&move={booked}"))
    assert f'href="/appointments/{booked}/move/{int(TEN.timestamp())}"' in page


def test_one_that_was_cancelled_is_not_moved_and_no_instant_is_no_page(visitor, booked, frontalia):
    assert visitor.get(f"/appointments/{booked}/move/{10**30}").status_code == 404
    with entered(frontalia.id):
        service.cancel(Appointment.get(booked), "patient")
        db.session.commit()
    answer = visitor.get(f"/appointments/{booked}/move/{int(TEN.timestamp())}")
    assert answer.headers["Location"].endswith(f"/appointments/{booked}")
    page = visitor.text(visitor.follow(answer))
    assert "Put it in my calendar" not in page
