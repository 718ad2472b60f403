"""Codes: many, different, readable; one slip is told as one; what cannot be a code says why."""

import itertools
import math

import pytest

from core.care.prescriptions import codes


@pytest.mark.rule("CB-185")
def test_codes_differ_and_cannot_be_guessed():
    made = {codes.new_code() for _number in range(2000)}
    assert len(made) == 2000
    assert codes.RANDOM * math.log2(len(codes.ALPHABET)) >= 80
    assert not set("01ILOSU") & set(codes.ALPHABET)
    for place in range(codes.RANDOM):
        assert len({c[place] for c in made}) == len(codes.ALPHABET)


def test_a_code_is_read_however_it_is_typed():
    code = codes.new_code()
    for typed in (
        code,
        codes.shown(code),
        codes.shown(code).lower(),
        f"  {' '.join(code)} ",
        codes.shown(code).replace("-", "–"),
    ):
        assert codes.read(typed) == codes.Typed(code)
    assert codes.read(code.replace("5", "S")) == codes.Typed(code)


def test_every_wrong_character_and_every_swap_is_found():
    code = codes.new_code()
    for place in range(len(code)):
        for other in set(codes.ALPHABET) - {code[place]}:
            found = codes.read(code[:place] + other + code[place + 1 :])
            assert "One character is probably wrong" in str(found.error)
    for a, b in itertools.combinations(range(len(code)), 2):
        if code[a] != code[b]:
            swapped = list(code)
            swapped[a], swapped[b] = code[b], code[a]
            assert codes.read("".join(swapped)).error is not None


@pytest.mark.parametrize(("typed", "says"), [
    ("", "type the code"), ("   ", "type the code"), ("ABC", "3 were typed"), ("O" * 18, "in no code"), ("ab€" * 6, "in no code"),
    ("2" * 19, "19 were typed"), ("\x00" * 18, "in no code"), ("２" * 18, "in no code"),
])  # fmt: skip
def test_what_is_no_code_says_why(typed, says):
    assert says in str(codes.read(typed).error)
