"""What the rules of the assistance share: how an answer is put together, and ages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.plugin_api import Decision, Domain, Message, Obligation, Reason, deny, missing_fact, permit

_ = Domain("insurer_assistance")
SOURCE = "insurer_assistance"
TERMS = "Conditions générales d’utilisation du service d’assistance"
COUNTRY = "FR"
PHYSICIAN, GENERAL_PRACTICE, NURSE = "physician", "general_practice", "nurse"


@dataclass(slots=True)
class Findings:
    """What the criteria of a case say: grounds for it, refusals, and facts that would still decide.

    A case that something refuses asks for no more facts; otherwise what is missing is named in the order of `order`.
    """

    order: tuple[str, ...]
    grounds: list[Reason] = field(default_factory=list)
    refusals: list[Reason] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def refuse(self, code: str, rule: str, message: Message) -> None:
        """One more refusal by the contract."""
        self.refusals.append(by_contract(code, rule, message))

    def ground(self, code: str, rule: str, message: Message) -> None:
        """One more ground by the contract."""
        self.grounds.append(by_contract(code, rule, message))

    def ask(self, **facts: Any) -> None:
        """Note the facts that are absent; `patient__birth_date` stands for patient.birth_date."""
        self.missing |= {name.replace("__", ".") for name, value in facts.items() if value is None}

    def decision(self, *, obligations: Iterable[Obligation] = (), values: Mapping[str, Any] | None = None) -> Decision:
        """The deny, if the criteria make one, else a permit on the grounds."""
        if self.refusals:
            return deny(*self.refusals)
        if self.missing:
            return missing_fact(SOURCE, *(name for name in self.order if name in self.missing))
        return permit(*self.grounds, obligations=obligations, values=values)

    @property
    def open(self) -> bool:
        """Whether nothing refuses and nothing is missing."""
        return not self.refusals and not self.missing


def by_contract(code: str, rule: str, message: Message) -> Reason:
    """A reason that rests on the terms of the service."""
    return Reason(code, SOURCE, message, rule, TERMS)


def unknown(findings: Findings, fact: str, rule: str, given: str, allowed: Iterable[str]) -> None:
    """Refuse a word that no rule knows, naming those it does."""
    message = _(
        "“{given}” is not known for “{fact}”. Please correct it; known are: {allowed}.",
        given=given,
        fact=fact,
        allowed=", ".join(allowed),
    )
    findings.refuse(f"unknown_{fact}", rule, message)


def obligation(code: str, rule: str, message: Message, **details: Any) -> Obligation:
    """What must be done if one goes on, with the rule that asks for it."""
    return Obligation(code, SOURCE, message, {"rule": rule, **details})


def years(born: dt.date, day: dt.date) -> int:
    """Completed years on a day."""
    return months(born, day) // 12


def months(born: dt.date, day: dt.date) -> int:
    """Completed months on a day; somebody born on the 31st is a month older on the 1st where a month has no 31st."""
    return (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
