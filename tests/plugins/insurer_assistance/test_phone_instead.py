"""No camera: the check says so, and the doctor calls by telephone instead (IA-049), in a real browser without one."""

from __future__ import annotations

import pytest

from core.care.consultations.models import Consultation
from core.db import db
from core.identity import accounts, sessions
from core.testing import makers
from plugins.insurer_assistance import doctoring, requesting
from plugins.insurer_assistance.models import Case
from tests.browser.conftest import ARGS, chromium, server
from tests.plugins.insurer_assistance import results_kit as kit

__all__ = ["server"]
pytestmark = pytest.mark.usefixtures("mutual")


@pytest.fixture
def waiting(app, mutual, member, doctor, ask_for):
    """Somebody whose request by video was taken: the room is open."""
    from core.care.rooms import service as rooms

    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone, contact="video"))
    doctoring.take(pro.pro, made.id)
    db.session.commit()
    kit.messages()
    room = rooms.of_subject(made.id)
    return made.id, room.id, someone.account.id, pro.account.id


@pytest.mark.rule("IA-049")
def test_without_a_camera_the_check_fails_visibly_and_telephone_is_offered(app, waiting, driver, server):
    case_id, room_id, account_id, _doctor = waiting
    account = accounts.by_id(account_id)
    account.language = "en"
    token = makers.session_of(account)
    db.session.remove()
    browser = driver.chromium.launch(executable_path=chromium(), args=ARGS)
    try:
        page = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB").new_page()
        base = f"http://mutuelle.localhost:{server}"
        page.context.add_cookies([{"name": sessions.COOKIE, "value": token, "url": base}])
        for path in (f"/rooms/{room_id}/check", f"/rooms/{room_id}"):
            page.goto(base + path)
            page.get_by_text("Video does not work on this device.").wait_for()
            assert page.get_by_text("No camera was found.").is_visible()
            assert page.get_by_role("button", name="Call me by telephone instead").is_visible()
        page.get_by_role("button", name="Call me by telephone instead").click()
        page.wait_for_url("**/cases/**")
        page.get_by_text("you will be called by telephone").first.wait_for()
    finally:
        browser.close()
    assert Case.get(case_id).contact == "phone"
    assert Consultation.get(case_id).contact == "phone"


@pytest.mark.rule("IA-049")
def test_the_offer_stands_without_script_too_and_for_the_patient_alone(app, waiting):
    _case, room_id, account_id, doctor_id = waiting
    patient = kit.signed_in(app, accounts.by_id(account_id))
    assert "Call me by telephone instead" in patient.text(patient.get(f"/rooms/{room_id}"))
    doctor = kit.signed_in(app, accounts.by_id(doctor_id))
    assert "Call me by telephone instead" not in doctor.text(doctor.get(f"/rooms/{room_id}"))
