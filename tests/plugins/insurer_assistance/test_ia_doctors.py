"""What doctors do with a case, and what becomes of it when they do not."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from sqlalchemy import select

from core.care.consultations import reports, requests
from core.care.consultations.models import Consultation
from core.care.consultations.service import Moved
from core.db import db
from core.jobs import outbox
from core.notifications.models import Notification
from core.promises import service as promises
from core.tenancy import current
from core.web.frame import Refused
from plugins.insurer_assistance import cases, doctoring, following, quota, requesting, team
from plugins.insurer_assistance.models import Case

NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
pytestmark = pytest.mark.usefixtures("mutual")


def fresh(case_id) -> Case:
    db.session.commit()
    db.session.expire_all()
    return Case.get(case_id)


def told() -> None:
    db.session.commit()
    outbox.drain()
    db.session.expire_all()


def used(case: Case) -> int:
    return quota.balance(case.member_id, cases.year_of(requesting.now())).used


def test_the_whole_way_by_telephone(member, ask_for, doctor):
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    doctoring.hang_up(pro.pro, made.id)
    reports.save(pro.pro, made.id, {"conclusion": "Repos et tisane."})
    told()
    assert fresh(made.id).outcome == "delivered"
    assert Consultation.get(made.id).state == "completed"


def test_two_doctors_one_case(app, mutual, member, ask_for, doctor):
    made = requesting.from_web(ask_for(member()))
    pros = [doctor() for _ in range(2)]
    db.session.commit()
    gate = threading.Barrier(2)
    won, lost = [], []

    def one(pro_id) -> None:
        from core.directory.models import Professional

        with app.app_context(), current.entered(mutual.id):
            me = Professional.get(pro_id)
            gate.wait()
            try:
                doctoring.take(me, made.id)
                db.session.commit()
                won.append(pro_id)
            except Moved:
                db.session.rollback()
                lost.append(pro_id)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=one, args=(p.pro.id,)) for p in pros]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert (len(won), len(lost)) == (1, 1)


@pytest.mark.rule("IA-012")
def test_a_doctor_whose_agreement_ended_takes_nothing(member, ask_for, doctor):
    made = requesting.from_web(ask_for(member()))
    gone = doctor(engaged_until="2026-02-01")
    with pytest.raises(Refused):
        doctoring.take(gone.pro, made.id)
    with pytest.raises(Refused):
        team.doctor(gone.account.id)


@pytest.mark.rule("IA-013")
def test_no_other_profession_has_a_place_in_the_team(mutual):
    from core.testing import makers

    allied = makers.make_professional(kind="allied")
    allied.pro.specialty = "physiotherapy"
    db.session.flush()
    for role in (team.DOCTOR, team.NURSE, "masseur"):
        with pytest.raises(Refused):
            team.set_facts(
                allied.account.id, role, registered=True, practises_in_country=True,
                engaged_from="2026-01-01", engaged_until=None, by="tests",
            )  # fmt: skip


def test_three_calls_without_an_answer_end_the_case_and_give_the_unit_back(clock, member, ask_for, doctor):
    clock.set(NOON)
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    with pytest.raises(Refused):
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    for _ in range(2):
        clock.move(minutes=10)
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    case = fresh(made.id)
    assert case.outcome == "not_reached"
    assert Consultation.get(made.id).state == "no_show"
    assert used(case) == 0


def test_nobody_comes_to_the_video_call_three_times_and_the_unit_goes_back(clock, member, ask_for, doctor):
    clock.set(NOON)
    wanted_at = NOON + dt.timedelta(hours=2)
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone, contact="video", kind="appointment", wanted_at=wanted_at))
    doctoring.take(pro.pro, made.id)
    with pytest.raises(Refused, match="The person asked for 14:00"):
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    clock.set(wanted_at)
    with pytest.raises(Refused):  # by video the call itself begins it
        doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    for _ in range(3):
        doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
        clock.move(minutes=10)
        following.watch()
    case = fresh(made.id)
    assert (case.outcome, used(case), Consultation.get(made.id).state) == ("not_reached", 0, "no_show")


def test_taken_back_once_or_twice_is_the_same_and_by_nobody_else(member, ask_for, doctor):
    someone, other, pro = member(), member(), doctor()
    made = requesting.from_web(ask_for(someone))
    db.session.commit()
    with pytest.raises(Refused):
        doctoring.withdraw(other.account.id, made.id)
    db.session.rollback()
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    db.session.commit()
    with pytest.raises(Moved):
        doctoring.withdraw(someone.account.id, made.id)
    db.session.rollback()
    second = requesting.from_web(ask_for(someone))
    for _ in range(2):
        assert doctoring.withdraw(someone.account.id, second.id).outcome == "cancelled"
    assert used(made) == 1, "of the call under way alone"


def codes(account_id: uuid.UUID) -> list[str]:
    """What somebody was told, in order."""
    rows = select(Notification.code).where(Notification.account_id == account_id).order_by(Notification.created_at)
    return list(db.session.execute(rows).scalars())


@pytest.mark.parametrize(
    ("end", "person", "physician"),
    [
        ("take", ["insurer_assistance_taken"], []),
        ("exclude", ["insurer_assistance_taken", "insurer_assistance_ended"], []),
        ("withdraw", ["insurer_assistance_taken"], ["consultation_withdrawn"]),
        ("emergency", ["insurer_assistance_taken"], []),
    ],
)
def test_each_is_told_once_and_not_of_what_they_did_themselves(member, ask_for, doctor, end, person, physician):
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    told()
    if end == "exclude":
        doctoring.exclude(pro.pro, made.id, "pregnancy")
    elif end == "withdraw":
        doctoring.withdraw(someone.account.id, made.id)
    elif end == "emergency":
        doctoring.emergency(pro.account.id, made.id)
    told()
    told()
    assert codes(someone.account.id) == person
    assert codes(pro.account.id) == physician


def test_a_request_that_lapses_is_told_in_the_words_of_the_service_never_of_money(clock, member, ask_for):
    clock.set(NOON)
    someone = member()
    requesting.from_web(ask_for(someone))
    told()
    clock.move(hours=24, minutes=31)
    requests.expire()
    told()
    assert codes(someone.account.id) == ["insurer_assistance_ended"]


@pytest.mark.rule("IA-006", "IA-035", "IA-077")
@pytest.mark.parametrize("reason", ["physical_examination_needed", "further_tests_needed"])
@pytest.mark.parametrize("begun", [False, True])
def test_declined_with_a_reason_sends_to_the_own_doctor(member, ask_for, doctor, reason, begun):
    pro = doctor()
    made = requesting.from_web(ask_for(member()))
    doctoring.take(pro.pro, made.id)
    if begun:
        doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    with pytest.raises(Refused):
        doctoring.decline(pro.pro, made.id, "")
    doctoring.decline(pro.pro, made.id, reason)
    case = fresh(made.id)
    assert (case.outcome, case.outcome_reason) == ("redirected", reason)
    assert Consultation.get(made.id).outcome == "redirected"
    assert used(case) == 0
    told()
    assert fresh(made.id).outcome == "redirected"


@pytest.mark.rule("IA-086", "IA-077")
def test_excluded_needs_a_reason_that_the_person_reads(member, ask_for, doctor):
    pro = doctor()
    made = requesting.from_web(ask_for(member()))
    doctoring.take(pro.pro, made.id)
    with pytest.raises(Refused):
        doctoring.exclude(pro.pro, made.id, "because")
    doctoring.exclude(pro.pro, made.id, "pregnancy")
    case = fresh(made.id)
    assert (case.outcome, case.outcome_reason, used(case)) == ("excluded", "pregnancy", 0)


@pytest.mark.rule("IA-036", "IA-076")
@pytest.mark.parametrize("step", ["waiting", "taken", "begun", "over"])
def test_handed_over_to_the_emergency_services_at_any_step(member, ask_for, doctor, step):
    pro = doctor()
    made = requesting.from_web(ask_for(member()))
    steps = ["waiting", "taken", "begun", "over"].index(step)
    if steps > 0:
        doctoring.take(pro.pro, made.id)
    if steps > 1:
        doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    if steps > 2:
        doctoring.hang_up(pro.pro, made.id)
    doctoring.emergency(pro.account.id, made.id)
    case = fresh(made.id)
    assert (case.outcome, used(case)) == ("emergency", 0)
    assert case.closed_at is not None


@pytest.mark.rule("IA-110")
def test_the_person_may_refuse_who_is_proposed_and_another_may_take_it(member, ask_for, doctor):
    someone, first, second = member(), doctor(), doctor()
    made = requesting.from_web(ask_for(someone))
    doctoring.take(first.pro, made.id)
    doctoring.refuse_doctor(someone.account.id, made.id)
    with pytest.raises(Moved):
        doctoring.take(first.pro, made.id)
    doctoring.take(second.pro, made.id)
    assert Consultation.get(made.id).professional_id == second.pro.id


def test_a_doctor_who_does_not_call_loses_the_case_to_the_others(clock, member, ask_for, doctor):
    clock.set(NOON)
    first, second = doctor(), doctor()
    made = requesting.from_web(ask_for(member()))
    doctoring.take(first.pro, made.id)
    clock.move(minutes=39)
    following.watch()
    assert Consultation.get(made.id).professional_id == first.pro.id
    clock.move(minutes=2)
    following.watch()
    case = fresh(made.id)
    assert Consultation.get(made.id).state == "requested"
    assert case.escalated_at is not None
    doctoring.take(second.pro, made.id)


@pytest.mark.rule("IA-032")
def test_a_promise_that_is_missed_is_marked_and_stays_open(clock, member, ask_for, doctor):
    clock.set(NOON)
    doctor()
    made = requesting.from_web(ask_for(member()))
    db.session.commit()
    clock.move(minutes=31)
    promises.watch()
    told()
    case = fresh(made.id)
    assert case.escalated_at is not None
    assert case.state == cases.TO_DOCTOR
    assert cases.due([case])[case.id][1]


def test_a_call_in_time_keeps_the_promise(clock, member, ask_for, doctor):
    clock.set(NOON)
    pro = doctor()
    made = requesting.from_web(ask_for(member()))
    doctoring.take(pro.pro, made.id)
    clock.move(minutes=20)
    doctoring.attempt(pro.pro, made.id, doctoring.NO_ANSWER)
    assert promises.due_of("call_back", "assistance_case", [made.id])[made.id].state == "kept"


def test_an_agreed_time_is_taken_in_the_doctors_agenda(clock, member, ask_for, doctor):
    from core.scheduling.models import BusyRange

    clock.set(NOON)
    at = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)
    someone, pro = member(), doctor()
    first = requesting.from_web(ask_for(someone, kind="appointment", wanted_at=at))
    second = requesting.from_web(ask_for(member(), kind="appointment", wanted_at=at))
    doctoring.take(pro.pro, first.id)
    with pytest.raises(Refused) as busy:
        doctoring.take(pro.pro, second.id)
    assert "not free" in str(busy.value.messages[0])
    db.session.commit()
    doctoring.refuse_doctor(someone.account.id, first.id)
    assert db.session.execute(select(BusyRange.id)).first() is None


@pytest.mark.rule("IA-049")
def test_by_telephone_where_the_picture_fails(member, ask_for, doctor):
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone, contact="video"))
    doctoring.take(pro.pro, made.id)
    doctoring.by_phone(someone.account.id, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    assert Consultation.get(made.id).state == "in_progress"


def test_nobody_takes_it_for_a_day_and_the_unit_comes_back(clock, member, ask_for):
    from core.care.consultations import requests

    clock.set(NOON)
    made = requesting.from_web(ask_for(member()))
    db.session.commit()
    clock.move(hours=25)
    requests.expire()
    told()
    case = fresh(made.id)
    assert (case.outcome, used(case)) == ("expired", 0)
