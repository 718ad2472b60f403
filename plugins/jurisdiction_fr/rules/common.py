"""What the rules of France share: its calendar, its rounding, and how an answer is put together."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from core.plugin_api import (
    Decision,
    Domain,
    Message,
    NoRuleInForce,
    Obligation,
    Parameters,
    Reason,
    UsedParameter,
    deny,
    missing_fact,
    permit,
)
from plugins.jurisdiction_fr.rules.public_holidays import holidays_of

_ = Domain("jurisdiction_fr")
SOURCE = "jurisdiction_fr"
TERMS = (
    "Conditions générales du portail"  # what a refusal cites that rests on the contract with its users, not on a law
)
COUNTRY = "FR"
IN_PERSON, EXPRESS, VIDEO = "in_person", "express_consultation", "video_consultation"
TELECONSULTATION, SUBSCRIPTION = "teleconsultation", "subscription"
FRENCH = ("fr_resident", "fr_cross_border")
PATIENT, PROFESSIONAL = "patient", "professional"
PHYSICIAN = "physician"
_SATURDAY = 5


@dataclass(slots=True)
class Findings:
    """What the criteria of a case say: grounds for it, refusals, and facts that would still decide.

    A case that something refuses asks for no more facts; otherwise what is missing is named in the order of `order`.
    """

    order: tuple[str, ...]
    grounds: list[Reason] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def denied(self) -> Decision | None:
        """The deny, if the criteria make one."""
        if self.refusals:
            return deny(*self.refusals)
        if self.missing:
            return missing_fact(SOURCE, *(name for name in self.order if name in self.missing))
        return None

    def decision(self, *, obligations: Iterable[Obligation] = (), values: Mapping[str, Any] | None = None) -> Decision:
        """The deny, else a permit on the grounds."""
        return self.denied() or permit(*self.grounds, obligations=obligations, values=values)


def by_law(
    code: str, message: Message, rule: str, parameters: Parameters, day: dt.date, *used: UsedParameter
) -> Reason:
    """A reason with its citation: the reference of the first parameter on that day."""
    return Reason(code, SOURCE, message, rule, parameters.citation(used[0].key, day), used)


def not_yet(parameters: Parameters, error: NoRuleInForce, rule: str) -> Decision:
    """The deny for a date before the first value: it says which day the rule begins."""
    message = _(
        "The rule of France for this begins on {first}. For an earlier date this portal cannot answer: "
        "please ask the support team.",
        first=parameters.items[error.key].values[0].since,
    )
    return deny(Reason("no_rule_in_force", SOURCE, message, rule))


def in_force(parameters: Parameters, key: str, day: dt.date) -> UsedParameter | None:
    """The value on a day; None before the first, for a rule whose absence leaves something free."""
    return parameters.at(key, day) if parameters.items[key].values[0].since <= day else None


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def years_later(day: dt.date, years: int) -> dt.date:
    """The same day some years later; 29 February becomes 28."""
    return months_later(day, 12 * years)


def age(born: dt.date, day: dt.date) -> int:
    """Completed years on a day."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@lru_cache(maxsize=256)
def _days_off(year: int, region: str) -> frozenset[dt.date]:
    return frozenset(holiday.date for holiday in holidays_of(year, region))


def period_end(start: dt.date, days: int, region: str = "none") -> dt.date:
    """The last day of a period: the first day does not count; it never ends on a Saturday, Sunday or public holiday."""
    end = start + dt.timedelta(days=days)
    while end.weekday() >= _SATURDAY or end in _days_off(end.year, region):
        end += dt.timedelta(days=1)
    return end


def half_up(amount: Decimal) -> int:
    """Whole cents, the half cent upwards."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def euros(cents: int) -> int | float:
    """An amount for a message."""
    return cents / 100 if cents % 100 else cents // 100
