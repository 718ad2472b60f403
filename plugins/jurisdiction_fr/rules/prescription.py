"""May a teleconsultation end with this prescription, and what must be observed with it?"""

from __future__ import annotations

import datetime as dt

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    Reason,
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
    by_law,
    in_force,
    months_later,
    not_yet,
)

_ = Domain("jurisdiction_fr")
MEDICINE, SICK_LEAVE, CERTIFICATE = "medicine", "sick_leave", "certificate"
KINDS = (MEDICINE, SICK_LEAVE, CERTIFICATE)
NARCOTIC = "narcotic"
# CB-182: the contract closes all of them; a portal may open some (setting `excluded_medicine_classes`).
CLASSES: dict[str, Message] = {
    "restricted": _("medicines of restricted prescription"),
    "prior_agreement": _("medicines that need the insurer's agreement first"),
    "exception": _("exception medicines"),
    NARCOTIC: _("narcotics"),
    "magistral_or_officinal": _("preparations that the pharmacist makes"),
}
ORDER = (
    "service", "patient.category", "professional.country", "professional.kind",
    "kind", "medicine_classes", "duration_days", "is_treating_physician",
)  # fmt: skip


def prescription(question: Question, parameters: Parameters) -> Decision:
    """The answer for professionals in France, and for teleconsultation wherever the professional is.

    Facts: `kind`; `medicine_classes` for a medicine; `duration_days` for a sick leave while the law limits it, and for a
    narcotic that the portal allows; `is_treating_physician` for a sick leave above the limit.
    Rules CB-179, CB-182, CB-188 to CB-190.
    """
    service, country = question.service, question.professional.country
    if service not in (None, IN_PERSON, EXPRESS, VIDEO, TELECONSULTATION):
        return NOT_APPLICABLE
    if country not in (None, COUNTRY) and service != TELECONSULTATION:
        return NOT_APPLICABLE
    findings = Findings(ORDER)
    kind = question.facts.get("kind")
    try:
        _who_and_when(question, parameters, findings)
        if kind is None:
            findings.missing.add("kind")
        elif kind == MEDICINE:
            _medicines(question, parameters, findings)
        elif kind == SICK_LEAVE:
            _sick_leave(question, parameters, findings)
        elif kind not in KINDS:
            return NOT_APPLICABLE
    except NoRuleInForce as error:
        return not_yet(parameters, error, "CB-179")
    denied = findings.denied()
    if denied:
        return denied
    return findings.decision(obligations=_obligations(question, parameters), values={"delivery": "electronic"})


def _who_and_when(question: Question, parameters: Parameters, findings: Findings) -> None:
    """CB-179: patients insured in France, after a teleconsultation, from a physician in France."""
    patient, professional, day = question.patient, question.professional, question.at
    law = parameters.at("electronic_prescription", day)
    parameters.at("teleconsultation_common_law", day)
    asked = (
        ("service", question.service),
        ("patient.category", patient.category),
        ("professional.country", professional.country),
        ("professional.kind", professional.kind),
    )
    findings.missing |= {name for name, value in asked if value is None}
    refused: list[tuple[str, Message]] = []
    if question.service == IN_PERSON:
        message = _("At a visit the physician hands you the prescription there; this portal does not send it.")
        refused.append(("handed_over_at_the_visit", message))
    elif question.service in (EXPRESS, VIDEO):
        message = _(
            "Advice by message or by video never ends with a prescription. "
            "If you may need one, ask a physician in France for a teleconsultation or book a visit."
        )
        refused.append(("no_prescription_from_advice", message))
    if patient.category is not None and patient.category not in FRENCH:
        message = _(
            "An electronic prescription is only for patients insured in France. "
            "You can book a visit at the practice, where the physician can prescribe on paper."
        )
        refused.append(("patient_not_insured_in_france", message))
    if professional.country not in (None, COUNTRY):
        message = _(
            "Only physicians in France prescribe electronically here. "
            "Please choose a physician in France, or ask this one for a paper prescription at the practice."
        )
        refused.append(("professional_not_in_france", message))
    if professional.kind not in (None, PHYSICIAN):
        message = _(
            "Only physicians prescribe here, and this professional is not a physician. "
            "You can ask a physician in France for a teleconsultation."
        )
        refused.append(("not_a_physician", message))
    findings.refusals += [by_law(code, words, "CB-179", parameters, day, law) for code, words in refused]
    if not refused:
        message = _("After a teleconsultation a physician in France may prescribe electronically, if care asks for it.")
        findings.grounds.append(by_law("electronic_prescription", message, "CB-179", parameters, day, law))


def _medicines(question: Question, parameters: Parameters, findings: Findings) -> None:
    """CB-182: classes that the contract excludes; what the law asks for narcotics where the portal allows them."""
    given = question.facts.get("medicine_classes")
    if given is None:
        findings.missing.add("medicine_classes")
        return
    excluded = question.settings.get("excluded_medicine_classes", tuple(CLASSES))
    for name, words in CLASSES.items():
        if name in given and name in excluded:
            message = _(
                "This portal allows no prescription of {medicines}. "
                "Please see a physician at the practice, who can examine you and prescribe there.",
                medicines=words,
            )
            findings.refusals.append(Reason("excluded_medicine_class", "tenant", message, "CB-182"))
    for name in given:
        if name not in CLASSES:
            message = _("“{name}” is no class of medicines that this portal knows. Please correct it.", name=name)
            findings.refusals.append(Reason("unknown_medicine_class", SOURCE, message, "CB-182", TERMS))
    if NARCOTIC in given and NARCOTIC not in excluded:
        _narcotic(question, parameters, findings)


def _narcotic(question: Question, parameters: Parameters, findings: Findings) -> None:
    limit, duration = parameters.at("narcotic_max_days", question.at), question.facts.get("duration_days")
    if duration is None:
        findings.missing.add("duration_days")
    elif duration > limit.value:
        message = _(
            "Narcotics are prescribed for {days} days at most. Please shorten the prescription; it can be renewed.",
            days=limit.value,
        )
        findings.refusals.append(by_law("narcotic_too_long", message, "CB-182", parameters, question.at, limit))


def _sick_leave(question: Question, parameters: Parameters, findings: Findings) -> None:
    """Since 2024 three days, renewals included, but for the treating physician; free before."""
    facts, day = question.facts, question.at
    limit = in_force(parameters, "sick_leave_max_days", day)
    if limit is None:
        return
    duration = facts.get("duration_days")
    if duration is None:
        findings.missing.add("duration_days")
    elif duration <= limit.value:
        message = _("A teleconsultation can give up to {days} days of sick leave.", days=limit.value)
        findings.grounds.append(by_law("sick_leave_within_limit", message, "CB-179", parameters, day, limit))
    elif facts.get("is_treating_physician") is None:
        findings.missing.add("is_treating_physician")
    elif facts["is_treating_physician"]:
        message = _("Your treating physician may give a sick leave of more than {days} days.", days=limit.value)
        findings.grounds.append(by_law("treating_physician", message, "CB-179", parameters, day, limit))
    else:
        message = _(
            "A teleconsultation gives {days} days of sick leave at most, renewals included, unless the physician is your "
            "treating physician. For a longer one, please ask your treating physician or go to a practice.",
            days=limit.value,
        )
        findings.refusals.append(by_law("sick_leave_too_long", message, "CB-179", parameters, day, limit))


def _obligations(question: Question, parameters: Parameters) -> list[Obligation]:
    kind = question.facts["kind"]
    if kind == MEDICINE:
        return _with_medicines(question, parameters)
    return _with_sick_leave(question, parameters) if kind == SICK_LEAVE else []


def _with_medicines(question: Question, parameters: Parameters) -> list[Obligation]:
    """CB-188 to CB-190, and what other countries of the Union ask for."""
    day = question.at
    mentions = parameters.at("prescription_mentions", day)
    message = _("Check that the prescription says all that the law asks for: a pharmacy refuses it otherwise.")
    found = [Obligation("mandatory_mentions", SOURCE, message, {"mentions": list(mentions.value)})]
    message = _(
        "Only pharmacies in France accept this electronic prescription. It is not recognised abroad, notably not in Luxembourg."
    )
    found.append(Obligation("tell_french_pharmacies_only", SOURCE, message, {"countries": [COUNTRY]}))
    message = _("Choose a pharmacy with a computer and internet access: it needs them to read the prescription.")
    found.append(Obligation("tell_equipped_pharmacy", SOURCE, message))
    months = parameters.at("first_dispensing_months", day)
    until = months_later(day, months.value)
    message = _(
        "A pharmacy may dispense listed medicines for the first time until {until}; later a new prescription is needed.",
        until=until,
    )
    term = {"until": until.isoformat(), "reference": parameters.citation(months.key, day)}
    found.append(Obligation("first_dispensing_until", SOURCE, message, term))
    message = _("For a pharmacy in another country of the Union, the patient can ask for a cross-border prescription.")
    across = parameters.at("cross_border_mentions", day)
    details = {"mentions": list(across.value), "reference": parameters.citation(across.key, day)}
    found.append(Obligation("cross_border_mentions", SOURCE, message, details))
    if in_force(parameters, "digital_prescription", day):
        message = _(
            "Issue the prescription with your own software through the national service for digital prescriptions, "
            "unless that is technically impossible."
        )
        found.append(Obligation("use_digital_prescription", SOURCE, message))
    if NARCOTIC in question.facts["medicine_classes"]:
        message = _("Narcotics are prescribed on a secured form, with the amounts in full letters.")
        found.append(Obligation("secured_form", SOURCE, message))
    return found


def _with_sick_leave(question: Question, parameters: Parameters) -> list[Obligation]:
    day, renewal = question.at, question.facts.get("renewal", False)
    found = []
    if renewal and in_force(parameters, "sick_leave_max_days", day):
        message = _("Count the days of the earlier sick leave too: the limit holds for all of them together.")
        found.append(Obligation("count_earlier_days", SOURCE, message))
    if in_force(parameters, "sick_leave_medical_grounds", day):
        message = _("State the medical grounds of the sick leave and its length.")
        found.append(Obligation("state_medical_grounds", SOURCE, message))
    if _long(question, parameters, day, renewal):
        message = _("Give the reasons for so long a sick leave: it is above the ordinary ceiling.")
        found.append(Obligation("justify_long_sick_leave", SOURCE, message))
    return found


def _long(question: Question, parameters: Parameters, day: dt.date, renewal: bool) -> bool:
    key = "sick_leave_renewal_ceiling_days" if renewal else "sick_leave_first_ceiling_days"
    ceiling = in_force(parameters, key, day)
    return ceiling is not None and question.facts["duration_days"] > ceiling.value
