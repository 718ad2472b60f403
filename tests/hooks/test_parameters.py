"""Dated parameters: in force by date, refused where they are wrong, immutable once read."""

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.hooks.decisions import UsedParameter
from core.hooks.parameters import (
    DatedValue,
    NoRuleInForce,
    Parameter,
    ParameterProblem,
    Parameters,
    load_parameters,
    read_parameters,
    replaced,
)

GOOD = """\
rate:
  label: A rate
  unit: percent
  checked_on: 2026-11-21
  notes: Known to be so.
  values:
    2018-09-15:
      value: 70
      published: 2018-08-01
      reference: {title: The code, article: L.1, href: "https://law.example/l1"}
    2027-01-01:
      value: 60
      reference: {title: The new code}
countries:
  label: Some countries
  unit: ISO 3166-1 alpha-2
  checked_on: 2026-11-21
  values:
    2020-01-01:
      value: [FR, LU]
      reference: {title: A list}
"""


def read(folder: Path, text: str, name: str = "law.yaml"):
    (folder / name).write_text(text, "utf-8")
    return load_parameters(folder)


@pytest.mark.parametrize(
    ("day", "value", "since"),
    [
        (dt.date(2018, 9, 15), 70, dt.date(2018, 9, 15)),
        (dt.date(2026, 12, 31), 70, dt.date(2018, 9, 15)),
        (dt.date(2027, 1, 1), 60, dt.date(2027, 1, 1)),
        (dt.date(2099, 1, 1), 60, dt.date(2027, 1, 1)),
    ],
)
def test_the_value_of_the_day(tmp_path, day, value, since):
    assert read(tmp_path, GOOD).at("rate", day) == UsedParameter("rate", value, since, "percent")


def test_before_the_first_value_there_is_no_rule(tmp_path):
    with pytest.raises(NoRuleInForce) as caught:
        read(tmp_path, GOOD).at("rate", dt.date(2018, 9, 14))
    assert (caught.value.key, caught.value.at) == ("rate", dt.date(2018, 9, 14))


def test_the_citation_of_the_day(tmp_path):
    parameters = read(tmp_path, GOOD)
    assert parameters.citation("rate", dt.date(2026, 1, 1)) == "The code, L.1"
    assert parameters.citation("rate", dt.date(2027, 1, 1)) == "The new code"


def test_what_was_read_cannot_be_changed(tmp_path):
    parameters = read(tmp_path, GOOD)
    assert parameters.at("countries", dt.date(2026, 1, 1)).value == ("FR", "LU")
    with pytest.raises(TypeError):
        parameters.items["rate"] = None
    with pytest.raises(dataclasses.FrozenInstanceError):
        parameters.items["rate"].unit = "euros"
    with pytest.raises(TypeError):
        parameters.items["rate"].values[0].reference["title"] = "Another"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("      reference: {title: The new code}\n", "", 11, "reference: Missing data"),
        ("      value: 60\n", "", 11, "2027-01-01.value: Missing data"),
        ("      value: 60\n", "      value: null\n", 12, "2027-01-01.value: Field may not be null"),
        ("title: The new code", "title: ''", 13, "reference.title"),
        ("title: The new code", "title: The new code, titel: x", 13, "reference.titel: Unknown field"),
        ("  unit: percent\n", "  unit: percent\n  colour: red\n", 4, "rate.colour: Unknown field"),
        ("  checked_on: 2026-11-21\n  notes", "  notes", 1, "rate.checked_on: Missing data"),
        ("    2027-01-01:", "    2018-09-15:", 11, "given twice"),
        ("    2027-01-01:", "    2018-09-14:", 11, "dates must ascend"),
        ("    2027-01-01:", "    20180915:", 11, "dates must ascend"),
        ("    2027-01-01:", "    next-year:", 11, "not a date"),
        ("countries:", "rate:", 14, "given twice"),
        ("published: 2018-08-01", "published: soon", 9, "2018-09-15.published: Not a valid date"),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_key(tmp_path, old, new, line, words):
    assert old in GOOD
    with pytest.raises(ParameterProblem) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    (problem,) = str(caught.value).splitlines()
    assert problem.startswith(f"law.yaml:{line}: ")
    assert words in problem


def test_all_problems_are_said_at_once(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "b.yaml").write_text("- a list\n", "utf-8")
    with pytest.raises(ParameterProblem) as caught:
        read(tmp_path, GOOD.replace("countries:", "others:"), "c.yaml")
    assert str(caught.value).splitlines() == [
        "b.yaml:1: keys with their values are expected",
        "c.yaml:1: rate is defined in another file too",
    ]


@given(st.sets(st.dates(), min_size=1, max_size=8), st.dates())
def test_at_is_the_last_value_that_has_begun(starts, day):
    values = tuple(DatedValue(since, since, {}, None) for since in sorted(starts))
    parameter = Parameter("p", "P", "day", dt.date(2026, 1, 1), values)
    begun = [since for since in starts if since <= day]
    if begun:
        assert parameter.at(day).value == max(begun)
    else:
        with pytest.raises(NoRuleInForce):
            parameter.at(day)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("rate:", "Rate:", 1, "Rate: a key is small letters"),
        ("rate:", "1rate:", 1, "1rate: a key is small letters"),
        (
            "      value: 60\n",
            "      value: sixty\n",
            12,
            "all values of a key are of one kind; a text is given, a number",
        ),
        ("      value: 60\n", "      value: true\n", 12, "all values of a key are of one kind; true or false is given"),
        ("      value: 60\n", "      value: [60]\n", 12, "all values of a key are of one kind; a list is given"),
        ("  values:\n    2018", "  values: {}\n  more:\n    2018", 6, "rate.values"),
    ],
)
def test_keys_and_kinds(tmp_path, old, new, line, words):
    assert old in GOOD
    with pytest.raises(ParameterProblem) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert any(p.startswith(f"law.yaml:{line}: ") and words in p for p in str(caught.value).splitlines())


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path):
    (tmp_path / "law.yaml").write_bytes(b"rate:\n  label: \xff\n")
    with pytest.raises(ParameterProblem, match=r"^law\.yaml:2: not UTF-8 text$"):
        load_parameters(tmp_path)


def test_the_good_ones_are_read_beside_the_bad_ones(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD.replace("value: 60", "value: sixty"), "utf-8")
    found = read_parameters(tmp_path)
    assert set(found.items) == {"countries"}
    assert [(p.path.name, p.line) for p in found.problems] == [("a.yaml", 12)]
    assert found.places == {"rate": (tmp_path / "a.yaml", 1), "countries": (tmp_path / "a.yaml", 14)}


def test_a_file_takes_the_place_of_another_for_a_while(tmp_path):
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    (own / "a.yaml").write_text(GOOD.replace("countries:", "places:"), "utf-8")
    (own / "b.yaml").write_text(GOOD.replace("rate:", "share:"), "utf-8")
    (other / "a.yaml").write_text(GOOD.replace("value: 70", "value: 10").replace("countries:", "places:"), "utf-8")
    day = dt.date(2026, 1, 1)
    kept = load_parameters(own)
    with replaced({own: other}):
        inside = load_parameters(own)
        assert (inside.at("rate", day).value, inside.at("share", day).value) == (10, 70)
        assert load_parameters(other).at("rate", day).value == 10
        assert kept.at("rate", day).value == 70, "what was read before does not change"
    assert load_parameters(own).at("rate", day).value == 70


def test_a_look_up_compares_a_few_dates_only():
    """Twice the dates, one comparison more: nothing walks over all values."""
    compared = 0

    class Day(dt.date):
        def __lt__(self, other):
            nonlocal compared
            compared += 1
            return dt.date.__lt__(self, other)

    def cost(count: int) -> int:
        nonlocal compared
        start = dt.date(1900, 1, 1)
        values = tuple(DatedValue(start + dt.timedelta(days=n), n, {"title": "x"}, None) for n in range(count))
        parameters = Parameters({"p": Parameter("p", "P", "days", start, values)})
        compared = 0
        asked = Day(1900, 1, 2)
        assert parameters.at("p", asked).value == 1
        assert parameters.citation("p", asked) == "x"
        assert parameters.items["p"].at(asked).value == 1
        return compared

    assert 0 < cost(10) <= 3 * 5
    assert cost(5000) <= 3 * 14


def test_what_was_looked_up_is_remembered_within_bounds(monkeypatch):
    monkeypatch.setattr("core.hooks.parameters.REMEMBERED", 8)
    start = dt.date(2000, 1, 1)
    values = tuple(DatedValue(start + dt.timedelta(days=n), n, {"title": "x"}, None) for n in range(100))
    parameters = Parameters({"p": Parameter("p", "P", "days", start, values)})
    for _again in range(2):
        for n in range(100):
            assert parameters.at("p", start + dt.timedelta(days=n)).value == n
            assert len(parameters._seen) <= 8
    for _again in range(2):
        with pytest.raises(NoRuleInForce):
            parameters.at("p", dt.date(1999, 12, 31))
