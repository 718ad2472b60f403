"""A consultation under way with its professional, two colleagues and a stranger, each with a browser."""

import uuid
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.care.colleagues import sharing
from core.care.consultations import requests
from core.care.documents import service as documents
from core.db import db
from core.identity.models import Account
from core.money import service as money
from core.tenancy.current import entered
from core.testing.makers import fill_profile, make_booker, make_professional, sign_in_as

SEEN = frozenset(
    {
        "show_emergency_warning",
        "tell_not_reimbursed",
        "by_video",
        "confirm_eligibility_information",
        "verify_entitlement",
    }
)
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def colleague(inside):
    """Make a listed professional who offers express consultations."""

    def make(name: str = "", specialty: str = "general_practice"):
        from core.directory import service as directory

        pro = make_professional().pro
        pro.services = ["in_person", "express_consultation"]
        pro.specialty = specialty
        if name:
            pro.name = name
        directory.refresh_search(pro)
        money.set_tariff(pro.id, "express_consultation", 2500)
        db.session.commit()
        return pro

    return make


@pytest.fixture
def case(colleague, inside):
    """`row`: an express consultation under way; `pro` delivers it; `booker` is the patient; `one`, `two` are colleagues."""
    pro, one, two = colleague(), colleague(), colleague()
    booker = make_booker(first_name="Canary", last_name="Patientname", email="canary@example.org")
    fill_profile(booker.account_id)
    money.credit(booker.account_id, uuid.uuid4(), 10_000)
    db.session.commit()
    row = requests.request(
        booker, service="express_consultation", question="canary question", highest_cents=3000, acknowledged=SEEN,
        profile_confirmed=True, professional_ids=[pro.id],
    )  # fmt: skip
    requests.accept(pro, row.id)
    db.session.commit()
    return SimpleNamespace(row=row, pro=pro, one=one, two=two, booker=booker)


@pytest.fixture
def shared(case):
    """Add a file to the consultation, found harmless; answers its id."""

    def add(name: str = "Canary Patientname.pdf") -> uuid.UUID:
        kept = documents.keep(
            documents.Upload("application/pdf", PDF), person_id=case.row.person_id, subject_kind="consultation",
            subject_id=case.row.id, author_account_id=case.booker.account_id, kind="document", name=name,
        )  # fmt: skip
        kept.state, kept.scanned_at, kept.scanner, kept.verdict = "clean", kept.created_at, "tests", "clean"
        db.session.commit()
        return kept.id

    return add


@pytest.fixture
def choices(monkeypatch):
    """The patients' settings: `choices.share`, `choices.name` are sets of persons who agreed, `choices.looks` the looks."""
    made = SimpleNamespace(share=set(), name=set(), looks=[])
    for part in ("_share", "_name", "_note"):
        monkeypatch.setattr(sharing, part, None)
    sharing.register(
        share=lambda person: person in made.share,
        name=lambda person: person in made.name,
        note=lambda person, professional, what: made.looks.append((person, professional, what)),
    )
    return made


@pytest.fixture
def desk_of(browse, frontalia):
    """The browser of a professional."""

    def open_(pro):
        visitor = browse()
        with entered(frontalia.id):
            account = db.session.execute(select(Account).where(Account.id == pro.account_id)).scalar_one()
            account.language = "en"
            db.session.commit()
            sign_in_as(visitor, frontalia.id, account)
        return visitor

    return open_


@pytest.fixture
def trail(frontalia):
    """The actions on the portal's trail, in order."""

    def read() -> list[str]:
        with entered(frontalia.id):
            return [r.action for r in db.session.query(AuditEntry).order_by(AuditEntry.seq)]

    return read
