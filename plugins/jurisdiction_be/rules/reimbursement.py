"""Does Belgian health insurance pay for an act of the platform? By contract no; where a portal opens it, the law says."""

from __future__ import annotations

from decimal import Decimal

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
from plugins.jurisdiction_be.rules.common import CATEGORY, COUNTRY, SOURCE, TERMS, VIDEO, half_up, not_yet

_ = Domain("jurisdiction_be")
OPENABLE = (VIDEO,)
RULE = "CB-253"
PHONE = "phone"
PREFERENTIAL = "bim"  # status of patients whose share is smaller (intervention majorée)
GENERAL_PRACTICE = "general_practice"
PHONE_CODE = "101732"
VIDEO_CODES = {True: "101673", False: "101695"}  # general practice, or another specialty


def reimbursement(question: Question, parameters: Parameters) -> Decision:
    """For patients resident in Belgium (CB-253).

    The contract offers no reimbursement, whoever the professional is. Where the portal opens it (setting
    `reimbursable_services`) and the professional is in Belgium, the law of the day decides. Facts, in this order: `mode`
    (video unless it is phone), then one that shows that the two know each other: `is_treating_physician` (who keeps the
    global medical file), `last_in_person_with_professional`, `regulated_referral` (general practitioner on duty) or
    `referred_by_treating_physician` (specialist); then `agreed_tariff_cents`.
    """
    if question.patient.category != CATEGORY:
        return NOT_APPLICABLE
    if question.service in question.settings.get("reimbursable_services", ()):
        if question.professional.country is None:
            return missing_fact(SOURCE, "professional.country")
        if question.professional.country == COUNTRY:
            return _by_law(question, parameters)
    message = _(
        "Belgian health insurance does not reimburse the services of this portal. You pay the whole price. "
        "For a reimbursed consultation, ask your physician in Belgium, or your health insurance fund what it pays."
    )
    return deny(Reason("not_reimbursed_by_contract", SOURCE, message, RULE, TERMS))


def _by_law(question: Question, parameters: Parameters) -> Decision:
    kind = question.professional.kind
    if kind is None:
        return missing_fact(SOURCE, "professional.kind")
    if kind != "physician":
        message = _(
            "In Belgium only consultations at a distance by a physician are reimbursed here. "
            "Please ask this professional for the price before you begin."
        )
        return deny(Reason("physicians_only", SOURCE, message, RULE, TERMS))
    phone = question.facts.get("mode") == PHONE
    try:
        channels = parameters.at("reimbursed_channels", question.at)
        if phone and PHONE not in channels.value:
            return deny(_phone_ended(question, parameters))
        share = parameters.at(_share_key(question, phone=phone), question.at)
        years = parameters.at("relation_calendar_years", question.at)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, RULE))
    known, missing = _know_each_other(question, years.value)
    if not known and missing:
        return missing_fact(SOURCE, *missing)
    if not known:
        message = _(
            "A consultation at a distance is reimbursed only by a physician who knows you: who keeps your medical file, has "
            "seen you in person in the last {years} calendar years, is on duty, or to whom you were referred. "
            "You can make an appointment at the practice first.",
            years=years.value,
        )
        citation = parameters.citation(years.key, question.at)
        return deny(Reason("not_known_to_physician", SOURCE, message, RULE, citation, (years,)))
    tariff = question.facts.get("agreed_tariff_cents")
    if tariff is None:
        return missing_fact(SOURCE, "agreed_tariff_cents")
    rate = parameters.at("reimbursed_rate_percent", question.at)
    participation = min(share.value, tariff)
    message = _(
        "Belgian health insurance pays the agreed fee to the physician, who asks you only for your own share: {share} EUR.",
        share=participation / 100,
    )
    citation = parameters.citation(channels.key, question.at)
    reason = Reason("reimbursed_at_a_distance", SOURCE, message, RULE, citation, (channels, rate, share, years))
    told = _("Send the bill to the health insurance fund; the patient pays only the share.")
    bill = Obligation("apply_third_party_payment", SOURCE, told, _code(question, phone=phone))
    values = {
        "rate_percent": rate.value,
        "amount_cents": half_up(Decimal(tariff) * Decimal(str(rate.value)) / 100),
        "flat_participation_cents": participation,
        "third_party_payment": True,
    }
    return permit(reason, obligations=(bill,), values=values)


def _code(question: Question, *, phone: bool) -> dict[str, str]:
    """The code of the nomenclature, where the specialty tells it."""
    specialty = question.professional.specialty
    if phone:
        return {"code": PHONE_CODE}
    return {"code": VIDEO_CODES[specialty == GENERAL_PRACTICE]} if specialty else {}


def _share_key(question: Question, *, phone: bool) -> str:
    who = "preferential" if PREFERENTIAL in question.patient.statuses else "ordinary"
    return f"patient_share_{'phone' if phone else 'video'}_{who}_cents"


def _phone_ended(question: Question, parameters: Parameters) -> Reason:
    used = parameters.at("reimbursed_channels", question.at)
    message = _(
        "Since {since} Belgian health insurance pays no consultation by phone. A consultation by video is still reimbursed.",
        since=used.since,
    )
    return Reason("phone_not_reimbursed", SOURCE, message, RULE, parameters.citation(used.key, question.at), (used,))


def _know_each_other(question: Question, years: int) -> tuple[bool, list[str]]:
    """Whether one of the facts shows it; else the facts that could and are not known."""
    facts, specialty = question.facts, question.professional.specialty
    seen = facts.get("last_in_person_with_professional")
    if facts.get("is_treating_physician") or (seen and question.at.year - years <= seen.year and seen <= question.at):
        return True, []
    third = "regulated_referral" if specialty == GENERAL_PRACTICE else "referred_by_treating_physician"
    names = ["is_treating_physician", "last_in_person_with_professional"]
    missing = [name for name in names if facts.get(name) is None]
    if specialty is None:
        return False, [*missing, "professional.specialty"]
    if facts.get(third):
        return True, []
    return False, missing + [third] * (facts.get(third) is None)
