"""How long must data be kept after an event, and what happens then? By class of data."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Obligation,
    Parameters,
    Question,
    UsedParameter,
    missing_fact,
    permit,
)
from plugins.jurisdiction_fr.rules.common import (
    COUNTRY,
    FRENCH,
    SOURCE,
    age,
    by_law,
    months_later,
    not_yet,
    years_later,
)

_ = Domain("jurisdiction_fr")
RULE = "CB-282"
DELETE, ANONYMISE = "delete", "anonymise"
RECORD = "patient_record"
# Class: the parameter, whether the time starts with the end of the event's year, what happens when it is over.
CLASSES = {
    RECORD: ("patient_record_years", False, ANONYMISE),
    "deceased_patient_record": ("deceased_patient_record_years", False, ANONYMISE),
    "invoice": ("invoice_years", True, DELETE),
    "contract": ("contract_years", False, DELETE),
    "acceptance": ("acceptance_years", False, DELETE),
    "access_log": ("access_log_months", False, DELETE),
}


def retention(question: Question, parameters: Parameters) -> Decision:
    """The answer for data of professionals in France; where no professional is named, of patients insured there.

    Facts: `data_class`, `event_date` (of a patient's record the last visit). With a birth date a child's record is kept
    at least until the birthday that the law names. Rule CB-282: the longest retention holds.
    """
    country, category = question.professional.country, question.patient.category
    data_class, event = question.facts.get("data_class"), question.facts.get("event_date")
    if data_class is not None and data_class not in CLASSES:
        return NOT_APPLICABLE
    if country != COUNTRY and not (country is None and category in (None, *FRENCH)):
        return NOT_APPLICABLE
    nobody = country is None and category is None
    asked = (("professional.country", None if nobody else True), ("event_date", event), ("data_class", data_class))
    missing = [name for name, value in asked if value is None]
    if data_class is None or event is None or missing:
        return missing_fact(SOURCE, *missing)
    try:
        return _kept(question, parameters, data_class, event)
    except NoRuleInForce as error:
        return not_yet(parameters, error, RULE)


def _kept(question: Question, parameters: Parameters, data_class: str, event: dt.date) -> Decision:
    key, from_year_end, then = CLASSES[data_class]
    used = parameters.at(key, question.at)
    start = dt.date(event.year, 12, 31) if from_year_end else event
    until = months_later(start, used.value) if used.unit == "months" else years_later(start, used.value)
    reasons = [by_law("kept_by_law", _period(used, until), RULE, parameters, question.at, used)]
    obligations = []
    born = question.patient.birth_date
    if data_class == RECORD and born is None:
        message = _(
            "If the patient was a minor at the last visit, enter the birth date: the record may be kept longer."
        )
        obligations.append(Obligation("check_minor", SOURCE, message))
    elif (
        data_class == RECORD and born is not None and age(born, event) < _years(question, parameters, "majority_years")
    ):
        least = parameters.at("patient_record_minor_until_years", question.at)
        birthday = years_later(born, least.value)
        if birthday > until:
            until = birthday
            message = _(
                "The patient was a minor: the record is kept until the birthday of {age} years, {until}.",
                age=least.value,
                until=until,
            )
            reasons.append(by_law("minor_kept_longer", message, RULE, parameters, question.at, least))
    return permit(*reasons, obligations=obligations, values={"archive_until": until, "then": then})


def _years(question: Question, parameters: Parameters, key: str) -> int:
    return int(parameters.at(key, question.at).value)


def _period(used: UsedParameter, until: dt.date) -> Message:
    if used.unit == "months":
        return _("The law of France asks that this be kept for {n} months: until {until}.", n=used.value, until=until)
    return _("The law of France asks that this be kept for {n} years: until {until}.", n=used.value, until=until)
