"""The law of Examplia on money, prescriptions, contracts, data and proof: facts in, decision out, by the day of the act.

Rule ids (EX-...) are those of Examplia's own catalogue; every reason names one, so that a reader finds where it comes from.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

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

_ = Domain("example")
NAME = "example"
CODE = "Code of Examplia"
COUNTRY = "XE"
RESIDENT = "example_resident"
Rule = Callable[[Question, Parameters], Decision]


def dated(rule: str) -> Callable[[Rule], Rule]:
    """A rule that rests on parameters: before their first value the answer is "no rule in force", never a guess."""

    def mark(decide: Rule) -> Rule:
        @functools.wraps(decide)
        def on_its_day(question: Question, parameters: Parameters) -> Decision:
            try:
                return decide(question, parameters)
            except NoRuleInForce:
                return deny(Reason("no_rule_in_force", NAME, _("The law of Examplia says nothing for that day."), rule))

        return on_its_day

    return mark


def absent(question: Question, *names: str) -> list[str]:
    """The facts among these that were not given."""
    return [name for name in names if question.facts.get(name) is None]


@dated("EX-21")
def reimbursement(question: Question, parameters: Parameters) -> Decision:
    """EX-21: the insurance pays a share of the agreed price; EX-22: for frail people directly."""
    if question.patient.category != RESIDENT or question.professional.country != COUNTRY:
        return NOT_APPLICABLE
    rate = parameters.at("reimbursed_percent", question.at)
    missing = absent(question, "agreed_tariff_cents")
    if missing:
        return missing_fact(NAME, *missing)
    exact = Decimal(question.facts["agreed_tariff_cents"]) * Decimal(str(rate.value)) / 100
    frail = "example_frail" in question.patient.statuses
    citation = parameters.citation("reimbursed_percent", question.at)
    why = _("The insurance of Examplia pays {percent} % of the agreed price.", percent=rate.value)
    reasons = [Reason("insured", NAME, why, "EX-21", citation, (rate,))]
    if frail:
        direct = _("You pay your own part only: the insurance pays the professional.")
        reasons.append(Reason("paid_directly", NAME, direct, "EX-22", citation))
    values = {
        "rate_percent": rate.value,
        "amount_cents": int(exact.quantize(Decimal(1), ROUND_HALF_UP)),
        "flat_participation_cents": 0,
        "third_party_payment": frail,
    }
    return permit(*reasons, values=values)


@dated("EX-24")
def prescription(question: Question, parameters: Parameters) -> Decision:
    """EX-23: physicians prescribe, electronically, but no narcotic; EX-24: long sick leave is the treating physician's."""
    if question.patient.category != RESIDENT or question.professional.country != COUNTRY:
        return NOT_APPLICABLE
    if question.professional.kind == "allied":
        return deny(
            Reason("physicians_only", NAME, _("In Examplia only physicians prescribe."), "EX-23", f"{CODE}, art. 23")
        )
    missing = absent(question, "kind") + ([] if question.professional.kind else ["professional.kind"])
    kind = question.facts.get("kind")
    if kind == "medicine":
        missing += absent(question, "medicine_classes")
    elif kind == "sick_leave":
        missing += absent(question, "duration_days")
    if missing:
        return missing_fact(NAME, *missing)
    if kind == "medicine" and "narcotic" in question.facts["medicine_classes"]:
        why = _("Narcotics are prescribed at the practice only. Please book a visit.")
        return deny(Reason("no_narcotics", NAME, why, "EX-23", f"{CODE}, art. 23"))
    if kind == "sick_leave":
        longest = parameters.at("longest_sick_leave_days", question.at)
        treating = question.facts.get("is_treating_physician")
        if question.facts["duration_days"] > longest.value and not treating:
            if treating is None:
                return missing_fact(NAME, "is_treating_physician")
            why = _("More than {days} days of sick leave are for your treating physician to write.", days=longest.value)
            citation = parameters.citation("longest_sick_leave_days", question.at)
            return deny(Reason("sick_leave_too_long", NAME, why, "EX-24", citation, (longest,)))
    reason = Reason("prescribed", NAME, _("Any pharmacy of Examplia reads the prescription by its number."), "EX-23")
    check = Obligation("check_identity", NAME, _("The physician checks who you are before prescribing."))
    return permit(reason, obligations=(check,), values={"delivery": "electronic"})


@dated("EX-9")
def withdrawal(question: Question, parameters: Parameters) -> Decision:
    """EX-9: a patient gives a subscription back within some days, the refund takes as long; EX-10: care stays."""
    facts = question.facts
    if question.patient.category != RESIDENT or facts.get("party") == "professional":
        return NOT_APPLICABLE
    if question.service not in (None, "subscription"):
        why = _("Care that was asked for a fixed time cannot be given back. You can cancel the appointment instead.")
        return deny(Reason("care_stays", NAME, why, "EX-10", f"{CODE}, art. 10"))
    missing = absent(question, "party", "contract_date", "request_date", "amount_cents")
    if missing or question.service is None:
        return missing_fact(NAME, *(missing or ["service"]))
    days = parameters.at("withdrawal_days", facts["contract_date"])
    citation = parameters.citation("withdrawal_days", facts["contract_date"])
    deadline = facts["contract_date"] + dt.timedelta(days=days.value)
    if facts["request_date"] > deadline:
        why = _("The subscription could be given back until {deadline}.", deadline=deadline)
        return deny(Reason("too_late", NAME, why, "EX-9", citation, (days,)))
    due = facts["request_date"] + dt.timedelta(days=days.value)
    late = max(0, ((facts.get("refund_date") or question.at) - due).days)
    if late and absent(question, "legal_rate_percent"):
        return missing_fact(NAME, "legal_rate_percent")
    rate = Decimal(str(facts["legal_rate_percent"])) if late else Decimal(0)
    interest = (facts["amount_cents"] * rate / 100 * late / 365).quantize(Decimal(1), ROUND_HALF_UP)
    reason = Reason(
        "in_time",
        NAME,
        _("The subscription can be given back, and the whole price is refunded by {due}.", due=due),
        "EX-9",
        citation,
        (days,),
    )
    return permit(
        reason,
        values={"deadline": deadline, "refund_due_by": due, "increase_percent": 0, "interest_cents": int(interest)},
    )


@dated("EX-25")
def coverage(question: Question, parameters: Parameters) -> Decision:
    """EX-25: the fund of Examplia pays for some visits of each resident a year; the patient pays for those after them."""
    if question.patient.category != RESIDENT or question.professional.country != COUNTRY:
        return NOT_APPLICABLE
    funded = parameters.at("funded_visits", question.at)
    missing = absent(question, "used_this_year")
    if missing:
        return missing_fact(NAME, *missing)
    citation, used = parameters.citation("funded_visits", question.at), question.facts["used_this_year"]
    if used >= funded.value:
        message = _("All {count} visits that the fund pays this year are used.", count=funded.value)
        return deny(Reason("fund_used_up", NAME, message, "EX-25", citation, (funded,)))
    message = _("The fund of Examplia pays for {count} visits a year.", count=funded.value)
    reason = Reason("fund_pays", NAME, message, "EX-25", citation, (funded,))
    return permit(reason, values={"payer": "partner", "remaining": funded.value - used - 1})


@dated("EX-3")
def tax(question: Question, parameters: Parameters) -> Decision:
    """EX-3: care bears no VAT in Examplia; above some fees it is declared all the same."""
    if question.professional.country != COUNTRY:
        return NOT_APPLICABLE
    small = parameters.at("small_fees_cents", question.at)
    missing = absent(question, "annual_fees_cents")
    if missing:
        return missing_fact(NAME, *missing)
    citation = parameters.citation("small_fees_cents", question.at)
    reason = Reason("care_exempt", NAME, _("Care bears no VAT in Examplia."), "EX-3", citation, (small,))
    declared = question.facts["annual_fees_cents"] > small.value
    return permit(reason, values={"vat": "exempt", "declaration_required": declared})


@dated("EX-30")
def retention(question: Question, parameters: Parameters) -> Decision:
    """EX-30: a record is kept some years after the last visit. Of other data Examplia says nothing."""
    if question.professional.country != COUNTRY or question.facts.get("data_class") != "patient_record":
        return NOT_APPLICABLE
    missing = absent(question, "event_date")
    if missing:
        return missing_fact(NAME, *missing)
    years = parameters.at("record_years", question.at)
    why = _("Examplia keeps a record for {years} years after the last visit.", years=years.value)
    citation = parameters.citation("record_years", question.at)
    until = _years_later(question.facts["event_date"], years.value)
    reason = Reason("record_kept", NAME, why, "EX-30", citation, (years,))
    return permit(reason, values={"archive_until": until, "then": "delete"})


@dated("EX-50")
def proof(question: Question, parameters: Parameters) -> Decision:
    """EX-50: what somebody of Examplia confirmed by a click proves the act against them."""
    party: Any = question.facts.get("party")
    ours = {"patient": question.patient.category == RESIDENT, "professional": question.professional.country == COUNTRY}
    if not any(ours.values()):
        return NOT_APPLICABLE
    missing = absent(question, "party", "act")
    if missing:
        return missing_fact(NAME, *missing)
    if not ours.get(party, False):
        return NOT_APPLICABLE
    article = parameters.at("proof_article", question.at)
    citation = parameters.citation("proof_article", question.at)
    why = _("In Examplia a click that was recorded is as good as a signature.")
    reason = Reason("click_proves", NAME, why, "EX-50", citation, (article,))
    return permit(reason, values={"articles": [article.value]})


def _years_later(day: dt.date, years: int) -> dt.date:
    """The same day some years later; 28 February for 29 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
