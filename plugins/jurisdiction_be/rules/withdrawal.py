"""May a patient in Belgium withdraw from an order? Not from care; from a subscription within 14 days."""

from __future__ import annotations

import datetime as dt
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
from plugins.jurisdiction_be.rules.common import (
    CARE,
    CATEGORY,
    SOURCE,
    SUBSCRIPTION,
    TERMS,
    half_up,
    not_yet,
    period_end,
)

_ = Domain("jurisdiction_be")
RULE = "CB-230"


def withdrawal(question: Question, parameters: Parameters) -> Decision:
    """The answer for patients resident in Belgium; no professional practises there on a portal (CB-020, 230, 235).

    Facts, in this order: `party`; for a subscription `contract_date`, `request_date`; when the refund is late
    `amount_cents` and `legal_rate_percent`. Without `refund_date` nothing has been given back by the date of the question. The
    law is that of the day of the contract.
    """
    party, service = question.facts.get("party"), question.service
    if question.patient.category != CATEGORY or party not in (None, "patient"):
        return NOT_APPLICABLE
    if party is None or service is None:
        names = [n for n, value in (("party", party), ("service", service)) if value is None]
        return missing_fact(SOURCE, *names)
    if service in CARE:
        return deny(_care_excluded(question, parameters))
    return _fourteen_days(question, parameters) if service == SUBSCRIPTION else NOT_APPLICABLE


def _care_excluded(question: Question, parameters: Parameters) -> Reason:
    message = _(
        "The right to withdraw within 14 days does not apply to health services: an order of care cannot be withdrawn. "
        "You can still cancel an appointment in time, as its page says, or write to the support team."
    )
    try:
        used = parameters.at("care_excluded_from_withdrawal", question.at)
        named = parameters.at("article_named_in_terms", question.at)
    except NoRuleInForce:
        return Reason("care_excluded", SOURCE, message, RULE, TERMS)
    return Reason("care_excluded", SOURCE, message, RULE, parameters.citation(used.key, question.at), (used, named))


def _fourteen_days(question: Question, parameters: Parameters) -> Decision:
    contract, request = (question.facts.get(name) for name in ("contract_date", "request_date"))
    if contract is None or request is None:
        names = [n for n, day in (("contract_date", contract), ("request_date", request)) if day is None]
        return missing_fact(SOURCE, *names)
    day = min(contract, question.at)
    try:
        days, refund_days = parameters.at("withdrawal_days", day), parameters.at("refund_days", day)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, RULE))
    deadline, due = period_end(contract, days.value), period_end(request, refund_days.value)
    citation = parameters.citation(days.key, day)
    if request > deadline:
        message = _(
            "The {days} days to withdraw ended on {deadline}. The contract goes on; "
            "you can end it as its conditions say, or write to the support team.",
            days=days.value,
            deadline=deadline,
        )
        return deny(Reason("withdrawal_too_late", SOURCE, message, RULE, citation, (days,)))
    message = _(
        "You may withdraw within {days} days, without giving a reason and without cost: until {deadline}.",
        days=days.value,
        deadline=deadline,
    )
    back = _("What was paid is given back in full within {days} days: until {due}.", days=refund_days.value, due=due)
    reasons = [
        Reason("withdrawal_in_time", SOURCE, message, RULE, citation, (days,)),
        Reason("refund_due", SOURCE, back, "CB-235", parameters.citation(refund_days.key, day), (refund_days,)),
    ]
    values = {"deadline": deadline, "refund_due_by": due, "increase_percent": 0, "interest_cents": 0}
    refund = question.facts.get("refund_date") or question.at
    if refund > due:
        amount, rate = (question.facts.get(name) for name in ("amount_cents", "legal_rate_percent"))
        if amount is None or rate is None:
            missing = [n for n, v in (("amount_cents", amount), ("legal_rate_percent", rate)) if v is None]
            return missing_fact(SOURCE, *missing)
        late = (refund - due).days
        values["interest_cents"] = half_up(Decimal(amount) * Decimal(str(rate)) * late / 36500)
        reasons.append(_legal_interest(parameters, day, late))
    told = _("Give back the whole sum by the same means of payment, without cost, until {due}.", due=due)
    refunding = Obligation("refund_in_full", SOURCE, told, {"until": due.isoformat(), "means": "same_as_payment"})
    return permit(*reasons, obligations=(refunding,), values=values)


def _legal_interest(parameters: Parameters, day: dt.date, late: int) -> Reason:
    used = parameters.at("legal_interest_article", day)
    message = _(
        "The money comes {days} days late: the sum bears interest at the legal rate of Belgium for these days.",
        days=late,
    )
    return Reason("legal_interest", SOURCE, message, RULE, parameters.citation(used.key, day), (used,))
