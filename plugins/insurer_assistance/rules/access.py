"""May this person have a teleconsultation of the assistance with this professional, and what goes before it?"""

from __future__ import annotations

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
)
from plugins.insurer_assistance.rules.common import (
    COUNTRY,
    GENERAL_PRACTICE,
    NURSE,
    PHYSICIAN,
    SOURCE,
    Findings,
    obligation,
    years,
)
from plugins.insurer_assistance.rules.contract import SERVICE, section

_ = Domain("insurer_assistance")
ORDER = ("service", "patient.birth_date", "professional.country", "professional.kind", "professional.specialty")
PARENT, GUARDIANS = "holder_of_parental_authority", ("tutor", "curator")
MODES = ("telephone", "video")


def service_access(question: Question, parameters: Parameters) -> Decision:
    """The answer for the assistance's own service; other services are not its business.

    Facts: the birth date; `dependant` (default false); and where they are known `present_country` (where the person is
    now), `emergency`, `protected_adult`. What is declared in the flow is an obligation.
    Rules IA-003, IA-012, IA-013, IA-024, IA-037, IA-039, IA-044 to IA-048, IA-078.
    """
    if question.service not in (None, SERVICE):
        return NOT_APPLICABLE
    try:
        parameters.at("age_of_majority", question.at)
    except NoRuleInForce as error:
        message = _(
            "This service cannot be judged before {first}. Please check the date.",
            first=parameters.items[error.key].values[0].since,
        )
        return deny(Reason("no_rule_in_force", SOURCE, message, "IA-044"))
    findings = Findings(ORDER)
    findings.ask(service=question.service, patient__birth_date=question.patient.birth_date)
    _professional(question, findings)
    _age(question, parameters, findings)
    _place(question, findings)
    if question.facts.get("emergency"):
        message = _(
            "This is no emergency service. Call the emergency number now: 15 or 112 in France. "
            "Do not wait for a call from here."
        )
        findings.refuse("emergency", "IA-047", message)
    return findings.decision(obligations=_obligations(question, parameters) if findings.open else ())


def _professional(question: Question, findings: Findings) -> None:
    """IA-012, IA-013, IA-078: general practitioners who practise in France."""
    professional = question.professional
    findings.ask(
        professional__country=professional.country,
        professional__kind=professional.kind,
        professional__specialty=professional.specialty,
    )
    if professional.country not in (None, COUNTRY):
        message = _(
            "Only doctors who practise in France work for this service. Another doctor will be proposed to you."
        )
        findings.refuse("professional_not_in_france", "IA-012", message)
    if professional.kind not in (None, PHYSICIAN):
        message = _(
            "Only a doctor gives a teleconsultation; this professional is none. A doctor will be proposed to you."
        )
        findings.refuse("not_a_physician", "IA-012", message)
        if professional.specialty not in (None, NURSE):
            message = _(
                "Only general practitioners and nurses care for you here; this professional belongs to neither. "
                "A general practitioner will be proposed to you."
            )
            findings.refuse("not_of_the_care_team", "IA-013", message)
    if professional.specialty not in (None, GENERAL_PRACTICE):
        message = _(
            "This service gives you a general practitioner only; no other specialty can be chosen. "
            "Please ask your treating doctor, who can refer you."
        )
        findings.refuse("general_practice_only", "IA-078", message)
    if (professional.country, professional.kind, professional.specialty) == (COUNTRY, PHYSICIAN, GENERAL_PRACTICE):
        message = _("General practitioners in France give the teleconsultations of this service.")
        findings.ground("general_practitioner_in_france", "IA-012", message)


def _age(question: Question, parameters: Parameters, findings: Findings) -> None:
    """IA-044, IA-046: presumed adult by the declared birth date; a minor never asks alone."""
    if question.patient.birth_date is None:
        return
    used = parameters.at("age_of_majority", question.at)
    citation = parameters.citation(used.key, question.at)
    minor = years(question.patient.birth_date, question.at) < used.value
    if not minor:
        message = _("By the birth date given, this person is an adult of {age} years or more.", age=used.value)
        findings.grounds.append(Reason("adult", SOURCE, message, "IA-044", citation, (used,)))
    elif question.facts.get("dependant", False):
        message = _("A parent asks for the child and is there during the call. It counts for the child.")
        findings.grounds.append(Reason("minor_with_parent", SOURCE, message, "IA-046", citation, (used,)))
    else:
        message = _(
            "Under {age} years nobody asks alone. A parent opens an account, adds the child and asks for the child.",
            age=used.value,
        )
        findings.refusals.append(Reason("minor_alone", SOURCE, message, "IA-044", citation, (used,)))
        message = _("A minor uses this service only with a parent or another holder of parental authority.")
        findings.refuse("parent_needed", "IA-046", message)


def _place(question: Question, findings: Findings) -> None:
    """IA-037: from abroad as far as local rules allow, by the portal's list."""
    country, countries = question.facts.get("present_country"), section(question.settings, "countries")
    if country is None or country == countries["home"]:
        return
    if country in countries["allowed"]:
        message = _("This service may be used from {country}.", country=country)
        findings.ground("country_allowed", "IA-037", message)
        return
    message = _(
        "This service may not be used from {country}. Please see a doctor where you are; in an emergency, call the local "
        "emergency number. It may be used from: {allowed}.",
        country=country,
        allowed=", ".join(countries["allowed"]),
    )
    findings.refuse("country_not_allowed", "IA-037", message)


def _obligations(question: Question, parameters: Parameters) -> list[Obligation]:
    """What is shown, declared and recorded before a request; never a missing fact."""
    countries, country = section(question.settings, "countries"), question.facts.get("present_country")
    found = [
        obligation(
            "show_emergency_warning",
            "IA-003",
            _("Before you ask: in an emergency, call the emergency number. This service does not replace it."),
            country=country or countries["home"],
        ),
        obligation(
            "show_service_notice",
            "IA-005",
            _(
                "This service is no medical device. It completes your treating doctor and your care, and replaces neither."
            ),
        ),
        obligation(
            "declare_not_an_emergency",
            "IA-047",
            _("You confirm that this is not a medical emergency."),
        ),
        obligation(
            "declare_treating_doctor_unavailable",
            "IA-047",
            _("You confirm that your treating doctor is absent or cannot see you now."),
        ),
        obligation(
            "give_mobile_number",
            "IA-048",
            _("A mobile number that receives text messages is needed: codes for your documents go there."),
        ),
        obligation(
            "choose_contact_mode",
            "IA-024",
            _("You choose whether the doctor reaches you by telephone or by video."),
            modes=list(MODES),
        ),
    ]
    if country is None:
        message = _("You say in which country you are now.")
        found.append(obligation("declare_present_country", "IA-037", message, allowed=list(countries["allowed"])))
    elif country != countries["home"]:
        message = _("You confirm that the rules of the country where you are let you use this service.")
        found.append(obligation("declare_local_right", "IA-039", message, country=country))
    return found + _companions(question, parameters)


def _companions(question: Question, parameters: Parameters) -> list[Obligation]:
    """IA-045, IA-046: who must be there, and is recorded with the request."""
    born, facts = question.patient.birth_date, question.facts
    assert born is not None  # asked for above
    if years(born, question.at) < parameters.at("age_of_majority", question.at).value:
        message = _("A parent or another holder of parental authority is there during the call, and is recorded.")
        return [obligation("accompanied_by_parent", "IA-046", message, companion=[PARENT])]
    if facts.get("dependant", False) or facts.get("protected_adult", False):
        message = _("The guardian or curator is there during the call, and is recorded.")
        return [obligation("accompanied_by_guardian", "IA-045", message, companion=list(GUARDIANS))]
    return []
