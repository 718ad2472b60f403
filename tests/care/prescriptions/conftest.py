"""A physician in France after a teleconsultation with a patient insured there; a register with a pharmacist; a document."""

import io
import uuid
from types import SimpleNamespace

import pytest
from flask import g
from fpdf import FPDF

from core import clock
from core.care.consultations.models import Consultation
from core.care.prescriptions import deciding, service
from core.db import db, global_scope
from core.directory.registers import Entry
from core.identity import accounts, profile, sessions
from core.identity.profile import Declared
from core.tenancy.current import entered
from core.testing import makers

RPPS, PHARMACIST, OTHER = "10000000017", "10000000025", "10000000033"
FINESS, FINESS_2 = "759999998", "670001239"
MARK = "Amoxicilline-marque"


def pdf_bytes(words=MARK, **more):
    made = FPDF()
    made.set_compression(False)
    if more.get("password"):
        made.set_encryption(owner_password="x", user_password="geheim")  # noqa: S106
    made.add_page()
    made.set_font("helvetica", size=12)
    made.cell(0, 10, words)
    return bytes(made.output())


@pytest.fixture(scope="session")
def document():
    return pdf_bytes()


@pytest.fixture
def register(app):
    """The imported register of France: the prescriber, a pharmacist, somebody else."""
    with global_scope():
        for number, last, profession in ((RPPS, "Châtelet", "10"), (PHARMACIST, "Tabac", "21"), (OTHER, "Autre", "60")):
            db.session.add(
                Entry(
                    country="FR", number=number, last_name=last, first_name="Éloïse", professions=[profession], skills=[],
                    places=["Metz"], format="tests", seen_at=clock.now(), absent_since=None,
                )
            )  # fmt: skip
        db.session.commit()


def make_patient(category="fr_resident", **more):
    """An account whose profile gives this category."""
    account = makers.make_account(**{"first_name": "Anna", "last_name": "Patiente", **more})
    places = {
        "fr_resident": ("FR", "", ("fr_nir",), ("vitale_card",)),
        "fr_cross_border": ("FR", "LU", ("fr_nir", "lu_matricule"), ("vitale_card", "cns_card")),
        "lu_resident": ("LU", "", ("lu_matricule",), ("cns_card",)),
        "be_resident": ("BE", "", ("be_eid",), ("e_id_card",)),
        "other": (more.pop("country", "DE"), "", ("identity_number",), ("identity_document",)),
    }
    residence, workplace, numbers, copies = places[category]
    profile.write(account, Declared(residence, workplace, True, ()))
    from core.identity import uploads
    from core.identity.models import Identifier
    from core.tenancy import keys

    for code in numbers:
        db.session.add(
            Identifier(
                account_id=account.id, type=code, blind=None, created_at=clock.now(),
                sealed=keys.seal(account.person_id, "identifiers", "sealed", "1"),
            )
        )  # fmt: skip
    for code in copies:
        uploads.keep(account, code, uploads.Upload("image/png", b"x"))
    db.session.flush()
    assert profile.category_of(account).code == category
    return account


def make_consultation(professional, account, service_code="teleconsultation", state="awaiting_report", **more):
    now = clock.now()
    row = Consultation(
        service=service_code, form="request", state=state, patient_account_id=account.id, person_id=account.person_id,
        professional_id=professional.id, requested_at=now, answer_by=now, accepted_at=now, started_at=now, highest_cents=3000,
        agreed_cents=3000, currency="EUR", **more,
    )  # fmt: skip
    db.session.add(row)
    db.session.commit()
    return row


def make_physician(country="FR"):
    made = makers.make_professional(country=country)
    if country == "FR":
        made.pro.register_number = RPPS
        db.session.commit()
    return made


def everything(cross_border=False, kind="medicine"):
    return {m.code for m in deciding.mentions("FR", kind, cross_border=cross_border)}


@pytest.fixture
def browse(browse, portals):
    """Browsers after whose requests this test is inside its portal again: a request leaves nobody inside any."""

    def make(slug="frontalia", language="en"):
        made = browse(slug, language)
        ask = made.client.open

        def open_(*arguments, **named):
            before = g.get("tenant")
            try:
                return ask(*arguments, **named)
            finally:
                g.tenant = before
                g.pop("language", None)

        made.client.open = open_
        return made

    return make


@pytest.fixture
def scene(inside, register, document):
    """`pro`, `account`, `consultation`, and `issue(**changes)`, which commits."""
    made = make_physician()
    account = make_patient()
    consultation = make_consultation(made.pro, account)

    def issue(**changed):
        given = {"client_key": uuid.uuid4().hex, "pdf": document, "checklist": everything(), "classes": ()}
        first, second = changed.pop("consultation", consultation), changed.pop("pro", made.pro)
        row = service.issue(first, second, **{**given, **changed})
        db.session.commit()
        return row

    return SimpleNamespace(
        made=made, pro=made.pro, account=account, consultation=consultation, issue=issue, view=inside
    )


def fresh(row):
    """The row as it stands now."""
    return db.session.get(type(row), (row.tenant_id, row.id), populate_existing=True)


def code_of(row):
    """The code, as the patient reads it in the proof: from the symbol's own words there."""
    from core.care.prescriptions import codes

    proof = service.proof_of(row)
    return codes.read(read_proof(proof)).code


def read_proof(proof):
    """The text of the proof, through the fonts' own tables; the code is the only group of that shape."""
    import re

    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(proof))
    found = []
    kids = reader.root["/Pages"]["/Kids"]
    for page in (kids[i] for i in range(len(kids))):
        fonts = {}
        for name in page["/Resources"]["/Font"]:
            font = page["/Resources"]["/Font"][name]
            table = font["/ToUnicode"].data.decode()
            signs = {}
            for block in re.findall(r"beginbfchar\s+(.*?)endbfchar", table, re.DOTALL):
                for code, sign in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
                    signs[int(code, 16)] = bytes.fromhex(sign).decode("utf-16-be")
            fonts[name] = signs
        found.append(_drawn(page["/Contents"].data, fonts))
    shown = re.search(r"[2-9A-Z]{6}-[2-9A-Z]{6}-[2-9A-Z]{6}", "\n".join(found))
    assert shown, "\n".join(found)[:500]
    return shown.group(0)


def _drawn(content, fonts):
    import re

    lines, signs = [], {}
    for font, raw in re.findall(rb"/(F\d+) [\d.]+ Tf|\(((?:\\.|[^\\)])*)\) ?T[jJ]", content, re.DOTALL):
        if font:
            signs = fonts["/" + font.decode()]
            continue
        data = re.sub(
            rb"\\([()\\nrtbf])",
            lambda m: {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}.get(m.group(1), m.group(1)),
            raw,
        )
        lines.append("".join(signs.get(int.from_bytes(data[i : i + 2]), "?") for i in range(0, len(data), 2)))
    return "\n".join(lines)


def sign_in(browser, account):
    """A session of this account, which accepted what must be accepted."""
    with entered(account.tenant_id):
        mine = accounts.by_id(account.id)
        mine.language = "en"
        makers._sign_in(browser, mine)
    assert browser.client.get_cookie(sessions.COOKIE, domain=browser.host)
    return browser
