"""What the assistance's doctors may issue: by the form, by the use case, and never beside either."""

from __future__ import annotations

import io
import re
import uuid

import pytest
from sqlalchemy import select

from core.audit.models import AuditEntry
from core.care.consultations import reports
from core.care.consultations.models import Consultation
from core.care.prescriptions import deciding
from core.care.prescriptions.models import Prescription
from core.db import db
from core.identity.models import AuthSession
from core.scheduling.service_access import NotAllowed
from core.web.frame import Refused
from plugins.insurer_assistance import doctoring, requesting
from tests.plugins.insurer_assistance import results_kit as kit

pytestmark = pytest.mark.usefixtures("mutual")


@pytest.fixture
def scene(app, mutual, member, doctor, ask_for):
    someone, pro = member(), doctor()
    return kit.Scene(app, mutual, someone, pro, kit.in_call(someone, pro, ask_for(someone)))


def rules_of(no):
    return {r.rule for r in no.value.decision.reasons}


def test_seven_days_are_accepted(scene):
    assert kit.issue(scene.row, scene.pro, duration_days=7).state == "issued"


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        pytest.param({"duration_days": 8}, "IA-083", marks=pytest.mark.rule("IA-083")),
        pytest.param(
            {"renewal": True, "one_off": True, "duration_days": 8}, "IA-082", marks=pytest.mark.rule("IA-082")
        ),
        pytest.param({"renewal": True, "duration_days": 1}, "IA-082", marks=pytest.mark.rule("IA-082")),
        pytest.param({"classes": {"narcotic"}}, "IA-084", marks=pytest.mark.rule("IA-084")),
        pytest.param({"classes": {"restricted"}}, "IA-084", marks=pytest.mark.rule("IA-084")),
        pytest.param({"classes": {"prior_agreement"}}, "IA-084", marks=pytest.mark.rule("IA-084")),
        pytest.param({"classes": {"exception"}}, "IA-084", marks=pytest.mark.rule("IA-084")),
        pytest.param({"classes": {"magistral_or_officinal"}}, "IA-085", marks=pytest.mark.rule("IA-085")),
        pytest.param({"kind": "sick_leave"}, "IA-080", marks=pytest.mark.rule("IA-080")),
        pytest.param({"kind": "certificate"}, "IA-080", marks=pytest.mark.rule("IA-080")),
    ],
)
def test_what_the_contract_leaves_out_is_refused_with_its_rule(scene, changed, rule):
    with pytest.raises(NotAllowed) as no:
        kit.issue(scene.row, scene.pro, **changed)
    assert rule in rules_of(no)
    assert db.session.execute(select(Prescription)).first() is None


@pytest.mark.rule("IA-082")
def test_a_one_off_supply_of_seven_days_is_accepted_and_marked(scene):
    made = kit.issue(scene.row, scene.pro, renewal=True, one_off=True, duration_days=7)
    from core.care.prescriptions import service

    assert service.meta_of(made)["one_off"] is True


@pytest.mark.rule("IA-083")
def test_the_limit_is_named(scene):
    with pytest.raises(NotAllowed) as no:
        kit.issue(scene.row, scene.pro, duration_days=8)
    assert any(r.message.params.get("days") == 7 for r in no.value.decision.reasons)


@pytest.mark.rule("IA-080", "IA-082", "IA-083")
def test_the_form_offers_medicines_alone_and_asks_what_decides(scene):
    page = kit.signed_in(scene.app, scene.pro.account)
    path = f"/consultations/{scene.row.id}/prescription"
    form = page.text(page.get(path))
    assert "kind=sick_leave" not in form
    assert "kind=certificate" not in form
    for name in ("duration_days", "renewal", "one_off"):
        assert f'name="{name}"' in form
    sick = page.text(page.get(f"{path}?kind=sick_leave"))
    assert "cannot end with one" in sick
    said = {m.code for m in deciding.mentions("FR", "medicine", cross_border=False)}
    given = {"client_key": "k", "kind": "medicine", "class": ["none"], "mention": sorted(said)}

    def sent(**more):
        return page.post(path, {**given, "document": (io.BytesIO(kit.pdf_bytes()), "o.pdf"), **more})

    refused = sent(duration_days="8")
    assert refused.status_code == 403
    assert "7 days" in page.text(refused)
    assert sent(duration_days="7", renewal="yes").status_code == 403
    assert sent(duration_days="zwei").status_code == 422
    assert sent(duration_days="7", renewal="yes", one_off="yes").status_code == 302


@pytest.mark.rule("IA-038")
def test_who_lives_outside_of_the_union_gets_the_report_and_no_prescription(app, mutual, doctor, member, ask_for):
    someone, pro = member(residence="CH"), doctor()
    scene = kit.Scene(app, mutual, someone, pro, kit.in_call(someone, pro, ask_for(someone)))
    with pytest.raises(NotAllowed) as no:
        kit.issue(scene.row, scene.pro)
    assert "IA-038" in rules_of(no)
    page = kit.signed_in(app, scene.pro.account)
    assert "outside of the European Union" in page.text(page.get(f"/consultations/{scene.row.id}/prescription"))
    kit.reported(scene.pro, scene.row)
    assert reports.versions(scene.row.id)


@pytest.mark.rule("IA-006", "IA-077", "IA-086")
@pytest.mark.parametrize("how", ["decline", "exclude", "emergency"])
def test_from_what_ended_otherwise_nothing_can_be_issued(scene, how):
    if how == "decline":
        with pytest.raises(Refused):
            doctoring.decline(scene.pro.pro, scene.row.id, "")
        doctoring.decline(scene.pro.pro, scene.row.id, "physical_examination_needed")
    elif how == "exclude":
        with pytest.raises(Refused):
            doctoring.exclude(scene.pro.pro, scene.row.id, "no_such_reason")
        doctoring.exclude(scene.pro.pro, scene.row.id, "certificate")
    else:
        doctoring.emergency(scene.pro.account.id, scene.row.id)
    db.session.commit()
    with pytest.raises(Refused):
        kit.issue(Consultation.get(scene.row.id), scene.pro)
    with pytest.raises(Refused):
        reports.save(scene.pro.pro, scene.row.id, {"conclusion": "x"})
    db.session.rollback()
    patient = kit.signed_in(scene.app, scene.someone.account)
    shown = patient.text(patient.get(f"/x/insurer_assistance/cases/{scene.row.id}"))
    assert {"decline": "A physical examination is needed", "exclude": "certificates cannot", "emergency": "emergency services"}[how] in shown  # fmt: skip
    if how == "decline":
        assert "Please see your own doctor" in shown


@pytest.mark.rule("IA-014")
def test_a_nurse_prescribes_nothing(scene):
    pro = scene.pro
    pro.pro.kind, pro.pro.specialty = "allied", "nurse"
    db.session.flush()
    with pytest.raises(NotAllowed) as no:
        kit.issue(scene.row, pro)
    assert "IA-014" in rules_of(no)


@pytest.mark.rule("IA-014")
def test_who_does_not_hold_the_case_prescribes_nothing(scene, doctor):
    with pytest.raises(Refused) as no:
        kit.issue(scene.row, doctor())
    assert no.value.status == 404


@pytest.mark.rule("IA-068", "IA-116")
def test_an_ended_session_signs_nothing_and_an_open_one_is_named(scene):
    doctoring.hang_up(scene.pro.pro, scene.row.id)
    db.session.commit()
    page = kit.signed_in(scene.app, scene.pro.account)
    path = f"/requests/{scene.row.id}/report"
    found = re.search(r'action="([^"]*report[^"]*)"', page.text(page.get(path)))
    path = found.group(1) if found else path
    token = page.token()
    for row in db.session.execute(select(AuthSession).where(AuthSession.account_id == scene.pro.account.id)).scalars():
        db.session.delete(row)
    db.session.commit()
    answer = page.post(path, {"conclusion": "x", "csrf_token": token}, csrf=False)
    assert answer.status_code in (302, 401, 403)
    assert page.post(f"/consultations/{scene.row.id}/prescription", {"csrf_token": token}, csrf=False).status_code in (302, 401, 403)  # fmt: skip
    assert not reports.versions(scene.row.id)
    again = kit.signed_in(scene.app, scene.pro.account)
    saved = again.post(path, {"conclusion": "Repos."})
    assert saved.status_code == 302
    details = db.session.execute(select(AuditEntry).where(AuditEntry.action == "report.saved")).scalar_one()
    assert str(scene.pro.pro.id) in str(details.details)
    assert "password+code" in str(details.details)
    assert details.actor_id == str(scene.pro.account.id)


@pytest.mark.rule("IA-065")
def test_advice_from_a_nurse_has_no_consultation_and_so_no_paper(scene, member, ask_for):
    from plugins.insurer_assistance import cases, quota

    someone = member()
    wanted = ask_for(someone, channel="telephone")
    case = requesting.new_case(wanted, someone.member, cases.NURSE_QUEUE, uuid.uuid4())
    cases.close(case, "orientation", "nurse")
    db.session.commit()
    assert Consultation.get(case.id) is None
    assert quota.balance(someone.member.id, cases.year_of(requesting.now())).used == 0
    with pytest.raises(Refused):
        reports.save(scene.pro.pro, case.id, {"conclusion": "x"})
