"""Belgian numbers: century by the key, both moduli of INAMI, the card's key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.jurisdiction_be.rules import identifiers as ids

GOOD = [
    (
        ids.check_niss,
        [
            "85073003328",
            "05041500201",
            "00010112377",
            "05041500269",
            "98472899765",
            "01490700185",
            "90251234502",
            "85.07.30-033.28",
        ],
    ),
    (ids.check_eid, ["591234567829", "000000106797", "000000009797", "B123456789", "591-2345678-29"]),
    (ids.check_inami, ["10099975004", "65432141527", "19999973000"]),
    (ids.check_kbo, ["0999999922", "0412345614", "1000000120"]),
]
BAD = [
    (ids.check_niss, ["85073003329", "85143003377", "8507300332", "98472899701"]),
    (ids.check_eid, ["591234567868", "00000010679", "000000009700"]),
    (ids.check_inami, ["10099922004", "6543214152", "11111111111"]),
    (ids.check_kbo, ["0999999923", "04123456", "2000000141"]),
]


@pytest.mark.parametrize(("check", "value"), [(c, v) for c, values in GOOD for v in values])
def test_good_values_pass(check, value):
    assert check(value).ok, check(value).error


@pytest.mark.parametrize(("check", "value"), [(c, v) for c, values in BAD for v in values])
def test_bad_values_are_refused(check, value):
    assert not check(value).ok


def test_the_key_decides_the_century():
    assert ids.read_national("05041500201").century == 2000
    assert ids.read_national("05041500269").century == 1900


def test_bis_numbers_are_told_apart():
    assert ids.read_national("98472899765").kind == "bis"
    assert ids.read_national("85073003328").kind == "niss"


def test_the_official_sample_that_breaks_the_key_is_a_warning_in_test_mode():
    assert not ids.check_niss("79121137740").ok
    assert ids.check_niss("79121137740", strict=False).warning is not None


@given(st.integers(0, 9999999999), st.integers(0, 11), st.integers(1, 9))
def test_one_changed_digit_of_a_card_is_refused(number, place, shift):
    body = f"{number:010d}"
    value = body + f"{number % 97 or 97:02d}"
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert not ids.check_eid(changed).ok


@given(
    st.integers(0, 99),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(1, 997),
    st.integers(0, 10),
    st.integers(1, 9),
)
def test_one_changed_digit_of_a_national_number_is_refused_unless_it_is_one_of_the_other_century(
    year, month, day, counter, place, shift
):
    body = f"{year:02d}{month:02d}{day:02d}{counter:03d}"
    value = body + f"{97 - int(body) % 97:02d}"
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert ids.check_niss(value).ok
    found = ids.read_national(changed)
    assert found is None or found.century == 2000


@given(st.sampled_from([97, 89]), st.integers(0, 899999), st.integers(0, 999), st.integers(0, 7), st.integers(1, 9))
def test_one_changed_digit_of_an_inami_is_refused_unless_the_other_modulus_takes_it(
    modulus, number, qualification, place, shift
):
    number += 100000
    value = f"{number}{modulus - number % modulus:02d}{qualification:03d}"
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    other = 97 if modulus == 89 else 89
    assert ids.check_inami(value).ok
    assert not ids.check_inami(changed).ok or int(changed[6:8]) == other - int(changed[:6]) % other


@given(st.integers(0, 19999999), st.integers(0, 9), st.integers(1, 9))
def test_one_changed_digit_of_an_enterprise_number_is_refused(number, place, shift):
    value = f"{number:08d}{97 - number % 97:02d}"
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert not ids.check_kbo(changed).ok


def test_the_date_of_birth_may_be_unknown():
    body = "850000001"
    assert ids.check_niss(body + f"{97 - int(body) % 97:02d}").ok


@pytest.mark.parametrize(
    ("check", "typed", "words"),
    [
        (ids.check_niss, "8507300332", "11 digits are expected, 10 were typed"),
        (ids.check_niss, "85073003329", "one digit is probably wrong"),
        (ids.check_eid, "59123456782X", "only digits"),
    ],
)
def test_the_refusal_says_what_was_found_and_what_to_do(check, typed, words):
    assert words in str(check(typed).error)


@given(st.text(max_size=20) | st.from_regex(r"[0-9\u0660-\u0669\u00b2 .\-]{9,14}", fullmatch=True))
def test_no_check_ever_raises(typed):
    for check, _values in GOOD:
        found = check(typed)
        assert not found.ok or found.value.isascii()
