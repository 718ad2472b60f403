"""What the rules of Belgium share: whom they concern, its calendar, and the answer for a date before the law."""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from core.plugin_api import Domain, NoRuleInForce, Parameters, Reason
from plugins.jurisdiction_be.rules.public_holidays import holidays_of

_ = Domain("jurisdiction_be")
SOURCE = "jurisdiction_be"
TERMS = (
    "Conditions générales du portail"  # what a refusal cites that rests on the contract with its users, not on a law
)
COUNTRY = "BE"
CATEGORY = "be_resident"
VIDEO = "video_consultation"
SUBSCRIPTION = "subscription"
CARE = frozenset(
    ("in_person", "express_consultation", VIDEO, "teleconsultation", "assistance_teleconsultation", "second_opinion")
) | {"secure_messaging", "tele_expertise"}
_SATURDAY = 5


def not_yet(parameters: Parameters, error: NoRuleInForce, rule: str) -> Reason:
    """The reason for a date before the first value: which day the law begins."""
    message = _(
        "The rule of Belgium for this begins on {first}. For an earlier date this portal cannot answer: "
        "please ask the support team.",
        first=parameters.items[error.key].values[0].since,
    )
    return Reason("no_rule_in_force", SOURCE, message, rule)


@lru_cache(maxsize=64)
def _days_off(year: int) -> frozenset[dt.date]:
    return frozenset(holiday.date for holiday in holidays_of(year))


def period_end(start: dt.date, days: int) -> dt.date:
    """The last day of a period: the day of the start does not count, and a Saturday, Sunday or public holiday of
    Belgium does not end it."""
    end = start + dt.timedelta(days=days)
    while end.weekday() >= _SATURDAY or end in _days_off(end.year):
        end += dt.timedelta(days=1)
    return end


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months later, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def half_up(amount: Decimal) -> int:
    """Whole cents, the half cent upwards."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
