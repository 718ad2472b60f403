"""`funds`: who pays in units. Codes are unique, a name can be said, settling takes the act's id."""

import inspect

from core.hooks.types import Fund


def test_each_is_complete(implementation, says, is_code):
    for fund in implementation():
        assert isinstance(fund, Fund)
        is_code(fund.code)
        says(implementation.plugin, fund.label)
        for settle in (fund.spend, fund.give_back):
            assert len(inspect.signature(settle).parameters) == 1


def test_the_same_question_has_the_same_answer(implementation, same_again):
    same_again(implementation)


def test_no_two_have_one_code(all_of):
    codes = [f.code for f in all_of("funds")]
    assert len(codes) == len(set(codes))
