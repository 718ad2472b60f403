"""The table of rules is true: it names tests that exist and rules of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import rules_table

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_is_wrong_and_the_page_is_up_to_date() -> None:
    assert rules_table.problems() == []
    assert rules_table.PAGE.read_text(encoding="utf-8") == rules_table.page()


def test_every_catalogue_is_read() -> None:
    catalogues = {p.stem for p in rules_table.RULES.glob("*.yaml")} - {"status"}
    assert catalogues == set(rules_table.TITLES)
    assert len(rules_table.rules()) > 500


def _tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_one.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(rules_table, "ROOT", tmp_path)


def test_markers_are_found_wherever_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tests(tmp_path, monkeypatch, "\n".join([
        "import pytest",
        "pytestmark = [pytest.mark.rule('CB-001')]",
        "@pytest.mark.rule('CB-002', 'CB-003')",
        "def test_a(): ...",
        "@pytest.mark.rule('CB-004')",
        "class TestB: ...",
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.rule('CB-005'))])",
        "def test_c(x): ...",
        "# pytest.mark.rule('CB-006') in a comment counts for nothing",
    ]))  # fmt: skip
    found = rules_table.tests_of()
    assert sorted(found) == ["CB-001", "CB-002", "CB-003", "CB-004", "CB-005"]
    assert found["CB-002"] == ["test_one.py::test_a"]
    assert found["CB-004"] == ["test_one.py::TestB"]


def test_an_unknown_rule_is_told_with_its_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _tests(tmp_path, monkeypatch, "import pytest\n@pytest.mark.rule('CB-999')\ndef test_a(): ...\n")
    assert "test_one.py::test_a: no rule CB-999 in the catalogue" in rules_table.problems()


def test_a_rule_left_out_that_has_a_test_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tested = next(iter(rules_table.tests_of()))
    said = rules_table.Status((), {tested: "forgotten"}, {})
    monkeypatch.setattr(rules_table, "status", lambda: said)
    assert f"status.yaml: {tested} is left out and has a test" in rules_table.problems()


def test_a_rule_without_test_and_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_table, "status", lambda: rules_table.Status((), {}, {}))
    assert any("has no test and no reason" in line for line in rules_table.problems())
