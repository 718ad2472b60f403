"""`retention`: what holds for every plugin that answers it."""

import datetime as dt

from core.hooks.decisions import Effect
from tests.contract.decisions import hold, questions

FACTS = (
    {},
    {"event_date": dt.date(2020, 2, 29), "data_class": "patient_record"},
    {"event_date": dt.date(2026, 11, 1), "data_class": "invoice"},
    {"event_date": dt.date(2026, 11, 1), "data_class": "no_such_class"},
)


def test_every_question_gets_a_lawful_answer(implementation, says, is_code):
    for question in questions("retention", FACTS):
        answer = hold(implementation, says, is_code, question)
        if answer.effect is Effect.PERMIT:
            assert answer.values["archive_until"] > question.facts["event_date"]
            assert answer.values["then"] in ("delete", "anonymise")
