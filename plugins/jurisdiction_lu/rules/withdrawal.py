"""May an order be withdrawn from? Patients: not from care. Professionals: 14 days, without the French scale."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
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
from plugins.jurisdiction_lu.rules.common import (
    CARE,
    CATEGORY,
    COUNTRY,
    SOURCE,
    SUBSCRIPTION,
    TERMS,
    half_up,
    months_later,
    not_yet,
    period_end,
)

_ = Domain("jurisdiction_lu")
PATIENT, PROFESSIONAL = "patient", "professional"


def withdrawal(question: Question, parameters: Parameters) -> Decision:
    """The answer for patients insured in Luxembourg and for professionals there (CB-229, 235, 237 to 239).

    Facts, in this order: `party`; for a subscription `contract_date`, `request_date`; when the refund is late
    `amount_cents` and `legal_rate_percent`: one number, or a number for each half-year, as {"2026-H1": 3.5}.
    Without `refund_date` nothing has been given back by the date of the question. The law is that of the day of the
    contract.
    """
    party, service = question.facts.get("party"), question.service
    category, country = question.patient.category, question.professional.country
    if party is None:
        mine = category == CATEGORY or country == COUNTRY
        return missing_fact(SOURCE, "party") if mine else NOT_APPLICABLE
    if party == PATIENT:
        if category is None:
            return missing_fact(SOURCE, "patient.category")
        if category != CATEGORY:
            return NOT_APPLICABLE
        if service is None:
            return missing_fact(SOURCE, "service")
        if service in CARE:
            return deny(_care_excluded(question, parameters))
        return _fourteen_days(question, parameters, "CB-229") if service == SUBSCRIPTION else NOT_APPLICABLE
    if party == PROFESSIONAL:
        if country is None:
            return missing_fact(SOURCE, "professional.country")
        if country == COUNTRY and service in (None, SUBSCRIPTION):
            return _fourteen_days(question, parameters, "CB-237")
    return NOT_APPLICABLE


def _care_excluded(question: Question, parameters: Parameters) -> Reason:
    message = _(
        "The right to withdraw within 14 days does not apply to health services: an order of care cannot be withdrawn. "
        "You can still cancel an appointment in time, as its page says, or write to the support team."
    )
    try:
        used = parameters.at("care_excluded_from_withdrawal", question.at)
    except NoRuleInForce:
        return Reason("care_excluded", SOURCE, message, "CB-229", TERMS)
    citation = parameters.citation(used.key, question.at)
    named = parameters.at("articles_named_in_terms", question.at)
    return Reason("care_excluded", SOURCE, message, "CB-229", citation, (used, named))


def _fourteen_days(question: Question, parameters: Parameters, rule: str) -> Decision:
    contract, request = (question.facts.get(name) for name in ("contract_date", "request_date"))
    missing = [name for name, day in (("contract_date", contract), ("request_date", request)) if day is None]
    if contract is None or request is None:
        return missing_fact(SOURCE, *missing)
    day = min(contract, question.at)
    try:
        days, refund_days = parameters.at("withdrawal_days", day), parameters.at("refund_days", day)
        months = parameters.at("late_interest_window_months", day)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, rule))
    deadline = period_end(contract, days.value)
    citation = parameters.citation(days.key, day)
    if request > deadline:
        message = _(
            "The {days} days to withdraw ended on {deadline}. The contract goes on; "
            "you can end it as its conditions say, or write to the support team.",
            days=days.value,
            deadline=deadline,
        )
        return deny(Reason("withdrawal_too_late", SOURCE, message, rule, citation, (days,)))
    message = _(
        "You may withdraw within {days} days, without giving a reason and without cost: until {deadline}.",
        days=days.value,
        deadline=deadline,
    )
    due = period_end(request, refund_days.value)
    reasons = [Reason("withdrawal_in_time", SOURCE, message, rule, citation, (days,)), _refund(parameters, day, due)]
    told = _("Give back the whole sum by the same means of payment, without cost, until {due}.", due=due)
    obligations = [Obligation("refund_in_full", SOURCE, told, {"until": due.isoformat(), "means": "same_as_payment"})]
    values = {"deadline": deadline, "refund_due_by": due, "increase_percent": 0, "interest_cents": 0}
    refund = question.facts.get("refund_date") or question.at
    if refund <= due:
        return permit(*reasons, obligations=obligations, values=values)
    if rule == "CB-237" and refund > months_later(due, months.value):
        message = _(
            "The money comes more than {months} months after {due}. The contract does not say what is owed then: "
            "the operator decides and writes to you.",
            months=months.value,
            due=due,
        )
        reasons.append(
            Reason("late_beyond_window", SOURCE, message, "CB-238", parameters.citation(months.key, day), (months,))
        )
        alert = _("Decide what is owed for this very late refund, and tell the professional.")
        obligations.append(Obligation("operator_decides_interest", SOURCE, alert, {"late_since": due.isoformat()}))
        return permit(*reasons, obligations=obligations, values=values)
    missing = _missing_for_interest(question.facts, due, refund)
    if missing:
        return missing_fact(SOURCE, *missing)
    values["interest_cents"] = _interest(question.facts, due, refund)
    reasons.append(_late(parameters, day, rule, due, refund))
    return permit(*reasons, obligations=obligations, values=values)


def _refund(parameters: Parameters, day: dt.date, due: dt.date) -> Reason:
    used = parameters.at("refund_days", day)
    message = _("What was paid is given back in full within {days} days: until {due}.", days=used.value, due=due)
    return Reason("refund_due", SOURCE, message, "CB-235", parameters.citation(used.key, day), (used,))


def _late(parameters: Parameters, day: dt.date, rule: str, due: dt.date, refund: dt.date) -> Reason:
    message = _(
        "The money comes {days} days late: the sum bears interest at the legal rate of Luxembourg for these days.",
        days=(refund - due).days,
    )
    used = parameters.at("legal_rate_basis", day)
    professional = rule == "CB-237"
    found = (used, parameters.at("late_interest_window_months", day)) if professional else (used,)
    citation = parameters.citation(used.key, day)
    return Reason("legal_interest", SOURCE, message, "CB-238" if professional else "CB-239", citation, found)


def _half_years(due: dt.date, refund: dt.date) -> dict[str, int]:
    """The days late, by half-year: from the day after the refund was due to the day of the refund."""
    found: dict[str, int] = {}
    start = due
    while start < refund:
        first = start + dt.timedelta(days=1)
        half = 1 if first.month <= 6 else 2
        last = dt.date(first.year, 6, 30) if half == 1 else dt.date(first.year, 12, 31)
        end = min(last, refund)
        found[f"{first.year}-H{half}"] = (end - start).days
        start = end
    return found


def _missing_for_interest(facts: Mapping[str, Any], due: dt.date, refund: dt.date) -> list[str]:
    """CB-239: a rate that is not known is asked for, never guessed."""
    missing = [] if facts.get("amount_cents") is not None else ["amount_cents"]
    rate = facts.get("legal_rate_percent")
    if rate is None:
        missing.append("legal_rate_percent")
    elif isinstance(rate, Mapping):
        missing += [f"legal_rate_percent.{half}" for half in _half_years(due, refund) if rate.get(half) is None]
    return missing


def _interest(facts: Mapping[str, Any], due: dt.date, refund: dt.date) -> int:
    """Actual days over 365, each half-year at its own rate, rounded once."""
    rate = facts["legal_rate_percent"]
    if isinstance(rate, Mapping):
        weighed = sum((Decimal(str(rate[half])) * days for half, days in _half_years(due, refund).items()), Decimal(0))
    else:
        weighed = Decimal(str(rate)) * (refund - due).days
    return half_up(Decimal(facts["amount_cents"]) * weighed / 36500)
