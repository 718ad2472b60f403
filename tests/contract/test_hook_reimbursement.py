"""`reimbursement`: what holds for every plugin that answers it."""

import datetime as dt

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {
        "last_in_person_with_professional": dt.date(2018, 3, 1),
        "is_treating_physician": True,
        "agreed_tariff_cents": 2500,
    },
    {
        "last_in_person_with_professional": dt.date(2026, 3, 1),
        "is_treating_physician": False,
        "referred_by_treating_physician": True,
        "direct_access_specialty": False,
        "dependant": True,
        "on_patient_health_card": True,
        "agreed_tariff_cents": 3001,
        "alternation_respected": True,
        "in_low_density_area": False,
        "regulated_referral": False,
    },
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("reimbursement", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT:
            values = answer.values
            assert 0 <= values["rate_percent"] <= 100
            assert isinstance(values["amount_cents"], int)
            assert 0 <= values["amount_cents"] <= question.facts["agreed_tariff_cents"]
            assert isinstance(values["flat_participation_cents"], int)
            assert values["flat_participation_cents"] >= 0
            assert isinstance(values["third_party_payment"], bool)
