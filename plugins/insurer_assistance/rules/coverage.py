"""Does the insurer pay for this teleconsultation, and how many are left after it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.plugin_api import NOT_APPLICABLE, Decision, Domain, Message, Question
from plugins.insurer_assistance.rules.common import Findings, months, obligation, unknown
from plugins.insurer_assistance.rules.contract import REASONS, ROLES, SERVICE, section

_ = Domain("insurer_assistance")
ORDER = (
    "service", "beneficiary_role", "used_this_year", "request_date", "reason", "patient.birth_date", "duration_days",
    "needs_physical_exam",
)  # fmt: skip
PARTNER = "partner"
# What no portal can open: reason, code, rule, words.
NEVER: Mapping[str, tuple[str, str, Message]] = {
    "emergency": (
        "emergency",
        "IA-076",
        _(
            "A medical emergency is never a case for this service. Call the emergency number now: 15 or 112 in France. "
            "Nobody is put in a queue here."
        ),
    ),
    "specialist": (
        "general_practice_only",
        "IA-078",
        _(
            "This service gives you a general practitioner only; no other specialty can be chosen. "
            "Please ask your treating doctor, who can refer you."
        ),
    ),
    "second_opinion": (
        "second_opinion",
        "IA-081",
        _(
            "A second medical opinion is not part of this service and is not charged to it. "
            "Please ask your treating doctor, or a service for second opinions."
        ),
    ),
}
# What a portal may open: reason, (part of the exclusions, word in it), code, rule, words.
EXCLUDED: Mapping[str, tuple[tuple[str, str], str, str, Message]] = {
    "chronic_follow_up": (
        ("follow_up", "chronic_disease"),
        "chronic_follow_up",
        "IA-079",
        _("The follow-up of a chronic disease is not part of this service. Please see the doctor who follows you."),
    ),
    "pregnancy": (
        ("follow_up", "pregnancy"),
        "pregnancy_follow_up",
        "IA-079",
        _(
            "The follow-up of a pregnancy is not part of this service. "
            "Please see your midwife or the doctor who follows you."
        ),
    ),
    "sick_leave": (
        ("documents", "sick_leave"),
        "no_sick_leave",
        "IA-080",
        _("Doctors of this service give no sick leave. Please see your treating doctor."),
    ),
    "certificate": (
        ("documents", "medical_certificate"),
        "no_certificate",
        "IA-080",
        _("Doctors of this service give no medical certificates. Please see your treating doctor."),
    ),
}


def coverage(question: Question) -> Decision:
    """The answer for the teleconsultation that the insurer funds.

    Facts: `used_this_year` (units of this person in the year of the request), `request_date`, `beneficiary_role`, `reason`,
    `needs_physical_exam`; `duration_days` for a renewal; the birth date for the follow-up of an infant;
    `contract_exclusions` (reasons, default none). Values: `payer`, `remaining`.
    Rules IA-009, IA-040 to IA-043, IA-075 to IA-082.
    """
    if question.service not in (None, SERVICE):
        return NOT_APPLICABLE
    findings = Findings(ORDER)
    findings.ask(service=question.service)
    _beneficiary(question, findings)
    left = _quota(question, findings)
    _reason(question, findings)
    _own_contract(question, findings)
    _examination(question, findings)
    message = _("Telephone and internet costs stay yours; the teleconsultation itself costs you nothing.")
    return findings.decision(
        obligations=[obligation("tell_communication_costs", "IA-054", message, amount_cents=0)],
        values={"payer": PARTNER, "remaining": left},
    )


def _beneficiary(question: Question, findings: Findings) -> None:
    """IA-009: the insured, the spouse and the children, each a person of their own."""
    role = question.facts.get("beneficiary_role")
    findings.ask(beneficiary_role=role)
    if role is None:
        return
    if role not in ROLES:
        unknown(findings, "beneficiary_role", "IA-009", role, ROLES)
        return
    message = _("The contract covers the insured person, the spouse and the children, and you are one of them.")
    findings.ground("beneficiary", "IA-009", message)


def _quota(question: Question, findings: Findings) -> int:
    """IA-040 to IA-043. The units that are left after this act; meaningless where the answer is a deny."""
    limit: int = section(question.settings, "quota")["teleconsultations_per_calendar_year"]
    used: int | None = question.facts.get("used_this_year")
    asked_on = question.facts.get("request_date")
    findings.ask(used_this_year=used, request_date=asked_on)
    if used is None or asked_on is None:
        return 0
    if used < 0:
        message = _("“used_this_year” is {used}: a count begins at 0. Please correct it.", used=used)
        findings.refuse("impossible_count", "IA-040", message)
        return 0
    year = str(asked_on.year)
    if used >= limit:
        message = _(
            "All {limit} teleconsultations of {year} are used. The count starts again on 1 January {next_year}. "
            "Until then, please see your treating doctor.",
            limit=limit,
            year=year,
            next_year=str(asked_on.year + 1),
        )
        findings.refuse("quota_used_up", "IA-040", message)
        message = _(
            "Nothing can be added to the count: no teleconsultation can be bought, borrowed, or taken from another person "
            "of the contract."
        )
        findings.refuse("no_overage", "IA-041", message)
        return 0
    message = _(
        "You have {limit} teleconsultations in {year}, and {left} of them are left. They are yours alone: they are not shared, "
        "and what is left on 31 December is not carried over.",
        limit=limit,
        year=year,
        left=limit - used,
    )
    findings.ground("within_quota", "IA-040", message)
    return limit - used - 1


def _reason(question: Question, findings: Findings) -> None:
    """IA-076, IA-078 to IA-082: what the contract leaves out, by the reason of the request."""
    reason = question.facts.get("reason")
    findings.ask(reason=reason)
    if reason is None:
        return
    exclusions = section(question.settings, "exclusions")
    if reason not in REASONS:
        unknown(findings, "reason", "IA-078", reason, REASONS)
    elif reason in NEVER:
        findings.refuse(*NEVER[reason])
    elif reason in EXCLUDED:
        (part, word), code, rule, message = EXCLUDED[reason]
        if word in exclusions[part]:
            findings.refuse(code, rule, message)
    elif reason == "infant_follow_up":
        _infant(question, findings, exclusions)
    elif reason == "renewal":
        _renewal(question, findings, exclusions)


def _infant(question: Question, findings: Findings, exclusions: Mapping[str, Any]) -> None:
    """IA-079: the age in completed months on the day of the request."""
    born, asked_on = question.patient.birth_date, question.facts.get("request_date")
    findings.ask(patient__birth_date=born)
    limit = int(exclusions["infant_under_months"])
    if born is not None and asked_on is not None and months(born, asked_on) < limit:
        message = _(
            "The follow-up of a child under {months} months is not part of this service. "
            "Please see the doctor or the health centre that follows your child.",
            months=limit,
        )
        findings.refuse("infant_follow_up", "IA-079", message)


def _renewal(question: Question, findings: Findings, exclusions: Mapping[str, Any]) -> None:
    """IA-082: no renewal, but once a supply of some days when a treatment runs out."""
    days, limit = question.facts.get("duration_days"), int(exclusions["one_off_renewal_max_days"])
    findings.ask(duration_days=days)
    if days is None:
        return
    if days < 1:
        message = _("A duration of {days} days is not possible. Please correct it.", days=days)
        findings.refuse("impossible_duration", "IA-082", message)
    elif days > limit:
        message = _(
            "Treatments are not renewed here. When one runs out, a doctor can help once, for {days} days at most. "
            "Please see the doctor who prescribed it.",
            days=limit,
        )
        findings.refuse("renewal", "IA-082", message)
    else:
        message = _("A treatment that runs out can be continued once, for {days} days at most.", days=limit)
        findings.ground("one_off_supply", "IA-082", message)


def _own_contract(question: Question, findings: Findings) -> None:
    """IA-075: what the person's own health-cost contract leaves out. A word that is not understood stays closed."""
    for given in sorted(set(question.facts.get("contract_exclusions") or ())):
        if given not in REASONS:
            unknown(findings, "contract_exclusions", "IA-075", given, REASONS)
        elif given == question.facts.get("reason"):
            message = _(
                "Your own contract leaves this kind of request out, so it is left out here too. "
                "Your insurer can tell you more about your contract."
            )
            findings.refuse("excluded_by_own_contract", "IA-075", message)


def _examination(question: Question, findings: Findings) -> None:
    """IA-077: what needs hands is no case for a call."""
    needed = question.facts.get("needs_physical_exam")
    findings.ask(needs_physical_exam=needed)
    if needed:
        message = _(
            "This needs an examination in person, which no call can replace. "
            "Please see your treating doctor, or a doctor on duty."
        )
        findings.refuse("physical_examination", "IA-077", message)
