"""May an order still be withdrawn from, until when, and what is owed if the money comes back late?"""

from __future__ import annotations

import datetime as dt
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
from plugins.jurisdiction_fr.rules.common import (
    COUNTRY,
    FRENCH,
    PATIENT,
    PROFESSIONAL,
    SOURCE,
    SUBSCRIPTION,
    by_law,
    half_up,
    in_force,
    months_later,
    not_yet,
    period_end,
)

_ = Domain("jurisdiction_fr")
CARE = (
    "in_person", "express_consultation", "video_consultation", "teleconsultation", "assistance_teleconsultation",
    "second_opinion", "secure_messaging", "tele_expertise",
)  # fmt: skip


def withdrawal(question: Question, parameters: Parameters) -> Decision:
    """The answer for patients insured in France and for professionals there (CB-228, CB-231, CB-235, CB-236).

    Facts: `party`; for a subscription `contract_date` and `request_date`; `refund_date`, without which nothing has been
    given back by the date of the question; `amount_cents` and `legal_rate_percent` only where legal interest is owed.
    The law is that of the day of the contract.
    """
    party, service = question.facts.get("party"), question.service
    category, country = question.patient.category, question.professional.country
    if party is None:
        return missing_fact(SOURCE, "party") if category in FRENCH or country == COUNTRY else NOT_APPLICABLE
    if party == PATIENT and category in (None, *FRENCH):
        asked = [name for name, value in (("service", service), ("patient.category", category)) if value is None]
        if asked:
            return missing_fact(SOURCE, *asked)
        if service in CARE:
            return _care_excluded(question, parameters)
        return _subscription(question, parameters) if service == SUBSCRIPTION else NOT_APPLICABLE
    if party == PROFESSIONAL and country in (None, COUNTRY) and service in (None, SUBSCRIPTION):
        if country is None:
            return missing_fact(SOURCE, "professional.country")
        return _subscription(question, parameters)
    return NOT_APPLICABLE


def _law_day(question: Question) -> dt.date:
    contract = question.facts.get("contract_date")
    return question.at if contract is None else min(contract, question.at)


def _care_excluded(question: Question, parameters: Parameters) -> Decision:
    """CB-228: no withdrawal from care."""
    day = _law_day(question)
    try:
        used, days = parameters.at("withdrawal_care_excluded", day), parameters.at("withdrawal_days", day)
    except NoRuleInForce as error:
        return not_yet(parameters, error, "CB-228")
    message = _(
        "The right to withdraw within {days} days does not apply to health services, so an order of care cannot be "
        "withdrawn. You can still cancel it as long as its page offers that.",
        days=days.value,
    )
    return deny(by_law("care_excluded", message, "CB-228", parameters, day, used, days))


def _subscription(question: Question, parameters: Parameters) -> Decision:
    contract, request = question.facts.get("contract_date"), question.facts.get("request_date")
    if contract is None or request is None:
        dates = (("contract_date", contract), ("request_date", request))
        return missing_fact(SOURCE, *(name for name, value in dates if value is None))
    try:
        return _within_days(question, parameters, contract, request)
    except NoRuleInForce as error:
        return not_yet(parameters, error, "CB-231")


def _within_days(question: Question, parameters: Parameters, contract: dt.date, request: dt.date) -> Decision:
    """CB-231: the period to withdraw; CB-235: the period to give the money back."""
    day, region = _law_day(question), question.settings.get("local_holidays", "none")
    days, refund_days = parameters.at("withdrawal_days", day), parameters.at("refund_days", day)
    moved = parameters.at("working_day_extension", day)
    deadline = period_end(contract, days.value, region)
    if request > deadline:
        message = _(
            "The {days} days to withdraw ended on {deadline}. The subscription goes on; "
            "you can end it as its conditions say, or write to the support team.",
            days=days.value,
            deadline=deadline,
        )
        return deny(by_law("withdrawal_too_late", message, "CB-231", parameters, day, days, moved))
    due = period_end(request, refund_days.value, region)
    message = _(
        "You may withdraw within {days} days, without giving a reason and without cost: until {deadline}.",
        days=days.value,
        deadline=deadline,
    )
    reasons = [by_law("withdrawal_in_time", message, "CB-231", parameters, day, days, moved)]
    message = _("All that was paid is given back within {days} days: until {due}.", days=refund_days.value, due=due)
    reasons.append(by_law("refund_due", message, "CB-235", parameters, day, refund_days))
    values: dict[str, Any] = {"deadline": deadline, "refund_due_by": due, "increase_percent": 0, "interest_cents": 0}
    until = question.facts.get("refund_date") or question.at
    if until > due:
        missing = _late(question, parameters, due, until, reasons, values)
        if missing:
            return missing_fact(SOURCE, *missing)
    return permit(*reasons, obligations=_obligations(question, parameters, due), values=values)


def _late(
    question: Question,
    parameters: Parameters,
    due: dt.date,
    until: dt.date,
    reasons: list[Reason],
    values: dict[str, Any],
) -> list[str]:
    """CB-236: what is owed beside the sum. Returns the facts that are missing for it."""
    day = _law_day(question)
    scale = parameters.at("late_refund_scale", day)
    late = (until - due).days
    percent, interest_from = _increase(parameters, day, due, until)
    values["increase_percent"] = percent
    if percent:
        message = _(
            "The money comes {late} days late: the sum is increased by {percent} %.", late=late, percent=percent
        )
        reasons.append(by_law("late_refund_increase", message, "CB-236", parameters, day, scale))
    if interest_from is None or until <= interest_from:
        return []
    amount, rate = question.facts.get("amount_cents"), question.facts.get("legal_rate_percent")
    if amount is None or rate is None:
        asked = (("amount_cents", amount), ("legal_rate_percent", rate))
        return [name for name, value in asked if value is None]
    year = parameters.at("legal_interest_year_days", day)
    days = (until - interest_from).days
    values["interest_cents"] = half_up(Decimal(amount) * Decimal(str(rate)) * days / (100 * year.value))
    message = _("The sum bears interest at the legal rate, {rate} %, for {days} days.", rate=rate, days=days)
    reasons.append(by_law("legal_interest", message, "CB-236", parameters, day, scale, year))
    return []


def _increase(parameters: Parameters, day: dt.date, due: dt.date, until: dt.date) -> tuple[int, dt.date | None]:
    """The increase in percent, and the day after which legal interest runs, if it does.

    A boundary day belongs to the lower band. In the first band there is interest and no increase; after the last one
    points are added by the month until the price is reached, and interest runs from then on.
    """
    late = (until - due).days
    bands = parameters.at("late_refund_scale", day).value
    for last, percent in bands:
        if late <= last:
            return percent, None if percent else due
    points = parameters.at("late_refund_points_per_month", day).value
    cap = parameters.at("late_refund_cap_percent", day).value
    started = parameters.at("late_refund_new_month", day).value == "started"
    last_day, highest = bands[-1]
    months_before = last_day // 30
    months = _months(due, until, started=started) - months_before
    percent = min(highest + points * max(months, 1 if started else 0), cap)
    capped = months_before + -((highest - cap) // points)
    return percent, months_later(due, capped) if percent == cap else None


def _months(due: dt.date, until: dt.date, *, started: bool) -> int:
    """Months late, those that have started or those that are complete."""
    complete = (until.year - due.year) * 12 + until.month - due.month
    if months_later(due, complete) > until:
        complete -= 1
    return complete + (started and months_later(due, complete) < until)


def _obligations(question: Question, parameters: Parameters, due: dt.date) -> list[Obligation]:
    message = _("Give back the whole sum by the same means of payment, without cost, until {due}.", due=due)
    details = {"until": due.isoformat(), "means": "same_as_payment"}
    found = [Obligation("refund_in_full", SOURCE, message, details)]
    if question.facts["party"] == PATIENT and in_force(parameters, "withdrawal_button", question.at):
        message = _("Offer a button by which the patient withdraws online, as easily as they subscribed.")
        found.append(Obligation("offer_withdrawal_button", SOURCE, message))
    return found
