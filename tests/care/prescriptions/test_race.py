"""Fifty pharmacies at once: one dispensing, whoever wins; a patient who replaces the code meanwhile loses nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.care.prescriptions import looks, pharmacy, service
from core.care.prescriptions.models import Prescription
from core.db import db
from core.tenancy.current import entered
from core.web.frame import Refused
from tests.care.prescriptions.conftest import FINESS, PHARMACIST

PHARMACIES = 50
AT_ONCE = 12


def race(app, tenant_id, id_, act):
    gate = threading.Barrier(AT_ONCE)

    def attempt(number):
        if number < AT_ONCE:
            gate.wait()
        with app.app_context(), entered(tenant_id):
            try:
                return act(number, Prescription.get(id_))
            finally:
                db.session.remove()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(attempt, range(PHARMACIES)))


@pytest.mark.faults
@pytest.mark.rule("CB-187")
def test_fifty_pharmacies_dispense_at_once_and_one_does(app, scene):
    row = scene.issue()

    def act(number, mine):
        visit = pharmacy.Visit(mine.id, FINESS, PHARMACIST, mine.code_digest.hex())
        if number % 5 == 4:
            return pharmacy.refuse(visit, mine, "illisible")
        return pharmacy.dispense(visit, mine, "proof_of_identity")

    answers = race(app, scene.view.id, row.id, act)
    assert answers.count(True) == 1
    assert answers.count(False) == PHARMACIES - 1
    found = [look.what for look in looks.of(row.id)]
    assert found.count("dispensed") + found.count("refused") == 1


@pytest.mark.faults
@pytest.mark.rule("CB-187")
def test_a_code_that_is_replaced_meanwhile_dispenses_nothing(app, scene):
    row = scene.issue()
    old = row.code_digest.hex()

    def act(number, mine):
        if number % 10 == 9:
            try:
                service.renew_code(mine)
                db.session.commit()
                return "renewed"
            except Refused:
                db.session.rollback()
                return "too late"
        visit = pharmacy.Visit(mine.id, FINESS, PHARMACIST, old)
        if mine.code_digest.hex() != old:
            return "void"
        return "dispensed" if pharmacy.dispense(visit, mine, "proof_of_identity") else "closed"

    answers = race(app, scene.view.id, row.id, act)
    assert answers.count("dispensed") <= 1
    db.session.refresh(row)
    assert (row.state == "dispensed") == ("dispensed" in answers)
