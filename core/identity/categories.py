"""What a patient is: computed from what was declared, checked and copied; never typed (CB-098). Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.hooks.manager import Dispatcher
from core.hooks.types import Category, Condition, Status
from core.messages import Message

OTHER = "other"
_PLACES = ("residence", "workplace", "residence_elsewhere")


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """What is known of a patient, without any value: countries count only once `confirmed`."""

    residence: str | None = None
    workplace: str | None = None
    confirmed: bool = False
    identifiers: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A category that the declared places point at, and what is still missing for it."""

    code: str
    label: Message
    description: Message
    missing: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class CategoryResult:
    """The category, whether it is proved, what is missing for it or a better one, and who else was considered."""

    code: str
    label: Message
    description: Message
    verified: bool
    missing: tuple[Condition, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusResult:
    """A status of the category: active when all its conditions hold."""

    code: str
    label: Message
    description: Message
    declared: bool
    active: bool
    missing: tuple[Condition, ...]


def known(dispatcher: Dispatcher) -> list[Category]:
    """The categories of the enabled plugins; one whose required plugins are not all on is left out (CB-053)."""
    found: Iterable[Category] = dispatcher.collect("categories")
    return [c for c in found if all(dispatcher.is_on(p) for p in c.requires)]


def jurisdictions(dispatcher: Dispatcher) -> frozenset[str]:
    """Countries of residence that some enabled plugin has a category for."""
    return frozenset(x.value for c in known(dispatcher) for x in c.conditions if x.kind == "residence")


def holds(condition: Condition, facts: ProfileFacts, countries: frozenset[str]) -> bool:
    """Whether one condition holds for these facts."""
    match condition.kind:
        case "residence":
            return facts.confirmed and facts.residence == condition.value
        case "workplace":
            return facts.confirmed and facts.workplace == condition.value
        case "residence_elsewhere":
            return facts.confirmed and facts.residence is not None and facts.residence not in countries
        case "identifier":
            return condition.value in facts.identifiers
        case "document":
            return condition.value in facts.documents
        case "declared":
            return condition.value in facts.declared
    raise ValueError(f"unknown kind of condition: {condition.kind}")


def _unmet(conditions: Iterable[Condition], facts: ProfileFacts, countries: frozenset[str]) -> tuple[Condition, ...]:
    return tuple(c for c in conditions if not holds(c, facts, countries))


def _points_at(category: Category, facts: ProfileFacts, countries: frozenset[str]) -> bool:
    """Whether the declared places, confirmed or not, are those of this category."""
    sure = ProfileFacts(facts.residence, facts.workplace, True, facts.identifiers, facts.documents, facts.declared)
    return all(holds(c, sure, countries) for c in category.conditions if c.kind in _PLACES)


def resolve(facts: ProfileFacts, dispatcher: Dispatcher) -> CategoryResult:
    """The category of a patient (CB-054, CB-098 to CB-109).

    Among the categories whose conditions all hold: the highest specificity, then the lowest weight, then the code.
    Where none holds the patient is `other`, unverified.
    """
    countries = jurisdictions(dispatcher)
    order = sorted(known(dispatcher), key=lambda c: (-c.specificity, c.weight, c.code))
    aimed = [c for c in order if _points_at(c, facts, countries)]
    candidates = tuple(Candidate(c.code, c.label, c.description, _unmet(c.conditions, facts, countries)) for c in aimed)
    for category in order:
        if not _unmet(category.conditions, facts, countries):
            # What a more specific category of the same places still lacks is worth knowing.
            better = next(
                (c.missing for c in candidates if c.missing and _rank(order, c.code) < _rank(order, category.code)), ()
            )
            return CategoryResult(category.code, category.label, category.description, True, better, candidates)
    residual = next(c for c in order if c.code == OTHER)
    missing = candidates[0].missing if candidates else _unmet(residual.conditions, facts, countries)
    return CategoryResult(residual.code, residual.label, residual.description, False, missing, candidates)


def _rank(order: list[Category], code: str) -> int:
    return next(i for i, c in enumerate(order) if c.code == code)


def statuses(facts: ProfileFacts, category: str, dispatcher: Dispatcher) -> list[StatusResult]:
    """The statuses that a category can carry, with what each lacks (CB-051, CB-052, CB-103, CB-104)."""
    countries = jurisdictions(dispatcher)
    found: Iterable[Status] = dispatcher.collect("patient_statuses")
    result = []
    for status in found:
        if category in status.categories:
            missing = _unmet(status.conditions, facts, countries)
            declared = all(holds(c, facts, countries) for c in status.conditions if c.kind == "declared")
            result.append(StatusResult(status.code, status.label, status.description, declared, not missing, missing))
    return result


def proofs(category_code: str, dispatcher: Dispatcher) -> tuple[list[str], list[str]]:
    """(identifier types, document types) that a category asks for, in its order."""
    for category in known(dispatcher):
        if category.code == category_code:
            kinds = category.conditions
            return [c.value for c in kinds if c.kind == "identifier"], [c.value for c in kinds if c.kind == "document"]
    return [], []
