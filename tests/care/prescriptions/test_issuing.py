"""Who may issue what, what is asked for, what is written."""

import datetime as dt
import io

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import text

from core import clock
from core.audit.models import DecisionReceipt
from core.care.papers import signing
from core.care.prescriptions import deciding, documents, looks, service
from core.care.prescriptions.models import Prescription
from core.db import db
from core.directory import service as directory
from core.tenancy import keys
from core.web.frame import Refused
from tests.care.prescriptions.conftest import (
    MARK,
    code_of,
    everything,
    make_consultation,
    make_patient,
    make_physician,
    pdf_bytes,
)


def receipts():
    return db.session.query(DecisionReceipt).all()


@pytest.mark.rule("CB-179", "CB-183", "CB-184", "CB-185")
@pytest.mark.parametrize("category", ["fr_resident", "fr_cross_border"])
def test_a_physician_in_france_issues_after_a_teleconsultation(scene, document, category):
    consultation = make_consultation(scene.pro, make_patient(category))
    row = scene.issue(consultation=consultation)
    assert (row.state, row.delivery, row.kind) == ("issued", "electronic", "medicine")
    assert service.document_of(row) == document
    sealed = service.proof_of(row)
    assert int(PdfFileReader(io.BytesIO(sealed)).root["/Pages"]["/Count"]) == 1
    assert signing.verify(sealed).intact
    assert signing.verify(sealed).signer == "Frontalia"
    broken = bytearray(sealed)
    broken[len(broken) // 3] ^= 1
    assert not signing.verify(bytes(broken)).intact
    assert row.code_digest == service.blind(code_of(row))
    meta = service.meta_of(row)
    assert meta["digest"] == __import__("hashlib").sha256(document).hexdigest()
    assert meta["prescriber"]["number"] == scene.pro.register_number
    assert row.first_dispensing_until is not None
    assert [r.effect for r in receipts()] == ["permit"]


@pytest.mark.rule("CB-184")
def test_nothing_can_be_read_in_the_database(scene):
    row = scene.issue()
    code = code_of(row)
    found = db.session.execute(text("SELECT p::text AS all FROM prescriptions p")).scalar_one()
    for secret in (MARK.encode().hex(), code.encode().hex(), b"Patiente".hex(), MARK, code, "Patiente"):
        assert secret not in found
    keys.destroy_person_key(row.person_id)
    db.session.commit()
    with pytest.raises(keys.Erased):
        service.document_of(row)


@pytest.mark.rule("CB-185")
def test_two_prescriptions_have_two_codes(scene):
    assert code_of(scene.issue(client_key="a")) != code_of(scene.issue(client_key="b"))


def test_the_same_click_twice_issues_once(scene):
    assert scene.issue(client_key="a").id == scene.issue(client_key="a").id
    assert db.session.query(Prescription).count() == 1


@pytest.mark.rule("CB-180")
def test_a_finished_consultation_needs_none(scene):
    scene.consultation.state = "completed"
    db.session.commit()
    assert service.of_consultation(scene.consultation.id) == []
    assert receipts() == []
    scene.issue()
    assert len(service.of_consultation(scene.consultation.id)) == 1


@pytest.mark.rule("CB-182")
@pytest.mark.parametrize("name", list(deciding.CLASSES))
def test_each_excluded_class_is_refused_with_its_rule(scene, name):
    with pytest.raises(service.NotAllowed) as refusal:
        scene.issue(classes={name})
    (reason,) = refusal.value.decision.reasons
    assert (reason.rule, reason.code) == ("CB-182", "excluded_medicine_class")
    db.session.commit()
    assert [(r.effect, r.act_kind) for r in receipts()] == [("deny", "prescription")]
    assert db.session.query(Prescription).count() == 0


@pytest.mark.rule("CB-179")
@pytest.mark.parametrize(("service_code", "category"), [
    ("teleconsultation", "be_resident"), ("teleconsultation", "lu_resident"), ("teleconsultation", "other"),
    ("video_consultation", "fr_resident"), ("express_consultation", "fr_resident"), ("video_consultation", "be_resident"),
])  # fmt: skip
def test_every_other_profile_and_service_is_refused(scene, service_code, category):
    consultation = make_consultation(scene.pro, make_patient(category), service_code)
    with pytest.raises(service.NotAllowed):
        scene.issue(consultation=consultation)
    assert db.session.query(Prescription).count() == 0


@pytest.mark.rule("CB-190")
def test_each_missing_mention_is_named_with_its_law(scene):
    whole = everything()
    for code in ("prescriber_number", "date", "signature", "international_nonproprietary_name"):
        assert code in whole
        with pytest.raises(service.Incomplete) as wrong:
            scene.issue(checklist=whole - {code})
        (message,) = wrong.value.errors["checklist"]
        assert "R.5132-3" in str(message)
        db.session.rollback()
    with pytest.raises(service.Incomplete) as wrong:
        scene.issue(checklist=())
    assert len(wrong.value.errors["checklist"]) == len(whole)
    assert receipts() == []


@pytest.mark.rule("CB-190")
def test_the_list_of_the_directive_is_asked_for_where_it_is_meant(scene):
    with pytest.raises(service.Incomplete) as wrong:
        scene.issue(cross_border=True)
    said = [str(m) for m in wrong.value.errors["checklist"]]
    assert any("2012/52" in s for s in said)
    db.session.rollback()
    assert scene.issue(cross_border=True, checklist=everything(cross_border=True)).state == "issued"


@pytest.mark.rule("CB-190")
def test_a_prescriber_without_number_is_refused(scene):
    scene.pro.register_number = None
    db.session.commit()
    with pytest.raises(service.Incomplete) as wrong:
        scene.issue()
    assert set(wrong.value.errors) == {"prescriber"}


def _with(change):
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf_bytes()))
    change(writer)
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _script(writer):
    writer.root["/OpenAction"] = generic.DictionaryObject(
        {
            generic.NameObject("/S"): generic.NameObject("/JavaScript"),
            generic.NameObject("/JS"): generic.TextStringObject("x"),
        }
    )


def _files(writer):
    writer.root["/Names"] = generic.DictionaryObject({generic.NameObject("/EmbeddedFiles"): generic.DictionaryObject()})


@pytest.mark.rule("CB-191")
@pytest.mark.parametrize(("make", "says"), [
    (lambda: None, "add the prescription"), (lambda: b"", "empty"), (lambda: b"Amoxicillin 3 x 1", "This file is none"),
    (lambda: b"\x89PNG\r\n\x1a\n" + b"x" * 100, "This file is none"), (lambda: pdf_bytes(password=True), "password"),
    (lambda: b"%PDF-1.4\nrubbish\n%%EOF", "damaged"), (lambda: pdf_bytes()[:-60] + b"%%EOF", "damaged"),
    (lambda: _with(_script), "program"), (lambda: _with(_files), "program"),
    (lambda: b"%PDF-" + b"x" * documents.MOST_BYTES + b"%%EOF", "larger"),
])  # fmt: skip
def test_only_a_plain_pdf_of_the_physician_is_taken(scene, make, says):
    with pytest.raises(service.Incomplete) as wrong:
        scene.issue(pdf=make())
    assert says in str(wrong.value.errors["document"][0])
    assert db.session.query(Prescription).count() == 0


def test_what_is_declared_must_be_possible(scene):
    for changed, field in (
        ({"classes": None}, "classes"), ({"classes": {"sweets"}}, "classes"), ({"kind": "sick_leave"}, "duration_days"),
        ({"kind": "sick_leave", "duration_days": 0}, "duration_days"), ({"duration_days": 10**6}, "duration_days"),
    ):  # fmt: skip
        with pytest.raises(service.Incomplete) as wrong:
            scene.issue(**changed)
        assert set(wrong.value.errors) == {field}
        db.session.rollback()
    with pytest.raises(Refused):
        scene.issue(kind="potion")


def test_sick_leave_keeps_to_the_law(scene):
    leave = {"kind": "sick_leave", "classes": None, "checklist": everything(kind="sick_leave")}
    row = scene.issue(**leave, duration_days=3, is_treating_physician=False)
    assert (row.state, row.code_digest) == ("issued", None)
    assert service.proof_of(row) is None
    with pytest.raises(service.NotAllowed) as refusal:
        scene.issue(**leave, duration_days=4, is_treating_physician=False)
    assert [r.code for r in refusal.value.decision.reasons] == ["sick_leave_too_long"]
    with pytest.raises(service.Incomplete):
        scene.issue(**{**leave, "checklist": ()}, duration_days=3, is_treating_physician=False)


@pytest.mark.parametrize("state", ["requested", "accepted", "cancelled", "no_show", "refunded"])
def test_only_while_or_after_the_consultation(scene, state):
    scene.consultation.state = state
    db.session.commit()
    with pytest.raises(Refused):
        scene.issue()


def test_somebody_elses_consultation_is_absent(scene):
    other = make_physician()
    with pytest.raises(Refused) as refusal:
        scene.issue(pro=other.pro)
    assert refusal.value.status == 404
    assert service.access_consultation(scene.consultation.id, other.pro.id) is None


# -- on paper, at the practice ------------------------------------------------------------------------------------


@pytest.fixture
def luxembourg(scene):
    made = make_physician("LU")
    account = make_patient("lu_resident")
    scene.lu, scene.lu_account = made, account
    scene.lu_consultation = make_consultation(made.pro, account, "video_consultation")
    return scene


def paper(scene, consultation=None, **more):
    given = {"pdf": None, "checklist": (), "practice_id": scene.lu.practice.id, "when": "lundi, 9 h à 12 h"}
    return scene.issue(consultation=consultation or scene.lu_consultation, pro=scene.lu.pro, **{**given, **more})


@pytest.mark.rule("CB-181", "CB-193")
def test_a_physician_in_luxembourg_leaves_it_at_the_practice(luxembourg, inbox):
    row = paper(luxembourg)
    assert (row.delivery, row.state) == ("at_practice", "issued")
    assert service.document_of(row) is None
    assert service.proof_of(row) is None
    assert row.code_digest is None
    told = [
        m for m in inbox() if m.subject == "A document waits for you at the practice" or "cabinet" in m.subject.lower()
    ]
    assert told
    assert "1 rue A" in told[0].body_text
    for word in ("prescription", "ordonnance", "Verordnung"):
        assert word not in told[0].subject
    assert looks.of(row.id)[0].what == "told"


@pytest.mark.rule("CB-181")
def test_a_file_cannot_stand_for_the_paper(luxembourg, document):
    with pytest.raises(service.Incomplete) as wrong:
        paper(luxembourg, pdf=document)
    assert "on paper" in str(wrong.value)
    assert db.session.query(Prescription).count() == 0


@pytest.mark.rule("CB-181")
def test_the_paper_needs_a_place(luxembourg):
    for changed in ({"practice_id": None}, {"practice_id": luxembourg.made.practice.id}):
        with pytest.raises(service.Incomplete) as wrong:
            paper(luxembourg, **changed)
        assert set(wrong.value.errors) == {"practice"}
        db.session.rollback()
    for practice in directory.practices_of(luxembourg.lu.pro.id):
        practice.archived = True
    db.session.commit()
    with pytest.raises(service.Incomplete, match="Publish a practice"):
        paper(luxembourg)


@pytest.mark.rule("CB-193")
def test_it_is_handed_over_once_after_a_check_of_identity(luxembourg):
    row = paper(luxembourg)
    for evidence in ("", "none", "kind words"):
        with pytest.raises(service.Incomplete):
            service.hand_over(row, evidence)
    assert service.waiting_at_practice(luxembourg.lu.pro.id) == [row]
    service.hand_over(row, "proof_of_identity")
    db.session.commit()
    assert row.state == "collected"
    assert service.waiting_at_practice(luxembourg.lu.pro.id) == []
    with pytest.raises(Refused):
        service.hand_over(row, "proof_of_identity")
    electronic = luxembourg.issue()
    with pytest.raises(Refused):
        service.hand_over(electronic, "proof_of_identity")


@pytest.mark.rule("CB-193")
def test_a_plain_french_patient_gets_none_from_luxembourg(luxembourg):
    consultation = make_consultation(luxembourg.lu.pro, luxembourg.account, "video_consultation")
    with pytest.raises(service.NotAllowed) as refusal:
        paper(luxembourg, consultation)
    assert "CB-193" in {r.rule for r in refusal.value.decision.reasons}


@pytest.mark.rule("CB-195")
@pytest.mark.parametrize(("country", "allowed"), [("DE", True), ("CH", False), ("GB", False)])
def test_no_medicine_for_residents_outside_the_union(luxembourg, country, allowed):
    account = make_patient("other", country=country)
    consultation = make_consultation(luxembourg.lu.pro, account, "video_consultation")
    if allowed:
        assert paper(luxembourg, consultation).delivery == "at_practice"
        return
    with pytest.raises(service.NotAllowed) as refusal:
        paper(luxembourg, consultation)
    assert "CB-195" in {r.rule for r in refusal.value.decision.reasons}


def test_the_members_of_the_union_are_dated():
    law = deciding.parameters()
    assert "GB" in law.at("european_union", dt.date(2020, 1, 31)).value
    assert len(law.at("european_union", dt.date(2026, 11, 21)).value) == 27


# -- afterwards ---------------------------------------------------------------------------------------------------


def test_a_lost_proof_is_replaced_and_the_old_code_is_void(scene):
    row = scene.issue()
    old = code_of(row)
    service.renew_code(row)
    db.session.commit()
    new = code_of(row)
    assert old != new
    assert row.code_digest == service.blind(new)
    assert signing.verify(service.proof_of(row)).intact
    assert "code_renewed" in [look.what for look in looks.of(row.id)]


def test_a_withdrawn_one_stays_withdrawn(scene):
    row = scene.issue()
    service.withdraw(row)
    db.session.commit()
    assert row.state == "withdrawn"
    for act in (service.withdraw, service.renew_code):
        with pytest.raises(Refused):
            act(row)
        db.session.rollback()


@pytest.mark.rule("CB-184")
def test_acts_are_on_the_trail_without_names(scene):
    from core.audit.models import AuditEntry

    row = scene.issue()
    service.renew_code(row)
    db.session.commit()
    rows = [e for e in db.session.query(AuditEntry).all() if e.object_id == str(row.id)]
    actions = [e.action for e in rows]
    assert "prescription.issued" in actions
    assert "prescription.code_renewed" in actions
    for entry in rows:
        assert "Patiente" not in entry.details
        assert code_of(row) not in entry.details


def test_issuing_is_announced_once_and_told_in_neutral_words(scene, inbox):
    from core.jobs.models import OutboxMessage

    row = scene.issue()
    (message,) = [m for m in db.session.query(OutboxMessage).all() if m.name == "prescription_issued"]
    assert message.payload == {
        "prescription_id": str(row.id),
        "consultation_id": str(row.consultation_id),
        "delivery": "electronic",
    }
    found = [m for m in inbox() if str(row.id) in m.body_text]
    assert len(found) == 1
    for word in ("prescription", "ordonnance", "médicament"):
        assert word not in found[0].subject.lower()
    assert code_of(row) not in found[0].body_text
    assert clock.now() >= row.issued_at
