"""Holding, confirming, moving and cancelling, against the real database."""

import datetime as dt

import pytest
from sqlalchemy import func, select

from core import audit, clock
from core.db import db
from core.directory import service as directory
from core.jobs.models import OutboxMessage
from core.scheduling import booking, hours, service, service_access, slots, times
from core.scheduling.models import Appointment, BusyRange
from core.tenancy import receipts
from core.testing.makers import MONDAY, choice, make_booker, make_professional
from core.web.frame import Refused

NINE = dt.datetime(2026, 11, 24, 8, 0, tzinfo=dt.UTC)  # Tuesday, 9:00 in Paris


def busy():
    return db.session.execute(select(func.count()).select_from(BusyRange)).scalar_one()


@pytest.mark.rule("CB-135", "CB-063")
def test_a_hold_becomes_an_appointment_with_the_terms_in_force(somebody, anna):
    held = booking.hold(anna, **choice(somebody, NINE), note="Ma toux")
    db.session.commit()
    assert held.state == "held"
    row = booking.confirm(anna.account_id, held.id, "2026-11")
    db.session.commit()
    assert (row.state, row.terms_version, row.starts_at, row.ends_at) == (
        "booked",
        "2026-11",
        NINE,
        NINE + dt.timedelta(minutes=20),
    )
    assert service.note_of(row) == "Ma toux"
    assert b"toux" not in row.note
    assert booking.confirm(anna.account_id, held.id, "2026-11").id == row.id
    told = (
        db.session.execute(select(OutboxMessage.name).where(OutboxMessage.name == "appointment_booked")).scalars().all()
    )
    assert told == ["appointment_booked"]
    assert busy() == 1


@pytest.mark.rule("CB-135")
def test_a_time_is_sold_once_and_the_other_is_told_the_next_ones(somebody, anna):
    booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    other = make_booker()
    with pytest.raises(times.SlotGone) as gone:
        booking.book(other, **choice(somebody, NINE))
    assert [s.starts_at for s in gone.value.nearest] == [NINE + dt.timedelta(minutes=20 * i) for i in (1, 2, 3)]
    db.session.rollback()
    assert busy() == 1


def test_a_hold_that_ran_out_is_offered_again_and_its_owner_told(somebody, anna):
    held = booking.hold(anna, **choice(somebody, NINE))
    db.session.commit()
    held_id = held.id
    db.session.execute(BusyRange.__table__.update().values(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))
    db.session.commit()
    other = make_booker()
    booking.book(other, **choice(somebody, NINE))
    db.session.commit()
    with pytest.raises(times.SlotGone):
        booking.confirm(anna.account_id, held_id, "2026-11")
    assert busy() == 1
    assert Appointment.get(held_id).state == "expired"


def test_a_hold_that_ran_out_but_that_nobody_took_can_still_be_confirmed(somebody, anna):
    held = booking.hold(anna, **choice(somebody, NINE))
    db.session.commit()
    db.session.execute(BusyRange.__table__.delete())
    db.session.commit()
    assert booking.confirm(anna.account_id, held.id, None).state == "booked"
    db.session.commit()
    assert busy() == 1


@pytest.mark.parametrize(
    ("start", "status"),
    [
        (MONDAY - dt.timedelta(days=1), 422),  # the past
        (dt.datetime(2026, 11, 24, 8, 7, tzinfo=dt.UTC), 409),  # off the grid
        (dt.datetime(2026, 11, 24, 20, 0, tzinfo=dt.UTC), 409),  # outside the hours
    ],
)
def test_times_that_nobody_published_are_refused(somebody, anna, start, status):
    with pytest.raises(Refused) as refusal:
        booking.book(anna, **choice(somebody, start))
    assert refusal.value.status == status
    db.session.rollback()
    assert busy() == 0


@pytest.mark.rule("CB-140", "CB-141")
def test_cancelling_frees_the_time_and_costs_nothing(somebody, anna):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    service.cancel(row, "patient")
    db.session.commit()
    assert (row.state, busy(), row.sequence) == ("cancelled_by_patient", 0, 1)
    with pytest.raises(Refused):
        service.cancel(row, "patient")
    again = booking.book(make_booker(), **choice(somebody, NINE))
    assert again.state == "booked"


@pytest.mark.rule("CB-142")
def test_a_professional_can_cancel_at_any_moment(somebody, anna):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    with clock.at(NINE - dt.timedelta(minutes=5)):
        with pytest.raises(Refused, match="too late"):
            service.cancel(row, "patient")
        service.cancel(row, "professional", "physical_examination_needed")
    assert row.state == "cancelled_by_professional"


def test_moving_takes_the_new_time_before_giving_the_old_back(somebody, anna):
    row = booking.book(anna, **choice(somebody, NINE))
    booking.book(make_booker(), **choice(somebody, NINE + dt.timedelta(minutes=40)))
    db.session.commit()
    row_id = row.id
    with pytest.raises(times.SlotGone):
        service.move(row, NINE + dt.timedelta(minutes=40), "patient")
    row = Appointment.get(row_id)
    assert (row.starts_at, busy()) == (NINE, 2)
    service.move(row, NINE + dt.timedelta(minutes=20), "patient")
    db.session.commit()
    assert (row.starts_at, row.sequence, busy()) == (NINE + dt.timedelta(minutes=20), 1, 2)


def test_a_no_show_is_marked_once_the_time_has_come(somebody, anna):
    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    with pytest.raises(Refused):
        service.mark_no_show(row)
    with clock.at(NINE + dt.timedelta(minutes=30)):
        service.mark_no_show(row)
    assert row.state == "no_show"


def test_absences_close_the_time_on_every_portal(somebody, anna, portals):
    hours.add_absence(somebody.pro, NINE, NINE + dt.timedelta(hours=1))
    db.session.commit()
    free = slots.slots_of(somebody.pro.id, "in_person", 20, NINE.date(), 1)
    assert [s.starts_at.hour for s in free] == [9, 9, 9, 10, 10, 10]
    with pytest.raises(times.SlotGone):
        booking.book(anna, **choice(somebody, NINE))


def test_two_portals_share_one_practitioners_time(somebody, anna, portals):
    from core.tenancy.current import entered

    row = booking.book(anna, **choice(somebody, NINE))
    db.session.commit()
    practitioner, taken = somebody.pro.practitioner_id, row.starts_at
    with entered(portals["rdv-confiance"].id):
        twin = make_professional(practitioner=practitioner)
        other = make_booker()
        with pytest.raises(times.SlotGone):
            booking.book(other, **choice(twin, taken))
        db.session.rollback()
        assert taken not in {s.starts_at for s in slots.slots_of(twin.pro.id, "in_person", 20, taken.date(), 1)}
        later = booking.book(other, **choice(twin, taken + dt.timedelta(minutes=20)))
        db.session.commit()
        assert later.state == "booked"
    assert busy() == 2


@pytest.mark.rule("CB-192", "CB-115")
def test_a_refusal_is_kept_with_its_reasons_and_nothing_is_booked(anna):
    made = make_professional(country="LU", service="video_consultation")
    with pytest.raises(service_access.NotAllowed) as refusal:
        booking.book(anna, **choice(made, NINE))
    db.session.commit()
    assert {r.rule for r in refusal.value.decision.reasons} == {"CB-192"}
    kept = receipts.access_receipt(refusal.value.receipt_id, anna.account_id)
    assert kept.decision == refusal.value.decision
    assert kept.asked["patient"]["category"] == "fr_resident"
    assert receipts.access_receipt(refusal.value.receipt_id, make_booker().account_id) is None
    assert busy() == 0
    assert audit.verify().problem is None


@pytest.mark.rule("CB-136")
def test_hours_and_reasons_kept_for_known_patients(somebody, anna):
    reason = directory.add_reason(
        somebody.pro, label="Suivi", service="in_person", duration_minutes=20, known_patients_only=True
    )
    db.session.commit()
    wanted = {**choice(somebody, NINE), "reason_id": reason.id}
    with pytest.raises(Refused) as refusal:
        booking.book(anna, **wanted)
    assert refusal.value.status == 403
    directory.link_patient(somebody.pro.id, anna.account_id, "invited")
    assert booking.book(anna, **wanted).state == "booked"


@pytest.mark.rule("CB-136")
def test_a_professional_who_closed_booking_takes_none(somebody, anna):
    somebody.pro.booking_open = False
    db.session.commit()
    with pytest.raises(Refused):
        booking.book(anna, **choice(somebody, NINE))


@pytest.mark.rule("CB-095")
def test_a_professional_books_for_a_patient_who_is_told(somebody, anna, inbox):
    row = booking.book(anna, **choice(somebody, NINE), by="professional")
    db.session.commit()
    assert row.booked_by == "professional"
    told = [(m.channel, m.subject) for m in inbox()]
    assert ("email", "Votre rendez-vous est confirmé") in told or any(c == "email" for c, _s in told)
    assert any(c == "sms" for c, _s in told)


@pytest.mark.rule("CB-035")
def test_the_partner_whose_contract_covers_the_service_stands_on_the_act(somebody, anna, frontalia):
    row = booking.book(anna, **choice(somebody, NINE))
    assert row.partner == frontalia.config["partner"]["name"]
