"""`identifier_types`: a check takes any text, never raises, says in words what is wrong, and accepts its own result."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.types import Checked, IdentifierType


def test_each_is_complete(implementation, says, is_code):
    for kind in implementation():
        assert isinstance(kind, IdentifierType)
        is_code(kind.code)
        says(implementation.plugin, kind.label)
        assert kind.holder in ("patient", "professional")
        assert kind.example.strip()


def test_no_two_plugins_have_one_code(all_of):
    codes = [i.code for i in all_of("identifier_types")]
    assert len(codes) == len(set(codes))


@given(st.text(max_size=60))
def test_any_text_gets_an_answer(implementation, typed):
    for kind in implementation():
        checked = kind.check(typed)
        assert isinstance(checked, Checked)
        if checked.ok:
            again = kind.check(checked.value)
            assert again.ok
            assert again.value == checked.value, "the normal form is its own normal form"


@pytest.mark.parametrize("typed", ["", " ", "0", "-.-", "1" * 500, "\x00", "'; --"])
def test_nonsense_is_refused_in_words(implementation, says, typed):
    for kind in implementation():
        checked = kind.check(typed)
        assert not checked.ok, kind.code
        says(implementation.plugin, checked.error)
