"""Is this teleconsultation reimbursed, at which rate? The law of its day: avenant 6, avenant 9, convention of 2024."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
)
from plugins.jurisdiction_fr.rules.common import (
    COUNTRY,
    EXPRESS,
    FRENCH,
    IN_PERSON,
    PHYSICIAN,
    SOURCE,
    TELECONSULTATION,
    TERMS,
    VIDEO,
    Findings,
    age,
    by_law,
    months_later,
    not_yet,
)
from plugins.jurisdiction_fr.rules.reimbursement_rate import reimbursed, younger

_ = Domain("jurisdiction_fr")
ORDER = (
    "patient.category", "professional.country", "professional.kind",
    "last_in_person_with_professional", "is_treating_physician", "referred_by_treating_physician",
    "direct_access_specialty", "on_patient_health_card", "agreed_tariff_cents",
    "alternation_respected", "in_low_density_area", "regulated_referral",
)  # fmt: skip
ALTERNATION = "alternation"


def reimbursement(question: Question, parameters: Parameters) -> Decision:
    """The answer for patients insured in France, and for teleconsultation wherever the professional is.

    Facts, asked for in the order of ORDER and only where they decide. Before 25 September 2021 the physician must have
    seen the patient in person within twelve months; since then visits and teleconsultations alternate. A dependant is a
    minor under sixteen (CB-032); who is none is an adult unless the birth date says otherwise (CB-050).
    Rules CB-024 to CB-027, CB-029, CB-033, CB-036, CB-044, CB-100, CB-102, CB-105, CB-163, CB-252.
    """
    if question.service != TELECONSULTATION:
        return _other_service(question)
    findings = Findings(ORDER)
    try:
        _parties(question, parameters, findings)
        if not findings.refusals:
            _health_card(question, findings)
            _prior_knowledge(question, parameters, findings)
            _pathway(question, parameters, findings)
        if question.facts.get("agreed_tariff_cents") is None:
            findings.missing.add("agreed_tariff_cents")
        return findings.denied() or reimbursed(question, parameters, findings)
    except NoRuleInForce as error:
        return not_yet(parameters, error, "CB-252")


def _other_service(question: Question) -> Decision:
    """CB-252: of all services only the teleconsultation can be reimbursed."""
    if question.patient.category not in (None, *FRENCH):
        return NOT_APPLICABLE
    if question.service is None:
        return missing_fact(SOURCE, "service")
    if question.service == IN_PERSON:
        message = _(
            "A visit at the practice is billed by the practice, not through this portal. "
            "Health insurance reimburses it as usual: please give your Vitale card at the practice."
        )
        return deny(Reason("billed_at_the_practice", SOURCE, message, "CB-252", TERMS))
    if question.service in (EXPRESS, VIDEO):
        message = _(
            "Health insurance does not reimburse advice by message or by video. "
            "If you need an act that is reimbursed, ask a physician in France for a teleconsultation."
        )
        return deny(Reason("advice_not_reimbursed", SOURCE, message, "CB-252", TERMS))
    return NOT_APPLICABLE


def _parties(question: Question, parameters: Parameters, findings: Findings) -> None:
    """A patient insured in France, a physician who practises there."""
    patient, professional, day = question.patient, question.professional, question.at
    law = parameters.at("teleconsultation_common_law", day)
    if patient.category is None:
        findings.missing.add("patient.category")
    elif patient.category not in FRENCH:
        message = _(
            "Health insurance of France reimburses teleconsultations only to those who are insured there. "
            "Please ask your own insurance what it pays for."
        )
        findings.refusals.append(by_law("patient_not_insured_in_france", message, "CB-252", parameters, day, law))
    if professional.country is None:
        findings.missing.add("professional.country")
    elif professional.country != COUNTRY:
        message = _(
            "Only a teleconsultation with a physician in France can be reimbursed, and this professional practises "
            "elsewhere. You can choose a physician in France."
        )
        findings.refusals.append(by_law("professional_not_in_france", message, "CB-252", parameters, day, law))
    if professional.kind is None:
        findings.missing.add("professional.kind")
    elif professional.kind != PHYSICIAN:
        message = _(
            "Only a teleconsultation with a physician can be reimbursed, and this professional is not a physician. "
            "You can choose a physician in France."
        )
        findings.refusals.append(by_law("not_a_physician", message, "CB-252", parameters, day, law))


def _health_card(question: Question, findings: Findings) -> None:
    """CB-033: a dependant's act is reimbursed if the dependant is on the patient's card."""
    if not question.facts.get("dependant"):
        return
    attached = question.facts.get("on_patient_health_card")
    if attached is None:
        findings.missing.add("on_patient_health_card")
    elif attached:
        message = _("The dependant is on your health card, so health insurance can reimburse.")
        findings.grounds.append(Reason("dependant_on_health_card", SOURCE, message, "CB-033"))
    else:
        message = _(
            "A dependant's teleconsultation is reimbursed only if the dependant is on your health card. "
            "Your health insurance can add them; until then you pay the whole price."
        )
        findings.refusals.append(Reason("dependant_not_on_health_card", SOURCE, message, "CB-033", TERMS))


def _prior_knowledge(question: Question, parameters: Parameters, findings: Findings) -> None:
    """CB-025: seen in person within twelve months; since avenant 9, visits and teleconsultations that alternate."""
    day = question.at
    how = parameters.at("prior_knowledge", day)
    if how.value == ALTERNATION:
        _alternation(question, parameters, findings)
        return
    months = parameters.at("prior_visit_months", day)
    last = question.facts.get("last_in_person_with_professional")
    if last is None:
        findings.missing.add("last_in_person_with_professional")
    elif last <= day <= months_later(last, months.value):
        message = _(
            "This physician saw you in person on {last}, within the {months} months before.",
            last=last,
            months=months.value,
        )
        findings.grounds.append(by_law("seen_in_person", message, "CB-025", parameters, day, months))
    else:
        message = _(
            "This physician has not seen you in person within the {months} months before the teleconsultation, so health "
            "insurance does not reimburse it. You can book a visit at the practice first.",
            months=months.value,
        )
        findings.refusals.append(by_law("not_seen_in_person", message, "CB-025", parameters, day, months))


def _alternation(question: Question, parameters: Parameters, findings: Findings) -> None:
    facts, day = question.facts, question.at
    how = parameters.at("prior_knowledge", day)
    if facts.get("territorial_organisation_exception") or facts.get("regulated_referral"):
        message = _("The physician need not know you yet: the care is organised in your area for such a case.")
        findings.grounds.append(by_law("prior_knowledge_waived", message, "CB-029", parameters, day, how))
    elif facts.get("alternation_respected"):
        message = _("Visits and teleconsultations with this physician alternate, as your follow-up asks.")
        findings.grounds.append(by_law("alternation_respected", message, "CB-025", parameters, day, how))
    elif facts.get("in_low_density_area"):
        area = parameters.at("under_served_area", day)
        message = _(
            "You live in an area with too few physicians ({area}), so the physician need not know you yet.",
            area=area.value,
        )
        findings.grounds.append(by_law("under_served_area", message, "CB-025", parameters, day, area))
    else:
        unknown = _unknown(facts, "alternation_respected", "in_low_density_area", "regulated_referral")
        findings.missing |= unknown
        if not unknown:
            message = _(
                "Health insurance reimburses a teleconsultation if visits and teleconsultations with the physician "
                "alternate, and here they do not. You can book a visit at the practice first."
            )
            findings.refusals.append(by_law("no_alternation", message, "CB-025", parameters, day, how))


def _pathway(question: Question, parameters: Parameters, findings: Findings) -> None:
    """CB-026, CB-036: the care pathway; CB-027: not under sixteen; CB-029: not where the territory is organised."""
    facts, day = question.facts, question.at
    law = parameters.at("care_pathway", day)
    regulated = parameters.at("prior_knowledge", day).value == ALTERNATION
    years = parameters.at("care_pathway_age_years", day)
    if facts.get("dependant") or younger(question, years.value):
        message = _("Under {age} the care pathway is not asked for.", age=years.value)
        findings.grounds.append(by_law("under_pathway_age", message, "CB-027", parameters, day, years))
    elif facts.get("territorial_organisation_exception") or (regulated and facts.get("regulated_referral")):
        message = _(
            "The physician belongs to the care organisation of your area and sees you in a case that may leave the care "
            "pathway: an emergency, no treating physician, or none who is free in time."
        )
        findings.grounds.append(by_law("pathway_exception", message, "CB-029", parameters, day, law))
    elif facts.get("is_treating_physician"):
        message = _("The physician is your treating physician.")
        findings.grounds.append(by_law("treating_physician", message, "CB-036", parameters, day, law))
    elif facts.get("referred_by_treating_physician"):
        message = _("Your treating physician referred you to this physician.")
        findings.grounds.append(by_law("referred", message, "CB-036", parameters, day, law))
    elif facts.get("direct_access_specialty") or _direct_access(question, parameters):
        used = parameters.at("direct_access_specialties", day)
        message = _("Physicians of this specialty may be consulted without a referral.")
        findings.grounds.append(by_law("direct_access", message, "CB-036", parameters, day, used))
    else:
        routes = ["is_treating_physician", "referred_by_treating_physician", "direct_access_specialty"]
        unknown = _unknown(facts, *routes, *(["regulated_referral"] if regulated else []))
        findings.missing |= unknown
        if not unknown:
            message = _(
                "The care pathway is not respected: this physician is not your treating physician, nobody referred you, "
                "and the specialty needs a referral. You can ask your treating physician first."
            )
            findings.refusals.append(by_law("pathway_not_respected", message, "CB-036", parameters, day, law))


def _direct_access(question: Question, parameters: Parameters) -> bool:
    """Whether the known specialty is on the list; where it is not on it, the fact decides."""
    specialty, born, day = question.professional.specialty, question.patient.birth_date, question.at
    if specialty is None or question.facts.get("direct_access_specialty") is not None:
        return False
    if specialty in parameters.at("direct_access_specialties", day).value:
        return True
    first, last = parameters.at("direct_access_young_ages", day).value
    young = born is not None and first <= age(born, day) <= last
    return young and specialty in parameters.at("direct_access_specialties_for_the_young", day).value


def _unknown(facts: Mapping[str, Any], *names: str) -> set[str]:
    return {name for name in names if facts.get(name) is None}
