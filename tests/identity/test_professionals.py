"""Professionals: what each country asks for, who decides, what follows."""

import io
import uuid

import pytest
from sqlalchemy import func, select
from werkzeug.exceptions import NotFound

from core.audit.models import AuditEntry
from core.db import db
from core.hooks.types import Specialty
from core.identity import accounts, professionals, sessions, uploads
from core.identity.models import Account, DraftUpload, PersonDocument, ProfessionalProfile
from core.jobs.models import OutboxMessage
from core.messages import Message
from core.web.frame import Refused

PDF = b"%PDF-1.7\nhello\n%%EOF\n"
MULTIPART = {"content_type": "multipart/form-data"}


def copy():
    return (io.BytesIO(PDF), "copy.pdf")


@pytest.fixture
def pro_form(patient_form):
    def make(country="FR", **changed):
        proofs = {
            "FR": {
                "fr_rpps": "10000000017",
                "fr_cps": "2400123456",
                "national_identity_card": copy(),
                "cps_card": copy(),
            },
            "LU": {"identity_card": copy()},
        }[country]
        form = patient_form(
            email="keller@example.org", country=country, specialty="general_practice", place="1 rue du Pont, Metz"
        )
        form |= proofs | changed
        return {k: v for k, v in form.items() if v is not None}

    return make


@pytest.fixture
def registered(browse, mail, link_in, pro_form, rows):
    """A professional whose address is confirmed, waiting for the operator."""

    def make(country="FR", **changed):
        b = browse()
        form = pro_form(country, **changed)
        answer = b.post("/register/professional", form, **MULTIPART)
        assert answer.status_code == 302, b.text(answer)
        b.post(link_in(mail(form["email"], "Confirm")[0]), {"accept_information_and_consent_notice": "2026-11"})
        return rows(lambda: accounts.by_email(form["email"]).id)

    return make


@pytest.fixture
def linked(monkeypatch):
    """What the directory answers when a professional is validated."""
    told = []
    practitioner = uuid.uuid4()

    def link(view):
        told.append(view)
        return practitioner

    monkeypatch.setattr(professionals, "_on_validated", [link])
    return told, practitioner


def test_the_form_shows_what_the_country_asks_for(browse):
    b = browse()
    france = b.text(b.get("/register/professional?country=FR"))
    assert all(
        f'name="{n}"' in france
        for n in ("fr_rpps", "fr_cps", "national_identity_card", "cps_card", "specialty", "place")
    )


@pytest.mark.rule("CB-092")
def test_luxembourg_asks_for_an_identity_card_and_no_number(browse, pro_form, rows):
    b = browse()
    page = b.text(b.get("/register/professional?country=LU"))
    assert "rpps" not in page.lower()
    refused = b.post("/register/professional", pro_form("LU", identity_card=None), **MULTIPART)
    assert refused.status_code == 422
    assert 'href="#f-identity_card"' in b.text(refused)
    assert b.post("/register/professional", pro_form("LU"), **MULTIPART).status_code == 302


@pytest.mark.rule("CB-055")
def test_belgium_takes_no_professionals(browse, pro_form, rows):
    b = browse()
    assert b.get("/register/professional?country=BE").status_code == 422
    form = pro_form("LU") | {"country": "BE"}
    answer = b.post("/register/professional", form, **MULTIPART)
    assert answer.status_code == 422
    assert "no jurisdiction" in b.text(answer)
    assert rows(lambda: db.session.execute(select(func.count()).select_from(Account)).scalar_one()) == 0
    with pytest.raises(Refused):
        rows(
            lambda: professionals.declare(
                Account(id=uuid.uuid4()), country="BE", specialty="general_practice", place="x"
            )
        )


@pytest.mark.rule("CB-090", "CB-091")
@pytest.mark.parametrize(
    "field",
    ["first_name", "last_name", "phone", "email", "birth_date", "sex", "place", "specialty", "password", "fr_rpps", "fr_cps",
     "national_identity_card", "cps_card", "accept_terms_of_use_and_sale", "accept_information_and_consent_notice"],
)  # fmt: skip
def test_each_thing_missing_is_named_and_nothing_is_stored(browse, pro_form, rows, field):
    b = browse()
    answer = b.post("/register/professional", pro_form(**{field: None}), **MULTIPART)
    assert answer.status_code == 422
    assert f'href="#f-{field}"' in b.text(answer)
    assert rows(lambda: db.session.execute(select(func.count()).select_from(Account)).scalar_one()) == 0


def test_a_wrong_register_number_is_refused_and_files_are_not_lost(browse, pro_form, rows):
    b = browse()
    answer = b.post("/register/professional", pro_form(fr_rpps="10000000018"), **MULTIPART)
    page = b.text(answer)
    assert answer.status_code == 422
    assert 'href="#f-fr_rpps"' in page and 'href="#f-cps_card"' not in page
    import re

    kept = dict(re.findall(r'name="(\w+_kept)" value="([^"]+)"', page))
    assert set(kept) == {"national_identity_card_kept", "cps_card_kept"}
    # A token of one kind is no file of another kind.
    swapped = {
        "cps_card_kept": kept["national_identity_card_kept"],
        "national_identity_card_kept": kept["cps_card_kept"],
    }
    bare = pro_form(national_identity_card=None, cps_card=None)
    assert b.post("/register/professional", bare | swapped, **MULTIPART).status_code == 422
    assert (
        b.post(
            "/register/professional", pro_form(national_identity_card=None, cps_card=None) | kept, **MULTIPART
        ).status_code
        == 302
    )
    copies = rows(lambda: uploads.listed(accounts.by_email("keller@example.org").id))
    assert {c.type for c in copies} == {"national_identity_card", "cps_card"}
    stored = rows(lambda: [d.sealed for d in db.session.execute(select(DraftUpload)).scalars()])
    assert all(PDF not in s for s in stored)


def test_a_register_number_belongs_to_one_account(browse, pro_form, rows):
    b = browse()
    assert b.post("/register/professional", pro_form(), **MULTIPART).status_code == 302
    answer = b.post("/register/professional", pro_form(email="other@example.org"), **MULTIPART)
    assert answer.status_code == 422
    assert 'href="#f-fr_rpps"' in b.text(answer)
    assert rows(lambda: accounts.by_email("other@example.org")) is None


@pytest.mark.rule("CB-037")
def test_the_medical_flag_of_the_specialty_alone_decides(registered, rows, frontalia):
    assert professionals.kind_of(Specialty("x", Message("x"), medical=True)) == "physician"
    assert professionals.kind_of(Specialty("x", Message("x"), medical=False)) == "allied"
    allied = next(c for c, s in rows(lambda: professionals.specialties("FR")).items() if not s.medical)
    made = registered(specialty=allied)
    assert rows(lambda: professionals.professional(made)).kind == "allied"
    other = registered("LU", email="weber@example.org")
    assert rows(lambda: professionals.professional(other)).kind == "physician"


@pytest.mark.rule("CB-110")
def test_validation_opens_with_author_and_date_and_is_announced(registered, rows, linked, mail, signed_in):
    made = registered()
    assert [p.account_id for p in rows(professionals.waiting)] == [made]
    told, practitioner = linked
    before = rows(lambda: accounts.by_id(made))
    b = signed_in(before)
    assert rows(lambda: sessions.load(b.session_token)).professional_state == "pending"
    view = rows(lambda: professionals.validate_professional(made, "op-7", order_confirmed=True))
    assert (view.state, view.decided_by, view.practitioner_id) == ("validated", "op-7", practitioner)
    assert told[0].register == ("FR", "10000000017")
    row = rows(lambda: db.session.execute(select(ProfessionalProfile)).scalar_one())
    assert row.decided_at is not None and row.order_confirmed
    message = rows(
        lambda: db.session.execute(
            select(OutboxMessage).where(OutboxMessage.name == "professional_validated")
        ).scalar_one()
    )
    assert message.payload == {"account_id": str(made), "practitioner_id": str(practitioner)}
    assert len(mail("keller@example.org", "account is open")) == 1
    assert rows(lambda: sessions.load(b.session_token)).professional_state == "validated"
    with pytest.raises(Refused):
        rows(lambda: professionals.validate_professional(made, "op-7", order_confirmed=True))


@pytest.mark.rule("CB-030")
def test_without_the_order_s_registration_nobody_is_validated(registered, rows, linked):
    made = registered()
    with pytest.raises(Refused, match="order"):
        rows(lambda: professionals.validate_professional(made, "op-7", order_confirmed=False))
    assert rows(lambda: professionals.professional(made)).state == "pending"
    assert linked[0] == []


def test_an_unconfirmed_address_or_a_missing_copy_holds_validation_up(browse, pro_form, rows, registered, linked):
    b = browse()
    b.post(
        "/register/professional",
        pro_form(email="new@example.org", fr_rpps="10101234564", fr_cps="2400123457"),
        **MULTIPART,
    )
    unconfirmed = rows(lambda: accounts.by_email("new@example.org").id)
    assert rows(professionals.waiting) == []
    with pytest.raises(Refused, match="not confirmed"):
        rows(lambda: professionals.validate_professional(unconfirmed, "op", order_confirmed=True))
    made = registered()

    def drop():
        card = next(c for c in uploads.listed(made) if c.type == "cps_card")
        uploads.remove(made, card.id)

    rows(drop)
    with pytest.raises(Refused, match="CPS"):
        rows(lambda: professionals.validate_professional(made, "op", order_confirmed=True))


@pytest.mark.rule("CB-110")
def test_a_refusal_gives_its_reason_and_can_be_asked_again(registered, rows, mail, signed_in):
    made = registered()
    with pytest.raises(Refused):
        rows(lambda: professionals.refuse_professional(made, "op-7", "  "))
    rows(lambda: professionals.refuse_professional(made, "op-7", "The CPS photo cannot be read"))
    assert "CPS photo cannot be read" in mail("keller@example.org", "About your professional")[0]
    b = signed_in(rows(lambda: accounts.by_id(made)))
    assert "CPS photo cannot be read" in b.text(b.get("/account/registration"))
    assert b.post("/account/registration").status_code == 302
    assert rows(lambda: professionals.professional(made)).state == "pending"
    assert b.post("/account/registration").status_code == 409


def test_the_operator_reads_what_was_declared_and_that_is_on_the_trail(registered, rows):
    made = registered()
    seen = rows(lambda: professionals.dossier(made))
    assert seen.person.email == "keller@example.org"
    assert [value for _label, value, _warning in seen.numbers] == ["2400123456", "10000000017"]
    assert {d.type for d in seen.documents} == {"national_identity_card", "cps_card"}
    assert seen.missing == ()
    assert rows(
        lambda: db.session.execute(
            select(AuditEntry).where(AuditEntry.action == "professional.dossier_read")
        ).scalar_one()
    )


def test_patients_and_professionals_have_their_own_pages(registered, rows, signed_in, account):
    pro = signed_in(rows(lambda: accounts.by_id(registered())))
    patient = signed_in(account())
    assert pro.get("/account/registration").status_code == 200
    assert pro.get("/account/documents").status_code == 200
    assert pro.get("/account/category").status_code == 403
    assert pro.get("/account/dependants").status_code == 403
    assert patient.get("/account/registration").status_code == 403


@pytest.mark.rule("CB-110", "CB-016")
def test_copies_are_erased_once_checked_and_the_check_stays_known(registered, rows, linked):
    account_id = registered()

    def validate():
        professionals.validate_professional(account_id, "operator-1", order_confirmed=True)
        db.session.commit()
        account = accounts.by_id(account_id)
        country = professionals.practice_country("FR")
        listed = uploads.listed(account_id)
        with pytest.raises(NotFound):
            uploads.content(account, uploads.access_document(account_id, listed[0].id))
        db.session.rollback()
        bare = db.session.execute(select(PersonDocument.sealed)).scalars().all()
        actions = db.session.execute(select(AuditEntry.action)).scalars().all()
        return listed, bare, actions, professionals.missing_proofs(account, country)

    listed, bare, actions, missing = rows(validate)
    assert {d.type for d in listed} == {"national_identity_card", "cps_card"}
    assert all(d.erased and d.checked_at is not None for d in listed)
    assert bare == [None, None]
    assert actions.count("document.erased_after_check") == 2
    assert missing == [], "what was checked is not asked for again"


def test_a_copy_is_there_until_somebody_checked_it(registered, rows):
    account_id = registered()
    listed = rows(lambda: uploads.listed(account_id))
    assert not any(d.erased or d.checked_at for d in listed)
    with_content = rows(
        lambda: uploads.content(accounts.by_id(account_id), uploads.access_document(account_id, listed[0].id))
    )
    assert with_content == PDF
