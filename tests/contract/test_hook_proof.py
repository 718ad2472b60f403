"""`proof`: what holds for every plugin that answers it."""

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {"party": "patient", "act": "order"},
    {"party": "professional", "act": "use"},
    {"party": "professional", "act": "report"},
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("proof", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT:
            assert all(isinstance(a, str) for a in answer.values["articles"])
            assert all(reason.citation for reason in answer.reasons if reason.source != "tenant")
