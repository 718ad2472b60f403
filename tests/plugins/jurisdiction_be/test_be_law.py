"""The law of Belgium by date: what each rule answers, why, and what must follow. The cases are in `cases/`."""

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from core.plugin_api import PatientFacts, ProfessionalFacts, Question
from plugins import jurisdiction_be as plugin
from plugins.jurisdiction_be.rules import common

TODAY = dt.date(2026, 11, 21)
PATIENT = PatientFacts("be_resident")
PHYSICIAN = ProfessionalFacts("BE", "physician", "general_practice")
OPENED = {"reimbursable_services": ["video_consultation"], "electronic_prescription": True}


def asked(name, service=None, patient=PATIENT, professional=PHYSICIAN, at=TODAY, settings=None, **facts):
    return Question(name, at, service, patient, professional, facts, frozenset(), settings or {})


def video(at=TODAY, patient=PATIENT, **facts):
    given_facts = {"is_treating_physician": True, "agreed_tariff_cents": 2306, **facts}
    return plugin.reimbursement(
        asked("reimbursement", "video_consultation", patient, at=at, settings=OPENED, **given_facts)
    )


@pytest.mark.rule("CB-253")
@pytest.mark.parametrize("country", [None, "FR", "LU", "BE"])
@pytest.mark.parametrize("service", ["in_person", "express_consultation", "video_consultation"])
def test_no_service_is_reimbursed_to_patients_in_belgium(country, service):
    professional = ProfessionalFacts(country, "physician")
    (reason,) = plugin.reimbursement(asked("reimbursement", service, professional=professional)).reasons
    assert (reason.rule, reason.effect) == ("CB-253", "deny")
    assert "Belgian health insurance" in str(reason.message)


def test_before_the_codes_their_first_day_is_told():
    (reason,) = video(dt.date(2022, 7, 31)).reasons
    assert (reason.code, reason.message.params["first"]) == ("no_rule_in_force", dt.date(2022, 8, 1))


@pytest.mark.parametrize(
    ("statuses", "mode", "share"),
    [((), "video", 400), (("bim",), "video", 100), ((), "phone", 200), (("bim",), "phone", 100)],
)
def test_the_share_that_the_patient_pays(statuses, mode, share):
    decision = video(dt.date(2024, 5, 2), PatientFacts("be_resident", frozenset(statuses)), mode=mode)
    assert decision.values["flat_participation_cents"] == share
    assert decision.values["third_party_payment"] is True


@pytest.mark.parametrize(
    ("specialty", "mode", "details"),
    [("general_practice", "video", {"code": "101673"}), ("dermatology", "video", {"code": "101695"}),
     (None, "video", {}), ("dermatology", "phone", {"code": "101732"})],
)  # fmt: skip
def test_the_code_to_bill(specialty, mode, details):
    question = asked(
        "reimbursement", "video_consultation", professional=ProfessionalFacts("BE", "physician", specialty),
        at=dt.date(2024, 5, 2), settings=OPENED, is_treating_physician=True, agreed_tariff_cents=2306, mode=mode,
    )  # fmt: skip
    (bill,) = plugin.reimbursement(question).obligations
    assert bill.details == details


def test_the_end_of_the_phone_is_told_with_its_date():
    (reason,) = video(dt.date(2025, 2, 15), mode="phone").reasons
    assert (reason.code, reason.message.params["since"]) == ("phone_not_reimbursed", dt.date(2025, 2, 15))
    assert "101732" in reason.citation


@pytest.mark.rule("CB-179")
def test_an_electronic_prescription_is_closed_unless_the_portal_opens_it():
    facts = {"kind": "medicine", "medicine_classes": []}
    closed = plugin.prescription(asked("prescription", "video_consultation", **facts))
    assert [(r.code, r.rule) for r in closed.reasons] == [("not_by_contract", "CB-179")]
    opened = plugin.prescription(asked("prescription", "video_consultation", settings=OPENED, **facts))
    assert opened.values == {"delivery": "electronic"}
    told = next(o for o in opened.obligations if o.code == "tell_validity")
    assert told.details == {"until": "2027-02-21"}


@pytest.mark.rule("CB-182")
@pytest.mark.parametrize("name", ["restricted", "prior_agreement", "exception", "narcotic", "magistral_or_officinal"])
def test_an_excluded_class_is_refused_and_named(name):
    facts = {"kind": "medicine", "medicine_classes": [name]}
    (reason,) = plugin.prescription(asked("prescription", "in_person", settings=OPENED, **facts)).reasons
    assert (reason.rule, reason.source) == ("CB-182", "tenant")
    assert str(reason.message.params["medicines"]) in str(reason.message)


@pytest.mark.rule("CB-230")
@pytest.mark.parametrize("service", ["in_person", "express_consultation", "video_consultation", "teleconsultation"])
def test_care_cannot_be_withdrawn_from_and_the_article_is_cited(service):
    (reason,) = plugin.withdrawal(asked("withdrawal", service, party="patient")).reasons
    assert (reason.code, reason.rule) == ("care_excluded", "CB-230")
    assert "Code de droit économique" in reason.citation
    assert "2011/83/UE" in reason.citation
    assert reason.parameters[1].value == "6"


@pytest.mark.rule("CB-230")
def test_nothing_is_stated_for_other_patients():
    question = asked("withdrawal", "video_consultation", PatientFacts("other"), party="patient")
    assert plugin.withdrawal(question).effect == "not_applicable"


@settings(deadline=None)
@given(st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 1)))
def test_no_period_ends_on_a_day_off(start):
    end = common.period_end(start, 14)
    assert end.weekday() < 5
    assert end not in {h.date for h in plugin.holidays("BE", end.year)}
    between = [start + dt.timedelta(days=n) for n in range(14, (end - start).days)]
    off = {h.date for year in {d.year for d in between} for h in plugin.holidays("BE", year)}
    assert all(d.weekday() >= 5 or d in off for d in between)


@pytest.mark.rule("CB-161")
def test_the_fee_of_a_video_consultation_bears_no_vat():
    decision = plugin.tax(asked("tax", "video_consultation"))
    assert decision.values == {"vat": "exempt", "declaration_required": False}
    assert "44, paragraphe 1er" in decision.reasons[0].citation


@pytest.mark.rule("CB-282")
def test_a_patient_record_is_kept_thirty_years_and_gone_after_fifty():
    facts = {"data_class": "patient_record", "event_date": dt.date(2026, 11, 1)}
    decision = plugin.retention(asked("retention", **facts))
    assert decision.values == {"archive_until": dt.date(2056, 11, 1), "then": "anonymise"}
    (gone,) = decision.obligations
    assert gone.details == {"until": "2076-11-01"}


@pytest.mark.rule("CB-245", "CB-297")
@pytest.mark.parametrize(("act", "rule", "article"), [("order", "CB-245", "6"), ("use", "CB-297", "46")])
def test_the_article_is_the_one_of_the_act(act, rule, article):
    decision = plugin.proof(asked("proof", party="patient", act=act))
    assert {r.rule for r in decision.reasons} == {rule}
    (contract,) = (r for r in decision.reasons if r.code == "electronic_contract")
    assert contract.parameters[0].value == article
    assert contract.citation == decision.values["articles"][0]
    assert decision.values["proof_type"] == "electronic_contract"


def test_settings_refuse_what_no_rule_knows():
    loaded = {**OPENED, "excluded_medicine_classes": ["narcotic"], "taxable_services": ["express_consultation"]}
    assert plugin.Config().load(loaded) == {"test_mode": False, **loaded}
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
        video,
        lambda: plugin.prescription(asked("prescription", "in_person", settings=OPENED, kind="medicine", medicine_classes=[])),
        lambda: plugin.withdrawal(
            asked("withdrawal", "subscription", party="patient", contract_date=TODAY, request_date=TODAY)
        ),
        lambda: plugin.tax(asked("tax", "video_consultation")),
        lambda: plugin.retention(asked("retention", data_class="patient_record", event_date=TODAY)),
        lambda: plugin.proof(asked("proof", party="patient", act="order")),
    ],
)  # fmt: skip
def test_an_answer_is_quick(ask):
    """A generous bound (the goal is 60 microseconds): catches a rule that reads a calendar or a file each time."""

    def seconds():
        start = time.perf_counter()
        ask()
        return time.perf_counter() - start

    assert min(seconds() for _ in range(200)) < 0.0005
