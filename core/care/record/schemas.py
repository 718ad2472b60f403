"""From a register to a marshmallow schema: what is taken, what is refused, and the words for it."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import has_request_context
from marshmallow import EXCLUDE, Schema, ValidationError, fields

from core import clock
from core.care.record.people import Subject
from core.directory import service as directory
from core.hooks.types import HealthRegister, RegisterField
from core.identity.fields import REQUIRED, country_name, parse_date, refuse
from core.identity.schemas import Errors
from core.identity.schemas import check as check_schema
from core.messages import Message, _
from core.tenancy.current import current_tenant

MOST_TEXT = 200
MOST_LONG_TEXT = 2000
FIRST_YEAR, LAST_YEAR = 1900, 2200
YES_NO: tuple[tuple[str, Message | str], ...] = (("yes", _("Yes")), ("no", _("No")))
# Joiners belong to letters of several scripts and to emoji, marks give the direction of single letters: they stay.
_KEPT_FORMAT = frozenset("\u200c\u200d\u200e\u200f\u061c")
_YEAR = re.compile(r"^(\d{4})\Z")
_MONTH = re.compile(r"^(?:(?P<m>\d{1,2})[./\-\s](?P<y>\d{4})|(?P<y2>\d{4})-(?P<m2>\d{1,2}))\Z")
_NUMBER = re.compile(r"^\d{1,6}([.,]\d{1,6})?\Z")


def tidy(value: Any, *, lines: bool = False) -> str:
    """Typed text, composed and trimmed: any script and emoji; no control characters, nothing that turns the text around it."""
    text = unicodedata.normalize("NFC", value if isinstance(value, str) else "")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = []
    for c in text:
        category = unicodedata.category(c)
        if c == "\n" or c == "\t" or category in ("Zl", "Zp"):
            kept.append("\n" if lines and c != "\t" else " ")
        elif category == "Cf":
            kept.append(c if c in _KEPT_FORMAT else "")
        elif category not in ("Cc", "Cs", "Co"):
            kept.append(c)
    joined = "".join(kept)
    if not lines:
        return " ".join(joined.split())
    rows = [" ".join(row.split()) for row in joined.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(rows)).strip()


class Answered(fields.Field[str]):
    """The answer to one question of a register, kept as text: numbers with a point, days as ISO."""

    default_error_messages = {"required": [REQUIRED], "null": [REQUIRED]}

    def __init__(self, asked: RegisterField, subject: Subject) -> None:
        super().__init__(required=asked.required, metadata={"asked": asked})
        self.asked, self.subject = asked, subject

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = tidy(value, lines=self.asked.kind == "long_text")
        if not text:
            if self.asked.required:
                raise ValidationError([REQUIRED])
            return ""
        checks: Mapping[str, Callable[[str], str]] = {
            "number": self._number, "choice": self._choice, "yes_no": self._choice, "when": self._when, "date": self._date,
            "professional": self._professional,
        }  # fmt: skip
        return checks.get(self.asked.kind, self._text)(text)

    def _text(self, text: str) -> str:
        most = MOST_LONG_TEXT if self.asked.kind == "long_text" else MOST_TEXT
        if len(text) > most:
            raise refuse(_("At most {count} characters are possible; {found} were typed.", count=most, found=len(text)))
        return text

    def _number(self, text: str) -> str:
        asked = self.asked
        found = text.removesuffix(asked.unit).strip() if asked.unit else text
        try:
            number = Decimal(found.replace(",", ".")) if _NUMBER.match(found) and found.isascii() else None
        except InvalidOperation:
            number = None
        if number is None:
            raise refuse(_("A number is expected; “{found}” was typed.", found=text[:40]))
        if -int(number.as_tuple().exponent) > asked.decimals:
            if not asked.decimals:
                raise refuse(_("A whole number is expected; “{found}” was typed.", found=text[:40]))
            raise refuse(_("At most {count} digits after the comma are possible.", count=asked.decimals))
        low, high = asked.least, asked.most
        if (low is not None and number < low) or (high is not None and number > high):
            raise refuse(
                _(
                    "A number from {low} to {high} {unit} is expected; “{found}” was typed.",
                    low=low if low is not None else 0, high=high if high is not None else "…", unit=asked.unit, found=text[:40],
                )
            )  # fmt: skip
        return format(number.normalize(), "f")

    def _choice(self, text: str) -> str:
        options = YES_NO if self.asked.kind == "yes_no" else self.asked.choices
        if text not in {code for code, _label in options}:
            raise refuse(_("Please choose one of the list."))
        return text

    def _when(self, text: str) -> str:
        wrong = _(
            "A year, a month or a day is expected, such as 2008, 05/2008 or 17/05/2008; “{found}” was typed.",
            found=text[:40],
        )
        value = partial_date(text)
        if value is None:
            raise refuse(wrong)
        today = clock.today(current_tenant().time_zone).isoformat()
        if value > today[: len(value)]:
            raise refuse(_("This date lies in the future. Please check the year."))
        if value < self.subject.born.isoformat()[: len(value)]:
            raise refuse(_("This date lies before the date of birth. Please check the year."))
        return value

    def _date(self, text: str) -> str:
        day = parse_date(text)
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise refuse(
                _("A date such as 17/05/2027 (day, month, year) is expected; “{found}” was typed.", found=text[:40])
            )
        return day.isoformat()

    def _professional(self, text: str) -> str:
        asked = self.asked
        try:
            found = directory.access_professional(uuid.UUID(text))
        except ValueError:
            found = None
        if found is None:
            raise refuse(_("Please choose one of the list."))
        if asked.country and found.country != asked.country:
            raise refuse(
                _(
                    "This must be a professional who practises in {country}.",
                    country=country_name(asked.country) if has_request_context() else asked.country,
                )
            )
        if asked.profession and found.kind != asked.profession:
            raise refuse(_("This must be a physician.") if asked.profession == "physician" else _("This must be another health professional than a physician."))  # fmt: skip
        return str(found.id)


def partial_date(text: str) -> str | None:
    """A year, month or day as the beginning of an ISO date: "2008", "2008-05", "2008-05-17". None where it is none."""
    if (year := _YEAR.match(text)) and text.isascii():
        return text if FIRST_YEAR <= int(year[1]) <= LAST_YEAR else None
    if (found := _MONTH.match(text)) and text.isascii():
        month, in_year = int(found["m"] or found["m2"]), int(found["y"] or found["y2"])
        return f"{in_year:04}-{month:02}" if 1 <= month <= 12 and FIRST_YEAR <= in_year <= LAST_YEAR else None
    day = parse_date(text) if text.isascii() else None
    return day.isoformat() if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


def asked_of(register: HealthRegister, subject: Subject) -> list[RegisterField]:
    """The questions of a register that this person is asked at all."""
    role = "holder" if subject.dependant_id is None else "dependant"
    return [f for f in register.fields if f.only_for in ("anyone", role)]


def schema_of(register: HealthRegister, subject: Subject) -> Schema:
    """The schema of one entry of a register, for this person."""
    made = Schema.from_dict({f.code: Answered(f, subject) for f in asked_of(register, subject)}, name=register.code)
    return made(unknown=EXCLUDE)


def check(register: HealthRegister, subject: Subject, typed: Mapping[str, Any]) -> tuple[dict[str, str], Errors]:
    """(answers, errors by field): answers that were not asked for, after another answer, are left out."""
    asked = asked_of(register, subject)
    skipped = {f.code for f in asked if f.only_when and tidy(typed.get(f.only_when[0])) != f.only_when[1]}
    given = {f.code: typed.get(f.code, "") for f in asked if f.code not in skipped}
    schema = schema_of(register, subject)
    for code in skipped:
        schema.fields.pop(code)
        schema.load_fields.pop(code)
    data, errors = check_schema(schema, given)
    answers = {code: value for code, value in data.items() if value}
    if not errors and not answers:
        errors = {"": [_("Nothing was filled in.")]}
    return answers, errors
