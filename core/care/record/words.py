"""Answers of a register as people read them, in the visitor's language."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal

from babel import dates, numbers

from core import i18n
from core.care.record.schemas import YES_NO
from core.directory.models import Professional
from core.hooks.types import HealthRegister, RegisterField
from core.web.language import language, say


def shown(asked: RegisterField, value: str) -> str:
    """One answer in words."""
    locale = i18n.locale(language())
    match asked.kind:
        case "choice":
            return next((say(label) for code, label in asked.choices if code == value), value)
        case "yes_no":
            return next((say(label) for code, label in YES_NO if code == value), value)
        case "number":
            number = str(numbers.format_decimal(Decimal(value), locale=locale))
            return f"{number}\u00a0{asked.unit}" if asked.unit else number
        case "when":
            return _when(value)
        case "date":
            return i18n.day(dt.date.fromisoformat(value), language())
        case "professional":
            found: Professional | None = Professional.get(uuid.UUID(value))
            return f"{found.title} {found.name}".strip() if found else "–"
    return value


def _when(value: str) -> str:
    locale = i18n.locale(language())
    if len(value) == 4:
        return value
    if len(value) == 7:
        return str(dates.format_skeleton("yMMMM", dt.date.fromisoformat(f"{value}-01"), locale=locale))
    return i18n.day(dt.date.fromisoformat(value), language())


def lines(
    register: HealthRegister, values: Mapping[str, str], *, but: RegisterField | None = None
) -> list[tuple[str, str, bool]]:
    """(label, answer, whether it is free text) of an entry, in the register's order; questions without an answer are left out."""
    return [
        (say(f.label), shown(f, values[f.code]), f.kind in ("text", "long_text"))
        for f in register.fields
        if values.get(f.code) and f is not but
    ]


def named_by(register: HealthRegister, values: Mapping[str, str]) -> RegisterField | None:
    """The question whose answer names an entry in a list: the first text, else the first that was answered."""
    given = [f for f in register.fields if values.get(f.code)]
    return next((f for f in given if f.kind == "text"), given[0] if given else None)
