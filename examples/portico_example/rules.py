"""Rules of Examplia: pure functions, facts in, decision out. No database, no clock, no Flask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core.plugin_api import (
    NOT_APPLICABLE,
    Decision,
    Domain,
    GoLiveCheck,
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
COUNTRY = "XE"


def service_access(question: Question, parameters: Parameters) -> Decision:
    """People of Examplia may have everything from its professionals, from the age that its law sets on the day of the act."""
    if question.patient.category != "example_resident" or question.professional.country != COUNTRY:
        return NOT_APPLICABLE
    if question.patient.birth_date is None:
        return missing_fact(NAME, "patient.birth_date")
    try:
        age = parameters.at("adult_age", question.at)
    except NoRuleInForce:
        return deny(Reason("no_rule_in_force", NAME, _("The law of Examplia says nothing for that day."), "EX-7"))
    citation = parameters.citation("adult_age", question.at)
    if _years(question.patient.birth_date, question.at) < age.value:
        why = _("In Examplia one books alone from {age} years on.", age=age.value)
        return deny(Reason("too_young", NAME, why, "EX-7", citation, (age,)))
    reason = Reason(
        "resident",
        NAME,
        _("You are insured in Examplia, and so is this professional."),
        "EX-7",
        citation,
        (age,),
    )
    frail = "example_frail" in question.patient.statuses
    more_time = Obligation("more_time", NAME, _("Plan ten minutes more."), {"minutes": 10})
    return permit(reason, obligations=(more_time,) if frail else ())


def _years(born: dt.date, on: dt.date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def booking(question: Question) -> Decision:
    """Nothing at the quiet hour that the portal chose; otherwise Examplia has no say."""
    quiet = question.settings.get("quiet_hour")
    if quiet is None:
        return NOT_APPLICABLE
    starts_at = question.facts.get("starts_at")
    if not isinstance(starts_at, dt.datetime):
        return missing_fact(NAME, "starts_at")
    if starts_at.astimezone(dt.UTC).hour == quiet:
        why = _("Nothing is booked between {hour}:00 and {hour}:59 UTC.", hour=quiet)
        return deny(Reason("quiet_hour", "tenant", why, "EX-8"))
    return NOT_APPLICABLE


def what_is_missing(config: Mapping[str, Any]) -> tuple[GoLiveCheck, ...]:
    """A portal with Examplia greets its visitors before it opens."""
    if config.get("plugins", {}).get(NAME, {}).get("welcome"):
        return ()
    return (GoLiveCheck("plugins.example.welcome", _("Examplia wants words of welcome.")),)


def record_access(question: Question) -> Decision:
    """In Examplia colleagues never show each other documents, whatever the patient agreed to."""
    if question.professional.country != COUNTRY or question.facts.get("part") != "tele_expertise":
        return NOT_APPLICABLE
    why = _("In Examplia one asks for advice without showing documents.")
    return deny(Reason("no_advice_by_file", NAME, why, "EX-9", "Health Act of Examplia, article 9"))
