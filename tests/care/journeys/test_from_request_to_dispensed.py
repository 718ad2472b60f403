"""The whole way in real browsers: request, call with picture and sound, report, prescription, pharmacy or practice."""

import uuid

import pytest
from sqlalchemy import select

from core.care.consultations import service
from core.care.prescriptions.models import Prescription
from core.db import db
from core.jobs import outbox
from core.money import ledger
from core.money import service as money
from core.tenancy.current import entered
from core.testing.calls import flows
from core.testing.live import eventually
from core.testing.makers import fill_profile
from tests.care.prescriptions.conftest import FINESS, PHARMACIST, code_of, make_patient, make_physician

pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.timeout(240)]
PRICE = 2500
WAYS = [
    ("fr_resident", "FR", "teleconsultation"),
    ("fr_cross_border", "FR", "teleconsultation"),
    ("lu_resident", "LU", "video_consultation"),
    ("be_resident", "LU", "video_consultation"),
    ("other", "LU", "video_consultation"),
]


@pytest.fixture
def people(portals, register):
    """Make a physician with a tariff, and a patient of a category with a health profile and money: (professional, account)."""

    def make(category, country, offered):
        with entered(portals["frontalia"].id):
            made = make_physician(country)
            made.pro.services = ["in_person", offered]
            money.set_tariff(made.pro.id, offered, PRICE)
            account = make_patient(category)
            fill_profile(account.id)
            money.credit(account.id, uuid.uuid4(), 10_000)
            db.session.commit()
            found = made.pro.id, made.pro.account_id, account.id
            db.session.expunge_all()
        return found

    return make


def asked(page, offered, professional_id):
    """The patient asks; the id of the consultation."""
    page.goto(f"{page.base}/ask/{offered}?professional={professional_id}")
    page.locator("#f-question").fill("J’ai mal à la gorge 🤒")
    for box in page.locator("input[name=acknowledged]").all():
        page.locator(f"label[for={box.get_attribute('id')}]").click()
    page.locator("label[for=f-profile]").click()
    page.get_by_role("button", name="Send the request").click()
    page.get_by_text("Your request was sent.").wait_for()
    return uuid.UUID(page.url.split("?")[0].rsplit("/", 1)[1])


def called(patient, professional):
    """Both go to the room; the professional calls; picture and sound flow; the professional ends it."""
    for page in (patient, professional):
        page.reload()
        page.get_by_role("link", name="Go to the waiting room").click()
    professional.get_by_text("in the waiting room, can be called").wait_for()
    professional.get_by_role("button", name="Start the call").click()
    for page in (patient, professional):
        assert flows(page)["state"] == "connected"
    professional.get_by_role("button", name="End the call").click()
    with professional.expect_navigation():
        professional.get_by_role("button", name="Yes, end it").click()
    professional.get_by_role("link", name="Write the report").first.click()


def reported(professional):
    """The professional writes the report."""
    professional.locator("#f-conclusion").fill("Angine. Repos.")
    covered = professional.locator("label[for=cov-covered]")
    if covered.count():
        covered.click()
    professional.get_by_role("button", name="Save the report").click()
    professional.get_by_text("The report is saved.").wait_for()


@pytest.mark.rule("CB-179", "CB-183", "CB-185", "CB-187", "CB-193", "CB-181", "CB-254", "CB-255")
@pytest.mark.parametrize(("category", "country", "offered"), WAYS)
def test_from_the_request_to_the_medicine(
    people, visit, live, portals, document, tmp_path, chromiums, category, country, offered
):
    tenant = portals["frontalia"].id
    professional_id, professional_account, account_id = people(category, country, offered)
    patient, professional = visit(account_id), visit(professional_account)
    consultation_id = asked(patient, offered, professional_id)
    professional.goto(f"{professional.base}/requests/{consultation_id}")
    professional.get_by_role("button", name="Accept").click()
    professional.get_by_text("It is yours.").wait_for()
    with entered(tenant):
        outbox.drain()
    called(patient, professional)
    reported(professional)
    with entered(tenant):
        outbox.drain()
        assert service.locked(consultation_id).state == "completed"
        db.session.rollback()
        assert money.wallet_cents(account_id) == 10_000 - PRICE
        assert ledger.balance(ledger.payable(professional_id, "EUR")) == PRICE - money.commission_of(PRICE)
    patient.goto(f"{patient.base}/consultations/{consultation_id}")
    patient.get_by_text("Angine. Repos.").wait_for()
    if offered == "teleconsultation":
        patient.get_by_text("can be reimbursed").wait_for()

    professional.goto(f"{professional.base}/consultations/{consultation_id}/prescription")
    if country == "FR":
        dispensed(patient, professional, visit, chromiums, tenant, document, tmp_path)
    else:
        collected(patient, professional, tenant)


def the_prescription():
    return db.session.execute(select(Prescription)).scalar_one()


def dispensed(patient, professional, visit, chromiums, tenant, document, tmp_path):
    """A French physician's own document, its proof, a pharmacy in France, once."""
    path = tmp_path / "ordonnance.pdf"
    path.write_bytes(document)
    professional.locator("#f-document").set_input_files(path)
    professional.locator("#f-class-none").check(force=True)
    for box in professional.locator("#f-checklist input[name=mention]").all():
        box.check(force=True)
    professional.get_by_role("button", name="Issue the prescription").click()
    professional.get_by_text("The prescription is issued.").wait_for()
    with entered(tenant):
        outbox.drain()
        row = the_prescription()
        code = code_of(row)
        prescription_id = row.id
    patient.goto(f"{patient.base}/prescriptions/{prescription_id}")
    patient.get_by_text("pharmacies in France", exact=False).first.wait_for()
    counter = chromiums(0).new_context(locale="en-GB").new_page()
    counter.goto(f"{patient.base}/pharmacy")
    for name, value in (("code", code), ("place", FINESS), ("person", PHARMACIST)):
        counter.locator(f"#f-{name}").fill(value)
    counter.locator("form[data-pharmacy-door] button").click()
    counter.locator("label[for=f-evidence-1]").click()
    counter.locator("form[action$=dispense] button").click()
    counter.wait_for_load_state()
    assert code not in counter.url
    counter.context.close()
    with entered(tenant):
        eventually(lambda: patient.wait_for_timeout(50) or state_now() == "dispensed", 10, "it is dispensed")
    patient.reload()
    patient.get_by_text(FINESS, exact=False).first.wait_for()


def collected(patient, professional, tenant):
    """A Luxembourg physician writes on paper; the patient collects it at the practice against identity."""
    professional.locator("#f-class-none").check(force=True)
    if professional.locator("label[for=f-practice-1]").count():
        professional.locator("label[for=f-practice-1]").click()
    professional.get_by_role("button", name="Tell the patient to collect it").click()
    professional.get_by_text("The prescription is issued.").wait_for()
    with entered(tenant):
        outbox.drain()
        row = the_prescription()
        assert row.delivery == "at_practice"
        prescription_id = row.id
    patient.goto(f"{patient.base}/prescriptions/{prescription_id}")
    patient.get_by_text("Cabinet", exact=False).first.wait_for()
    professional.goto(f"{professional.base}/handovers")
    professional.locator("input[name=evidence]").first.check(force=True)
    professional.locator("form[action$=hand-over] button").first.click()
    professional.wait_for_load_state()
    with entered(tenant):
        eventually(lambda: patient.wait_for_timeout(50) or state_now() == "collected", 10, "it is collected")


def state_now():
    db.session.rollback()
    db.session.expire_all()
    return the_prescription().state
