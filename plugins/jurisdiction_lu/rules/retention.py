"""How long must data be kept? By class, from the event or from the end of its year."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    NoRuleInForce,
    Parameters,
    Question,
    Reason,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_lu.rules.common import CATEGORY, COUNTRY, SOURCE, months_later, not_yet

_ = Domain("jurisdiction_lu")
RULE = "CB-282"
# Class: the parameter, whether its years begin with the end of the event's year, what happens then.
CLASSES = {
    "patient_record": ("patient_record_years", False, "anonymise"),
    "invoice": ("invoice_years", True, "delete"),
    "contract": ("contract_years", False, "delete"),
}


def retention(question: Question, parameters: Parameters) -> Decision:
    """The answer for records of professionals in Luxembourg; where no professional is named, of patients insured there.

    Facts, in this order: `data_class`, `event_date` (of a patient record: the end of the care).
    """
    country, category = question.professional.country, question.patient.category
    if country != COUNTRY and not (country is None and category == CATEGORY):
        return NOT_APPLICABLE
    data_class, event = question.facts.get("data_class"), question.facts.get("event_date")
    if data_class is not None and data_class not in CLASSES:
        return NOT_APPLICABLE
    missing = [n for n, value in (("data_class", data_class), ("event_date", event)) if value is None]
    if data_class is None or event is None:
        return missing_fact(SOURCE, *missing)
    key, from_year_end, then = CLASSES[data_class]
    try:
        years = parameters.at(key, question.at)
    except NoRuleInForce as error:
        return deny(not_yet(parameters, error, RULE))
    start = dt.date(event.year, 12, 31) if from_year_end else event
    until = months_later(start, 12 * years.value)
    message = _(
        "The law of Luxembourg asks that this be kept for {years} years: until {until}.", years=years.value, until=until
    )
    reason = Reason("kept_by_law", SOURCE, message, RULE, parameters.citation(key, question.at), (years,))
    return permit(reason, values={"archive_until": until, "then": then})
