"""French law on reimbursement, prescription, withdrawal, tax, retention and proof: what each rule changes, and its citation."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from marshmallow import ValidationError

from core.canonical import canonical
from core.plugin_api import Decision, PatientFacts, ProfessionalFacts, Question
from core.tenancy.receipts import decision_data
from plugins import jurisdiction_fr as plugin
from plugins.jurisdiction_fr.rules import common, prescription
from plugins.jurisdiction_fr.rules.withdrawal import _months
from tests.plugins.conftest import question_of

TODAY = dt.date(2026, 11, 21)
OLD = dt.date(2019, 6, 1)
PHYSICIAN = ProfessionalFacts("FR", "physician")
Ask = Callable[..., Decision]


def decide(name: str, at: dt.date = TODAY, service: str | None = "teleconsultation", **more: Any) -> Decision:
    """Ask one question; facts are what is not `category`, `statuses`, `professional`, `settings`."""
    patient = PatientFacts(
        more.pop("category", "fr_resident"), frozenset(more.pop("statuses", ())), more.pop("born", None)
    )
    professional, settings = more.pop("professional", PHYSICIAN), more.pop("settings", {})
    question = Question(name, at, service, patient, professional, more, settings=settings)
    answer: Decision = getattr(plugin, name)(question)
    return answer


def act(at: dt.date = OLD, **more: Any) -> Decision:
    """A teleconsultation that all rules of its day allow, but for what is changed."""
    facts = {
        "last_in_person_with_professional": dt.date(2019, 3, 1), "is_treating_physician": True, "agreed_tariff_cents": 2500,
        "alternation_respected": True, "territorial_organisation_exception": False,
    }  # fmt: skip
    return decide("reimbursement", at, **{**facts, **more})


NO_ROUTE = {"is_treating_physician": False, "referred_by_treating_physician": False, "direct_access_specialty": False}


def codes(decision: Decision) -> set[str]:
    return {r.code for r in decision.reasons}


def reason(decision: Decision, code: str) -> Any:
    return next(r for r in decision.reasons if r.code == code)


def duty(decision: Decision, code: str) -> Any:
    return next(o for o in decision.obligations if o.code == code)


# -- reimbursement ---------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-024")
def test_the_insurer_is_named() -> None:
    insurer = reason(act(), "insurer")
    assert insurer.rule == "CB-024"
    assert [p.value for p in insurer.parameters] == ["CPAM"]
    assert "CPAM" in str(insurer.message)


@pytest.mark.rule("CB-025")
def test_the_physician_must_have_seen_the_patient_within_twelve_months() -> None:
    assert act(last_in_person_with_professional=dt.date(2018, 6, 1)).permitted
    late = act(last_in_person_with_professional=dt.date(2018, 5, 31))
    assert codes(late) == {"not_seen_in_person"}
    assert late.reasons[0].citation == "Convention médicale de 2016, avenant 6, 28.6.1.1"
    assert [(p.key, p.value) for p in late.reasons[0].parameters] == [("prior_visit_months", 12)]


@pytest.mark.rule("CB-025")
def test_amendment_9_asks_for_alternation_instead() -> None:
    never_seen = dt.date(2000, 1, 1)
    assert not act(dt.date(2021, 9, 24), last_in_person_with_professional=never_seen).permitted
    assert act(dt.date(2021, 9, 25), last_in_person_with_professional=never_seen).permitted
    no = act(dt.date(2021, 9, 25), alternation_respected=False, in_low_density_area=False, regulated_referral=False)
    assert codes(no) == {"no_alternation"}
    assert no.reasons[0].citation == "Convention médicale de 2016, avenant 9, 28.6.1.1"


@pytest.mark.rule("CB-026")
def test_both_criteria_hold_together() -> None:
    assert codes(act(**NO_ROUTE)) == {"pathway_not_respected"}
    assert codes(
        act(last_in_person_with_professional=dt.date(2018, 1, 1), territorial_organisation_exception=True)
    ) == {"not_seen_in_person"}


@pytest.mark.rule("CB-027")
@pytest.mark.parametrize("more", [{"dependant": True, "on_patient_health_card": True}, {"born": dt.date(2010, 1, 1)}])
def test_no_pathway_for_a_minor_but_the_twelve_months(more: dict[str, Any]) -> None:
    assert act(**NO_ROUTE, **more).permitted
    assert codes(act(**NO_ROUTE, **more, last_in_person_with_professional=dt.date(2018, 1, 1))) == {
        "not_seen_in_person"
    }


@pytest.mark.rule("CB-029")
def test_the_exception_lifts_the_pathway() -> None:
    exception = act(**NO_ROUTE, territorial_organisation_exception=True)
    assert exception.permitted
    assert reason(exception, "pathway_exception").rule == "CB-029"


@pytest.mark.rule("CB-033")
def test_a_dependant_must_be_on_the_card() -> None:
    refused = act(dependant=True, on_patient_health_card=False)
    assert codes(refused) == {"dependant_not_on_health_card"}


@pytest.mark.rule("CB-036")
@pytest.mark.parametrize(
    "route", ["is_treating_physician", "referred_by_treating_physician", "direct_access_specialty"]
)
def test_one_route_opens_the_pathway(route: str) -> None:
    assert act(**{**NO_ROUTE, route: True}).permitted


@pytest.mark.rule("CB-036")
@pytest.mark.parametrize("specialty", ["gynaecology", "ophthalmology", "stomatology", "psychiatry", "neuropsychiatry"])
def test_specialties_of_direct_access(specialty: str) -> None:
    facts = {**NO_ROUTE, "direct_access_specialty": None, "born": dt.date(1999, 1, 1)}
    assert act(**facts, professional=ProfessionalFacts("FR", "physician", specialty)).permitted
    assert codes(act(**facts, professional=ProfessionalFacts("FR", "physician", "dermatology"))) == {"missing_fact"}


def test_the_list_of_direct_access_names_known_specialties() -> None:
    known = {s.code for s in plugin.specialties()}
    for key in ("direct_access_specialties", "direct_access_specialties_for_the_young"):
        assert set(plugin.PARAMETERS.at(key, TODAY).value) <= known


@pytest.mark.rule("CB-044")
@pytest.mark.parametrize(("statuses", "rate", "amount"), [((), 70, 1750), (("ald",), 100, 2500), (("css",), 100, 2500), (("pregnant_6m",), 100, 2500)])  # fmt: skip
def test_rate_and_amount_rest_on_the_agreed_tariff(statuses: tuple[str, ...], rate: int, amount: int) -> None:
    values = act(statuses=statuses).values
    assert (values["rate_percent"], values["amount_cents"]) == (rate, amount)


@pytest.mark.rule("CB-044", "CB-052")
def test_the_solidarity_cover_has_the_name_of_its_time() -> None:
    for day, name in ((dt.date(2019, 10, 31), "CMU-C"), (dt.date(2019, 11, 1), "CSS")):
        told = reason(act(day, statuses=["css"]), "full_rate")
        assert name in str(told.message)
        assert name in [p.value for p in told.parameters]


@pytest.mark.rule("CB-100", "CB-102", "CB-105")
def test_payment_in_advance_is_spared_after_the_physicians_check_only() -> None:
    assert act().values["third_party_payment"] is False
    assert "verify_entitlement" not in {o.code for o in act().obligations}
    entitled = act(statuses=["css", "ald"])
    assert entitled.values["third_party_payment"] is True
    assert duty(entitled, "verify_entitlement").details == {"statuses": ["ald", "css"]}
    assert act(category="fr_cross_border").values["third_party_payment"] is False
    pregnant = act(statuses=["pregnant_6m"])
    assert pregnant.values["third_party_payment"] is False


@pytest.mark.rule("CB-163")
def test_the_physician_bills_with_their_own_software() -> None:
    assert duty(act(), "bill_with_own_software")


@pytest.mark.rule("CB-252")
def test_exactly_one_service_and_two_categories_can_be_reimbursed() -> None:
    services = ("in_person", "express_consultation", "video_consultation", "teleconsultation", "second_opinion")
    categories = ("fr_resident", "fr_cross_border", "lu_resident", "be_resident", "other")
    open_ = {(s, c) for s in services for c in categories if act(TODAY, service=s, category=c).permitted}
    assert open_ == {("teleconsultation", "fr_resident"), ("teleconsultation", "fr_cross_border")}


# -- prescription ----------------------------------------------------------------------------------------------


def medicine(at: dt.date = TODAY, **more: Any) -> Decision:
    return decide("prescription", at, **{"kind": "medicine", "medicine_classes": (), **more})


@pytest.mark.rule("CB-179")
def test_electronic_prescriptions_end_teleconsultations_of_patients_insured_in_france() -> None:
    services = ("in_person", "express_consultation", "video_consultation", "teleconsultation")
    categories = ("fr_resident", "fr_cross_border", "lu_resident", "be_resident", "other")
    found = {(s, c) for s in services for c in categories if medicine(service=s, category=c).permitted}
    assert found == {("teleconsultation", "fr_resident"), ("teleconsultation", "fr_cross_border")}
    assert not medicine(professional=ProfessionalFacts("FR", "allied")).permitted
    assert medicine().values == {"delivery": "electronic"}


@pytest.mark.rule("CB-182")
def test_each_excluded_class_is_refused_by_name() -> None:
    refused = medicine(medicine_classes=tuple(prescription.CLASSES))
    assert len(refused.reasons) == 5
    assert {r.rule for r in refused.reasons} == {"CB-182"}
    assert len({str(r.message) for r in refused.reasons}) == 5
    assert all(r.source == "tenant" for r in refused.reasons)


@pytest.mark.rule("CB-188", "CB-189")
def test_the_patient_is_told_which_pharmacies_can_dispense() -> None:
    assert duty(medicine(), "tell_french_pharmacies_only").details == {"countries": ["FR"]}
    assert duty(medicine(), "tell_equipped_pharmacy")


def test_what_a_prescription_must_say() -> None:
    must = set(duty(medicine(), "mandatory_mentions").details["mentions"])
    assert {"prescriber_number", "date", "signature", "international_nonproprietary_name"} <= must
    assert "prescriber_email" not in plugin.PARAMETERS.at("prescription_mentions", dt.date(2014, 12, 31)).value
    across = duty(medicine(), "cross_border_mentions").details
    assert {"patient_birth_date", "prescriber_telephone_with_prefix", "dosage_regimen"} <= set(across["mentions"])
    assert across["reference"] == "Directive 2012/52/EU, annex"


def test_the_law_limits_sick_leave_by_teleconsultation() -> None:
    leave = decide("prescription", kind="sick_leave", duration_days=4, is_treating_physician=False)
    assert leave.reasons[0].citation == "Code de la santé publique, L.6316-1"
    assert [(p.value, p.since) for p in leave.reasons[0].parameters] == [(3, dt.date(2024, 1, 1))]


# -- withdrawal ------------------------------------------------------------------------------------------------


@pytest.mark.rule("CB-228")
@pytest.mark.parametrize(("day", "citation"), [
    (dt.date(2014, 6, 14), "Code de la consommation, L.121-16-1 and L.121-21"),
    (dt.date(2016, 6, 30), "Code de la consommation, L.121-16-1 and L.121-21"),
    (dt.date(2016, 7, 1), "Code de la consommation, L.221-2 and L.221-18"),
    (TODAY, "Code de la consommation, L.221-2 and L.221-18"),
])  # fmt: skip
def test_care_is_outside_withdrawal_under_the_numbers_of_the_day(day: dt.date, citation: str) -> None:
    for service in ("express_consultation", "video_consultation", "teleconsultation"):
        for category in ("fr_resident", "fr_cross_border"):
            refused = decide("withdrawal", day, service, category=category, party="patient")
            assert [r.citation for r in refused.reasons] == [citation]
            assert codes(refused) == {"care_excluded"}


def subscription(contract: str, request: str, at: dt.date = TODAY, **more: Any) -> Decision:
    facts = {"contract_date": dt.date.fromisoformat(contract), "request_date": dt.date.fromisoformat(request), **more}
    return decide("withdrawal", at, "subscription", party="professional", **facts)


@pytest.mark.rule("CB-231")
def test_fourteen_days_for_a_professional() -> None:
    assert subscription("2022-03-01", "2022-03-15", dt.date(2022, 3, 15)).permitted
    assert codes(subscription("2022-03-01", "2022-03-16", dt.date(2022, 3, 16))) == {"withdrawal_too_late"}


@pytest.mark.rule("CB-231")
def test_the_region_of_the_portal_moves_the_deadline() -> None:
    facts = ("2026-03-20", "2026-03-24", dt.date(2026, 4, 1))
    assert subscription(*facts).values["deadline"] == dt.date(2026, 4, 3)
    settings = {"local_holidays": "alsace"}
    assert subscription(*facts, settings=settings).values["deadline"] == dt.date(2026, 4, 7)


@pytest.mark.rule("CB-236")
def test_the_scale_of_late_refunds() -> None:
    def late(days: int) -> Any:
        facts = {
            "refund_date": dt.date(2026, 1, 21) + dt.timedelta(days),
            "amount_cents": 10000,
            "legal_rate_percent": 7.3,
        }
        return subscription("2026-01-02", "2026-01-07", **facts).values

    assert {d: late(d)["increase_percent"] for d in (0, 8, 10, 15, 20, 25, 30, 45, 60, 75, 90, 100)} == {
        0: 0, 8: 0, 10: 0, 15: 5, 20: 5, 25: 10, 30: 10, 45: 20, 60: 20, 75: 50, 90: 50, 100: 55,
    }  # fmt: skip
    assert [late(d)["interest_cents"] for d in (0, 5, 10, 11)] == [0, 10, 20, 0]
    assert max(late(d)["increase_percent"] for d in range(0, 2000, 7)) == 100


def test_months_that_are_complete_count_later_than_months_that_have_started() -> None:
    due = dt.date(2026, 1, 31)
    assert [_months(due, day, started=True) for day in (due, dt.date(2026, 2, 1), dt.date(2026, 2, 28), dt.date(2026, 3, 1))] == [0, 1, 1, 2]  # fmt: skip
    assert [_months(due, day, started=False) for day in (due, dt.date(2026, 2, 1), dt.date(2026, 2, 28), dt.date(2026, 3, 1))] == [0, 0, 1, 1]  # fmt: skip


# -- tax, retention, proof -------------------------------------------------------------------------------------


@pytest.mark.rule("CB-144")
def test_advice_by_message_bears_vat_above_the_threshold() -> None:
    for fees, vat in ((3520000, "exempt"), (3520100, "due")):
        answer = decide("tax", OLD, "express_consultation", annual_fees_cents=fees)
        assert answer.values == {"vat": vat, "declaration_required": vat == "due"}
        assert answer.reasons[0].citation == "Code général des impôts, 293 B"


@pytest.mark.rule("CB-161")
def test_a_consultation_by_video_bears_no_vat() -> None:
    answer = decide("tax", TODAY, "video_consultation", annual_fees_cents=10**9)
    assert answer.values == {"vat": "exempt", "declaration_required": False}
    assert duty(answer, "print_vat_mention").details["mention"].endswith("261-4-1° du CGI")


def test_a_record_is_kept_for_twenty_years_and_a_childs_to_28() -> None:
    facts = {"event_date": dt.date(2020, 6, 1), "data_class": "patient_record"}
    assert decide("retention", TODAY, None, **facts).values["archive_until"] == dt.date(2040, 6, 1)
    child = decide("retention", TODAY, None, born=dt.date(2019, 1, 1), **facts)
    assert child.values["archive_until"] == dt.date(2047, 1, 1)
    assert {r.citation for r in child.reasons} == {"Code de la santé publique, R.1112-7"}


@pytest.mark.rule("CB-241", "CB-243", "CB-294")
@pytest.mark.parametrize(("party", "act_", "rule"), [("professional", "order", "CB-241"), ("patient", "order", "CB-243"), ("patient", "use", "CB-294"), ("professional", "use", "CB-294")])  # fmt: skip
def test_proof_cites_the_civil_code_as_numbered_on_the_day(party: str, act_: str, rule: str) -> None:
    for day, numbers in ((dt.date(2016, 9, 30), ("1316-1", "1316-4")), (dt.date(2016, 10, 1), ("1366", "1367"))):
        answer = decide("proof", day, None, party=party, act=act_)
        assert answer.values["articles"] == [f"Code civil, article {n}" for n in numbers]
        assert [(r.rule, r.citation) for r in answer.reasons] == [(rule, "Code civil, " + " and ".join(numbers))]


@pytest.mark.rule("CB-295")
def test_a_report_rests_on_the_signature_of_the_professional() -> None:
    answer = decide("proof", TODAY, None, party="professional", act="report")
    assert answer.values["articles"][-1] == "Code de la santé publique, article L.1111-25"
    details = duty(answer, "seal_signature").details
    assert details == {"level": "simple", "ensure": ["signer_identification", "link_to_act", "integrity"]}


# -- for all ---------------------------------------------------------------------------------------------------


def test_every_case_is_kept_as_the_same_bytes(case: dict[str, Any]) -> None:
    question = question_of(case)
    ask = getattr(plugin, question.name)
    first, second = (canonical(decision_data(ask(question))) for _n in range(2))
    assert first == second
    json.loads(first)
    for parameter in (p for r in ask(question).reasons for p in r.parameters):
        assert parameter.since <= question.at


def test_every_value_has_a_reference_that_can_be_followed() -> None:
    topics = ("reimbursement", "prescription", "withdrawal", "tax", "retention", "proof")
    found = plugin.PARAMETERS
    keys = [
        key
        for topic in topics
        for key in yaml.safe_load((plugin._HERE / "parameters" / f"{topic}.yaml").read_text("utf-8"))
    ]
    for key in keys:
        for value in found.items[key].values:
            assert value.reference.get("title")
            assert value.reference.get("href", "").startswith("https://")
            assert value.published is not None


def test_the_portal_may_change_what_is_contract() -> None:
    loaded = plugin.config_schema()().load({})
    assert loaded["excluded_medicine_classes"] == list(prescription.CLASSES)
    assert loaded["third_party_payment"] == ["ald", "css"]
    assert loaded["express_fees_taxable"] is True
    for wrong in ({"excluded_medicine_classes": ["sugar"]}, {"third_party_payment": ["everybody"]}):
        with pytest.raises(ValidationError):
            plugin.config_schema()().load(wrong)
    assert medicine(settings=loaded, medicine_classes=("exception",)).effect == "deny"
    assert medicine(settings={**loaded, "excluded_medicine_classes": []}, medicine_classes=("exception",)).permitted


def test_a_period_never_ends_on_a_day_off() -> None:
    start = dt.date(2025, 1, 1)
    for offset in range(800):
        end = common.period_end(start + dt.timedelta(offset), 14)
        assert end.weekday() < 5
        assert end not in {h.date for h in plugin.holidays("FR", end.year)}
        assert 14 <= (end - start).days - offset <= 18
