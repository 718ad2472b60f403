"""The law of Luxembourg by date: what each rule answers, why, and what must follow. The cases are in `cases/`."""

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from core.plugin_api import PatientFacts, ProfessionalFacts, Question
from plugins import jurisdiction_lu as plugin
from plugins.jurisdiction_lu.rules import common

TODAY = dt.date(2026, 11, 21)
PATIENT = PatientFacts("lu_resident")
PHYSICIAN = ProfessionalFacts("LU", "physician")


def asked(name, service=None, patient=PATIENT, professional=PHYSICIAN, at=TODAY, settings=None, **facts):
    return Question(name, at, service, patient, professional, facts, frozenset(), settings or {})


def late(days, **facts):
    """A subscription withdrawn from in time, refunded some days after 30 November 2026."""
    refund = dt.date(2026, 11, 30) + dt.timedelta(days=days)
    dates = {"contract_date": dt.date(2026, 11, 2), "request_date": dt.date(2026, 11, 16), "refund_date": refund}
    return plugin.withdrawal(
        asked("withdrawal", "subscription", at=refund, **{"party": "professional", **dates, **facts})
    )


def rules(decision):
    return {r.rule for r in decision.reasons}


# Reimbursement


@pytest.mark.rule("CB-017", "CB-253")
@pytest.mark.parametrize("service", ["in_person", "express_consultation", "video_consultation", "teleconsultation"])
@pytest.mark.parametrize("at", [dt.date(2008, 12, 31), dt.date(2022, 1, 10), TODAY])
def test_the_insurer_is_named_and_pays_no_service(service, at):
    decision = plugin.reimbursement(asked("reimbursement", service, at=at))
    assert not decision.permitted
    by_rule = {r.rule: r for r in decision.reasons if r.code.startswith("not_reimbursed")}
    assert set(by_rule) == {"CB-017", "CB-253"}
    named = by_rule["CB-017"]
    assert "CNS" in str(named.message)
    assert "outside this portal" in str(by_rule["CB-253"].message)
    assert [p.value for p in named.parameters] == (["CNS"] if at.year >= 2009 else [])


@pytest.mark.rule("CB-017")
def test_the_end_of_the_pandemic_act_is_told_with_its_date_and_reference():
    decision = plugin.reimbursement(asked("reimbursement", "video_consultation"))
    (by_law,) = (r for r in decision.reasons if r.code == "teleconsultation_not_reimbursed")
    assert by_law.message.params["since"] == dt.date(2024, 7, 1)
    assert "30 juin 2024" in by_law.citation
    assert by_law.parameters[0].value == 0


def test_before_the_pandemic_act_the_first_day_is_told():
    settings = {"reimbursable_services": ["video_consultation"]}
    question = asked("reimbursement", "video_consultation", at=dt.date(2020, 3, 31), settings=settings)
    (reason,) = plugin.reimbursement(question).reasons
    assert (reason.code, reason.message.params["first"]) == ("no_rule_in_force", dt.date(2020, 4, 1))


# Prescription


@pytest.mark.rule("CB-181")
@pytest.mark.parametrize("kind", ["medicine", "sick_leave", "certificate"])
@pytest.mark.parametrize("service", ["in_person", "video_consultation"])
def test_nothing_is_prescribed_electronically(kind, service):
    decision = plugin.prescription(asked("prescription", service, kind=kind, medicine_classes=[]))
    assert decision.values == {"delivery": "at_practice"}
    assert "CB-181" in rules(decision)


@pytest.mark.rule("CB-193")
def test_the_patient_is_told_where_to_collect_it_and_with_what():
    decision = plugin.prescription(asked("prescription", "video_consultation", kind="medicine", medicine_classes=[]))
    by_code = {o.code: o for o in decision.obligations}
    evidence = ["social_security_card", "proof_of_identity"]
    assert by_code["tell_collect_at_practice"].details == {"country": "LU", "bring_one_of": evidence}
    assert "yourself" in str(by_code["tell_collect_at_practice"].message)
    assert by_code["check_identity"].details == {"evidence_one_of": evidence}


@pytest.mark.rule("CB-193")
@pytest.mark.parametrize(
    ("category", "effect"),
    [("fr_resident", "deny"), ("fr_cross_border", "permit"), ("lu_resident", "permit"), ("be_resident", "permit"), ("other", "permit")],
)  # fmt: skip
def test_who_may_collect(category, effect):
    question = asked("prescription", "video_consultation", PatientFacts(category), kind="sick_leave")
    assert plugin.prescription(question).effect == effect


@pytest.mark.rule("CB-194")
def test_three_things_are_told_of_prescriptions_abroad():
    question = asked(
        "prescription", "video_consultation", PatientFacts("be_resident"), kind="medicine", medicine_classes=[]
    )
    decision = plugin.prescription(question)
    notice = next(o for o in decision.obligations if o.code == "eu_cross_border_notice")
    assert len(notice.details["statements"]) == 3
    assert notice.details["url"].startswith("https://europa.eu/")
    reason = next(r for r in decision.reasons if r.rule == "CB-194")
    assert "2011/24/UE" in reason.citation
    assert "2012/52/UE" in reason.citation


@pytest.mark.rule("CB-150")
def test_advice_by_message_gives_no_prescription():
    decision = plugin.prescription(asked("prescription", "express_consultation", kind="certificate"))
    assert rules(decision) == {"CB-150"}


@pytest.mark.rule("CB-182")
@pytest.mark.parametrize("name", ["restricted", "prior_agreement", "exception", "narcotic", "magistral_or_officinal"])
def test_an_excluded_class_is_refused_and_named(name):
    decision = plugin.prescription(asked("prescription", "in_person", kind="medicine", medicine_classes=[name]))
    (reason,) = decision.reasons
    assert (reason.rule, reason.source) == ("CB-182", "tenant")
    assert str(reason.message.params["medicines"]) in str(reason.message)


# Withdrawal


@pytest.mark.rule("CB-229")
@pytest.mark.parametrize("service", ["in_person", "express_consultation", "video_consultation", "teleconsultation"])
def test_care_cannot_be_withdrawn_from_and_the_articles_are_cited(service):
    (reason,) = plugin.withdrawal(asked("withdrawal", service, party="patient")).reasons
    assert (reason.code, reason.rule) == ("care_excluded", "CB-229")
    assert "L.222-9" in reason.citation
    assert "L.222-2" in reason.citation
    assert tuple(p.value for p in reason.parameters)[1] == ("221-3", "411-2")
    assert "14 days" in str(reason.message)


@pytest.mark.rule("CB-237")
@pytest.mark.parametrize("days", [5, 15, 25, 45, 75, 90])
def test_the_french_scale_never_applies(days):
    decision = late(days, amount_cents=10000, legal_rate_percent=3.65)
    assert decision.values["increase_percent"] == 0
    assert decision.values["interest_cents"] == days


@pytest.mark.rule("CB-238")
def test_interest_is_owed_within_three_months_and_only_if_sent_in_time():
    assert late(0).values["interest_cents"] == 0
    assert late(90, amount_cents=10000, legal_rate_percent=3.65).values["interest_cents"] == 90
    after = late(91, amount_cents=10000, legal_rate_percent=3.65)
    assert after.values["interest_cents"] == 0
    assert "operator_decides_interest" in {o.code for o in after.obligations}
    too_late = late(60, request_date=dt.date(2026, 11, 17), amount_cents=10000, legal_rate_percent=3.65)
    assert not too_late.permitted
    assert "interest_cents" not in too_late.values


@pytest.mark.rule("CB-239")
def test_each_half_year_bears_its_own_rate_and_none_is_guessed():
    both = late(62, amount_cents=36500, legal_rate_percent={"2026-H2": 3, "2027-H1": 6})
    assert both.values["interest_cents"] == 31 * 3 + 31 * 6
    missing = late(62, amount_cents=36500, legal_rate_percent={"2027-H1": 6})
    assert [r.message.params["fact"] for r in missing.reasons] == ["legal_rate_percent.2026-H2"]
    assert [r.message.params["fact"] for r in late(1, amount_cents=1).reasons] == ["legal_rate_percent"]
    basis = next(r for r in both.reasons if r.code == "legal_interest")
    assert "18 avril 2004" in basis.citation
    assert basis.citation.endswith("article 12")


@pytest.mark.rule("CB-235")
def test_the_whole_sum_goes_back_within_fourteen_days():
    decision = late(0)
    (refund,) = decision.obligations
    assert refund.details == {"until": "2026-11-30", "means": "same_as_payment"}
    assert "CB-235" in rules(decision)


@settings(deadline=None)
@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 1)))
def test_no_period_ends_on_a_day_off(start):
    end = common.period_end(start, 14)
    assert end.weekday() < 5
    assert end not in {h.date for h in plugin.holidays("LU", end.year)}
    between = [start + dt.timedelta(days=n) for n in range(14, (end - start).days)]
    off = {h.date for year in {d.year for d in between} for h in plugin.holidays("LU", year)}
    assert all(d.weekday() >= 5 or d in off for d in between)


# Tax, retention, proof


@pytest.mark.rule("CB-143")
@pytest.mark.parametrize("kind", ["physician", "allied"])
def test_the_fee_of_advice_by_message_bears_no_vat(kind):
    decision = plugin.tax(asked("tax", "express_consultation", professional=ProfessionalFacts("LU", kind)))
    assert decision.values == {"vat": "exempt", "declaration_required": False}
    (reason,) = decision.reasons
    assert "2006/112/CE" in reason.citation
    assert "132, paragraphe 1, point c" in reason.citation
    (printed,) = decision.obligations
    assert printed.details["mention"] == f"Exonération de TVA, {reason.citation}"


@pytest.mark.rule("CB-282")
def test_a_patient_record_is_kept_ten_years_and_then_made_anonymous():
    facts = {"data_class": "patient_record", "event_date": dt.date(2026, 11, 1)}
    decision = plugin.retention(asked("retention", **facts))
    assert decision.values == {"archive_until": dt.date(2036, 11, 1), "then": "anonymise"}


@pytest.mark.rule("CB-242", "CB-244", "CB-296")
@pytest.mark.parametrize(
    ("party", "act", "rule"),
    [
        ("professional", "order", "CB-242"),
        ("patient", "order", "CB-244"),
        ("professional", "use", "CB-296"),
        ("patient", "use", "CB-296"),
    ],
)
def test_orders_and_use_are_proved_by_the_consumer_code(party, act, rule):
    decision = plugin.proof(asked("proof", party=party, act=act))
    assert rules(decision) == {rule}
    assert any("L.222-11" in article for article in decision.values["articles"])
    assert decision.values["proof_type"] == "distance_contract"


# What holds for all


def test_settings_refuse_what_no_rule_knows():
    loaded = {
        "reimbursable_services": ["video_consultation"],
        "excluded_medicine_classes": ["narcotic"],
        "taxable_services": ["express_consultation"],
    }
    assert plugin.Config().load(loaded) == {"access": {}, **loaded}
    for key in loaded:
        with pytest.raises(ValidationError):
            plugin.Config().load({key: ["poem"]})


def test_every_value_has_a_reference_and_was_checked():
    for parameter in plugin.PARAMETERS.items.values():
        assert parameter.label
        assert parameter.checked_on <= TODAY
        assert all(value.reference["title"] for value in parameter.values)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: plugin.reimbursement(asked("reimbursement", "video_consultation")),
        lambda: plugin.prescription(asked("prescription", "video_consultation", kind="medicine", medicine_classes=[])),
        lambda: late(90, amount_cents=10000, legal_rate_percent=3.65),
        lambda: plugin.tax(asked("tax", "express_consultation")),
        lambda: plugin.retention(asked("retention", data_class="invoice", event_date=TODAY)),
        lambda: plugin.proof(asked("proof", party="patient", act="order")),
    ],
)
def test_an_answer_is_quick(ask):
    """A generous bound (the goal is 60 microseconds): catches a rule that reads a calendar or a file each time."""

    def seconds():
        start = time.perf_counter()
        ask()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(200)) < 0.0005
