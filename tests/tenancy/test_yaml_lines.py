"""YAML with lines: every key is found again, and nothing odd gets in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import yaml_lines


def test_every_path_has_its_line() -> None:
    lined = yaml_lines.load("a: 1\n\nb:\n  c: [x,\n      y]\n  d: {e: 2026-11-01}\n")
    assert lined.data == {"a": 1, "b": {"c": ["x", "y"], "d": {"e": dt.date(2026, 11, 1)}}}
    assert [lined.line(p) for p in (("a",), ("b",), ("b", "c"), ("b", "c", 1), ("b", "d", "e"))] == [1, 3, 4, 5, 6]


def test_a_path_that_is_absent_is_told_at_its_nearest_ancestor() -> None:
    lined = yaml_lines.load("a: 1\nb:\n  c: 2\n")
    assert lined.line(("b", "missing", 3)) == 2
    assert lined.line(("nowhere",)) == 1


def test_keys_are_names_as_written() -> None:
    assert yaml_lines.load("on: 1\nno: 2\n2018-09-15: 3\n").data == {"on": 1, "no": 2, "2018-09-15": 3}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "“a” is given twice"),
        ("x:\n  a: 1\n  a: 1\n", 3, "“a” is given twice"),
        ("a: 1\nb: &x [1]\nc: *x\n", 2, "anchors and aliases"),
        ("a: &a [*a]\n", 1, "anchors and aliases"),
        ("a: 1\nb: [1\n", 3, "expected"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\nb: 2026-13-45\n", 2, "“2026-13-45”: month must be in 1..12"),
        ("a: 1\nb: \x01\n", 2, "does not allow"),
        ("a: 1\nb: !!python/object/apply:os.getcwd []\n", 2, "could not determine a constructor"),
        ("a: 1\n[b]: 2\n", 2, "a key is a single word"),
        ("a: " + "[" * 60 + "]" * 60, 1, "nested too deeply"),
        ("a: " + "[" * 5000 + "]" * 5000, 1, "nested too deeply"),
    ],
)
def test_what_is_no_usable_yaml_says_where_and_why(text: str, line: int, words: str) -> None:
    with pytest.raises(yaml_lines.YamlProblem) as caught:
        yaml_lines.load(text)
    assert caught.value.line == line
    assert words in str(caught.value)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        yaml_lines.load(text)
    except yaml_lines.YamlProblem as problem:
        assert 1 <= problem.line <= len(text.splitlines()) + 2


@pytest.mark.skipif(yaml_lines._FAST is yaml_lines._EXACT, reason="no parser in C here")
def test_both_parsers_read_all_our_files_alike() -> None:
    root = Path(yaml_lines.__file__).parents[1]
    files = [f for folder in ("plugins", "tenants", "docs", "core/identity") for f in (root / folder).rglob("*.yaml")]
    assert len(files) > 20
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert yaml_lines._load(text, yaml_lines._FAST) == yaml_lines._load(text, yaml_lines._EXACT), path


@pytest.mark.parametrize("text", ["[" * 100_000, "{" * 100_000, "- " * 100_000, "? " * 100_000])
def test_depth_without_end_is_refused_and_ends_no_process(text: str) -> None:
    with pytest.raises(yaml_lines.YamlProblem, match="nested too deeply"):
        yaml_lines.load(text)
