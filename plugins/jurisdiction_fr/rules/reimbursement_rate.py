"""What health insurance pays of an eligible teleconsultation: rate, amount, flat participation, payment in advance."""

from __future__ import annotations

from decimal import Decimal

from core.plugin_api import Decision, Domain, Obligation, Parameters, Question, Reason
from plugins.jurisdiction_fr.rules.common import (
    FRENCH,
    SOURCE,
    Findings,
    age,
    by_law,
    euros,
    half_up,
)

_ = Domain("jurisdiction_fr")
THIRD_PARTY_BY_CONTRACT = ("ald", "css")


def younger(question: Question, years: int) -> bool:
    """Whether the birth date says that the patient is below an age."""
    born = question.patient.birth_date
    return born is not None and age(born, question.at) < years


def reimbursed(question: Question, parameters: Parameters, findings: Findings) -> Decision:
    """CB-044: rate, amount and what stays with the patient; CB-024: by whom; CB-105: whether it is paid in advance."""
    day, tariff = question.at, question.facts["agreed_tariff_cents"]
    # CB-052: the solidarity cover belongs to residents; a cross-border worker does not carry it.
    statuses = question.patient.statuses - (set() if question.patient.category == FRENCH[0] else {"css"})
    full = statuses & frozenset(parameters.at("full_rate_statuses", day).value)
    rate = parameters.at("full_rate_percent" if full else "reimbursement_rate_percent", day)
    amount = half_up(Decimal(tariff) * Decimal(str(rate.value)) / 100)
    insurer = parameters.at("social_insurer", day)
    message = _(
        "Your health insurance ({insurer}) reimburses {rate} % of the agreed tariff: {amount} EUR. "
        "What the physician asks above that tariff stays with you.",
        insurer=insurer.value,
        rate=rate.value,
        amount=euros(amount),
    )
    findings.grounds.append(by_law("insurer", message, "CB-024", parameters, day, insurer))
    findings.grounds.append(_rate(full, question, parameters))
    participation = _flat_participation(question, parameters, findings, statuses)
    contract = question.settings.get("third_party_payment", THIRD_PARTY_BY_CONTRACT)
    entitled = sorted(statuses & frozenset(parameters.at("third_party_statuses", day).value) & frozenset(contract))
    values = {
        "rate_percent": rate.value,
        "amount_cents": amount,
        "flat_participation_cents": participation,
        "third_party_payment": bool(entitled),
    }
    return findings.decision(obligations=_obligations(entitled), values=values)


def _rate(full: frozenset[str], question: Question, parameters: Parameters) -> Reason:
    day = question.at
    if not full:
        rate = parameters.at("reimbursement_rate_percent", day)
        message = _("Without a special status the rate on that date is {rate} %.", rate=rate.value)
        return by_law("general_rate", message, "CB-044", parameters, day, rate)
    cover = parameters.at("solidarity_cover", day)
    words = {
        "ald": _("long-term condition (ALD)"),
        "css": _("complementary solidarity cover ({name})", name=cover.value),
        "pregnant_6m": _("pregnancy, from the sixth month"),
    }
    status = next(name for name in words if name in full)
    used = (parameters.at("full_rate_percent", day), *((cover,) if status == "css" else ()))
    message = _("Your care is covered in full: {status}.", status=words[status])
    return by_law("full_rate", message, "CB-044", parameters, day, *used)


def _flat_participation(
    question: Question, parameters: Parameters, findings: Findings, statuses: frozenset[str]
) -> int:
    """What the patient keeps for each act; minors, pregnancy and solidarity cover are free of it."""
    day = question.at
    used = parameters.at("flat_participation_cents", day)
    exempt = statuses & frozenset(parameters.at("flat_participation_exempt_statuses", day).value)
    minor = question.facts.get("dependant") or younger(
        question, parameters.at("flat_participation_age_years", day).value
    )
    if exempt or minor:
        message = _("You are free of the flat participation.")
        findings.grounds.append(by_law("no_flat_participation", message, "CB-044", parameters, day, used))
        return 0
    message = _("A flat participation of {amount} EUR for each act stays with you.", amount=euros(used.value))
    findings.grounds.append(by_law("flat_participation", message, "CB-044", parameters, day, used))
    return int(used.value)


def _obligations(entitled: list[str]) -> list[Obligation]:
    message = _(
        "This portal sends no care sheet. The physician transmits it with their own software, or gives a paper one."
    )
    found = [Obligation("bill_with_own_software", SOURCE, message)]
    if entitled:
        message = _("The physician checks your rights first; then you pay nothing in advance.")
        found.append(Obligation("verify_entitlement", SOURCE, message, {"statuses": entitled}))
    return found
