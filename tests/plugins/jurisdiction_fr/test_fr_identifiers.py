"""French numbers: the published test values, and what a slip of one digit does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from plugins.jurisdiction_fr.rules import identifiers as ids

GOOD = [
    (ids.check_nir, ["185077512345608", "299059999900124", "285032A12345648", "1 85 07 75 123 456 08"]),
    (ids.check_rpps, ["10000000017", "10101234564", "19999999998"]),
    (ids.check_finess, ["759999998", "670001239", "2A0001238"]),
    (ids.check_adeli, ["759312345", "2A9300012", "670001239"]),
    (ids.check_cps, ["0000000001", "2400123456", "9999999999"]),
    (ids.check_siren, ["900000001", "123456782", "555000116"]),
    (ids.check_siret, ["90000000100017", "12345678200028", "55500011600429", "35600000000048"]),
]
BAD = [
    (ids.check_nir, ["185077512345609", "253072C07300443", "25307207300443", "985077512345608", ""]),
    (ids.check_rpps, ["10000000018", "1010123456", "819999999998", "1000000001X"]),
    (ids.check_finess, ["759999999", "67000123", "2C0001230"]),
    (ids.check_adeli, ["75931234", "2C9300012", "75931234X"]),
    (ids.check_cps, ["240012345", "24001234567", "24001A3456"]),
    (ids.check_siren, ["900000002", "12345678", "12345678A"]),
    (ids.check_siret, ["90000000100018", "1234567820002", "12345678900011"]),
]


@pytest.mark.parametrize(("check", "value"), [(c, v) for c, values in GOOD for v in values])
def test_good_values_pass(check, value):
    assert check(value).ok, check(value).error


@pytest.mark.parametrize(("check", "value"), [(c, v) for c, values in BAD for v in values])
def test_bad_values_are_refused_with_words(check, value):
    found = check(value)
    assert not found.ok
    assert len(str(found.error)) > 15


@pytest.mark.parametrize("month", ["13", "19", "43", "49", "00"])
def test_an_impossible_month_is_refused_even_with_a_right_key(month):
    body = f"185{month}75123456"
    value = body + f"{97 - int(body) % 97:02d}"
    assert "month" in str(ids.check_nir(value).error)


@pytest.mark.parametrize("sample", ["10003461033", "10101201234"])
def test_official_samples_that_break_luhn_are_a_warning_in_test_mode(sample):
    assert not ids.check_rpps(sample).ok
    lenient = ids.check_rpps(sample, strict=False)
    assert lenient.ok
    assert lenient.warning is not None


@given(st.integers(0, 10**9), st.integers(0, 14), st.integers(1, 9))
def test_one_changed_digit_of_a_nir_is_refused(number, place, shift):
    body = f"1850775{number % 1000000:06d}"
    value = body + f"{97 - int(body) % 97:02d}"
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert not ids.check_nir(changed).ok


@given(st.integers(0, 10**9 - 1), st.integers(0, 10), st.integers(1, 9))
def test_one_changed_digit_of_an_rpps_is_refused(number, place, shift):
    body = f"1{number:09d}"
    value = body + luhn.calc_check_digit(body)
    assert ids.check_rpps(value).ok
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert not ids.check_rpps(changed).ok


@given(st.sampled_from([(ids.check_finess, 9), (ids.check_siren, 9), (ids.check_siret, 14)]), st.data())
def test_one_changed_digit_of_a_luhn_number_is_refused(kind, data):
    check, length = kind
    first = "123456782" if check is ids.check_siret else "7"
    rest = length - len(first) - 1
    body = first + "".join(data.draw(st.lists(st.sampled_from("0123456789"), min_size=rest, max_size=rest)))
    value = body + luhn.calc_check_digit(body)
    place, shift = data.draw(st.integers(0, length - 1)), data.draw(st.integers(1, 9))
    changed = value[:place] + str((int(value[place]) + shift) % 10) + value[place + 1 :]
    assert check(value).ok
    assert not check(changed).ok


@pytest.mark.parametrize(
    ("check", "typed", "words"),
    [
        (ids.check_nir, "1850775123456", "15 characters are expected, key included; 13 were typed"),
        (ids.check_nir, "985077512345608", "first digit"),
        (ids.check_nir, "1850775123456O8", "except 2A or 2B"),
        (ids.check_rpps, "1010123456", "11 digits are expected, 10 were typed"),
        (ids.check_rpps, "10000000018", "one digit is probably wrong"),
        (ids.check_rpps, "1000000001X", "only digits"),
    ],
)
def test_the_refusal_says_what_was_found_and_what_to_do(check, typed, words):
    assert words in str(check(typed).error)


def test_corsica_counts_as_its_old_numbers():
    for letters, old in (("2A", "19"), ("2B", "18")):
        key = 97 - int(f"28503{old}123456") % 97
        assert ids.check_nir(f"28503{letters}123456{key:02d}").ok
        assert not ids.check_nir(f"28503{letters}123456{key % 97 + 1:02d}").ok


@given(st.text(max_size=20) | st.from_regex(r"[0-9\u0660-\u0669\u00b2 .\-]{9,16}", fullmatch=True))
def test_no_check_ever_raises(typed):
    for check, _values in GOOD:
        found = check(typed)
        assert not found.ok or found.value.isascii()
