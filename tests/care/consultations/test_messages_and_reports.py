"""Two parties, words that reach only them, a report that is written once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core import clock
from core.care.consultations import calls, lists, messages, reports, requests, service
from core.care.consultations.models import ConsultationMessage, Report
from core.db import db
from core.directory import service as directory
from core.jobs import outbox
from core.money import ledger
from core.money import service as money
from core.notifications.inbox import latest
from core.promises.models import Promise
from core.tenancy import keys
from core.tenancy.current import entered
from core.web.frame import Refused

ODD = "Bonjour 👩‍⚕️ <script>alert(1)</script> مرحبا"
PARTS = {"reason": "Toux", "conclusion": "Rien de grave."}


def report_promise(row):
    return db.session.execute(
        select(Promise).where(Promise.subject_id == row.id, Promise.kind == "report")
    ).scalar_one()


@pytest.mark.rule("CB-152", "CB-160")
def test_both_sides_write_and_read_in_order(under_way):
    w = under_way
    messages.post(w.booker.account_id, w.row.id, ODD)
    messages.post(w.pro.account_id, w.row.id, "Depuis quand ?")
    db.session.commit()
    lines = messages.of(w.row)
    assert [(x.author, x.text) for x in lines] == [("patient", ODD), ("professional", "Depuis quand ?")]
    assert lines[0].seq < lines[1].seq
    stored = db.session.execute(select(ConsultationMessage.sealed)).scalars().all()
    assert all(b"Bonjour" not in s and b"quand" not in s for s in stored)
    assert messages.of(w.row, after=lines[0].seq) == [lines[1]]


def test_a_message_sent_twice_is_one(under_way):
    w = under_way
    first = messages.post(w.booker.account_id, w.row.id, "Oui", client_key="k1")
    assert messages.post(w.booker.account_id, w.row.id, "Oui", client_key="k1") == first
    db.session.commit()
    assert len(messages.of(w.row)) == 1


@pytest.mark.rule("CB-152")
def test_nobody_else_writes(under_way, doctor, patient):
    for account_id in (doctor().account_id, patient().account_id):
        with pytest.raises(Refused) as refused:
            messages.post(account_id, under_way.row.id, "Bonjour")
        assert refused.value.status == 404
    db.session.rollback()
    assert service.access_consultation(under_way.row.id, patient().account_id) is None


@pytest.mark.parametrize(("words", "said"), [("  ", "write a message"), ("x" * 5001, "5001 characters")])
def test_empty_and_endless_messages_are_refused_in_words(under_way, words, said):
    with pytest.raises(Refused, match=said):
        messages.post(under_way.booker.account_id, under_way.row.id, words)
    db.session.rollback()


def test_no_message_before_acceptance_and_none_after_the_report(ask, doctor, patient, under_way):
    pro, booker = doctor(), patient()
    waiting = ask(booker, pro)
    with pytest.raises((service.Moved, Refused)):
        messages.post(booker.account_id, waiting.id, "Encore un mot")
    db.session.rollback()
    reports.save(under_way.pro, under_way.row.id, PARTS)
    db.session.commit()
    for account_id in (under_way.booker.account_id, under_way.pro.account_id):
        with pytest.raises(service.Moved, match="finished"):
            messages.post(account_id, under_way.row.id, "Encore un mot")
    db.session.rollback()


def test_the_other_side_is_told_once_while_it_has_not_read(under_way):
    w = under_way
    outbox.drain()
    before = len(latest())
    for number in range(3):
        messages.post(w.pro.account_id, w.row.id, f"Message {number}")
        db.session.commit()
        if number != 1:  # the first two are told together: once
            outbox.drain()
    mails = [m for m in latest() if "new message" in m.subject.lower() or "nouveau message" in m.subject.lower()]
    assert len(mails) == 1
    assert "Message 0" not in mails[0].body_text
    assert len(latest()) == before + 1
    assert messages.unseen([w.row.id], "patient") == {w.row.id: 3}
    assert messages.seen(w.row, "patient", messages.of(w.row)[-1].seq)
    assert messages.unseen([w.row.id], "patient") == {}


@pytest.mark.rule("CB-023", "CB-203")
def test_the_report_ends_the_consultation_and_pays_once(under_way):
    w = under_way
    assert [e.row.id for e in lists.reports_owed(w.pro.id)] == [w.row.id]
    made = reports.save(w.pro, w.row.id, {**PARTS, "free": ODD})
    db.session.commit()
    assert (made.version, service.locked(w.row.id).state) == (1, "completed")
    assert ledger.balance(ledger.payable(w.pro.id, "EUR")) == 1875
    assert money.held_cents(w.row.id) == 0
    assert report_promise(w.row).state == "kept"
    assert lists.reports_owed(w.pro.id) == []
    assert [e.row.id for e in lists.past_of(w.pro.id)] == [w.row.id]
    assert reports.versions(w.row.id)[0].parts == {"reason": "Toux", "conclusion": "Rien de grave.", "free": ODD}
    assert b"Rien" not in made.sealed
    with pytest.raises(service.Moved, match="already saved"):
        reports.save(w.pro, w.row.id, PARTS)
    db.session.rollback()
    assert ledger.balance(ledger.payable(w.pro.id, "EUR")) == 1875


def test_a_correction_is_the_next_version_and_moves_no_money(under_way):
    w = under_way
    reports.save(w.pro, w.row.id, PARTS)
    reports.save(w.pro, w.row.id, {"conclusion": "Corrigé."}, corrects=1)
    db.session.commit()
    assert [(v.version, v.parts["conclusion"]) for v in reports.versions(w.row.id)] == [
        (2, "Corrigé."), (1, "Rien de grave."),
    ]  # fmt: skip
    with pytest.raises(service.Moved, match="newer version"):
        reports.save(w.pro, w.row.id, PARTS, corrects=1)
    db.session.rollback()
    assert ledger.balance(ledger.payable(w.pro.id, "EUR")) == 1875


@pytest.mark.parametrize("statement", ["UPDATE reports SET version = 9", "DELETE FROM reports"])
def test_what_was_saved_cannot_be_changed(under_way, statement):
    reports.save(under_way.pro, under_way.row.id, PARTS)
    db.session.commit()
    with pytest.raises(DBAPIError):
        db.session.execute(text(statement))
    db.session.rollback()


def test_a_report_needs_its_conclusion_and_its_author(under_way, doctor):
    with pytest.raises(Refused, match="conclusion"):
        reports.save(under_way.pro, under_way.row.id, {"reason": "Toux"})
    with pytest.raises(Refused, match="8001"):
        reports.save(under_way.pro, under_way.row.id, {"conclusion": "x" * 8001})
    with pytest.raises(Refused, match="no such"):
        reports.save(doctor(), under_way.row.id, PARTS)
    db.session.rollback()


def test_saving_twice_at_once_is_one_report(app, frontalia, under_way):
    row_id, pro_id = under_way.row.id, under_way.pro.id
    gate = threading.Barrier(4)

    def save(_number):
        gate.wait()
        with app.app_context(), entered(frontalia.id):
            try:
                reports.save(directory.access_professional(pro_id), row_id, PARTS)
                db.session.commit()
                return "saved"
            except service.Moved:
                db.session.rollback()
                return "late"

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(save, range(4)))
    db.session.rollback()
    assert sorted(answers) == ["late", "late", "late", "saved"]
    assert db.session.execute(select(Report.version)).scalars().all() == [1]
    assert ledger.balance(ledger.payable(pro_id, "EUR")) == 1875


@pytest.mark.rule("CB-177", "CB-023")
def test_a_call_must_be_over_before_its_report(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro, service="video_consultation")
    requests.accept(pro, row.id)
    db.session.commit()
    with pytest.raises(service.Moved):
        reports.save(pro, row.id, PARTS)
    db.session.rollback()
    calls.started(row.id)
    calls.ended(row.id)
    calls.ended(row.id)
    db.session.commit()
    assert [e.row.id for e in lists.reports_owed(pro.id)] == [row.id]
    reports.save(pro, row.id, PARTS)
    db.session.commit()
    assert service.locked(row.id).state == "completed"


def test_a_missed_call_gives_the_money_back(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro, service="video_consultation")
    requests.accept(pro, row.id)
    calls.missed(pro, row.id)
    db.session.commit()
    assert service.locked(row.id).state == "no_show"
    assert money.wallet_cents(booker.account_id) == 10_000


@pytest.mark.rule("CB-214")
def test_the_professional_may_give_the_price_back(under_way, doctor):
    w = under_way
    reports.save(w.pro, w.row.id, PARTS)
    db.session.commit()
    with pytest.raises(Refused):
        service.refund(w.row.id, doctor())
    db.session.rollback()
    assert service.refund(w.row.id, w.pro) == 2500
    db.session.commit()
    assert money.wallet_cents(w.booker.account_id) == 10_000
    assert ledger.balance(ledger.payable(w.pro.id, "EUR")) == 0


def test_a_technical_failure_is_cancelled_by_the_operator_with_all_money_back(under_way):
    w = under_way
    with pytest.raises(Refused, match="reason"):
        service.cancel_by_operator(w.row.id, "op", " ")
    db.session.rollback()
    assert service.cancel_by_operator(w.row.id, "op", "No report was ever written") == 2500
    db.session.commit()
    assert money.wallet_cents(w.booker.account_id) == 10_000


def test_a_late_report_is_asked_for_again(under_way, app):
    from core.promises import service as promises

    due = report_promise(under_way.row).due_at
    with clock.at(due):
        promises.watch()
        db.session.commit()
        outbox.drain()
    assert any("overdue" in m.subject or "retard" in m.subject for m in latest())


def test_an_erased_person_s_words_are_gone(under_way):
    w = under_way
    messages.post(w.booker.account_id, w.row.id, "Secret")
    reports.save(w.pro, w.row.id, PARTS)
    keys.destroy_person_key(w.booker.person_id)
    db.session.commit()
    with pytest.raises(keys.Erased):
        messages.of(w.row)
    with pytest.raises(keys.Erased):
        reports.versions(w.row.id)


@pytest.mark.rule("CB-145", "CB-208", "CB-171", "CB-176")
def test_an_appointment_by_video_is_a_consultation_paid_before_it_is_used(inside, patient, app):
    import datetime as dt

    from core.care.consultations import appointments
    from core.scheduling import booking
    from core.scheduling import service as scheduling
    from core.testing.makers import choice, make_professional

    made = make_professional(service="video_consultation", minutes=20)
    booker = patient(5000)
    free = scheduling.slots.next_free(made.pro.id, "video_consultation", 20, scheduling.slots.earliest())[0]
    booked = booking.book(booker, **choice(made, free.starts_at))
    db.session.commit()
    outbox.drain()
    row = appointments.of_appointment(booked.id)
    assert (row.state, row.limit_minutes, row.highest_cents, row.form) == ("accepted", 20, 3000, "appointment")
    with pytest.raises(Refused, match="not paid"):
        calls.started(row.id)
    db.session.rollback()
    assert appointments.pay(booker.account_id, row.id) == 3000
    assert appointments.pay(booker.account_id, row.id) == 3000
    db.session.commit()
    assert money.wallet_cents(booker.account_id) == 2000
    scheduling.cancel(booked, "patient")
    db.session.commit()
    outbox.drain()
    db.session.expire_all()
    assert service.locked(row.id).state == "cancelled"
    assert money.wallet_cents(booker.account_id) == 5000
    assert free.starts_at > dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


@pytest.mark.rule("CB-254")
def test_the_physician_checks_rights_before_a_patient_is_spared_the_payment(monkeypatch, ask, doctor, patient):
    from core.identity import profile
    from core.scheduling import people
    from core.scheduling.service_access import Booker

    pro, booker = doctor(), patient()
    pro.services = ["teleconsultation"]
    money.set_tariff(pro.id, "teleconsultation", 2500)
    db.session.commit()
    import datetime as dt

    from core.hooks.decisions import PatientFacts

    ill = PatientFacts("fr_resident", frozenset({"ald"}), dt.date(1980, 5, 1), "FR")
    monkeypatch.setattr(profile, "patient_facts", lambda *_: ill)
    ald = Booker(booker.account_id, booker.person_id, ill)
    row = ask(
        ald,
        pro,
        service="teleconsultation",
        acknowledged={"show_emergency_warning", "by_video", "confirm_eligibility_information", "verify_entitlement"},
    )
    requests.accept(pro, row.id)
    calls.started(row.id)
    calls.ended(row.id)
    db.session.commit()
    assert reports.rights_to_check(row, pro)
    with pytest.raises(Refused, match="checked the patient's rights"):
        reports.save(pro, row.id, PARTS, coverage="covered")
    db.session.rollback()
    made = reports.save(pro, row.id, PARTS, coverage="covered", rights_checked=True)
    db.session.commit()
    assert reports.opened(made).coverage == "covered"
    assert people.booker(booker.account_id).facts is ill
