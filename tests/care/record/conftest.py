"""Patients, professionals and consultations that are done, in the portal `frontalia`."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from core import clock
from core.care.consultations.models import Consultation, Report
from core.care.record import service
from core.consent import service as consent
from core.db import db, new_id
from core.identity import accounts, dependants, profile, sessions
from core.identity.models import Identifier, PersonDocument
from core.tenancy import keys
from core.tenancy.current import entered
from core.testing.browser import Browser
from core.testing.makers import make_account, make_professional

ANSWERS = {
    "biometrics": {
        "height": "172", "weight": "70,5", "blood_group": "O+", "eye_colour": "green", "hair_colour": "brown", "skin_colour": "fair",
    },
    "personal_history": {"kind": "condition", "what": "asthma", "since": "2020"},
    "family_history": {"relative": "mother", "what": "diabetes", "age": "60"},
    "allergies": {"kind": "medicine", "what": "penicillin", "reaction": "rash"},
    "medicines": {"name": "paracetamol", "dose": "500 mg"},
}  # fmt: skip
MANDATORY = tuple(ANSWERS)
LISTS = MANDATORY[1:]


@pytest.fixture
def anna(inside):
    """A patient of the portal: her account."""
    made = make_account(first_name="Anna", last_name="Amsel", language="en")
    db.session.commit()
    return made


@pytest.fixture
def child(anna):
    """Her son, with a record of his own."""
    data = {
        "first_name": "Ben",
        "last_name": "Amsel",
        "birth_date": "2018-04-01",
        "sex": "male",
        "relation": "parent",
        "declared": "yes",
    }
    made = dependants.add_dependant(anna.id, data)
    db.session.commit()
    return made


@pytest.fixture
def hers(anna):
    """Anna as the person of a record."""
    return service.subject_of(anna.id)


@pytest.fixture
def herself(anna):
    """Anna as an author."""
    return service.Author(anna.id)


def _english():
    made = make_professional()
    made.account.language = "en"
    db.session.commit()
    return made


@pytest.fixture
def doctor(inside):
    return _english()


@pytest.fixture
def colleague(inside):
    return _english()


@pytest.fixture
def again(frontalia):
    """Work inside of the portal once more, after a browser's visit left it: `with again(): ...`."""
    return lambda: entered(frontalia.id)


@pytest.fixture
def sign_in(app, portals):
    """A browser with an open session of an account, as a sign-in with these factors leaves it."""

    def make(account, factors="password+code", slug="frontalia", language="en"):
        browser = Browser(app, f"{slug}.localhost", language)
        with entered(portals[slug].id):
            row = accounts.by_id(account.id)
            consent.accept(row.id, consent.to_accept(), language=row.language, way="registration")
            token = sessions.open_session(row, factors)
            db.session.commit()
            db.session.expunge_all()
        browser.client.set_cookie(sessions.COOKIE, token, domain=browser.host)
        return browser

    return make


@pytest.fixture
def consulted(inside):
    """Make a consultation of a person with a professional: `consulted(subject, doctor)`; `report=False` leaves it without."""

    def make(subject, made, state="completed", *, report=True, service_code="video_consultation", days=1):
        at = clock.now() - dt.timedelta(days=days)
        row = Consultation(
            id=new_id(), service=service_code, form="request", state=state, patient_account_id=subject.account_id,
            person_id=subject.person_id, dependant_id=subject.dependant_id, professional_id=made.pro.id, requested_at=at,
            answer_by=at, accepted_at=at, started_at=at, highest_cents=3000, currency="EUR",
        )  # fmt: skip
        db.session.add(row)
        db.session.flush()
        if report:
            body = keys.seal_json(subject.person_id, "reports", "sealed", {"conclusion": "rest"})
            for version in range(1, 1 + int(report)):
                db.session.add(
                    Report(
                        consultation_id=row.id, professional_id=made.pro.id, person_id=subject.person_id, version=version,
                        saved_at=at + dt.timedelta(hours=version), sealed=body, digest="d" * 64,
                    )
                )  # fmt: skip
        db.session.commit()
        return row.id

    return make


@pytest.fixture
def make_french(inside):
    """Give an account what makes its patient one insured in France."""

    def make(account):
        row = accounts.by_id(account.id)
        profile.write(row, profile.Declared("FR", "", True, ()))
        sealed = keys.seal(row.person_id, "identifiers", "sealed", "x")
        db.session.add(
            Identifier(
                account_id=row.id, type="fr_nir", sealed=sealed, blind=uuid.uuid4().bytes, created_at=clock.now()
            )
        )
        db.session.add(
            PersonDocument(
                account_id=row.id,
                type="vitale_card",
                mimetype="image/png",
                size=1,
                sealed=sealed,
                created_at=clock.now(),
            )
        )
        db.session.commit()

    return make


@pytest.fixture
def filled():
    """Answer every mandatory register."""

    def make(subject, author, *, but=()):
        for code, answers in ANSWERS.items():
            if code not in but:
                service.write_entry(subject, code, answers, author)
        db.session.commit()

    return make


@pytest.fixture
def rows():
    """The stored rows of a table in the present portal, for looking at what is in the clear."""

    def read(model, **where):
        db.session.expunge_all()
        return list(db.session.query(model).filter_by(**where))

    return read
