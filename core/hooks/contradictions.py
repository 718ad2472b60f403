"""Facts that cannot all be true on this portal: whatever the rules say, such a case is refused and told why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from core.hooks.decisions import Effect, Question, Reason
from core.hooks.types import Category
from core.messages import _

SOURCE = "core"
UNAVAILABLE = "category_unavailable"
ADULT_AGE = 18  # years, in each country that has a jurisdiction here
MINOR_BELOW = 16  # years, where the portal says nothing else (`booking.dependant_max_age_years`)


def unavailable(categories: Iterable[Category], enabled: frozenset[str]) -> frozenset[str]:
    """The categories that enabled plugins know but that need another plugin, which the portal has not (CB-053)."""
    return frozenset(c.code for c in categories if not set(c.requires) <= enabled)


def found(question: Question, closed: frozenset[str], settings: Mapping[str, Any]) -> list[Reason]:
    """All contradictions of a case, as denying reasons.

    `closed` are the categories of `unavailable`; `settings` may hold `dependant_max_age_years` (a minor dependant is
    younger). A minor above that age is neither a dependant nor an account holder; an adult may be protected (CB-032).
    """
    reasons = []
    if question.patient.category in closed:
        message = _("This portal does not know this category of patients: a country that it needs is not part of it.")
        reasons.append(Reason(UNAVAILABLE, SOURCE, message, "CB-053", effect=Effect.DENY))
    born, limit = question.patient.birth_date, int(settings.get("dependant_max_age_years", MINOR_BELOW))
    if (
        question.facts.get("dependant") is True
        and born is not None
        and limit <= completed_years(born, question.at) < ADULT_AGE
    ):
        message = _(
            "A minor of {limit} years or more is no dependant. Please check the birth date, or ask the support team.",
            limit=limit,
        )
        reasons.append(Reason("not_a_dependant", SOURCE, message, "CB-032", effect=Effect.DENY))
    return reasons


def completed_years(born: dt.date, on: dt.date) -> int:
    """Years completed on a day."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
