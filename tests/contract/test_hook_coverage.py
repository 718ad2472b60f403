"""`coverage`: what holds for every plugin that answers it."""

import dataclasses
import datetime as dt

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {
        "used_this_year": 0,
        "request_date": dt.date(2026, 11, 21),
        "beneficiary_role": "insured",
        "reason": "general",
        "needs_physical_exam": False,
    },
    {
        "used_this_year": 100,
        "request_date": dt.date(2026, 11, 21),
        "beneficiary_role": "neighbour",
        "reason": "renewal",
        "needs_physical_exam": True,
        "duration_days": 8,
        "contract_exclusions": ["renewal", "general"],
    },
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("coverage", FACTS):
        for asked in (question, dataclasses.replace(question, service="assistance_teleconsultation")):
            answer = hold(implementation, says, is_code, asked)
            if answer.effect is Effect.PERMIT:
                assert answer.values["payer"] in ("partner", "wallet", "free")
                left = answer.values["remaining"]
                assert isinstance(left, int)
                assert left >= 0
