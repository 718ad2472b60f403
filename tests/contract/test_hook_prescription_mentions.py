"""`prescription_mentions`: each can be shown and cited, once, for a kind of prescription that exists."""

import datetime as dt

from core.hooks.types import PrescriptionMention

DAYS = (dt.date(2019, 1, 1), dt.date(2026, 11, 21), dt.date(2040, 1, 1))


def test_each_is_complete(implementation, says, is_code):
    for day in DAYS:
        found = implementation(day)
        assert found
        for mention in found:
            assert isinstance(mention, PrescriptionMention)
            is_code(mention.code)
            says(implementation.plugin, mention.label)
            assert len(mention.country) == 2
            assert mention.reference.strip()
            assert mention.kinds
            assert set(mention.kinds) <= {"medicine", "sick_leave", "certificate"}


def test_none_is_asked_for_twice(implementation):
    for day in DAYS:
        codes = [m.code for m in implementation(day)]
        assert len(codes) == len(set(codes))


def test_before_any_law_there_is_an_answer_too(implementation):
    assert all(isinstance(m, PrescriptionMention) for m in implementation(dt.date(1900, 1, 1)))
