"""A patient with money, professionals with a tariff."""

import uuid
from types import SimpleNamespace

import pytest

from core.care.consultations import requests
from core.db import db
from core.money import service as money
from core.testing.makers import fill_profile, make_booker, make_professional

SEEN = frozenset(
    {
        "show_emergency_warning",
        "tell_not_reimbursed",
        "by_video",
        "confirm_eligibility_information",
        "verify_entitlement",
    }
)


@pytest.fixture
def doctor(inside):
    """Make a professional who offers express and video consultations at a price."""

    def make(cents=2500, **changed):
        made = make_professional(**changed)
        made.pro.services = ["in_person", "express_consultation", "video_consultation"]
        for service in ("express_consultation", "video_consultation"):
            money.set_tariff(made.pro.id, service, cents)
        db.session.commit()
        return made.pro

    return make


@pytest.fixture
def patient(inside):
    """Make a patient with money in the wallet."""

    def make(cents=10_000, **changed):
        booker = make_booker(**changed)
        fill_profile(booker.account_id)
        if cents:
            money.credit(booker.account_id, uuid.uuid4(), cents)
        db.session.commit()
        return booker

    return make


@pytest.fixture
def ask(doctor, patient):
    """Send a request; commits."""

    def send(booker, *professionals, service="express_consultation", highest=3000, question="Ma question", **changed):
        given = {
            "acknowledged": SEEN,
            "profile_confirmed": True,
            "professional_ids": [p.id for p in professionals],
            **changed,
        }
        row = requests.request(booker, service=service, question=question, highest_cents=highest, **given)
        db.session.commit()
        return row

    return send


@pytest.fixture
def under_way(doctor, patient, ask):
    """An express consultation that was accepted: `row`, `pro`, `booker`."""
    pro, booker = doctor(), patient()
    row = ask(booker, pro)
    requests.accept(pro, row.id)
    db.session.commit()
    return SimpleNamespace(row=row, pro=pro, booker=booker)
