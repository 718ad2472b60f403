"""`withdrawal`: what holds for every plugin that answers it."""

import datetime as dt

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {
        "party": "patient",
        "contract_date": dt.date(2026, 11, 2),
        "request_date": dt.date(2026, 11, 3),
        "amount_cents": 3000,
    },
    {
        "party": "professional",
        "contract_date": dt.date(2026, 9, 2),
        "request_date": dt.date(2026, 9, 9),
        "refund_date": dt.date(2026, 10, 30),
        "amount_cents": 12000,
        "legal_rate_percent": 4.26,
    },
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("withdrawal", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT:
            values = answer.values
            assert values["deadline"] > question.facts["contract_date"]
            assert values["refund_due_by"] > question.facts["request_date"]
            assert values["increase_percent"] >= 0
            assert isinstance(values["interest_cents"], int)
