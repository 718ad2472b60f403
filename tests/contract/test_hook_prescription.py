"""`prescription`: what holds for every plugin that answers it."""

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {"kind": "medicine", "medicine_classes": [], "duration_days": 7, "patient_residence_eu": True},
    {"kind": "medicine", "medicine_classes": ["narcotic"], "duration_days": 7, "patient_residence_eu": False},
    {"kind": "sick_leave", "duration_days": 3, "is_treating_physician": False, "patient_residence_eu": True},
    {"kind": "certificate", "patient_residence_eu": True},
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("prescription", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT and "delivery" in answer.values:
            assert answer.values["delivery"] in ("electronic", "at_practice")
