"""Many at once for few: whoever wins, nothing is sold twice, between portals too (invariant 1)."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from core import clock
from core.db import db
from core.scheduling import booking, service, times
from core.tenancy.current import entered
from core.testing.makers import choice, make_booker, make_professional

CLIENTS, TIMES = 100, 5


@pytest.mark.faults
@pytest.mark.rule("CB-135")
def test_a_hundred_clients_race_for_five_slots_over_two_portals(app, portals):
    day = clock.today("Europe/Paris") + dt.timedelta(days=7)
    while day.isoweekday() > 5 or (day.month, day.day) in ((12, 25), (1, 1)):
        day += dt.timedelta(days=1)
    starts = [dt.datetime.combine(day, dt.time(8), dt.UTC) + dt.timedelta(minutes=20 * i) for i in range(TIMES)]
    sides = []
    practitioner = None
    for slug in ("frontalia", "rdv-confiance"):
        with entered(portals[slug].id):
            made = make_professional(practitioner=practitioner)
            practitioner = made.pro.practitioner_id
            bookers = [make_booker() for _ in range(CLIENTS // 2)]
            db.session.commit()
            sides.append((portals[slug].id, choice(made, starts[0]), bookers))
    gate = threading.Barrier(16)

    def attempt(number):
        tenant_id, wanted, bookers = sides[number % 2]
        if number < 16:
            gate.wait()
        with app.app_context(), entered(tenant_id):
            try:
                booking.book(bookers[number // 2], **{**wanted, "starts_at": starts[number % TIMES]})
                db.session.commit()
                return 201
            except times.SlotGone:
                db.session.rollback()
                return 409

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(CLIENTS)))
    assert answers.count(201) == TIMES
    assert answers.count(409) == CLIENTS - TIMES
    booked = 0
    for tenant_id, _wanted, _bookers in sides:
        with entered(tenant_id):
            booked += db.session.execute(text("SELECT count(*) FROM appointments WHERE state = 'booked'")).scalar_one()
            overlaps = db.session.execute(
                text(
                    "SELECT count(*) FROM busy_ranges a JOIN busy_ranges b ON a.practitioner_id = b.practitioner_id "
                    "AND a.id < b.id AND a.during && b.during"
                )
            ).scalar_one()
            assert overlaps == 0
    assert booked == TIMES


@pytest.mark.faults
def test_confirming_one_hold_many_times_at_once_books_once(app, frontalia):
    with entered(frontalia.id):
        made = make_professional()
        booker = make_booker()
        free = service.slots.next_free(made.pro.id, "in_person", 20, clock.now())[0]
        held = booking.hold(booker, **choice(made, free.starts_at)).id
        db.session.commit()

    def attempt(_number):
        with app.app_context(), entered(frontalia.id):
            booking.confirm(booker.account_id, held, "2026-11")
            db.session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(16)))
    with entered(frontalia.id):
        told = db.session.execute(
            text("SELECT count(*) FROM outbox_messages WHERE name = 'appointment_booked'")
        ).scalar_one()
        assert told == 1
