"""People of the portal `frontalia`, signed in, and a consultation that is done between them."""

from __future__ import annotations

import contextvars
import io
import json
import uuid
import zipfile
from typing import Any

import pytest
from flask.globals import _cv_app

from core import clock
from core.audit.models import AuditEntry
from core.care.consultations.models import Consultation, ConsultationMessage
from core.care.documents import service as documents
from core.db import db
from core.identity import dependants
from core.tenancy import keys
from core.testing.browser import Browser
from core.testing.makers import fill_profile, make_account, make_professional, sign_in_as


class Alone(Browser):
    """A browser whose requests share nothing with the test, as a real visitor's."""

    def get(self, path, **kwargs):
        return self.alone(lambda: Browser.get(self, path, **kwargs))

    def post(self, path, data=None, *, csrf=True, **kwargs):
        db.session.commit()
        body = {**(data or {}), **({"csrf_token": self.token()} if csrf else {})}
        answer = self.alone(lambda: Browser.post(self, path, body, csrf=False, **kwargs))
        db.session.rollback()
        db.session.expire_all()
        return answer

    def alone(self, call):
        """Call outside of the test's own context."""

        def run():
            _cv_app.set(None)
            return call()

        return contextvars.copy_context().run(run)

    def sign_in(self, tenant_id, account):
        """Open a session for the account, in a context of its own."""

        def run():
            with self.app.app_context():
                sign_in_as(self, tenant_id, account)

        self.alone(run)


OPERATOR = uuid.UUID(int=77)
PDF = b"%PDF-1.4 a document of mine %%EOF"


@pytest.fixture
def anna(inside):
    """A patient: her account."""
    made = make_account(first_name="Anna", last_name="Amsel", language="en")
    db.session.commit()
    return made


@pytest.fixture
def berta(inside):
    """Another patient."""
    made = make_account(first_name="Berta", last_name="Specht", language="en")
    db.session.commit()
    return made


@pytest.fixture
def child(anna):
    """Anna's son."""
    data = {
        "first_name": "Ben", "last_name": "Amsel", "birth_date": "2018-04-01", "sex": "male", "relation": "parent",
        "declared": "yes",
    }  # fmt: skip
    made = dependants.add_dependant(anna.id, data)
    db.session.commit()
    return made


@pytest.fixture
def doctor(inside):
    """A professional."""
    return make_professional()


@pytest.fixture
def sign(app, inside):
    """Open a browser of the portal that is signed in to an account."""

    def make(account) -> Browser:
        browser = Alone(app, "frontalia.localhost", "en")
        db.session.commit()
        browser.sign_in(inside.id, account)
        return browser

    return make


@pytest.fixture
def consulted(anna, doctor):
    """A consultation of Anna's that is done: her question, one message of each side, a file of hers."""
    fill_profile(anna.id)
    now = clock.now()
    row = Consultation(
        service="express_consultation", form="request", state="completed", patient_account_id=anna.id,
        person_id=anna.person_id, professional_id=doctor.pro.id, requested_at=now, answer_by=now, highest_cents=0,
        currency="EUR", question=keys.seal(anna.person_id, "consultations", "question", "what about my knee"),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    for author, text in (("patient", "it hurts at night"), ("professional", "rest it for a week")):
        sealed = keys.seal(anna.person_id, "consultation_messages", "sealed", text)
        db.session.add(ConsultationMessage(consultation_id=row.id, author=author, sent_at=now, sealed=sealed))
    kept = documents.keep(
        documents.Upload("application/pdf", PDF), person_id=anna.person_id, subject_kind="consultation", subject_id=row.id,
        author_account_id=anna.id, kind="document", name="knee.pdf",
    )  # fmt: skip
    db.session.commit()
    documents.scan(kept.id)
    db.session.commit()
    return row


@pytest.fixture
def trail(inside):
    """The entries of the trail: (action, details), oldest first."""

    def read(prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
        rows = db.session.query(AuditEntry).order_by(AuditEntry.seq).all()
        return [(r.action, json.loads(r.details)) for r in rows if r.action.startswith(prefix)]

    return read


@pytest.fixture
def unzipped():
    """The files of a ZIP by name; JSON is read."""

    def read(data: bytes) -> dict[str, Any]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {
                n: json.loads(archive.read(n)) if n.endswith(".json") else archive.read(n) for n in archive.namelist()
            }

    return read
