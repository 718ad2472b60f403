"""The way in by the web: what is asked, what is refused with its reason, what is promised."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.care.consultations import requests
from core.care.consultations.models import Consultation
from core.db import db
from core.identity import dependants
from core.promises.models import Promise
from core.scheduling.service_access import NotAllowed
from core.web.frame import Refused
from plugins.insurer_assistance import cases, doctoring, listing, members, quota, requesting
from plugins.insurer_assistance.models import Case

pytestmark = pytest.mark.usefixtures("mutual")
PARIS = ZoneInfo("Europe/Paris")
NOON = dt.datetime(2026, 11, 24, 11, 0, tzinfo=dt.UTC)
CHILD = {
    "first_name": "Noé",
    "last_name": "Dupré",
    "birth_date": "2020-03-01",
    "sex": "male",
    "relation": "parent",
    "declared": "yes",
}


def refused(wanted) -> str:
    with pytest.raises(Refused) as found:
        requesting.from_web(wanted)
    db.session.rollback()
    return " ".join(str(m) for m in found.value.messages)


def nothing_made() -> bool:
    return db.session.execute(select(Case.id)).first() is None


@pytest.mark.rule("IA-032", "IA-024", "IA-034", "IA-064", "IA-067")
def test_now_is_due_in_thirty_minutes_and_goes_straight_to_a_doctor(clock, member, ask_for):
    clock.set(NOON)
    made = requesting.from_web(ask_for(member(), contact="video"))
    assert made.state == cases.TO_DOCTOR
    assert made.nurse_account_id is None
    assert made.due_at == NOON + dt.timedelta(minutes=30)
    promise = db.session.execute(select(Promise).where(Promise.subject_id == made.id)).scalar_one()
    assert (promise.kind, promise.due_at) == ("call_back", NOON + dt.timedelta(minutes=30))
    assert Consultation.get(made.id).contact == "video"


@pytest.mark.rule("IA-023")
@pytest.mark.parametrize(
    "instant", ["2026-12-25T02:00:00+00:00", "2026-11-22T23:30:00+00:00", "2026-07-14T12:00:00+00:00"]
)
def test_at_any_hour_of_any_day(clock, member, ask_for, instant):
    clock.set(dt.datetime.fromisoformat(instant))
    assert requesting.from_web(ask_for(member())).state == cases.TO_DOCTOR


@pytest.mark.rule("IA-033")
@pytest.mark.parametrize(
    ("day", "time", "possible"),
    [(1, (8, 45), False), (1, (22, 15), False), (15, (10, 0), False), (14, (10, 0), True), (5, (10, 0), True), (1, (9, 0), True), (1, (22, 0), True)],
)  # fmt: skip
def test_appointments_from_nine_to_ten_at_night_within_a_fortnight(clock, member, ask_for, day, time, possible):
    clock.set(NOON)
    at = dt.datetime.combine(dt.date(2026, 11, 24) + dt.timedelta(days=day), dt.time(*time), PARIS).astimezone(dt.UTC)
    asked = ask_for(member(), kind="appointment", wanted_at=at)
    if possible:
        assert requesting.from_web(asked).due_at == at
    else:
        assert refused(asked)


@pytest.mark.rule("IA-047", "IA-076")
def test_an_emergency_stops_everything_and_is_never_queued(member, ask_for):
    with pytest.raises(requesting.Emergency):
        requesting.from_web(ask_for(member(), emergency=True))
    assert nothing_made()
    assert db.session.execute(select(Consultation.id)).first() is None


@pytest.mark.rule("IA-047")
@pytest.mark.parametrize("left_out", [{"emergency": None}, {"treating_doctor_unavailable": False}])
def test_both_declarations_are_needed(member, ask_for, left_out):
    assert refused(ask_for(member(), **left_out))
    assert nothing_made()


@pytest.mark.rule("IA-024", "IA-034")
@pytest.mark.parametrize("contact", ["", "letter"])
def test_the_mode_cannot_be_left_empty(member, ask_for, contact):
    assert "telephone or by video" in refused(ask_for(member(), contact=contact))


def test_all_that_is_wrong_is_said_at_once(member, ask_for):
    said = refused(ask_for(member(), words=" ", contact="", kind="", reason="x", country="XX", emergency=None))
    for word in (
        "emergency",
        "what it is about",
        "few words",
        "telephone or by video",
        "as soon as possible",
        "country",
    ):
        assert word in said


@pytest.mark.rule("IA-037", "IA-039")
def test_from_abroad_by_the_list_and_with_a_declaration(member, ask_for):
    someone = member()
    said = refused(ask_for(someone, country="US", right_abroad=True))
    assert "may not be used" in said, said
    assert "rules of that country" in refused(ask_for(someone, country="BE"))
    assert requesting.from_web(ask_for(someone, country="BE", right_abroad=True)).country == "BE"


@pytest.mark.rule("IA-009")
def test_who_is_in_no_list_is_refused_before_anything_is_asked(mutual, ask_for):
    from types import SimpleNamespace

    from core.testing import makers

    stranger = SimpleNamespace(account=makers.make_account())
    assert "No cover" in refused(ask_for(stranger, words=""))


@pytest.mark.parametrize(
    ("changed", "word"),
    [({"opens_on": dt.date(2030, 1, 1)}, "not begun"), ({"closes_on": dt.date(2026, 2, 1)}, "ended")],
)
def test_rights_open_and_close_by_date(clock, member, ask_for, changed, word):
    clock.set(NOON)
    assert word in refused(ask_for(member(**changed)))


def test_whom_the_insurer_takes_off_its_list_asks_no_more_and_what_is_under_way_goes_on(member, ask_for, doctor):
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    db.session.commit()
    assert listing.take_off(someone.number)
    db.session.commit()
    assert "off its list" in refused(ask_for(someone))
    doctoring.take(pro.pro, made.id)
    assert doctoring.attempt(pro.pro, made.id, doctoring.REACHED).state == cases.TO_DOCTOR


@pytest.mark.rule("IA-079", "IA-080", "IA-081", "IA-078", "IA-086")
@pytest.mark.parametrize(
    "reason", ["chronic_follow_up", "pregnancy", "specialist", "sick_leave", "certificate", "second_opinion"]
)
def test_what_is_excluded_is_refused_with_its_reason_and_costs_nothing(member, ask_for, reason):
    someone = member()
    with pytest.raises(NotAllowed) as no:
        requesting.from_web(ask_for(someone, reason=reason))
    assert [r for r in no.value.decision.reasons if r.effect == "deny"]
    db.session.rollback()
    assert quota.balance(someone.member.id, cases.year_of(requesting.now())).used == 0


@pytest.mark.rule("IA-075")
def test_what_the_contract_leaves_out_is_left_out(member, ask_for):
    with pytest.raises(NotAllowed):
        requesting.from_web(ask_for(member(exclusions=("general",))))


@pytest.mark.rule("IA-046")
def test_a_child_comes_with_a_parent_and_has_a_record_and_units_of_its_own(member, ask_for):
    parent = member()
    child = dependants.add_dependant(parent.account.id, CHILD)
    line = listing.Listed("K1", parent.contract, "Dupré", "Noé", dt.date(2020, 3, 1), "child", dt.date(2026, 1, 1))
    assert members.link(listing.put(line, "file"), parent.account.id, child.id) == ""
    db.session.commit()
    assert "accompanies" in refused(ask_for(parent, dependant_id=child.id))
    made = requesting.from_web(
        ask_for(parent, dependant_id=child.id, companion_name="Léa Dupré", companion_quality="parent")
    )
    assert made.person_id == child.person_id
    assert cases.told_of(made).companion_name == "Léa Dupré"
    year = cases.year_of(requesting.now())
    assert quota.balance(parent.member.id, year).used == 0
    assert quota.balance(made.member_id, year).used == 1


@pytest.mark.rule("IA-045")
def test_a_protected_adult_names_the_guardian(member, ask_for):
    someone = member(protected=True)
    assert "guardian or curator" in refused(ask_for(someone))
    made = requesting.from_web(ask_for(someone, companion_name="Paul Martin", companion_quality="curator"))
    assert cases.told_of(made).companion_quality == "curator"


def test_an_appointment_is_sold_as_often_as_there_are_doctors_and_no_more(clock, member, ask_for):
    clock.set(NOON)
    at = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)
    for _ in range(4):
        requesting.from_web(ask_for(member(), kind="appointment", wanted_at=at))
    db.session.commit()
    assert "just been taken" in refused(ask_for(member(), kind="appointment", wanted_at=at))
    assert at not in [s.astimezone(dt.UTC) for s in requesting.free_steps(dt.date(2026, 11, 26))]


@pytest.mark.rule("IA-041")
def test_no_money_moves_and_none_is_asked_for(member, ask_for):
    made = requesting.from_web(ask_for(member()))
    row = Consultation.get(made.id)
    assert (row.highest_cents, row.fund) == (0, "insurer_assistance")


def test_the_person_takes_it_back(member, ask_for):
    someone = member()
    made = requesting.from_web(ask_for(someone))
    requests.cancel(someone.account.id, made.id)
    assert Consultation.get(made.id).state == "cancelled"
