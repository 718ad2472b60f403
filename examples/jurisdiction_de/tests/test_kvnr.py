"""The health insurance number: numbers that are right, one changed character, and what people type."""

import string

import pytest
from jurisdiction_de.rules.identifiers import check_digit, check_kvnr


@pytest.mark.parametrize("number", ["A123456780", "X110411675"])
def test_right_numbers(number):
    assert check_kvnr(number).ok


def test_spaces_and_small_letters_are_no_matter():
    assert check_kvnr(" a123 456 780 ").value == "A123456780"
    assert check_kvnr(" a123 456 780 ").ok


@pytest.mark.parametrize("place", range(10))
def test_a_changed_character_is_seen(place):
    right = "X110411675"
    others = string.ascii_uppercase if place == 0 else string.digits
    changed = [right[:place] + c + right[place + 1 :] for c in others if c != right[place]]
    seen = [number for number in changed if not check_kvnr(number).ok]
    if place == 0:
        # Two digits stand for a letter: some letters share a remainder with X.
        assert len(seen) > len(changed) // 2
    else:
        assert seen == changed


@pytest.mark.parametrize("typed", ["", "A12345678", "A1234567800", "1123456780", "Ä123456780", "A12345678١"])
def test_another_shape_is_refused_in_words(typed):
    checked = check_kvnr(typed)
    assert not checked.ok
    assert "A123456780" in str(checked.error)


def test_every_letter_has_a_digit():
    assert {check_digit(f"{letter}12345678") for letter in string.ascii_uppercase} == set(range(10))
