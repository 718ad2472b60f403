"""One key, one effect: repeats, races, reuse, refusals, and how long an answer is kept."""

from __future__ import annotations

import contextvars
import datetime as dt
import threading
import uuid

from sqlalchemy import create_engine, text

from core import clock
from core.api import idempotency
from core.api.models import IdempotencyKey
from core.db import db
from core.tenancy import current


def booked(database) -> int:
    """How many appointments there are, whoever asks."""
    engine = create_engine(database.admin_url)
    with engine.connect() as c:
        found = c.execute(text("SELECT count(*) FROM appointments WHERE state IN ('held', 'booked')")).scalar_one()
    engine.dispose()
    return found


def test_a_repeat_gets_the_first_answer_again(patient, slot, test_database):
    key = uuid.uuid4().hex
    first, again = (patient.book("/appointments", slot, key) for _time in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert idempotency.REPLAYED not in first.headers
    assert again.headers[idempotency.REPLAYED] == "true"
    assert again.mimetype == "application/json"
    assert booked(test_database) == 1


def test_the_order_of_members_does_not_matter(patient, slot):
    key = uuid.uuid4().hex
    first = patient.book("/holds", slot, key)
    again = patient.book("/holds", dict(reversed(slot.items())), key)
    assert first.data == again.data


def test_one_key_for_two_requests_is_refused(patient, slot, at_time, test_database):
    key = uuid.uuid4().hex
    assert patient.book("/appointments", slot, key).status_code == 201
    for path, body in (("/appointments", at_time(9)), ("/holds", slot)):
        other = patient.book(path, body, key)
        assert (other.status_code, other.get_json()["type"]) == (422, "urn:portico:problem:idempotency_key_reused")
    assert booked(test_database) == 1


def test_the_key_is_wanted_and_has_a_form(patient, slot, test_database):
    for key in (None, "short", "with a space in it", "x" * 256, "ümlaut-key-123"):
        headers = {} if key is None else {"Idempotency_Key": key}
        answer = patient("POST", "/appointments", slot, **headers)
        assert (answer.status_code, answer.get_json()["type"]) == (400, "urn:portico:problem:idempotency_key_missing")
    assert booked(test_database) == 0


def test_a_key_belongs_to_its_account(patient, sign, at_time):
    key = uuid.uuid4().hex
    assert patient.book("/appointments", at_time(8), key).status_code == 201
    other = sign().book("/appointments", at_time(9), key)
    assert other.status_code == 201
    assert idempotency.REPLAYED not in other.headers


def test_a_refusal_keeps_the_key_free(patient, sign, slot, at_time):
    rival = sign().book("/appointments", slot)
    assert rival.status_code == 201
    key = uuid.uuid4().hex
    assert patient.book("/appointments", slot, key).status_code == 409
    assert patient.book("/appointments", at_time(9), key).status_code == 201


def test_many_copies_at_once_end_with_one_effect(patient, slot, test_database):
    """Eight copies of one booking: each is answered with the one appointment, sooner or after being told to ask again."""
    key = uuid.uuid4().hex
    start = threading.Barrier(8)
    answers, told_to_wait = [], []

    def copy() -> None:
        start.wait()
        for _try in range(200):
            answer = patient.book("/appointments", slot, key)
            if answer.status_code != 409:
                answers.append((answer.status_code, answer.data))
                return
            assert answer.get_json()["type"] == "urn:portico:problem:idempotency_running"
            assert answer.headers["Retry-After"] == "1"
            told_to_wait.append(1)

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(copy,)) for _copy in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert answers[0][0] == 201
    assert booked(test_database) == 1


def test_while_the_first_runs_the_second_is_told_so(frontalia, patient, slot, test_database):
    """Somebody holds the key in an open transaction: a repeat is answered at once, and changes nothing."""
    key = uuid.uuid4().hex
    name = idempotency.lock_number(frontalia.id, patient.account_id, key)
    engine = create_engine(test_database.app_url)
    with engine.connect() as c:
        c.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": name})
        answer = patient.book("/appointments", slot, key)
        assert (answer.status_code, answer.get_json()["type"]) == (409, "urn:portico:problem:idempotency_running")
        c.rollback()
    engine.dispose()
    assert booked(test_database) == 0
    assert patient.book("/appointments", slot, key).status_code == 201


def test_answers_are_sealed_and_forgotten_after_their_time(frontalia, patient, slot):
    key = uuid.uuid4().hex
    patient.book("/appointments", slot, key)
    with current.entered(frontalia.id):
        row = db.session.get(IdempotencyKey, (frontalia.id, key, patient.account_id))
        assert b"2026-11-24" not in row.sealed
        idempotency.purge()
        db.session.commit()
        assert db.session.get(IdempotencyKey, (frontalia.id, key, patient.account_id)) is not None
    with clock.at(clock.now() + dt.timedelta(hours=49)), current.entered(frontalia.id):
        idempotency.purge()
        db.session.commit()
        assert db.session.get(IdempotencyKey, (frontalia.id, key, patient.account_id)) is None
