"""May a teleconsultation of the assistance end with this prescription?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.plugin_api import NOT_APPLICABLE, Decision, Domain, Message, Question
from plugins.insurer_assistance.rules.common import COUNTRY, PHYSICIAN, Findings, obligation, unknown
from plugins.insurer_assistance.rules.contract import CLASSES, KINDS, PREPARATION, PREPARATIONS, SERVICE, section

_ = Domain("insurer_assistance")
ORDER = (
    "service", "professional.country", "professional.kind", "kind", "medicine_classes", "duration_days",
    "patient_residence_eu",
)  # fmt: skip
MEDICINE = "medicine"
WORDS: Mapping[str, Message] = {
    "restricted": _("medicines of restricted prescription"),
    "prior_agreement": _("medicines that need an agreement of health insurance first"),
    "exception": _("exception medicines"),
    "narcotic": _("narcotics"),
}


def prescription(question: Question) -> Decision:
    """The answer for the assistance's own service.

    Facts: `kind`, `patient_residence_eu`; of a medicine `medicine_classes`, `duration_days`, `renewal` (default false) and
    `one_off` (where it is known: false refuses a renewal, otherwise marking it is an obligation). Value: `delivery`.
    Rules IA-014, IA-038, IA-074, IA-080, IA-082 to IA-085, IA-115.
    """
    if question.service not in (None, SERVICE):
        return NOT_APPLICABLE
    findings, kind = Findings(ORDER), question.facts.get("kind")
    findings.ask(service=question.service, kind=kind)
    _prescriber(question, findings)
    exclusions = section(question.settings, "exclusions")
    if kind is not None and kind not in KINDS:
        unknown(findings, "kind", "IA-080", kind, KINDS)
    elif kind == MEDICINE:
        _classes(question, findings, exclusions)
        _duration(question, findings, exclusions)
    elif kind is not None:
        _document(kind, findings, exclusions)
    _residence(question, findings)
    return findings.decision(
        obligations=_obligations(question),
        values={"delivery": "electronic"},
    )


def _prescriber(question: Question, findings: Findings) -> None:
    """IA-012, IA-014: a doctor who practises in France, and nobody else."""
    professional = question.professional
    findings.ask(professional__country=professional.country, professional__kind=professional.kind)
    if professional.kind not in (None, PHYSICIAN):
        message = _(
            "Only a doctor prescribes. A nurse or another professional cannot; please hand the case to a doctor."
        )
        findings.refuse("not_a_physician", "IA-014", message)
    if professional.country not in (None, COUNTRY):
        message = _(
            "A prescription of this service is one of French law: only a doctor who practises in France issues it."
        )
        findings.refuse("professional_not_in_france", "IA-014", message)
    message = _("A doctor of this service may prescribe, within the limits of the contract.")
    findings.ground("doctor_may_prescribe", "IA-014", message)


def _document(kind: str, findings: Findings, exclusions: Mapping[str, Any]) -> None:
    """IA-080: documents that do not exist here."""
    if kind == "sick_leave" and "sick_leave" in exclusions["documents"]:
        message = _("Doctors of this service give no sick leave. Please see your treating doctor.")
        findings.refuse("no_sick_leave", "IA-080", message)
    if kind == "certificate" and "medical_certificate" in exclusions["documents"]:
        message = _("Doctors of this service give no medical certificates. Please see your treating doctor.")
        findings.refuse("no_certificate", "IA-080", message)


def _classes(question: Question, findings: Findings, exclusions: Mapping[str, Any]) -> None:
    """IA-084, IA-085: classes of medicines, and what a pharmacist makes."""
    given = question.facts.get("medicine_classes")
    findings.ask(medicine_classes=given)
    for name in sorted(set(given or ())):
        if name in exclusions["medicine_classes"]:
            message = _(
                "This service allows no prescription of {medicines}. Please see your treating doctor.",
                medicines=WORDS[name],
            )
            findings.refuse("excluded_medicine_class", "IA-084", message)
        elif name in exclusions["preparations"] or (name == PREPARATION and exclusions["preparations"]):
            message = _(
                "This service allows no prescription of preparations that the pharmacist makes. "
                "Please see your treating doctor."
            )
            findings.refuse("excluded_preparation", "IA-085", message)
        elif name not in (*CLASSES, PREPARATION, *PREPARATIONS):
            message = _(
                "“{name}” is no class of medicines that this portal knows. Please correct it; known are: {allowed}.",
                name=name,
                allowed=", ".join((*CLASSES, PREPARATION)),
            )
            findings.refuse("unknown_medicine_class", "IA-084", message)


def _duration(question: Question, findings: Findings, exclusions: Mapping[str, Any]) -> None:
    """IA-082, IA-083: how long a treatment may be, and that none is renewed."""
    days, renewal = question.facts.get("duration_days"), question.facts.get("renewal", False)
    findings.ask(duration_days=days)
    if renewal and question.facts.get("one_off") is False:
        message = _(
            "Treatments are not renewed here, however short. Only a supply that is marked as one-off is possible, "
            "for {days} days at most.",
            days=exclusions["one_off_renewal_max_days"],
        )
        findings.refuse("renewal_not_one_off", "IA-082", message)
    if days is None:
        return
    if days < 1:
        message = _("A duration of {days} days is not possible. Please correct it.", days=days)
        findings.refuse("impossible_duration", "IA-083", message)
    if renewal and days > exclusions["one_off_renewal_max_days"]:
        message = _(
            "Treatments are not renewed here. When one runs out, a doctor can help once, for {days} days at most. "
            "Please see the doctor who prescribed it.",
            days=exclusions["one_off_renewal_max_days"],
        )
        findings.refuse("renewal", "IA-082", message)
    if days > exclusions["treatment_max_days"]:
        message = _(
            "A treatment of more than {days} days is not prescribed here. Please see your treating doctor.",
            days=exclusions["treatment_max_days"],
        )
        findings.refuse("treatment_too_long", "IA-083", message)


def _residence(question: Question, findings: Findings) -> None:
    """IA-038: nothing for those who live outside of the European Union; the report remains possible."""
    resident = question.facts.get("patient_residence_eu")
    findings.ask(patient_residence_eu=resident)
    if resident is False:
        message = _(
            "Nothing is prescribed for people who live outside of the European Union. The report remains possible; "
            "please see a doctor where you live."
        )
        findings.refuse("residence_outside_union", "IA-038", message)


def _obligations(question: Question) -> list[Any]:
    documents = section(question.settings, "documents")
    found = [
        obligation(
            "sign_electronically",
            "IA-115",
            _("The doctor signs electronically, after signing in; without the signature nothing is delivered."),
        ),
        obligation(
            "open_with_code",
            "IA-074",
            _("The document opens with a code sent by text message to the mobile number, once."),
            channel="sms",
            validity_minutes=documents["code_validity_minutes"],
            attempts=documents["code_attempts"],
        ),
    ]
    if question.facts.get("renewal", False):
        message = _("The line is marked as a one-off supply: the treatment itself is not renewed.")
        found.append(obligation("mark_one_off_supply", "IA-082", message))
    return found
