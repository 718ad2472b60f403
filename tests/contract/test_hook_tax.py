"""`tax`: what holds for every plugin that answers it."""

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = ({}, {"annual_fees_cents": 0}, {"annual_fees_cents": 50_000_00})


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("tax", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT:
            assert answer.values["vat"] in ("exempt", "due")
            assert isinstance(answer.values["declaration_required"], bool)
