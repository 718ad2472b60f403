"""Health registers of a plugin: questions that can be asked, answers that can be given, persons that exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core.hooks.types import HealthRegister, RegisterField
from core.testing.shapes import CODE
from core.testing.subject import Subject

Row = tuple[str, str, str]


def registers(subject: Subject, items: list[Any]) -> Iterator[Row]:
    """What stands against each register, with the likely fix."""
    loaded = subject.loaded.dispatcher(subject.loaded.modules)
    categories = {c.code for c in loaded.collect("categories")}
    statuses = {s.code for s in loaded.collect("patient_statuses")}
    for item in items:
        if not isinstance(item, HealthRegister):
            continue
        where = f"health_registers {item.code}"
        for code in sorted(set(item.only_for_categories) - categories):
            yield where, f"no category is called {code}", "name categories that a plugin contributes"
        yield from shape(where, item)
        for one in item.fields:
            if one.status and one.status not in statuses:
                yield (
                    f"{where}.{one.code}",
                    f"no status is called {one.status}",
                    "name a status that a plugin contributes",
                )


def shape(where: str, item: HealthRegister) -> Iterator[Row]:
    """Whether a register can be asked and answered at all."""
    if item.form != "documents" and not item.fields:
        yield where, "it asks nothing", "give it fields"
    if item.form == "list" and item.need == "mandatory" and item.none_label is None:
        yield where, "whoever has nothing to say cannot answer it", "give it a none_label"
    codes = [f.code for f in item.fields]
    for code in sorted({c for c in codes if codes.count(c) > 1}):
        yield f"{where}.{code}", "the code is given twice", "give each field its own code"
    for position, one in enumerate(item.fields):
        yield from _field(f"{where}.{one.code}", one, item.fields[:position])


def _field(where: str, one: RegisterField, before: Sequence[RegisterField]) -> Iterator[Row]:
    if not CODE.match(one.code):
        yield where, "it is no code", "small letters, digits, underscores"
    if (one.kind == "choice") != bool(one.choices):
        yield where, "choices belong to a choice, and a choice needs them", "give choices, or another kind"
    if one.least is not None and one.most is not None and one.least > one.most:
        yield where, "the least is above the most", "turn them round"
    if one.only_when is not None:
        other = next((f for f in before if f.code == one.only_when[0]), None)
        answers = (
            {"yes", "no"}
            if other and other.kind == "yes_no"
            else {c for c, _label in other.choices}
            if other
            else set()
        )
        if one.only_when[1] not in answers:
            yield (
                where,
                f"{one.only_when} is no answer to a question before it",
                "name an earlier field and one of its answers",
            )
    if one.status and one.kind != "yes_no":
        yield where, "a status is declared by yes or no", "make it a yes_no field"
