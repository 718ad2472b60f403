"""Decisions: typed questions, answers with all their reasons, deny-overrides (design.md, section 4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from core.canonical import canonical, digest
from core.messages import Message, _

__all__ = [
    "NOT_APPLICABLE",
    "Decision",
    "Effect",
    "Obligation",
    "PatientFacts",
    "ProfessionalFacts",
    "Question",
    "Reason",
    "UsedParameter",
    "canonical",
    "combine",
    "deny",
    "digest",
    "missing_fact",
    "permit",
]

PERMIT_NOBODY = "nobody_permits"


class Effect(StrEnum):
    """What an answer says: XACML's three."""

    PERMIT = "permit"
    DENY = "deny"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class UsedParameter:
    """A dated value that a reason rests on: its key, the value, and the date since which it holds."""

    key: str
    value: Any
    since: dt.date
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a decision.

    `code` is stable for machines, `source` the plugin ("core" for the core, "tenant" for configuration), `rule`
    an id of the catalogue, `citation` the article of law or contract, `message` the plain words.
    """

    code: str
    source: str
    message: Message
    rule: str | None = None
    citation: str | None = None
    parameters: tuple[UsedParameter, ...] = ()
    effect: Effect = Effect.PERMIT


@dataclass(frozen=True, slots=True)
class Obligation:
    """What must be done if one goes on: `code` is stable, `details` JSON-ready, `message` the plain words."""

    code: str
    source: str
    message: Message
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The patient as a decision sees them: no name, no identifier."""

    category: str | None = None
    statuses: frozenset[str] = frozenset()
    birth_date: dt.date | None = None
    country: str | None = None
    category_verified: bool = False


@dataclass(frozen=True, slots=True)
class ProfessionalFacts:
    """The professional as a decision sees them. `kind` is `physician` or `allied`."""

    country: str | None = None
    kind: str | None = None
    specialty: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A typed request: what is asked (`name`), about which service, for whom, on which date.

    `facts` are those of the question (design.md, section 4); `settings` is the plugin's section of the tenant's
    configuration, given by the dispatcher so that rules stay pure.
    """

    name: str
    at: dt.date
    service: str | None = None
    patient: PatientFacts = PatientFacts()
    professional: ProfessionalFacts = ProfessionalFacts()
    facts: Mapping[str, Any] = field(default_factory=dict)
    plugins: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """An immutable answer: effect, all reasons, all obligations, computed values."""

    effect: Effect
    reasons: tuple[Reason, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def permitted(self) -> bool:
        return self.effect is Effect.PERMIT

    @classmethod
    def not_applicable(cls) -> Decision:
        return NOT_APPLICABLE


NOT_APPLICABLE = Decision(Effect.NOT_APPLICABLE)


def permit(
    *reasons: Reason, obligations: Iterable[Obligation] = (), values: Mapping[str, Any] | None = None
) -> Decision:
    """A permit with its reasons."""
    return Decision(Effect.PERMIT, tuple(reasons), tuple(obligations), dict(values or {}))


def deny(*reasons: Reason) -> Decision:
    """A deny with its reasons, each stamped as a denying one."""
    stamped = tuple(Reason(r.code, r.source, r.message, r.rule, r.citation, r.parameters, Effect.DENY) for r in reasons)
    return Decision(Effect.DENY, stamped)


def missing_fact(source: str, *names: str) -> Decision:
    """The deny for facts that matter and are absent: one reason for each, naming it."""
    return deny(
        *(
            Reason(
                "missing_fact",
                source,
                _("The answer depends on “{fact}”, which was not given.", fact=name),
            )
            for name in names
        )
    )


# Figures combine by kind (design.md, section 4): the key's name says how two plugins' values meet.
_COMBINE = {"archive_until": max, "deadline": max, "refund_due_by": max, "max_duration_minutes": min}


def combine(question: Question, answers: Iterable[Decision]) -> Decision:
    """Deny-overrides, closed by default; the result does not depend on the order of the answers.

    No permit: deny with `nobody_permits`. Two plugins computing one value differently where no combination is
    declared: deny with `conflicting_values`.
    """
    given = [a for a in answers if a.effect is not Effect.NOT_APPLICABLE]
    reasons = [r for a in given for r in a.reasons]
    denied = any(a.effect is Effect.DENY for a in given)
    values: dict[str, Any] = {}
    if not denied:
        for answer in given:
            for key, value in answer.values.items():
                if key not in values or values[key] == value:
                    values[key] = value
                elif key in _COMBINE:
                    values[key] = _COMBINE[key](values[key], value)
                else:
                    denied = True
                    reasons.append(
                        Reason(
                            "conflicting_values",
                            "core",
                            _("Two rules give different values for “{name}”.", name=key),
                            effect=Effect.DENY,
                        )
                    )
    if not given:
        denied = True
        reasons.append(
            Reason(
                PERMIT_NOBODY,
                "core",
                _("No rule of this portal allows it. What is not allowed stays closed."),
                rule="CB-115",
                effect=Effect.DENY,
            )
        )
    reasons.sort(key=lambda r: (r.source, r.rule or "", r.code, repr(r.message)))
    if denied:
        return Decision(Effect.DENY, tuple(_unique(reasons)))
    obligations = sorted((o for a in given for o in a.obligations), key=lambda o: (o.source, o.code, repr(o.details)))
    return Decision(Effect.PERMIT, tuple(_unique(reasons)), tuple(_unique(obligations)), dict(sorted(values.items())))


def _unique(items: Iterable[Any]) -> list[Any]:
    seen: list[Any] = []
    for item in items:
        if item not in seen:
            seen.append(item)
    return seen
