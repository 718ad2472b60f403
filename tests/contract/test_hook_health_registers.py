"""`health_registers`: questions that can be asked and answered, with words, of persons that exist."""

import pytest

from core.hooks.types import HealthRegister, RegisterField
from core.messages import Message, _
from core.testing import health


def test_each_is_complete(implementation, says, is_code):
    for register in implementation():
        assert isinstance(register, HealthRegister)
        is_code(register.code)
        says(implementation.plugin, register.label)
        says(implementation.plugin, register.help)
        if register.none_label is not None:
            says(implementation.plugin, register.none_label)
        for one in register.fields:
            says(implementation.plugin, one.label)
            for words in (one.help, *(label for _code, label in one.choices)):
                if isinstance(words, Message):
                    says(implementation.plugin, words)
        assert list(health.shape("", register)) == []


def test_the_same_question_has_the_same_answer(implementation, same_again):
    same_again(implementation)


def test_no_two_have_one_code(all_of):
    codes = [r.code for r in all_of("health_registers")]
    assert len(codes) == len(set(codes))


def test_their_categories_and_statuses_exist(implementation, all_of):
    categories = {c.code for c in all_of("categories")}
    statuses = {s.code for s in all_of("patient_statuses")}
    for register in implementation():
        assert set(register.only_for_categories) <= categories
        assert {f.status for f in register.fields if f.status} <= statuses


@pytest.mark.parametrize("register", [
    HealthRegister("x", _("X"), _("X")),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A")),), need="mandatory"),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A")), RegisterField("a", _("A")))),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A"), "choice"),)),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A"), choices=(("b", _("B")),)),)),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A"), "number", least=3, most=2),)),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A"), only_when=("b", "yes")),)),
    HealthRegister("x", _("X"), _("X"), (RegisterField("b", _("B"), "yes_no"), RegisterField("a", _("A"), only_when=("b", "maybe")))),
    HealthRegister("x", _("X"), _("X"), (RegisterField("a", _("A"), status="ald"),)),
    HealthRegister("x", _("X"), _("X"), (RegisterField("A b", _("A")),)),
])  # fmt: skip
def test_one_that_cannot_be_answered_is_told(register):
    assert list(health.shape("", register))
