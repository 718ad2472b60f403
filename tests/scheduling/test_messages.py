"""Confirmations, changes, cancellations and reminders: who is told, once, without a health word in a subject or SMS."""

import datetime as dt

import pytest

from core import clock
from core.db import db
from core.jobs import outbox, periodic
from core.notifications import service as notifications
from core.scheduling import booking, calendars, messages, service
from core.testing.makers import choice

NINE = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def told(inbox):
    def read():
        return [(m.channel, m.subject, m.body_text) for m in inbox()]

    return read


@pytest.mark.rule("CB-138", "CB-139", "CB-097")
def test_a_booking_is_confirmed_to_both_sides(somebody, anna, told):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    found = told()
    assert sorted(c for c, _s, _b in found) == ["email", "email", "sms"]
    confirmation = next(b for c, s, b in found if c == "email" and "confirmé" in s)
    assert "09:00" in confirmation
    assert somebody.pro.name in confirmation
    for _channel, subject, _body in found:
        assert row.reason_label not in subject
    assert len(notifications.listed(anna.account_id, "fr")) == 1
    assert notifications.unread(anna.account_id) == 1
    assert notifications.listed(somebody.account.id, "fr")[0].link.startswith("/agenda")
    assert told() == found


@pytest.mark.rule("CB-140", "CB-142", "CB-139")
def test_changes_and_cancellations_are_told(somebody, anna, told):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    told()
    service.move(row, NINE + dt.timedelta(hours=1), "patient")
    db.session.commit()
    subjects = [s for _c, s, _b in told()]
    assert "Un rendez-vous a été déplacé" in subjects
    service.cancel(row, "professional")
    db.session.commit()
    subjects = [s for _c, s, _b in told()]
    assert subjects.count("Votre rendez-vous est annulé") == 2


@pytest.mark.rule("CB-139")
def test_each_reminder_goes_out_once_and_only_for_what_still_stands(somebody, anna, told, monkeypatch):
    row = booking.book(anna, **choice(somebody, NINE + dt.timedelta(days=7)))
    db.session.commit()
    told()

    def reminders():
        messages.remind()
        db.session.commit()
        outbox.drain()
        return len([s for _c, s, _b in told() if s == "Rappel de votre rendez-vous"])

    assert reminders() == 0
    with clock.at(row.starts_at - dt.timedelta(hours=47)):
        assert reminders() == 2
        assert reminders() == 2
    with clock.at(row.starts_at - dt.timedelta(minutes=90)):
        assert reminders() == 4
        service.cancel(row, "professional")
        db.session.commit()
        assert reminders() == 4


def test_a_hold_that_ran_out_is_closed_by_the_job(somebody, anna):
    held = booking.hold(anna, **choice(somebody, NINE))
    db.session.commit()
    with clock.at(clock.now() + dt.timedelta(minutes=11)):
        messages.expire_holds()
        db.session.commit()
    assert held.state == "expired"


def test_calendar_files_keep_their_uid_count_changes_and_say_nothing_of_health(somebody, anna):
    import icalendar

    from core.hooks.types import AgendaEntry

    entry = AgendaEntry(
        "x@frontalia", NINE, NINE + dt.timedelta(minutes=20), "Frontalia · Dr A", "1 rue A", "cancelled_by_patient", 3
    )
    event = icalendar.Calendar.from_ical(calendars.write((entry,))).walk("VEVENT")[0]
    assert (str(event["uid"]), int(event["sequence"]), str(event["status"])) == ("x@frontalia", 3, "CANCELLED")
    assert event.decoded("dtstart") == NINE


def test_a_secret_feed_works_until_a_new_one_is_made(somebody, anna, browse):
    booking.book(anna, **choice(somebody, NINE))
    first = calendars.new_feed(somebody.pro)
    db.session.commit()
    visitor = browse()
    body = visitor.get(f"/ics/{first}.ics").get_data(as_text=True)
    assert body.count("BEGIN:VEVENT") == 1
    assert "Muster" not in body
    from core.tenancy.current import entered, view_by_id

    with entered(view_by_id(1).id):
        from core.directory.models import Professional

        calendars.new_feed(db.session.query(Professional).one())
        db.session.commit()
    assert visitor.get(f"/ics/{first}.ics").status_code == 404


def test_reminders_are_a_job_of_every_portal():
    assert {"reminders", "expire_holds"} <= {j.code for j in periodic._core_jobs}
