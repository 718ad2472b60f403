"""The form of a request: what was typed, read once, kept when something must be mended."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict

from core.messages import Message, _

MOST_DIGITS = 9


@dataclasses.dataclass(frozen=True, slots=True)
class Typed:
    """A request as it was typed."""

    beneficiary: str = ""
    professionals: tuple[str, ...] = ()
    question: str = ""
    highest: str = ""
    acknowledged: frozenset[str] = frozenset()
    profile_confirmed: bool = False
    on_card: str = ""
    previous: str = ""

    @property
    def professional_ids(self) -> list[uuid.UUID]:
        """The chosen professionals; what is no id is nobody."""
        return [found for p in self.professionals if (found := as_uuid(p)) is not None]

    @property
    def on_health_card(self) -> bool | None:
        """Whether the dependant is on the patient's health card; None where it was not said."""
        return {"yes": True, "no": False}.get(self.on_card)


def as_uuid(text: str) -> uuid.UUID | None:
    """An id, or None."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def read(form: MultiDict[str, str]) -> Typed:
    """The form as it came."""
    return Typed(
        form.get("beneficiary", ""),
        tuple(form.getlist("professional")),
        form.get("question", ""),
        form.get("highest", "").strip(),
        frozenset(form.getlist("acknowledged")),
        bool(form.get("profile_confirmed")),
        form.get("on_card", ""),
        form.get("previous", ""),
    )


def cents(text: str) -> tuple[int | None, Message | None]:
    """(cents, None) of an amount typed as people write it ("25", "25,50 €"), (None, None) for nothing, (None, what is wrong)."""
    bare = text.replace("€", "").replace("EUR", "").replace("\u202f", "").replace("\xa0", "").replace(" ", "")
    if not bare:
        return None, None
    try:
        amount = Decimal(bare.replace(",", "."))
    except InvalidOperation:
        return None, _("“{found}” is not an amount; one looks like 25 or 25.50.", found=text[:30])
    if not amount.is_finite() or amount < 0 or amount != round(amount, 2) or len(bare) > MOST_DIGITS:
        return None, _("“{found}” is not an amount; one looks like 25 or 25.50.", found=text[:30])
    return int(amount * 100), None


def beneficiary_of(typed: Typed, allowed: Mapping[str, uuid.UUID | None]) -> tuple[Any, Message | None]:
    """(dependant or None for oneself, what is wrong)."""
    if typed.beneficiary not in allowed:
        return None, _("Please say for whom this is.")
    return allowed[typed.beneficiary], None
