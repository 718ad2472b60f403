"""`booking`: a typed answer to any question, the same one twice, with reasons that say where they come from."""

import datetime as dt
import itertools

import pytest

from core.hooks.decisions import Decision, Effect, PatientFacts, ProfessionalFacts, Question

AT = dt.date(2026, 11, 21)
FACTS = [
    {},
    {"dependant": True},
    {
        "starts_at": dt.datetime(2026, 11, 23, 13, 30, tzinfo=dt.UTC),
        "mode": "video",
        "known_patient": False,
        "dependant": False,
    },
]
PATIENTS = [
    PatientFacts(),
    PatientFacts("fr_resident", frozenset({"ald"}), dt.date(1980, 5, 1), "FR", True),
    PatientFacts("lu_resident", frozenset(), dt.date(1990, 5, 1), "LU", True),
    PatientFacts("other", frozenset(), dt.date(2020, 5, 1), "DE"),
    PatientFacts("example_resident", frozenset({"example_frail"}), dt.date(1980, 5, 1), "XE", True),
    PatientFacts("example_resident", frozenset(), None, "XE"),
]
PROFESSIONALS = [
    ProfessionalFacts(),
    ProfessionalFacts("FR", "physician", "cardiology"),
    ProfessionalFacts("LU", "allied"),
    ProfessionalFacts("XE", "physician"),
]
SERVICES = [None, "in_person", "video_consultation", "teleconsultation", "no_such_service"]


def questions(settings=None):
    for service, patient, professional, facts in itertools.product(SERVICES, PATIENTS, PROFESSIONALS, FACTS):
        yield Question("booking", AT, service, patient, professional, facts, frozenset(), settings or {})


def test_every_question_gets_an_answer(implementation, says, is_code):
    for question in questions():
        answer = implementation(question)
        assert isinstance(answer, Decision)
        assert (answer.effect is Effect.NOT_APPLICABLE) == (not answer.reasons)
        for reason in answer.reasons:
            is_code(reason.code)
            assert reason.source in (implementation.plugin, "tenant")
            says(implementation.plugin, reason.message)
            for parameter in reason.parameters:
                assert parameter.since <= question.at, "a value of tomorrow decided today"
        for obligation in answer.obligations:
            says(implementation.plugin, obligation.message)


def test_the_same_question_has_the_same_answer(implementation):
    for question in questions():
        assert implementation(question) == implementation(question)


def test_order_of_facts_does_not_matter(implementation):
    for question in questions():
        turned = dict(reversed(list(question.facts.items())))
        assert implementation(question) == implementation(
            Question("booking", AT, question.service, question.patient, question.professional, turned)
        )


@pytest.mark.parametrize(("hour", "effect"), [(13, "deny"), (14, "not_applicable"), (None, "not_applicable")])
def test_the_example_keeps_the_quiet_hour_of_the_portal(everyone, hour, effect):
    facts = {"starts_at": dt.datetime(2026, 11, 23, 14, 30, tzinfo=dt.timezone(dt.timedelta(hours=1)))}
    asked = Question("booking", AT, "in_person", facts=facts, settings={"quiet_hour": hour})
    assert everyone.modules["example"].booking(asked).effect == effect
