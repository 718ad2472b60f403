"""On which law does the record of an act prove it? Orders and use as a distance contract, reports by signature."""

from __future__ import annotations

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_lu.rules.common import CATEGORY, COUNTRY, SOURCE, TERMS, not_yet

_ = Domain("jurisdiction_lu")
PATIENT, PROFESSIONAL = "patient", "professional"
ORDER, USE, REPORT, PRESCRIPTION = "order", "use", "report", "prescription"
CONTRACT, SIGNATURE = "distance_contract_articles", "electronic_writing_articles"


def proof(question: Question, parameters: Parameters) -> Decision:
    """The answer against patients insured in Luxembourg and professionals there (CB-242, 244, 296; 181 for paper).

    Facts, in this order: `party`, `act`.
    """
    party, act = question.facts.get("party"), question.facts.get("act")
    is_patient, is_professional = question.patient.category == CATEGORY, question.professional.country == COUNTRY
    if party is None:
        missing = ["party"] + ["act"] * (act is None)
        return missing_fact(SOURCE, *missing) if is_patient or is_professional else NOT_APPLICABLE
    if party == PATIENT and question.patient.category is None:
        return missing_fact(SOURCE, "patient.category")
    if party == PROFESSIONAL and question.professional.country is None:
        return missing_fact(SOURCE, "professional.country")
    if not ((party == PATIENT and is_patient) or (party == PROFESSIONAL and is_professional)):
        return NOT_APPLICABLE
    if act is None:
        return missing_fact(SOURCE, "act")
    if act == ORDER:
        message = _("The recorded confirmation of the order proves the whole of it and makes the sums due.")
        rule = "CB-244" if party == PATIENT else "CB-242"
        return _proved(question, parameters, rule, message, (CONTRACT, SIGNATURE), "distance_contract")
    if act == USE:
        message = _(
            "Using the functions after signing in, accepting the terms included, counts as a distance contract."
        )
        return _proved(question, parameters, "CB-296", message, (CONTRACT, SIGNATURE), "distance_contract")
    if act == REPORT and party == PROFESSIONAL:
        message = _("A report saved after signing in counts as a writing signed by the professional.")
        return _proved(question, parameters, "CB-295", message, (SIGNATURE,), "electronic_signature")
    if act == PRESCRIPTION and party == PROFESSIONAL:
        return deny(_on_paper())
    return NOT_APPLICABLE


def _proved(
    question: Question, parameters: Parameters, rule: str, message: Message, keys: tuple[str, ...], proof_type: str
) -> Decision:
    try:
        used = [parameters.at(key, question.at) for key in keys]
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, rule))
    citations = [parameters.citation(key, question.at) for key in keys]
    reasons = [
        Reason(parameter.key.removesuffix("_articles"), SOURCE, message, rule, citation, (parameter,))
        for parameter, citation in zip(used, citations, strict=True)
    ]
    return permit(*reasons, values={"articles": citations, "proof_type": proof_type})


def _on_paper() -> Reason:
    message = _(
        "A prescription from Luxembourg exists on paper only: the signed original proves it, and no record of this portal. "
        "Please ask the practice for the original."
    )
    return Reason("proved_by_paper", SOURCE, message, "CB-181", TERMS)
