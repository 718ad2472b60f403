"""What the cases do not say: figures in the words, the year by the portal's clock, nurses, appointments."""

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

from core.hooks.decisions import PatientFacts, ProfessionalFacts, Question
from plugins import insurer_assistance as plugin
from plugins.insurer_assistance.rules import appointments, quota, triage
from plugins.insurer_assistance.rules.contract import REASONS, ROLES, SERVICE, section

PARIS = ZoneInfo("Europe/Paris")
DAY = dt.date(2026, 11, 21)
DOCTOR = ProfessionalFacts("FR", "physician", "general_practice")
FACTS = {
    "used_this_year": 0,
    "request_date": DAY,
    "beneficiary_role": "insured",
    "reason": "general",
    "needs_physical_exam": False,
}


def covered(settings=None, **facts):
    patient = PatientFacts(birth_date=dt.date(1980, 5, 1))
    asked = Question("coverage", DAY, SERVICE, patient, DOCTOR, {**FACTS, **facts}, settings=settings or {})
    return plugin.coverage(asked)


def local(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS)


# -- quota -----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-040", "IA-042")
def test_a_used_up_year_says_how_many_and_from_when_there_are_more():
    message = str(covered(used_this_year=5).reasons[0].message)
    assert "All 5 teleconsultations of 2026 are used" in message
    assert "1 January 2027" in message


@pytest.mark.rule("IA-041", "IA-043")
@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_added_bought_or_lent_whoever_asks(role):
    decision = covered(used_this_year=5, beneficiary_role=role)
    assert not decision.permitted
    assert "bought, borrowed, or taken from another person" in str(decision.reasons[1].message)
    assert not decision.values


@pytest.mark.rule("IA-043")
def test_the_count_of_one_person_is_the_only_one_that_matters():
    assert covered(used_this_year=0, beneficiary_role="insured").values["remaining"] == 4
    assert not covered(used_this_year=5, beneficiary_role="spouse").permitted


@pytest.mark.rule("IA-054")
def test_nothing_is_paid_and_the_costs_of_the_line_are_told():
    (told,) = covered().obligations
    assert (told.code, told.details["amount_cents"]) == ("tell_communication_costs", 0)


@pytest.mark.rule("IA-075")
@pytest.mark.parametrize("reason", REASONS)
def test_whatever_the_own_contract_leaves_out_is_left_out_here(reason):
    decision = covered(reason=reason, contract_exclusions=[reason], duration_days=3)
    assert "excluded_by_own_contract" in {r.code for r in decision.reasons}


def test_a_word_that_is_not_known_is_told_with_those_that_are():
    message = str(covered(reason="generall").reasons[0].message)
    assert "“generall” is not known for “reason”" in message
    assert "general, emergency, specialist" in message


@pytest.mark.rule("IA-040", "IA-042")
@pytest.mark.parametrize(
    ("instant", "zone", "year"),
    [
        ("2026-12-31T22:59:59+00:00", "Europe/Paris", 2026),
        ("2026-12-31T23:00:00+00:00", "Europe/Paris", 2027),
        ("2026-12-31T23:00:00+00:00", "Atlantic/Azores", 2026),
        ("2027-01-01T03:59:59+00:00", "America/Martinique", 2026),
        ("2027-01-01T04:00:00+00:00", "America/Martinique", 2027),
    ],
)
def test_the_year_changes_at_midnight_of_the_portal(instant, zone, year):
    assert quota.year_of(dt.datetime.fromisoformat(instant), zone) == year


def test_the_year_of_a_time_without_offset_is_not_guessed():
    with pytest.raises(ValueError, match="offset"):
        quota.year_of(dt.datetime(2026, 12, 31, 23, 30), "Europe/Paris")


# -- access ----------------------------------------------------------------------------------------------------------


def access(born, **facts):
    return plugin.service_access(Question("service_access", DAY, SERVICE, PatientFacts(birth_date=born), DOCTOR, facts))


@pytest.mark.rule("IA-044")
def test_the_age_of_majority_is_the_law_of_the_day():
    (reason,) = [r for r in access(dt.date(1980, 5, 1)).reasons if r.rule == "IA-044"]
    assert reason.citation == "Code civil, 388 and 414"
    assert [(p.key, p.value) for p in reason.parameters] == [("age_of_majority", 18)]


@pytest.mark.rule("IA-037", "IA-039")
def test_from_abroad_the_right_by_local_rules_is_declared():
    declared = {o.code: o for o in access(dt.date(1980, 5, 1), present_country="ES").obligations}
    assert declared["declare_local_right"].details == {"rule": "IA-039", "country": "ES"}
    assert declared["show_emergency_warning"].details["country"] == "ES"
    assert "declare_local_right" not in {o.code for o in access(dt.date(1980, 5, 1), present_country="FR").obligations}


@pytest.mark.rule("IA-045", "IA-046")
def test_who_accompanies_is_named():
    def companions(born, **facts):
        return [o.details["companion"] for o in access(born, **facts).obligations if o.code.startswith("accompanied")]

    assert companions(dt.date(2015, 5, 1), dependant=True) == [["holder_of_parental_authority"]]
    assert companions(dt.date(1940, 5, 1), protected_adult=True) == [["tutor", "curator"]]
    assert companions(dt.date(1940, 5, 1)) == []


@pytest.mark.rule("IA-003", "IA-005", "IA-024", "IA-047", "IA-048")
def test_every_obligation_of_the_flow_names_its_rule():
    found = {o.code: o.details["rule"] for o in access(dt.date(1980, 5, 1)).obligations}
    assert found == {
        "show_emergency_warning": "IA-003",
        "show_service_notice": "IA-005",
        "declare_not_an_emergency": "IA-047",
        "declare_treating_doctor_unavailable": "IA-047",
        "give_mobile_number": "IA-048",
        "choose_contact_mode": "IA-024",
        "declare_present_country": "IA-037",
    }


# -- prescription ----------------------------------------------------------------------------------------------------


@pytest.mark.rule("IA-084")
def test_a_refused_class_is_named_and_the_order_of_the_list_changes_nothing():
    def ask(*classes):
        facts = {
            "kind": "medicine",
            "medicine_classes": list(classes),
            "duration_days": 3,
            "patient_residence_eu": True,
        }
        return plugin.prescription(Question("prescription", DAY, SERVICE, PatientFacts(), DOCTOR, facts))

    assert "narcotics" in str(ask("narcotic").reasons[0].message)
    assert ask("narcotic", "restricted") == ask("restricted", "narcotic") == ask("restricted", "narcotic", "narcotic")


@pytest.mark.rule("IA-074", "IA-115")
def test_a_prescription_is_signed_and_opened_with_a_code():
    facts = {"kind": "medicine", "medicine_classes": [], "duration_days": 7, "patient_residence_eu": True}
    decision = plugin.prescription(Question("prescription", DAY, SERVICE, PatientFacts(), DOCTOR, facts))
    assert {o.code: o.details["rule"] for o in decision.obligations} == {
        "sign_electronically": "IA-115",
        "open_with_code": "IA-074",
    }


# -- triage ----------------------------------------------------------------------------------------------------------

WINDOW = section({}, "nurse")
ARMISTICE = dt.date(2026, 11, 11)


@pytest.mark.rule("IA-026", "IA-028")
@pytest.mark.parametrize(
    ("at", "on_duty", "period"),
    [
        ("2026-11-23T07:59:59", False, "night"),
        ("2026-11-23T08:00:00", True, "day"),
        ("2026-11-23T19:59:59", True, "day"),
        ("2026-11-23T20:00:00", False, "night"),
        ("2026-11-27T12:00:00", True, "day"),
        ("2026-11-28T12:00:00", False, "saturday"),
        ("2026-11-29T12:00:00", False, "sunday"),
        ("2026-11-11T12:00:00", False, "public_holiday"),
        ("2026-11-12T12:00:00", True, "day"),
        ("2026-03-30T08:00:00", True, "day"),  # the Monday after clocks went forward
        ("2026-10-26T07:59:00", False, "night"),  # and after they went back
        ("2026-10-26T08:00:00", True, "day"),
    ],
)
def test_when_a_nurse_answers(at, on_duty, period):
    moment = local(at)
    assert triage.nurse_on_duty(moment, WINDOW, {ARMISTICE}) is on_duty
    assert triage.period(moment, WINDOW, {ARMISTICE}) == period
    assert triage.route("telephone", moment, WINDOW, {ARMISTICE}) == ("nurse" if on_duty else "doctor")


@pytest.mark.rule("IA-026")
@pytest.mark.parametrize("offset", ["2026-03-29", "2026-10-25"])
def test_on_a_day_on_which_clocks_change_the_wall_clock_counts(offset):
    window = {"days": ["sun"], "from": "08:00", "to": "20:00"}
    first = dt.datetime.combine(dt.date.fromisoformat(offset), dt.time(8), PARIS)
    for minutes, on_duty in ((-1, False), (0, True), (12 * 60 - 1, True), (12 * 60, False)):
        moment = (first.astimezone(dt.UTC) + dt.timedelta(minutes=minutes)).astimezone(PARIS)
        assert triage.nurse_on_duty(moment, window, ()) is on_duty


@pytest.mark.rule("IA-026")
def test_the_portal_sets_days_hours_and_holidays():
    noon = local("2026-11-11T12:00:00")
    assert triage.nurse_on_duty(noon, {"public_holidays": True}, {ARMISTICE})
    assert not triage.nurse_on_duty(noon, {"days": [], "public_holidays": True}, ())
    assert not triage.nurse_on_duty(noon, {"from": "12:01"}, ())


@pytest.mark.rule("IA-064", "IA-067")
def test_a_request_of_the_web_always_goes_to_a_doctor():
    assert triage.route("web", local("2026-11-23T12:00:00"), WINDOW, ()) == "doctor"


def test_another_channel_is_refused():
    with pytest.raises(ValueError, match="telephone, web"):
        triage.route("fax", local("2026-11-23T12:00:00"), WINDOW, ())


@pytest.mark.rule("IA-027", "IA-036")
def test_a_call_is_closed_with_one_of_the_outcomes():
    assert [triage.closing_problem(o) for o in triage.OUTCOMES] == [None] * 4
    assert triage.closing_problem("prescription") == "unknown_outcome"


# -- appointments ----------------------------------------------------------------------------------------------------

NOW = "2026-11-22T08:10:00"  # a Sunday


@pytest.mark.rule("IA-033")
@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ("2026-11-23T08:45:00", "before_opening"),
        ("2026-11-23T09:00:00", None),
        ("2026-11-23T22:00:00", None),
        ("2026-11-23T22:15:00", "after_closing"),
        ("2026-11-23T09:05:00", "not_on_a_step"),
        ("2026-11-23T09:00:30", "not_on_a_step"),
        ("2026-12-06T10:00:00", None),  # the Sunday in 14 days
        ("2026-12-06T22:00:00", None),
        ("2026-12-07T10:00:00", "too_far_ahead"),
        ("2026-11-22T08:00:00", "in_the_past"),
        ("2026-11-22T09:00:00", None),
    ],
)
def test_when_an_appointment_can_be_asked_for(asked, problem):
    assert appointments.problem(local(asked), local(NOW), section({}, "appointments")) == problem


@pytest.mark.rule("IA-033")
def test_the_times_of_a_day_are_those_that_can_be_asked_for():
    window = section({}, "appointments")
    times = appointments.steps(dt.date(2026, 12, 6), window, PARIS)
    assert (times[0].time(), times[-1].time(), len(times)) == (dt.time(9), dt.time(22), 53)
    assert all(appointments.problem(t, local(NOW), window) is None for t in times)


def test_a_time_that_the_clocks_skip_is_not_offered():
    night = {"from": "01:00", "to": "04:00", "step_minutes": 30, "days_ahead": 14}
    forward = appointments.steps(dt.date(2026, 3, 29), night, PARIS)
    assert [t.strftime("%H:%M") for t in forward] == ["01:00", "01:30", "03:00", "03:30", "04:00"]
    skipped = local("2026-03-29T02:30:00")
    assert appointments.problem(skipped, local("2026-03-28T12:00:00"), night) == "no_such_time"
    back = appointments.steps(dt.date(2026, 10, 25), night, PARIS)
    assert len({t.astimezone(dt.UTC) for t in back}) == len(back) == 7


def test_the_same_answer_whatever_the_order_of_the_facts():
    facts = {**FACTS, "reason": "renewal", "duration_days": 8, "used_this_year": 7}
    turned = dict(reversed(facts.items()))
    assert covered(**facts) == covered(**turned)
    assert not re.search(r"[{}]", "".join(str(r.message) for r in covered(**facts).reasons))
