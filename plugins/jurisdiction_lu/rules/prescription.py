"""May a physician in Luxembourg prescribe here? On paper, handed over at the practice; never electronically."""

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
from plugins.jurisdiction_lu.rules.common import COUNTRY, EXPRESS, IN_PERSON, SOURCE, TELECONSULTATION, TERMS, VIDEO

_ = Domain("jurisdiction_lu")
MEDICINE = "medicine"
KINDS = (MEDICINE, "sick_leave", "certificate")
# CB-193: all but the plain French patient.
MAY_COLLECT = ("fr_cross_border", "lu_resident", "be_resident", "other")
EXCLUDED_CLASSES = {
    "restricted": _("medicines of restricted prescription"),
    "prior_agreement": _("medicines that need the insurer's agreement first"),
    "exception": _("exception medicines"),
    "narcotic": _("narcotics"),
    "magistral_or_officinal": _("preparations that the pharmacist makes"),
}
EVIDENCE = ("social_security_card", "proof_of_identity")


def prescription(question: Question, parameters: Parameters) -> Decision:
    """The answer for professionals in Luxembourg (CB-150, 181, 182, 193, 194).

    Facts: `kind`; `medicine_classes` for medicines. The contract holds at every date; the notice on prescriptions
    across borders begins with its directive.
    """
    patient, professional, service = question.patient, question.professional, question.service
    if professional.country not in (None, COUNTRY) or service not in (
        None, IN_PERSON, VIDEO, EXPRESS, TELECONSULTATION,
    ):  # fmt: skip
        return NOT_APPLICABLE
    if professional.country is None:
        return missing_fact(SOURCE, "professional.country")
    refusals = list(_refusals(question))
    if refusals:
        return deny(*refusals)
    kind = question.facts.get("kind")
    asked = (
        ("patient.category", patient.category),
        ("professional.kind", professional.kind),
        ("service", service),
        ("kind", kind),
    )
    missing = [name for name, value in asked if value is None]
    if kind == MEDICINE and question.facts.get("medicine_classes") is None:
        missing.append("medicine_classes")
    if missing:
        return missing_fact(SOURCE, *missing)
    if kind not in KINDS or patient.category not in MAY_COLLECT:
        return NOT_APPLICABLE
    reasons, obligations = [_on_paper(), _handed_over()], _handover(question)
    if kind == MEDICINE:
        _across_borders(question, parameters, reasons, obligations)
    return permit(*reasons, obligations=obligations, values={"delivery": "at_practice"})


def _refusals(question: Question) -> Iterator[Reason]:
    if question.patient.category == "fr_resident":
        message = _(
            "Patients who are insured in France only cannot receive a prescription from a physician in Luxembourg here. "
            "You can ask a physician in France. If you work in Luxembourg, add your CNS card to your profile."
        )
        yield Reason("not_for_category", SOURCE, message, "CB-193", TERMS)
    if question.professional.kind == "allied":
        message = _(
            "Only physicians prescribe. This professional can advise you; for a prescription, choose a physician."
        )
        yield Reason("physicians_only", SOURCE, message, "CB-181", TERMS)
    if question.service == EXPRESS:
        message = _(
            "Advice by message never ends with a prescription. "
            "You can book a consultation by video or an appointment at the practice."
        )
        yield Reason("no_prescription_from_advice", SOURCE, message, "CB-150", TERMS)
    if question.service == TELECONSULTATION:
        message = _(
            "Physicians in Luxembourg give no teleconsultation in the French sense, so it cannot end with a prescription. "
            "You can book a consultation by video or an appointment at the practice."
        )
        yield Reason("no_teleconsultation_in_luxembourg", SOURCE, message, "CB-114", TERMS)
    if question.facts.get("kind") == MEDICINE:
        excluded = question.settings.get("excluded_medicine_classes", tuple(EXCLUDED_CLASSES))
        given = question.facts.get("medicine_classes") or ()
        for name, words in EXCLUDED_CLASSES.items():
            if name in given and name in excluded:
                message = _(
                    "No prescription through this portal for {medicines}. "
                    "Please see the physician at the practice, who can examine you and prescribe there.",
                    medicines=words,
                )
                yield Reason("excluded_medicine_class", "tenant", message, "CB-182")


def _on_paper() -> Reason:
    message = _(
        "A physician in Luxembourg writes the prescription on paper: there is no electronic prescription on this portal."
    )
    return Reason("on_paper_only", SOURCE, message, "CB-181")


def _handed_over() -> Reason:
    message = _(
        "The prescription is handed to you in person at the practice in Luxembourg, once your identity has been checked. "
        "There is no other way to receive it."
    )
    return Reason("handed_over_in_person", SOURCE, message, "CB-193")


def _handover(question: Question) -> list[Obligation]:
    found = []
    if question.service != IN_PERSON:
        message = _(
            "Your prescription waits for you at the practice. "
            "Please collect it yourself, with your social-security card or a proof of identity."
        )
        found.append(
            Obligation(
                "tell_collect_at_practice", SOURCE, message, {"country": COUNTRY, "bring_one_of": list(EVIDENCE)}
            )
        )
    message = _("Check the patient's identity before handing over the prescription: card or proof of identity.")
    found.append(Obligation("check_identity", SOURCE, message, {"evidence_one_of": list(EVIDENCE)}))
    return found


def _across_borders(
    question: Question, parameters: Parameters, reasons: list[Reason], obligations: list[Obligation]
) -> None:
    """CB-194: what the patient of a physician in Luxembourg is told of prescriptions in other countries."""
    try:
        used = parameters.at("cross_border_prescription", question.at)
    except NoRuleInForce:
        return
    message = _(
        "A pharmacy in another country of the European Union may accept the original of your prescription if it carries the "
        "details that the law asks for."
    )
    citation = parameters.citation(used.key, question.at)
    reasons.append(Reason("valid_across_the_union", SOURCE, message, "CB-194", citation, (used,)))
    notice = _(
        "The original of your prescription is valid in the whole European Union if it carries the details that the law asks "
        "for. The medicine may be missing abroad or have another name. You can ask the physician for a cross-border "
        "prescription."
    )
    details = {
        "statements": [
            "valid_across_the_union",
            "may_be_missing_or_named_otherwise",
            "ask_for_cross_border_prescription",
        ],
        "url": "https://europa.eu/youreurope/citizens/health/prescription-medicine-abroad/",
    }
    obligations.append(Obligation("eu_cross_border_notice", SOURCE, notice, details))
