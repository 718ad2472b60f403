"""May a physician in Belgium prescribe here? By contract no; Belgian law wants the national electronic prescription."""

from __future__ import annotations

from collections.abc import Iterator

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_be.rules.common import COUNTRY, SOURCE, TERMS, VIDEO, months_later, not_yet

_ = Domain("jurisdiction_be")
MEDICINE = "medicine"
EXCLUDED_CLASSES = {
    "restricted": _("medicines of restricted prescription"),
    "prior_agreement": _("medicines that need the insurer's agreement first"),
    "exception": _("exception medicines"),
    "narcotic": _("narcotics"),
    "magistral_or_officinal": _("preparations that the pharmacist makes"),
}


def prescription(question: Question, parameters: Parameters) -> Decision:
    """The answer for medicines prescribed by professionals in Belgium, at a visit or by video (CB-150, 179, 182).

    The contract keeps electronic prescriptions to France; a portal may open the Belgian one (setting
    `electronic_prescription`). Facts: `kind`, `medicine_classes`.
    """
    professional, service, facts = question.professional, question.service, question.facts
    if professional.country != COUNTRY or service not in (None, "in_person", VIDEO, "express_consultation"):
        return NOT_APPLICABLE
    if facts.get("kind") not in (None, MEDICINE):
        return NOT_APPLICABLE
    refusals = list(_refusals(question))
    if refusals:
        return deny(*refusals)
    asked = (
        ("professional.kind", professional.kind),
        ("service", service),
        ("kind", facts.get("kind")),
        ("medicine_classes", facts.get("medicine_classes")),
    )
    missing = [name for name, value in asked if value is None]
    if missing:
        return missing_fact(SOURCE, *missing)
    try:
        required = parameters.at("electronic_prescription_required", question.at)
        validity = parameters.at("prescription_validity_months", question.at)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, "CB-179"))
    message = _("In Belgium the physician sends the prescription to the national electronic service.")
    citation = parameters.citation(required.key, question.at)
    reason = Reason("electronic_by_law", SOURCE, message, "CB-179", citation, (required, validity))
    until = months_later(question.at, validity.value)
    told = _("Your prescription is valid until {until}, unless the physician chose another day.", until=until)
    number = _("The electronic prescription needs the patient's national register or BIS number.")
    obligations = (
        Obligation("tell_validity", SOURCE, told, {"until": until.isoformat()}),
        Obligation("require_national_number", SOURCE, number, {"identifiers": ["be_niss"]}),
    )
    return permit(reason, obligations=obligations, values={"delivery": "electronic"})


def _refusals(question: Question) -> Iterator[Reason]:
    if question.professional.kind == "allied":
        message = _(
            "Only physicians prescribe. This professional can advise you; for a prescription, choose a physician."
        )
        yield Reason("physicians_only", SOURCE, message, "CB-179", TERMS)
    if question.service == "express_consultation":
        message = _(
            "Advice by message never ends with a prescription. "
            "You can book a consultation by video or an appointment at the practice."
        )
        yield Reason("no_prescription_from_advice", SOURCE, message, "CB-150", TERMS)
    if not question.settings.get("electronic_prescription", False):
        message = _(
            "This portal carries no prescription of a physician in Belgium. "
            "Please ask your physician there directly: a Belgian prescription reaches the pharmacy by the national service."
        )
        yield Reason("not_by_contract", SOURCE, message, "CB-179", TERMS)
    given = question.facts.get("medicine_classes") or ()
    excluded = question.settings.get("excluded_medicine_classes", tuple(EXCLUDED_CLASSES))
    for name, words in EXCLUDED_CLASSES.items():
        if name in given and name in excluded:
            message = _(
                "No prescription through this portal for {medicines}. "
                "Please see the physician at the practice, who can examine you and prescribe there.",
                medicines=words,
            )
            yield Reason("excluded_medicine_class", "tenant", message, "CB-182")
