"""Opening a prescription with the code of a text message: sent in the call, once, few tries, nothing kept but digests."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from core import clock as core_clock
from core.audit.models import AuditEntry
from core.care.prescriptions import looks, opening
from core.care.prescriptions.models import Prescription, PrescriptionCode
from core.db import db
from core.tenancy import current
from core.web.frame import Refused
from tests.plugins.insurer_assistance import results_kit as kit

pytestmark = pytest.mark.usefixtures("mutual")


@pytest.fixture
def scene(app, mutual, member, doctor, ask_for):
    someone, pro = member(), doctor()
    row = kit.in_call(someone, pro, ask_for(someone))
    return kit.Scene(app, mutual, someone, pro, row)


def send(scene):
    opening.send_in_call(scene.pro.pro, scene.row.id, "+33639980042")
    db.session.commit()
    return kit.code_in(kit.codes()[0])


def path(row):
    return f"/prescriptions/{row}"


@pytest.mark.rule("IA-072", "IA-074")
def test_from_the_account_it_opens_with_the_code_of_the_call_and_once(scene):
    code = send(scene)
    sms = kit.codes()[0]
    assert sms.recipient == "+33639980042"
    assert not any(w in sms.body_text.casefold() for w in ("ordonnance", "prescription", "santé"))
    prescription = kit.issue(scene.row, scene.pro).id
    patient = kit.signed_in(scene.app, scene.someone.account)
    assert path(prescription) in patient.text(patient.get("/prescriptions"))
    assert path(prescription) in patient.text(patient.get(f"/x/insurer_assistance/cases/{scene.row.id}"))
    for which in ("document", "proof"):
        closed = patient.get(f"{path(prescription)}/{which}")
        assert closed.status_code == 403
        assert closed.mimetype == "text/html"
    assert patient.post(f"{path(prescription)}/open", {"code": code[:3] + " " + code[3:]}).status_code == 302
    assert patient.get(f"{path(prescription)}/document").data == kit.pdf_bytes()
    assert patient.get(f"{path(prescription)}/proof").mimetype == "application/pdf"
    said = {look.what for look in looks.of(prescription)}
    assert {"code_right", "document_read", "proof_read"} <= said
    # Another browser of the same person: the code is used.
    other = kit.signed_in(scene.app, scene.someone.account)
    assert other.get(f"{path(prescription)}/document").status_code == 403
    again = other.post(f"{path(prescription)}/open", {"code": code})
    assert again.status_code == 422
    assert "already used" in other.text(again)


@pytest.mark.rule("IA-074")
def test_a_code_runs_out_and_another_can_be_asked_for(scene, clock):
    code = send(scene)
    prescription = kit.issue(scene.row, scene.pro).id
    later = core_clock.now() + opening.dt.timedelta(minutes=31)
    clock.set(later)
    assert opening.enter(Prescription.get(prescription), code).error == opening.RAN_OUT
    db.session.commit()
    patient = kit.signed_in(scene.app, scene.someone.account)
    assert patient.post(f"{path(prescription)}/send-code").status_code == 302
    newest = kit.codes()[0]
    assert newest.recipient == "+33639980042"  # the number of the call
    assert opening.enter(Prescription.get(prescription), kit.code_in(newest)).token


@pytest.mark.rule("IA-074")
def test_what_was_read_closes_again(scene, clock):
    code = send(scene)
    prescription = kit.issue(scene.row, scene.pro)
    token = opening.enter(prescription, code).token
    assert opening.may_read(prescription, token)
    assert not opening.may_read(prescription, token[::-1])
    clock.set(core_clock.now() + opening.OPEN_FOR)
    assert not opening.may_read(prescription, token)


@pytest.mark.rule("IA-074")
def test_tries_are_limited_and_the_right_code_comes_too_late(scene):
    code = send(scene)
    prescription = kit.issue(scene.row, scene.pro)
    wrong = "000000" if code != "000000" else "111111"
    found = [opening.enter(prescription, wrong).error for _n in range(5)]
    assert found == [opening.WRONG] * 4 + [opening.TOO_MANY]
    assert opening.enter(prescription, code).error == opening.TOO_MANY
    assert [look.what for look in looks.of(prescription.id)].count("code_wrong") == 5


@pytest.mark.rule("IA-074")
@pytest.mark.parametrize("typed", ["", "12345", "1234567", "٠٠٠٠٠٠", "' OR 1=1", "x" * 10_000])
def test_nonsense_opens_nothing(scene, typed):
    send(scene)
    prescription = kit.issue(scene.row, scene.pro)
    assert opening.enter(prescription, typed).error == opening.WRONG


@pytest.mark.rule("IA-074")
def test_of_a_code_only_a_keyed_digest_is_kept(scene):
    code = send(scene)
    row = db.session.execute(select(PrescriptionCode)).scalar_one()
    assert code.encode() not in row.digest
    assert b"639980042" not in row.phone
    import hashlib

    assert row.digest != hashlib.sha256(f"{row.id}:{code}".encode()).digest()


@pytest.mark.rule("IA-074")
def test_a_newer_code_makes_the_one_before_worth_nothing(scene):
    first, second = send(scene), send(scene)
    prescription = kit.issue(scene.row, scene.pro)
    if first != second:
        assert opening.enter(prescription, first).error == opening.WRONG
    assert opening.enter(prescription, second).token


@pytest.mark.rule("IA-074")
def test_the_doctor_sends_it_during_the_call_and_not_after(scene):
    opening.send_in_call(scene.pro.pro, scene.row.id)
    kit.reported(scene.pro, scene.row)
    with pytest.raises(Refused, match="during the call"):
        opening.send_in_call(scene.pro.pro, scene.row.id)


def test_another_doctor_sends_nothing(scene, doctor):
    with pytest.raises(Refused) as no:
        opening.send_in_call(doctor().pro, scene.row.id)
    assert no.value.status == 404


@pytest.mark.rule("IA-074")
def test_the_button_stands_on_the_page_while_the_call_is_on(scene):
    page = kit.signed_in(scene.app, scene.pro.account)
    desk = f"/x/insurer_assistance/desk/{scene.row.id}"
    assert f"{desk}/send-code" in page.text(page.get(desk))
    assert page.post(f"{desk}/send-code").status_code == 302
    assert kit.codes()[0].recipient == "+33639980001"
    kit.reported(scene.pro, scene.row)
    assert f"{desk}/send-code" not in page.text(page.get(desk))


def test_codes_cannot_be_asked_for_without_end(scene):
    prescription = kit.issue(scene.row, scene.pro)
    with pytest.raises(Refused, match="wait") as no:
        for _n in range(60):
            opening.send_again(prescription)
            db.session.commit()
    assert no.value.status == 429


@pytest.mark.rule("IA-074")
def test_two_at_once_open_it_once(scene):
    """Twenty threads, each with its own connection, give the right code at the same instant."""
    code = send(scene)
    prescription = kit.issue(scene.row, scene.pro)
    id_, gate, won = prescription.id, threading.Barrier(8), []

    def one() -> None:
        with scene.app.app_context(), current.entered(scene.view.id):
            mine = type(prescription).get(id_)
            gate.wait()
            entered = opening.enter(mine, code)
            db.session.commit()
            won.append(bool(entered.token))
            db.session.remove()

    threads = [threading.Thread(target=one) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 7 + [True]


def test_nobody_else_gives_a_code_or_has_one_sent(scene, member):
    send(scene)
    prescription = kit.issue(scene.row, scene.pro).id
    stranger = kit.signed_in(scene.app, member().account)
    for last in ("", "/document", "/proof"):
        assert stranger.get(path(prescription) + last).status_code == 404
    for last in ("/open", "/send-code"):
        assert stranger.post(path(prescription) + last, {"code": "1"}).status_code == 404


@pytest.mark.rule("IA-115", "IA-116")
def test_issuing_is_the_doctors_signature_and_a_changed_document_is_not_delivered(scene):
    from core.care.papers import signing
    from core.tenancy import keys

    prescription = kit.issue(scene.row, scene.pro, signed_with="password+code")
    details = db.session.execute(
        select(AuditEntry.details).where(AuditEntry.action == "prescription.issued")
    ).scalar_one()
    assert str(scene.pro.pro.id) in str(details)
    assert "password+code" in str(details)
    assert opening.digest_of(kit.pdf_bytes()) in str(details)
    proof = keys.unseal(prescription.person_id, "prescriptions", "proof", prescription.proof)
    assert signing.verify(proof).intact
    at = proof.index(b"stream") + 40
    assert not signing.verify(proof[:at] + bytes([proof[at] ^ 1]) + proof[at + 1 :]).intact
    changed = kit.pdf_bytes()[:-1] + b"x"
    prescription.document = keys.seal(prescription.person_id, "prescriptions", "document", changed)
    token = opening.enter(prescription, send(scene)).token
    with pytest.raises(Refused, match="signed"):
        opening.read(prescription, "document", token)
