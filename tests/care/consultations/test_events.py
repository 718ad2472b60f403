"""Each step of care is announced once, to plugins too; what is announced names ids and codes, never a person or a word."""

import datetime as dt
import re
import uuid

import pytest
from sqlalchemy import select

from core import clock
from core.care.colleagues import answers, expertise
from core.care.consultations import calls, reports, requests, service, states
from core.care.documents import service as documents
from core.care.documents.scanners import EICAR
from core.care.prescriptions import pharmacy
from core.care.prescriptions import service as prescriptions
from core.care.record import service as record
from core.db import db
from core.hooks import specs
from core.jobs.models import OutboxMessage
from tests.care.prescriptions.conftest import FINESS, PHARMACIST, code_of, document, register, scene

__all__ = ["document", "register", "scene"]

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CODE = re.compile(r"^[a-z_]{1,40}$")
CANARY = "Canaryname"


def told(name):
    found = db.session.execute(select(OutboxMessage).where(OutboxMessage.name == name)).scalars()
    return [m.payload for m in found]


def bare(payload):
    """Whether every value is an id, a code or a small number."""
    for value in payload.values():
        if isinstance(value, int):
            continue
        try:
            uuid.UUID(value)
        except ValueError:
            assert CODE.match(value), payload
    assert CANARY not in str(payload)


@pytest.fixture
def steps(ask, doctor, patient):
    """Carry a consultation as far as a state: `steps(state)` answers (row, professional, patient)."""

    def go(until, channel="express_consultation"):
        pro, booker = doctor(), patient(last_name=CANARY)
        row = ask(booker, pro, service=channel, question=f"Question de {CANARY}")
        if until == states.DECLINED:
            requests.decline(pro, row.id, f"Pas pour {CANARY}")
        elif until == states.CANCELLED:
            requests.cancel(booker.account_id, row.id)
        elif until == states.EXPIRED:
            with clock.at(row.answer_by + dt.timedelta(seconds=1)):
                requests.expire()
        elif until != states.REQUESTED:
            requests.accept(pro, row.id)
            if channel == "video_consultation" and until == states.IN_PROGRESS:
                calls.started(row.id)
            if until in (states.COMPLETED, states.REFUNDED):
                reports.save(pro, row.id, {"conclusion": f"Repos, {CANARY}."})
            if until == states.REFUNDED:
                service.refund(row.id, pro)
        db.session.commit()
        return row, pro, booker

    return go


@pytest.mark.parametrize(
    ("until", "channel", "names"),
    [
        (states.REQUESTED, "express_consultation", ["consultation_requested"]),
        (states.ACCEPTED, "express_consultation", ["consultation_accepted", "consultation_started"]),
        (states.IN_PROGRESS, "video_consultation", ["consultation_accepted", "consultation_started"]),
        (states.DECLINED, "express_consultation", ["consultation_declined"]),
        (states.EXPIRED, "express_consultation", ["consultation_expired"]),
        (states.CANCELLED, "video_consultation", ["consultation_cancelled"]),
        (states.COMPLETED, "express_consultation", ["consultation_completed", "report_saved"]),
        (states.REFUNDED, "express_consultation", ["consultation_refunded"]),
    ],
)
def test_each_step_of_a_consultation(steps, until, channel, names):
    row, _pro, _booker = steps(until, channel)
    for name in names:
        (payload,) = told(name)
        assert payload["consultation_id"] == str(row.id)
        bare(payload)
        assert name in specs.EVENTS


@pytest.mark.parametrize(("harmful", "name"), [(False, "document_clean"), (True, "document_refused")])
def test_a_file_that_was_checked(steps, harmful, name):
    row, _pro, booker = steps(states.ACCEPTED)
    data = PDF.replace(b"trailer", EICAR + b"\ntrailer") if harmful else PDF
    file = documents.keep(
        documents.Upload("application/pdf", data), person_id=row.person_id, subject_kind="consultation", subject_id=row.id,
        author_account_id=booker.account_id, kind="document", name=f"{CANARY}.pdf",
    )  # fmt: skip
    db.session.commit()
    documents.scan(file.id)
    documents.scan(file.id)
    db.session.commit()
    (payload,) = told(name)
    assert payload == {"document_id": str(file.id), "subject_kind": "consultation", "subject_id": str(row.id)}
    bare(payload)
    assert name in specs.EVENTS


def test_an_authorisation_given_and_withdrawn(steps):
    _row, pro, booker = steps(states.REQUESTED)
    made = record.grant(record.subject_of(booker.account_id), pro.id)
    for _twice in range(2):
        record.withdraw(booker.account_id, made)
    db.session.commit()
    for name in ("record_granted", "record_withdrawn"):
        (payload,) = told(name)
        assert payload == {"grant_id": str(made), "professional_id": str(pro.id)}
        assert name in specs.EVENTS


def test_advice_asked_and_answered(steps, doctor):
    row, pro, _booker = steps(states.ACCEPTED)
    colleague = doctor()
    made = expertise.ask(pro, row.id, [colleague.id], f"Que penser de {CANARY} ?")
    answers.answer(colleague, made.id, f"Repos pour {CANARY}.")
    db.session.commit()
    for name in ("expertise_asked", "expertise_answered"):
        (payload,) = told(name)
        assert payload["expertise_id"] == str(made.id)
        bare(payload)
        assert name in specs.EVENTS


def test_a_prescription_issued_and_dispensed(scene):
    row = scene.issue()
    visit = pharmacy.check(pharmacy.space(), place=FINESS, person=PHARMACIST, code=code_of(row), ip="192.0.2.1")
    for _twice in range(2):
        with pharmacy.acting(visit):
            pharmacy.dispense(visit, prescriptions.locked(row.id), "proof_of_identity")
            db.session.commit()
    for name in ("prescription_issued", "prescription_dispensed"):
        (payload,) = told(name)
        assert payload["prescription_id"] == str(row.id)
        bare(payload)
        assert name in specs.EVENTS
