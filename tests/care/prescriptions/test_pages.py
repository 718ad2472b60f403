"""Pages of patients and physicians: what each finds, what nobody else does."""

import io
import re
import uuid

import pytest

from core.audit.models import DecisionReceipt
from core.care.prescriptions import looks, service
from core.care.prescriptions.models import Prescription
from core.db import db
from core.testing.makers import signed_in
from tests.care.prescriptions.conftest import (
    MARK,
    code_of,
    everything,
    fresh,
    make_consultation,
    make_patient,
    make_physician,
    pdf_bytes,
    sign_in,
)


def words(answer):
    body = re.sub(r"<(script|style).*?</\1>", "", answer.get_data(as_text=True), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.fixture
def patient(scene, browse):
    return sign_in(browse(), scene.account)


@pytest.fixture
def physician(scene, browse):
    return sign_in(browse(), scene.made.account)


def form(**changed):
    given = {"client_key": "k", "kind": "medicine", "class": ["none"], "mention": sorted(everything())}
    given["document"] = (io.BytesIO(pdf_bytes()), "ordonnance.pdf")
    return {k: v for k, v in {**given, **changed}.items() if v is not None}


# -- the patient --------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-168", "CB-183", "CB-185", "CB-188", "CB-189")
def test_the_patient_reads_prints_and_is_told_all(scene, patient, document):
    empty = words(patient.get("/prescriptions"))
    assert "No prescription yet" in empty
    row = scene.issue()
    path = f"/prescriptions/{row.id}"
    assert path in patient.text(patient.get("/prescriptions"))
    page = words(patient.get(path))
    for said in (
        "You choose the pharmacy: this portal proposes none", "Only pharmacies in France", "Luxembourg", "computer and internet",
        "by e-mail", "Open and print", "Social-security card", "Who looked and did what",
    ):  # fmt: skip
        assert said in page, said
    assert MARK not in page
    answer = patient.get(f"{path}/document")
    assert answer.data == document
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    proof = patient.get(f"{path}/proof?save=1")
    assert proof.data == service.proof_of(row)
    assert proof.headers["Content-Disposition"].startswith("attachment")
    assert "ordonnance" not in proof.headers["Content-Disposition"]
    assert [look.what for look in looks.of(row.id)][:2] == ["proof_read", "document_read"]


def test_a_lost_proof_is_replaced_on_the_page(scene, patient):
    row = scene.issue()
    old = code_of(row)
    answer = patient.post(f"/prescriptions/{row.id}/new-code")
    assert answer.status_code == 302
    page = words(patient.follow(answer))
    assert "You have a new code" in page
    assert code_of(fresh(row)) != old
    service.withdraw(fresh(row))
    db.session.commit()
    assert patient.post(f"/prescriptions/{row.id}/new-code").status_code == 409
    assert "took this prescription back" in words(patient.get(f"/prescriptions/{row.id}"))


@pytest.mark.rule("CB-190")
def test_a_refusal_is_shown_with_its_reason_and_escaped(scene, patient, physician):
    row = scene.issue()
    service.closed(row, "refused", place="759999998", pharmacist="10000000025")
    looks.note(row, "pharmacist", "refused", place="759999998", pharmacist="10000000025", words="<b>signature</b>")
    db.session.commit()
    body = patient.text(patient.get(f"/prescriptions/{row.id}"))
    assert "&lt;b&gt;signature" in body
    assert "10000000025" in body
    assert "&lt;b&gt;signature" in physician.text(physician.get(f"/consultations/{row.consultation_id}/prescription"))


@pytest.mark.rule("CB-181", "CB-193", "CB-194")
@pytest.mark.parametrize("category", ["lu_resident", "be_resident", "fr_cross_border", "other"])
def test_a_paper_at_the_practice_is_told_with_all_three_statements(scene, browse, category):
    made = make_physician("LU")
    account = make_patient(category)
    consultation = make_consultation(made.pro, account, "video_consultation")
    row = scene.issue(
        consultation=consultation,
        pro=made.pro,
        pdf=None,
        checklist=(),
        practice_id=made.practice.id,
        when="lundi <matin>",
    )
    visitor = sign_in(browse(), account)
    answer = visitor.get(f"/prescriptions/{row.id}")
    page = words(answer)
    for said in (
        "1 rue A", "Metz", "in person", "Social-security card", "Proof of identity", "lundi &lt;matin&gt;",
        "valid in the whole European Union", "missing abroad or have another name", "cross-border prescription",
    ):  # fmt: skip
        assert said in page, said
    assert "europa.eu" in visitor.text(answer)
    assert "/document" not in visitor.text(answer)
    for which in ("document", "proof"):
        assert visitor.get(f"/prescriptions/{row.id}/{which}").status_code == 404


def test_nobody_elses_prescription_exists(scene, browse, portals):
    row = scene.issue()
    paths = [f"/prescriptions/{row.id}{end}" for end in ("", "/proof", "/document")]
    nonsense = ["/prescriptions/x", f"/prescriptions/{uuid.uuid4()}", f"/prescriptions/{uuid.uuid4()}/proof"]
    for slug in ("frontalia", "rdv-confiance"):
        other = browse(slug)
        signed_in(other, portals[slug].id)
        for path in paths + nonsense:
            answer = other.get(path)
            assert answer.status_code == 404, path
            assert "Patiente" not in other.text(answer)
        assert other.post(f"{paths[0]}/new-code").status_code == 404
    stranger = sign_in(browse(), make_physician().account)
    for path in (f"/consultations/{scene.consultation.id}/prescription", f"/consultations/{uuid.uuid4()}/prescription"):
        assert stranger.get(path).status_code == 404
        assert stranger.post(path, form()).status_code == 404
    for act in ("withdraw", "hand-over"):
        assert stranger.post(f"{paths[0]}/{act}").status_code == 404
    assert fresh(row).state == "issued"


# -- the physician ------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-180", "CB-190", "CB-191", "CB-196")
def test_the_form_takes_a_document_and_offers_no_editor(scene, physician):
    path = f"/consultations/{scene.consultation.id}/prescription"
    answer = physician.get(path)
    page = physician.text(answer)
    assert answer.status_code == 200
    assert 'type="file"' in page
    assert "<textarea" not in page
    assert not re.search(r'name="(medicine|drug|dosage|dose)"', page)
    assert "R.5132-3" in page
    assert "2012/52" in page
    assert "signalement.social-sante.gouv.fr" in page
    assert page.count('name="mention"') == len(everything(cross_border=True))
    assert " checked" not in page.replace(" aria-checked", "")
    done = physician.post(path, form(), content_type="multipart/form-data")
    assert done.status_code == 302
    assert "The prescription is issued" in words(physician.follow(done))
    (row,) = db.session.query(Prescription).all()
    assert row.state == "issued"
    again = physician.post(path, form(), content_type="multipart/form-data")
    assert again.status_code == 302
    assert db.session.query(Prescription).count() == 1


def test_what_lacks_is_said_and_nothing_typed_is_lost(scene, physician):
    path = f"/consultations/{scene.consultation.id}/prescription"
    some = sorted(everything())[:-1]
    answer = physician.post(path, form(**{"class": None, "mention": some}), content_type="multipart/form-data")
    assert answer.status_code == 422
    page = physician.text(answer)
    assert "say which classes" in words(answer)
    kept = re.search(r'name="document_kept" value="([^"]+)"', page).group(1)
    assert page.count(" checked") == len(some)
    assert db.session.query(Prescription).count() == 0
    lacking = physician.post(
        path, form(document=None, document_kept=kept, mention=some), content_type="multipart/form-data"
    )
    assert "Not confirmed" in words(lacking)
    done = physician.post(path, form(document=None, document_kept=kept), content_type="multipart/form-data")
    assert done.status_code == 302
    (row,) = db.session.query(Prescription).all()
    assert service.document_of(row) == pdf_bytes() or MARK.encode() in service.document_of(row)
    gone = physician.post(
        path, form(document=None, document_kept=kept, client_key="other"), content_type="multipart/form-data"
    )
    assert gone.status_code == 422


@pytest.mark.parametrize("changed", [
    {"document": (io.BytesIO(b"no pdf"), "a.pdf")}, {"document": None}, {"class": ["none", "narcotic"]}, {"mention": None},
    {"kind": "sick_leave", "duration_days": "three"}, {"kind": "sick_leave", "duration_days": "9" * 30},
])  # fmt: skip
def test_bad_input_is_told(scene, physician, changed):
    path = f"/consultations/{scene.consultation.id}/prescription"
    answer = physician.post(path, form(**changed), content_type="multipart/form-data")
    assert answer.status_code == 422
    assert db.session.query(Prescription).count() == 0


@pytest.mark.rule("CB-182")
def test_an_excluded_class_is_refused_on_the_page_and_kept(scene, physician):
    path = f"/consultations/{scene.consultation.id}/prescription"
    answer = physician.post(path, form(**{"class": ["narcotic"]}), content_type="multipart/form-data")
    assert answer.status_code == 403
    assert "CB-182" in words(answer)
    assert "narcotics" in words(answer)
    assert db.session.query(Prescription).count() == 0
    assert [r.effect for r in db.session.query(DecisionReceipt).all()] == ["deny"]


@pytest.mark.rule("CB-179")
def test_where_none_is_possible_the_page_says_so_before_anything_is_typed(scene, physician, browse):
    account = make_patient("be_resident")
    consultation = make_consultation(scene.pro, account, "video_consultation")
    page = words(physician.get(f"/consultations/{consultation.id}/prescription"))
    assert "cannot end with one" in page
    assert "CB-179" in page
    answer = physician.post(
        f"/consultations/{consultation.id}/prescription", form(), content_type="multipart/form-data"
    )
    assert answer.status_code == 403


def test_withdrawing_and_handing_over_on_the_pages(scene, physician, browse):
    row = scene.issue()
    assert physician.post(f"/prescriptions/{row.id}/hand-over", {"evidence": "proof_of_identity"}).status_code == 409
    assert physician.post(f"/prescriptions/{row.id}/withdraw").status_code == 302
    assert "withdrawn" in words(physician.get(f"/consultations/{row.consultation_id}/prescription"))
    made = make_physician("LU")
    account = make_patient("lu_resident")
    consultation = make_consultation(made.pro, account, "video_consultation")
    doctor = sign_in(browse(), made.account)
    assert "Nothing waits" in words(doctor.get("/handovers"))
    path = f"/consultations/{consultation.id}/prescription"
    page = doctor.text(doctor.get(path))
    assert 'type="file"' not in page
    assert "guichet.public.lu" in page
    given = {
        "client_key": "k",
        "kind": "medicine",
        "class": ["none"],
        "practice": str(made.practice.id),
        "when": "demain",
    }
    assert doctor.post(path, given).status_code == 302
    (paper,) = service.waiting_at_practice(made.pro.id)
    assert "Anna Patiente" in words(doctor.get("/handovers"))
    assert doctor.post(f"/prescriptions/{paper.id}/hand-over").status_code == 422
    assert doctor.post(f"/prescriptions/{paper.id}/hand-over", {"evidence": "proof_of_identity"}).status_code == 302
    assert "Nothing waits" in words(doctor.get("/handovers"))


def test_parts_for_other_rooms_stand_alone(scene, app, physician):
    from flask import g, render_template

    physician.get("/today")
    scene.issue()
    closed = make_consultation(scene.pro, scene.account, "video_consultation")
    with app.test_request_context("/", base_url=f"http://{physician.host}:8000"):
        g.tenant = scene.view
        g.language = "en"
        panel = render_template("prescriptions/_panel.html", consultation=scene.consultation)
        assert "not used yet" in panel
        reminder = render_template("prescriptions/_adverse_effects.html", country="FR")
        assert "R.5121-161" in reminder
        decision = app.jinja_env.globals["prescription_expected"](closed, scene.pro)
        assert "No prescription from this consultation" in render_template(
            "prescriptions/_no_prescription.html", decision=decision
        )
        possible = app.jinja_env.globals["prescription_expected"](scene.consultation, scene.pro)
        assert not render_template("prescriptions/_no_prescription.html", decision=possible).strip()
