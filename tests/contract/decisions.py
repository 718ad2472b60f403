"""What holds for the answers to every question: typed, repeatable, reasoned, and of the day."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.hooks.decisions import Decision, Effect, PatientFacts, ProfessionalFacts, Question

DAYS = (dt.date(1999, 1, 1), dt.date(2018, 9, 14), dt.date(2019, 6, 1), dt.date(2023, 3, 1), dt.date(2026, 11, 21))
PATIENTS = (
    PatientFacts(),
    PatientFacts("fr_resident", frozenset({"ald"}), dt.date(1980, 5, 1), "FR", True),
    PatientFacts("fr_cross_border", frozenset(), dt.date(2015, 5, 1), "FR", True),
    PatientFacts("lu_resident", frozenset(), dt.date(1990, 5, 1), "LU", True),
    PatientFacts("be_resident", frozenset(), dt.date(1990, 5, 1), "BE", True),
    PatientFacts("other", frozenset(), dt.date(2020, 5, 1), "US"),
)
PROFESSIONALS = (
    ProfessionalFacts(),
    ProfessionalFacts("FR", "physician", "general_practice"),
    ProfessionalFacts("LU", "physician", "cardiology"),
    ProfessionalFacts("FR", "allied"),
    ProfessionalFacts("BE", "allied"),
)
SERVICES = (None, "express_consultation", "video_consultation", "teleconsultation", "subscription", "no_such_service")


def questions(name: str, facts: Sequence[Mapping[str, Any]]) -> Iterator[Question]:
    """The question over days, services, parties and the given facts."""
    for at, service, patient, professional, given in itertools.product(DAYS, SERVICES, PATIENTS, PROFESSIONALS, facts):
        yield Question(
            name, at, service, patient, professional, given, frozenset({"jurisdiction_fr", "jurisdiction_lu"})
        )


def hold(implementation: Any, says: Any, is_code: Any, asked: Question) -> Decision:
    """Check one answer and give it back."""
    answer = implementation(asked)
    assert isinstance(answer, Decision)
    assert answer == implementation(asked), "the same question, another answer"
    turned = Question(
        asked.name, asked.at, asked.service, asked.patient, asked.professional,
        dict(reversed(list(asked.facts.items()))), asked.plugins,
    )  # fmt: skip
    assert answer == implementation(turned), "the order of the facts decided"
    assert (answer.effect is Effect.NOT_APPLICABLE) == (not answer.reasons)
    assert answer.effect is not Effect.DENY or not answer.values
    for reason in answer.reasons:
        is_code(reason.code)
        assert reason.source in (implementation.plugin, "tenant")
        says(implementation.plugin, reason.message)
        assert reason.code == "missing_fact" or reason.rule, f"{reason.code} names no rule"
        for parameter in reason.parameters:
            assert parameter.since <= asked.at, "a value of tomorrow decided today"
    for obligation in answer.obligations:
        says(implementation.plugin, obligation.message)
    return answer
