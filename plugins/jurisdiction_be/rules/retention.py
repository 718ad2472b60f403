"""How long must data be kept? A patient's record 30 years at least and 50 at most."""

from __future__ import annotations

import datetime as dt

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
from plugins.jurisdiction_be.rules.common import CATEGORY, COUNTRY, SOURCE, months_later, not_yet

_ = Domain("jurisdiction_be")
RULE = "CB-282"
RECORD = "patient_record"
# Class: the parameter, whether its years begin with the end of the event's year, what happens then.
CLASSES = {
    RECORD: ("patient_record_years", False, "anonymise"),
    "invoice": ("invoice_years", True, "delete"),
    "contract": ("contract_years", False, "delete"),
}


def retention(question: Question, parameters: Parameters) -> Decision:
    """The answer for records of professionals in Belgium; where no professional is named, of patients resident there.

    Facts, in this order: `data_class`, `event_date` (of a patient record: the last contact).
    """
    country, category = question.professional.country, question.patient.category
    if country != COUNTRY and not (country is None and category == CATEGORY):
        return NOT_APPLICABLE
    data_class, event = question.facts.get("data_class"), question.facts.get("event_date")
    if data_class is not None and data_class not in CLASSES:
        return NOT_APPLICABLE
    if data_class is None or event is None:
        names = [n for n, value in (("data_class", data_class), ("event_date", event)) if value is None]
        return missing_fact(SOURCE, *names)
    key, from_year_end, then = CLASSES[data_class]
    try:
        years = parameters.at(key, question.at)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, RULE))
    start = dt.date(event.year, 12, 31) if from_year_end else event
    until = months_later(start, 12 * years.value)
    message = _(
        "The law of Belgium asks that this be kept for {years} years: until {until}.", years=years.value, until=until
    )
    reason = Reason("kept_by_law", SOURCE, message, RULE, parameters.citation(key, question.at), (years,))
    obligations = [_gone_by(question, parameters, event)] if data_class == RECORD else []
    return permit(reason, obligations=obligations, values={"archive_until": until, "then": then})


def _gone_by(question: Question, parameters: Parameters, event: dt.date) -> Obligation:
    """The record may not be kept for ever: the longest time the law allows."""
    last = months_later(event, 12 * parameters.at("patient_record_max_years", question.at).value)
    message = _("The record must be gone by {last}: the law allows no longer time.", last=last)
    return Obligation("gone_at_the_latest", SOURCE, message, {"until": last.isoformat()})
