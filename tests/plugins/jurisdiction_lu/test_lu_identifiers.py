"""The Luxembourg national number: both check digits stand on the first eleven digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn, verhoeff

from plugins.jurisdiction_lu.rules import identifiers as ids


@pytest.mark.parametrize(
    "value", ["1985071200141", "2001022899944", "1990000012308", "1893120105732", "1985 0712 001 41"]
)
def test_good_matricules(value):
    assert ids.check_matricule(value).ok


@pytest.mark.parametrize(
    "value", ["1985071200142", "1985071200151", "1985133200121", "1985071200147", "198507120014", "19850712OO141"]
)
def test_bad_matricules(value):
    assert not ids.check_matricule(value).ok


@pytest.mark.parametrize("value", ["123456-78", "12345678", "900001-01"])
def test_provider_codes(value):
    assert ids.check_provider_code(value).value[6] == "-"


@pytest.mark.parametrize("value", ["1234567", "123456-789", "12A456-78"])
def test_bad_provider_codes(value):
    assert not ids.check_provider_code(value).ok


@given(st.integers(0, 999), st.integers(0, 12), st.integers(1, 9))
def test_one_changed_digit_is_refused(sequence, place, shift):
    body = f"19850712{sequence:03d}"
    value = body + luhn.calc_check_digit(body) + verhoeff.calc_check_digit(body)
    assert ids.check_matricule(value).ok
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert not ids.check_matricule(changed).ok


def test_the_refusal_says_what_was_found_and_what_to_do():
    assert "13 digits are expected, 12 were typed" in str(ids.check_matricule("198507120014").error)
    assert "12/13/1985" not in str(ids.check_matricule("1985071200142").error)
    assert "20/13/1985" in str(ids.check_matricule("1985132000121").error)
    assert "one digit is probably wrong" in str(ids.check_matricule("1985071200142").error)


@given(st.text(max_size=20) | st.from_regex(r"[0-9\u0660-\u0669\u00b2 .\-]{8,16}", fullmatch=True))
def test_no_check_ever_raises(typed):
    for check in (ids.check_matricule, ids.check_provider_code):
        found = check(typed)
        assert not found.ok or found.value.isascii()
