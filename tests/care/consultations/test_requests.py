"""Requests: one machine, one winner, the money where it belongs at every step."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from core import clock
from core.care.consultations import lists, requests, service, states
from core.care.consultations.models import Consultation, ConsultationOffer
from core.db import db
from core.directory import service as directory
from core.identity import moderation
from core.jobs import outbox
from core.money import ledger
from core.money import service as money
from core.promises.models import Promise
from core.scheduling.service_access import NotAllowed
from core.tenancy import receipts
from core.tenancy.current import entered
from core.web.frame import Refused


def state_of(row):
    return db.session.execute(select(Consultation.state).where(Consultation.id == row.id)).scalar_one()


def pots(booker, row):
    """(wallet, held) in cents."""
    return money.wallet_cents(booker.account_id), money.held_cents(row.id)


def offers(row):
    return {o.professional_id: o.state for o in service.offers_of([row.id])}


@pytest.mark.rule("CB-151", "CB-153", "CB-154", "CB-159", "CB-208")
def test_a_request_waits_with_its_price_held_and_a_clock(ask, doctor, patient):
    pro, booker = doctor(2500), patient(10_000)
    row = ask(booker, pro, highest=3000)
    assert row.state == "requested"
    assert pots(booker, row) == (7000, 3000)
    assert row.answer_by == row.requested_at + dt.timedelta(minutes=1440)
    promise = db.session.execute(select(Promise).where(Promise.subject_id == row.id)).scalar_one()
    assert (promise.kind, promise.due_at, promise.state) == ("answer", row.answer_by, "open")
    assert [e.row.id for e in lists.requests_of(pro.id)] == [row.id]
    assert [e.due_at for e in lists.of_patient(booker.account_id)[0]] == [row.answer_by]
    assert b"Ma question" not in row.question
    assert service.question_of(row) == "Ma question"
    kept = receipts.of_account(booker.account_id)
    assert [(r.question, r.act_id) for r in kept] == [("service_access", row.id)]


@pytest.mark.rule("CB-152", "CB-158", "CB-159", "CB-172")
def test_the_first_who_accepts_has_it_and_the_difference_goes_back(ask, doctor, patient):
    cheap, dear, booker = doctor(1800), doctor(3000), patient(10_000)
    row = ask(booker, cheap, dear, highest=3000)
    requests.accept(cheap, row.id)
    db.session.commit()
    assert state_of(row) == "in_progress"
    assert pots(booker, row) == (8200, 1800)
    assert offers(row) == {cheap.id: "accepted", dear.id: "gone"}
    with pytest.raises(service.Moved, match="faster"):
        requests.accept(dear, row.id)
    db.session.rollback()
    assert service.side_of(row, cheap.account_id) == "professional"
    assert service.side_of(row, dear.account_id) is None
    assert directory.knows(cheap.id, booker.account_id)
    assert not directory.knows(dear.id, booker.account_id)


def test_accepting_twice_is_accepting_once(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro)
    requests.accept(pro, row.id)
    requests.accept(pro, row.id)
    db.session.commit()
    assert pots(booker, row) == (7500, 2500)


@pytest.mark.rule("CB-155", "CB-170")
@pytest.mark.parametrize("service_", ["express_consultation", "video_consultation"])
def test_when_all_decline_the_money_is_back_at_once(ask, doctor, patient, service_):
    one, two, booker = doctor(), doctor(), patient()
    row = ask(booker, one, two, service=service_)
    requests.decline(one, row.id, "Je suis en congé.")
    db.session.commit()
    assert state_of(row) == "requested"
    requests.decline(two, row.id)
    db.session.commit()
    assert state_of(row) == "declined"
    assert pots(booker, row) == (10_000, 0)
    assert b"cong" not in service.offer_of(row.id, one.id).reason
    with pytest.raises(service.Moved):
        requests.accept(one, row.id)
    db.session.rollback()


@pytest.mark.rule("CB-154", "CB-155", "CB-170")
def test_a_request_expires_once_and_late_acceptance_is_refused(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro)
    with clock.at(row.answer_by):
        with pytest.raises(service.Moved, match="over"):
            requests.accept(pro, row.id)
        db.session.rollback()
        assert lists.requests_of(pro.id) == []
    with clock.at(row.answer_by + dt.timedelta(hours=3)):
        requests.expire()
        db.session.commit()
        requests.expire()
        db.session.commit()
    assert state_of(row) == "expired"
    assert pots(booker, row) == (10_000, 0)
    told = db.session.execute(
        text("SELECT count(*) FROM outbox_messages WHERE name = 'consultation_expired'")
    ).scalar_one()
    assert told == 1
    assert db.session.execute(select(Promise.state).where(Promise.subject_id == row.id)).scalar_one() == "void"


@pytest.mark.rule("CB-156")
def test_by_message_the_patient_cancels_until_it_is_accepted(ask, doctor, patient):
    pro, booker = doctor(), patient()
    row = ask(booker, pro)
    requests.cancel(booker.account_id, row.id)
    db.session.commit()
    assert pots(booker, row) == (10_000, 0)
    again = ask(booker, pro, previous_id=row.id)
    requests.accept(pro, again.id)
    db.session.commit()
    with pytest.raises(service.Moved, match="no longer be cancelled"):
        requests.cancel(booker.account_id, again.id)
    db.session.rollback()


@pytest.mark.rule("CB-171")
def test_by_video_the_patient_cancels_until_it_starts(ask, doctor, patient):
    from core.care.consultations import calls

    pro, booker = doctor(), patient()
    row = ask(booker, pro, service="video_consultation")
    requests.accept(pro, row.id)
    requests.cancel(booker.account_id, row.id)
    db.session.commit()
    assert (state_of(row), pots(booker, row)) == ("cancelled", (10_000, 0))
    other = ask(booker, pro, service="video_consultation")
    requests.accept(pro, other.id)
    calls.started(other.id)
    db.session.commit()
    with pytest.raises(service.Moved, match="no longer be cancelled"):
        requests.cancel(booker.account_id, other.id)
    db.session.rollback()
    assert state_of(other) == "in_progress"


@pytest.mark.rule("CB-157", "CB-172")
@pytest.mark.parametrize("end", ["decline", "expire", "cancel"])
def test_what_ended_without_an_answer_can_be_sent_again_to_several(ask, doctor, patient, end):
    one, two, booker = doctor(), doctor(), patient()
    row = ask(booker, one)
    if end == "decline":
        requests.decline(one, row.id)
    elif end == "cancel":
        requests.cancel(booker.account_id, row.id)
    else:
        with clock.at(row.answer_by):
            requests.expire()
    db.session.commit()
    again = ask(booker, one, two, previous_id=row.id)
    assert (again.state, again.previous_id) == ("requested", row.id)
    assert set(offers(again)) == {one.id, two.id}


@pytest.mark.rule("CB-094")
def test_a_service_that_is_not_offered_or_has_no_tariff_cannot_be_asked_for(ask, doctor, patient):
    pro, booker = doctor(), patient()
    pro.services = ["in_person"]
    db.session.commit()
    with pytest.raises(Refused, match="does not offer"):
        ask(booker, pro)
    db.session.rollback()
    with pytest.raises(Refused, match="cannot be asked for"):
        ask(booker, pro, service="in_person")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"question": "  "}, "write what you would like"),
        ({"question": "x" * 5001}, "5001 characters"),
        ({"highest": 2499}, "more than the highest"),
        ({"highest": 99_999_999}, "above what any professional"),
        ({"professional_ids": []}, "at least one"),
        ({"acknowledged": ()}, "read and confirm"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_form_is_said_and_nothing_is_sent(ask, doctor, patient, changed, words):
    pro, booker = doctor(2500), patient()
    with pytest.raises(Refused, match=words):
        ask(booker, pro, **changed)
    db.session.rollback()
    assert money.wallet_cents(booker.account_id) == 10_000
    assert lists.requests_of(pro.id) == []


@pytest.mark.rule("CB-201")
def test_the_profile_must_be_confirmed_up_to_date(ask, doctor, patient):
    with pytest.raises(Refused, match="up to date"):
        ask(patient(), doctor(), profile_confirmed=False)
    db.session.rollback()


@pytest.mark.rule("CB-209")
def test_an_order_is_limited_to_what_the_wallet_holds(ask, doctor, patient):
    pro, booker = doctor(2500), patient(2000)
    with pytest.raises(ledger.NotEnough) as refused:
        ask(booker, pro, highest=2500)
    db.session.rollback()
    assert refused.value.missing_cents == 500
    assert lists.of_patient(booker.account_id) == ([], [])


@pytest.mark.rule("CB-149", "CB-166")
def test_who_may_not_have_it_is_refused_with_the_reasons_kept(ask, doctor, patient):
    belgian, french_allied = patient(category="be_resident"), doctor(kind="allied")
    with pytest.raises(NotAllowed) as refused:
        ask(belgian, french_allied)
    db.session.commit()
    assert refused.value.decision.reasons
    assert [r.id for r in receipts.of_account(belgian.account_id)] == [refused.value.receipt_id]
    assert money.wallet_cents(belgian.account_id) == 10_000


def test_a_free_consultation_holds_nothing(ask, doctor, patient):
    pro, booker = doctor(0), patient(0)
    row = ask(booker, pro, highest=0)
    requests.accept(pro, row.id)
    db.session.commit()
    assert pots(booker, row) == (0, 0)


def test_a_suspended_professional_leaves_nobody_waiting(ask, doctor, patient):
    pro, other, booker = doctor(), doctor(), patient(20_000)
    waiting, shared = ask(booker, pro), ask(booker, pro, other)
    running = ask(booker, pro)
    requests.accept(pro, running.id)
    db.session.commit()
    moderation.suspend(pro.account_id, "operator", "Checks")
    db.session.commit()
    outbox.drain()
    assert (state_of(waiting), state_of(running), state_of(shared)) == ("cancelled", "cancelled", "requested")
    assert offers(shared)[other.id] == "open"
    assert money.wallet_cents(booker.account_id) == 20_000 - 3000


def race(app, tenant_id, attempts, workers=12):
    """Run them at once; each answers a word."""
    gate = threading.Barrier(workers)

    def run(numbered):
        number, attempt = numbered
        if number < workers:
            gate.wait()
        with app.app_context(), entered(tenant_id):
            try:
                attempt()
                db.session.commit()
                return "done"
            except Refused as refusal:
                db.session.rollback()
                return type(refusal).__name__

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, enumerate(attempts)))


@pytest.mark.rule("CB-153", "CB-158")
def test_fifty_accept_at_once_and_one_has_it(app, inside, ask, doctor, patient, portals):
    tenant = portals["frontalia"]
    from core.tenancy.current import current_tenant

    current_tenant().config["care"]["most_professionals"]
    professionals = [doctor(1000 + 10 * i) for i in range(10)]
    booker = patient(10_000)
    row = ask(booker, *professionals, highest=2000)
    ids = [p.id for p in professionals]
    consultation_id = row.id

    def attempt(professional_id):
        def run():
            pro = directory.access_professional(professional_id)
            before = service.locked(consultation_id).professional_id
            requests.accept(pro, consultation_id)
            if before is not None:
                raise Refused("was mine already")

        return run

    answers = race(app, tenant.id, [attempt(ids[i % 10]) for i in range(50)])
    db.session.rollback()
    db.session.expire_all()
    assert answers.count("done") == 1
    won = [o for o in db.session.execute(select(ConsultationOffer)).scalars() if o.state == "accepted"]
    assert len(won) == 1
    assert service.locked(consultation_id).professional_id == won[0].professional_id
    assert pots(booker, row) == (10_000 - won[0].tariff_cents, won[0].tariff_cents)


@pytest.mark.rule("CB-156")
def test_cancel_against_accept_has_one_outcome_and_the_money_agrees(app, frontalia, ask, doctor, patient):
    for _ in range(6):
        pro, booker = doctor(2500), patient(10_000)
        row = ask(booker, pro)
        pro_id, account_id, row_id = pro.id, booker.account_id, row.id
        answers = race(
            app,
            frontalia.id,
            [
                lambda i=pro_id, r=row_id: requests.accept(directory.access_professional(i), r),
                lambda a=account_id, r=row_id: requests.cancel(a, r),
            ],
            workers=2,
        )
        db.session.rollback()
        assert sorted(answers) == ["Moved", "done"]
        if state_of(row) == "cancelled":
            assert pots(booker, row) == (10_000, 0)
        else:
            assert (state_of(row), pots(booker, row)) == ("in_progress", (7500, 2500))


def test_two_jobs_expire_a_request_once(app, frontalia, ask, doctor, patient):
    pro, booker = doctor(), patient()
    rows = [ask(booker, pro, highest=2500) for _ in range(4)]
    with clock.at(rows[-1].answer_by + dt.timedelta(minutes=1)):
        race(app, frontalia.id, [requests.expire] * 8, workers=8)
        db.session.rollback()
        requests.expire()
        db.session.commit()
    assert [state_of(r) for r in rows] == ["expired"] * 4
    assert money.wallet_cents(booker.account_id) == 10_000
    assert (
        db.session.execute(
            text("SELECT count(*) FROM outbox_messages WHERE name = 'consultation_expired'")
        ).scalar_one()
        == 4
    )


@pytest.mark.rule("CB-153")
def test_the_machine_allows_its_own_steps_only(under_way):
    for target in (
        states.REQUESTED,
        states.ACCEPTED,
        states.DECLINED,
        states.EXPIRED,
        states.COMPLETED,
        states.REFUNDED,
    ):
        with pytest.raises(service.Moved):
            service.step(service.locked(under_way.row.id), target, "tests")
    assert set(states.TRANSITIONS) == set(service.WORDS)
    assert {t for targets in states.TRANSITIONS.values() for t in targets} <= set(states.TRANSITIONS)


def test_what_is_held_is_what_is_open(ask, doctor, patient):
    pro, booker = doctor(2000), patient(50_000)
    rows = [ask(booker, pro, highest=2500) for _ in range(5)]
    requests.accept(pro, rows[0].id)
    requests.decline(pro, rows[1].id)
    requests.cancel(booker.account_id, rows[2].id)
    db.session.commit()
    held = db.session.execute(text("SELECT sum(balance_cents) FROM ledger_accounts WHERE kind = 'escrow'")).scalar_one()
    owed = db.session.execute(
        text(
            "SELECT sum(coalesce(agreed_cents, highest_cents)) FROM consultations "
            "WHERE state IN ('requested', 'accepted', 'in_progress', 'awaiting_report')"
        )
    ).scalar_one()
    assert held == owed == 2000 + 2 * 2500


@pytest.mark.rule("CB-072", "CB-197", "CB-201")
def test_without_a_health_profile_nothing_is_asked_and_none_is_an_answer(inside, doctor, ask):
    from core.care.record import service as record
    from core.testing.makers import fill_profile, make_booker

    pro, booker = doctor(0), make_booker()
    db.session.commit()
    with pytest.raises(requests.ProfileIncomplete) as refused:
        ask(booker, pro, highest=0)
    db.session.rollback()
    assert len(refused.value.labels) == 5
    fill_profile(booker.account_id)
    row = ask(booker, pro, highest=0)
    assert row.state == "requested"
    assert record.profile_of(record.subject_of(booker.account_id)).confirmed_at is not None
