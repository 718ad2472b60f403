"""Does the national health insurance (CNS) pay for an act of the platform? By contract no; by law only in its time."""

from __future__ import annotations

from decimal import Decimal

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Parameters,
    Question,
    Reason,
    UsedParameter,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_lu.rules.common import CATEGORY, COUNTRY, SOURCE, TERMS, VIDEO, half_up, not_yet

_ = Domain("jurisdiction_lu")
INSURED_BY_CNS = (CATEGORY, "fr_cross_border")
OPENABLE = (VIDEO,)
RULE = "CB-017"


def reimbursement(question: Question, parameters: Parameters) -> Decision:
    """For patients insured in Luxembourg, and for cross-border workers with professionals in Luxembourg (CB-017, 253).

    The contract offers no reimbursement unless the portal says so (setting `reimbursable_services`); then the law of the
    day decides. Facts: `agreed_tariff_cents`.
    """
    category, country = question.patient.category, question.professional.country
    if category is None and country == COUNTRY:
        return missing_fact(SOURCE, "patient.category")
    if category not in INSURED_BY_CNS or (category != CATEGORY and country != COUNTRY):
        return NOT_APPLICABLE
    opened = question.service in question.settings.get("reimbursable_services", ())
    if opened and country is None:
        return missing_fact(SOURCE, "professional.country")
    if opened and country == COUNTRY:
        return _by_law(question, parameters)
    refusals = _by_contract(question, parameters)
    if question.service == VIDEO and country == COUNTRY:
        refusals += _refused_by_law(question, parameters)
    return deny(*refusals)


def _by_contract(question: Question, parameters: Parameters) -> list[Reason]:
    """CB-017: the insurer by its name, which pays nothing here; CB-253: what that means for its patients."""
    insurer = _(
        "The national health insurance of Luxembourg (CNS) does not reimburse the services of this portal. "
        "Please ask the CNS what it pays for elsewhere."
    )
    found = [Reason("not_reimbursed_by_insurer", SOURCE, insurer, RULE, TERMS, _insurer(question, parameters))]
    if question.patient.category == CATEGORY:
        message = _(
            "No service of this portal is reimbursed to patients insured in Luxembourg: you pay the whole price. "
            "For a reimbursed consultation, make an appointment at a practice outside this portal."
        )
        found.append(Reason("not_reimbursed_by_contract", SOURCE, message, "CB-253", TERMS))
    return found


def _insurer(question: Question, parameters: Parameters) -> tuple[UsedParameter, ...]:
    """The insurer's name, for display; none before it existed."""
    try:
        return (parameters.at("national_insurer", question.at),)
    except NoRuleInForce:
        return ()


def _refused_by_law(question: Question, parameters: Parameters) -> list[Reason]:
    """What the law of the day says against it: nothing while the act of the pandemic was paid to physicians."""
    if question.professional.kind == "allied":
        message = _(
            "In Luxembourg only consultations at a distance by a physician were ever reimbursed. "
            "Please ask this professional for the price before you begin."
        )
        return [Reason("physicians_only", SOURCE, message, RULE, TERMS)]
    try:
        rate = parameters.at("pandemic_teleconsultation_rate_percent", question.at)
    except NoRuleInForce as error:
        return [not_yet(parameters, error, RULE)]
    if rate.value:
        return []
    message = _(
        "Since {since} Luxembourg reimburses no consultation at a distance: the special act of the pandemic has ended, "
        "and no other has taken its place. You can ask for an appointment at the practice.",
        since=rate.since,
    )
    citation = parameters.citation(rate.key, question.at)
    return [Reason("teleconsultation_not_reimbursed", SOURCE, message, RULE, citation, (rate,))]


def _by_law(question: Question, parameters: Parameters) -> Decision:
    if question.professional.kind is None:
        return missing_fact(SOURCE, "professional.kind")
    refusals = _refused_by_law(question, parameters)
    if refusals:
        return deny(*refusals)
    tariff = question.facts.get("agreed_tariff_cents")
    if tariff is None:
        return missing_fact(SOURCE, "agreed_tariff_cents")
    rate = parameters.at("pandemic_teleconsultation_rate_percent", question.at)
    message = _(
        "On that date the national health insurance (CNS) paid {rate} % of the agreed price of a consultation at a distance "
        "by a physician. You pay first and send the bill to the CNS.",
        rate=rate.value,
    )
    citation = parameters.citation(rate.key, question.at)
    reason = Reason(
        "pandemic_teleconsultation", SOURCE, message, RULE, citation, (rate, *_insurer(question, parameters))
    )
    values = {
        "rate_percent": rate.value,
        "amount_cents": half_up(Decimal(tariff) * Decimal(str(rate.value)) / 100),
        "flat_participation_cents": 0,
        "third_party_payment": False,
    }
    return permit(reason, values=values)
