"""`record_access`: what holds for every plugin that answers it; core's own is closed unless all holds together."""

import itertools

import pytest

from core.hooks.decisions import Effect, ProfessionalFacts, Question
from tests.contract.decisions import DAYS, hold, questions

FACTS = (
    {},
    {"part": "profile"},
    {"part": "no_such_part"},
    {"part": "profile", "grant_in_force": True, "sharing_objected": False, "strong_authentication": True},
    {"part": "own_consultations", "own_consultation": False, "strong_authentication": False},
    {
        "part": "tele_expertise", "grant_in_force": True, "sharing_objected": False, "strong_authentication": True,
        "tele_expertise_agreed": True,
    },
)  # fmt: skip


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("record_access", FACTS):
        hold(implementation, says, is_code, question)


@pytest.mark.rule("CB-074")
def test_core_opens_the_profile_only_when_all_three_hold(everyone):
    core = everyone.modules["core"]
    for granted, objected, strong in itertools.product((True, False), repeat=3):
        facts = {
            "part": "profile", "grant_in_force": granted, "sharing_objected": objected, "strong_authentication": strong,
            "own_consultation": True,
        }  # fmt: skip
        answer = core.record_access(
            Question("record_access", DAYS[-1], professional=ProfessionalFacts("FR"), facts=facts)
        )
        assert answer.permitted == (granted and not objected and strong), facts
        told = {r.code for r in answer.reasons}
        if not answer.permitted:
            expected = {"no_grant": not granted, "sharing_objected": objected, "weak_sign_in": not strong}
            assert told == {code for code, against in expected.items() if against}


@pytest.mark.rule("CB-204")
def test_core_opens_the_own_part_without_a_grant_and_never_without_two_factors(everyone):
    core = everyone.modules["core"]
    for own, strong in itertools.product((True, False), repeat=2):
        facts = {
            "part": "own_consultations", "own_consultation": own, "strong_authentication": strong,
            "grant_in_force": False, "sharing_objected": True,
        }  # fmt: skip
        answer = core.record_access(Question("record_access", DAYS[-1], facts=facts))
        assert answer.permitted == (own and strong)


@pytest.mark.rule("CB-132")
def test_a_document_for_advice_needs_the_patients_agreement_too(everyone):
    core = everyone.modules["core"]
    facts = {"part": "tele_expertise", "grant_in_force": True, "sharing_objected": False, "strong_authentication": True}
    for agreed in (True, False):
        asked = Question("record_access", DAYS[-1], facts={**facts, "tele_expertise_agreed": agreed})
        assert core.record_access(asked).permitted == agreed


@pytest.mark.parametrize("part", ["profile", "own_consultations", "tele_expertise"])
def test_a_fact_that_misses_is_named(everyone, part):
    answer = everyone.modules["core"].record_access(Question("record_access", DAYS[-1], facts={"part": part}))
    assert answer.effect is Effect.DENY
    assert {r.code for r in answer.reasons} == {"missing_fact"}
