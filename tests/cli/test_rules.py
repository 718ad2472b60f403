"""`portico rules`: what applies, what starts soon, what is wrong with it, and the cases, run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import portico_example
import pytest

from core.hooks import manager, rulebook

EXAMPLE = Path(portico_example.__file__).parent


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A plugin of its own under a name of its own: a copy of the example that tests may spoil; nothing else installed."""
    from importlib.metadata import EntryPoint

    name = f"examplia_{abs(hash(tmp_path)) % 10**9}"
    home = tmp_path / "installed" / name
    shutil.copytree(EXAMPLE, home, ignore=shutil.ignore_patterns("__pycache__"))
    for path in home.glob("*.py"):
        path.write_text(path.read_text("utf-8").replace("portico_example", name), "utf-8")
    monkeypatch.syspath_prepend(str(home.parent))
    entry = EntryPoint("example", name, manager.ENTRY_POINTS)
    for module in (manager, rulebook):
        monkeypatch.setattr(module, "entry_points", lambda: [entry])
    return home


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_what_applies_is_listed_by_date(portico: Callable[..., Any], example: Path) -> None:
    before = portico("rules", "list", "--at", "2026-12-31")
    after = portico("rules", "list", "--at", "2027-01-01")
    assert (before.status, after.status) == (0, 0)
    (row,) = [line for line in before.out.splitlines() if line.startswith("reimbursed_percent") and "80" in line]
    assert row.split() == [
        "reimbursed_percent",
        "example",
        "80",
        "percent",
        "2015-01-01",
        "Code",
        "of",
        "Examplia,",
        "art.",
        "21",
    ]
    assert "75" in after.out.split("Starting")[0]
    assert "80" not in [w for line in after.out.splitlines() if line.startswith("reimbursed") for w in line.split()]


def test_what_starts_soon_is_told_apart(portico: Callable[..., Any], example: Path) -> None:
    def soon(*options: str) -> set[tuple[str, str]]:
        found = json.loads(portico("rules", "list", "--json", *options).out)["soon"]
        return {(e["key"], e["since"]) for e in found}

    both = {("adult_age", "2027-01-01"), ("reimbursed_percent", "2027-01-01")}
    assert soon("--at", "2026-10-03") == both, "90 days"
    assert soon("--at", "2026-10-02") == set()
    assert soon("--at", "2026-10-02", "--soon", "91") == both
    assert soon("--at", "2027-01-01") == set()


def test_before_the_first_value_nothing_applies(portico: Callable[..., Any], example: Path) -> None:
    told = json.loads(portico("rules", "list", "--json", "--at", "2010-01-01", "--soon", "0").out)
    assert {e["key"] for e in told["applies"]} == {"adult_age", "record_years", "proof_article"}
    assert json.loads(portico("rules", "list", "--json", "--at", "2009-12-31", "--soon", "0").out)["applies"] == []


def test_a_listed_value_has_everything(portico: Callable[..., Any]) -> None:
    told = json.loads(portico("rules", "list", "--json", "--at", "2026-11-21", "--plugin", "jurisdiction_fr").out)
    assert told["at"] == "2026-11-21"
    assert {e["plugin"] for e in told["applies"]} == {"jurisdiction_fr"}
    for entry in told["applies"]:
        assert set(entry) == {"key", "plugin", "value", "unit", "since", "reference", "href", "published"}
        assert entry["reference"]
        assert entry["since"] <= "2026-11-21"


def test_the_history_of_a_key(portico: Callable[..., Any], example: Path) -> None:
    done = portico("rules", "show", "reimbursed_percent")
    assert done.status == 0
    assert done.out.index("since 2015-01-01: 80") < done.out.index("since 2027-01-01, published 2026-10-01: 75")
    assert "art. 21 as amended" in done.out
    (kept,) = json.loads(portico("rules", "show", "example.reimbursed_percent", "--json").out)
    assert [v["value"] for v in kept["values"]] == [80, 75]
    assert kept["checked_on"] == "2026-11-01"


def test_notes_are_shown(portico: Callable[..., Any], example: Path) -> None:
    change(
        example / "parameters/money.yaml", "  unit: percent\n", "  unit: percent\n  notes: Voted, not yet printed.\n"
    )
    assert "Voted, not yet printed." in portico("rules", "show", "reimbursed_percent").out


@pytest.mark.parametrize(("arguments", "words"), [
    (("show", "reimbursd_percent"), "did you mean reimbursed_percent?"),
    (("list", "--plugin", "exmple"), "did you mean example?"),
    (("test", "exmple"), "did you mean example?"),
    (("check", "zzz"), "installed: example"),
])  # fmt: skip
def test_unknown_names(portico: Callable[..., Any], example: Path, arguments: tuple[str, ...], words: str) -> None:
    done = portico("rules", *arguments)
    assert done.status == 1
    assert words in done.err


def test_all_is_well(portico: Callable[..., Any], example: Path) -> None:
    done = portico("rules", "check", "--at", "2026-11-21")
    assert (done.status, done.out) == (0, "1 plugins, 8 parameters, 32 cases: no problems\n")


@pytest.mark.parametrize(("file", "old", "new", "told"), [
    ("parameters/money.yaml", "      reference: {title: Tax act of Examplia, article: art. 3}\n", "",
     "example/parameters/money.yaml:18: small_fees_cents.values.2015-01-01.reference: Missing data"),
    ("parameters/money.yaml", '    "2027-01-01":', '    "2015-01-01":', "example/parameters/money.yaml:9: “2015-01-01” is given twice"),
    ("parameters/money.yaml", '    "2027-01-01":', '    "2014-01-01":', "example/parameters/money.yaml:9: reimbursed_percent.values.2014-01-01: dates must ascend"),
    ("parameters/money.yaml", "  unit: percent\n", "  unit: percent\n  colour: red\n", "example/parameters/money.yaml:4: reimbursed_percent.colour: Unknown field"),
    ("parameters/money.yaml", "value: 75", "value: seventy-five", "example/parameters/money.yaml:10: reimbursed_percent.values.2027-01-01.value: all values of a key are of one kind"),
    ("parameters/money.yaml", "reimbursed_percent:", "Reimbursed percent:", "example/parameters/money.yaml:1: Reimbursed percent: a key is small letters"),
    ("parameters/money.yaml", "checked_on: 2026-11-01", "checked_on: 2025-11-20", "example/parameters/money.yaml:1: reimbursed_percent: not checked since 2025-11-20, more than 365 days"),
    ("parameters/money.yaml", "checked_on: 2026-11-01", "checked_on: 2026-11-22", "example/parameters/money.yaml:1: reimbursed_percent: checked_on 2026-11-22 is still to come"),
    ("parameters/money.yaml", "checked_on: 2026-11-01", "checked_on: 2026-09-30", "example/parameters/money.yaml:1: reimbursed_percent: checked on 2026-09-30, before its newest value was published"),
    ("cases/law.yaml", "question: service_access", "question: service_acess", "example/cases/law.yaml:3: adult-before-the-change: question: 'service_acess' is not known"),
    ("cases/law.yaml", "expect: {effect: deny, rules: [EX-9], codes: [too_late]}", "expect: {effect: deny}", "a refusal is expected, but neither rules nor codes nor missing facts say which"),
    ("cases/law.yaml", "id: adult-from-the-change-on", "id: adult-before-the-change", "example/cases/law.yaml:10: adult-before-the-change: the case of line 3 has this name too"),
    ("law.py", '"EX-10", f"{CODE}, art. 10"))', '""))', "example/cases/law.yaml:135: care-is-not-given-back: refused without naming a rule: care_stays"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    portico: Callable[..., Any], example: Path, file: str, old: str, new: str, told: str
) -> None:
    change(example / file, old, new)
    done = portico("rules", "check", "--at", "2026-11-21")
    *lines, summary = done.out.splitlines()
    assert done.status == 1
    assert len([line for line in lines if told in line]) == 1, done.out
    assert summary.endswith("1 problems"), done.out


def test_who_waits_longer_says_so(portico: Callable[..., Any], example: Path) -> None:
    assert portico("rules", "check", "--at", "2027-11-01").status == 0
    assert portico("rules", "check", "--at", "2027-11-02").status == 1
    assert portico("rules", "check", "--at", "2027-11-02", "--stale", "366").status == 0


def test_all_problems_are_told_at_once(portico: Callable[..., Any], example: Path) -> None:
    change(example / "parameters/money.yaml", "  unit: percent", "  units: percent")
    change(example / "parameters/time.yaml", "  unit: days", "  unit: [days]")
    (example / "cases/other.yaml").write_text("- 3\n- {id: x}\n", "utf-8")
    done = portico("rules", "check", "--at", "2026-11-21")
    places = [line.split(": ")[0] for line in done.out.splitlines()[:-1]]
    assert places == [
        "example/parameters/money.yaml:1", "example/parameters/money.yaml:3", "example/parameters/time.yaml:3",
        "example/cases/other.yaml:1", "example/cases/other.yaml:2",
    ]  # fmt: skip


def test_the_cases_are_run(portico: Callable[..., Any], example: Path) -> None:
    done = portico("rules", "test")
    assert (done.status, done.out) == (0, "1 plugins, 32 cases: 0 failed, 0 unreadable\n")


def test_a_case_that_fails_is_told_with_its_place_and_both_answers(portico: Callable[..., Any], example: Path) -> None:
    change(example / "cases/law.yaml", "amount_cents: 2002,", "amount_cents: 2003,")
    change(
        example / "cases/law.yaml",
        "expect: {effect: deny, rules: [EX-7], codes: [too_young]}",
        "expect: {effect: permit, rules: [EX-8]}",
    )
    done = portico("rules", "test", "example", "--json")
    told = json.loads(done.out)
    assert (done.status, told["cases"], told["failed"]) == (1, 32, 2)
    rows = {(f["name"], f["line"]): (f["expected"], f["got"]) for f in told["failures"]}
    assert len(told["failures"]) == 3
    assert rows[("eighty-percent-half-up", "25")] == (
        'values: {"rate_percent": 80, "amount_cents": 2003, "flat_participation_cents": 0, "third_party_payment": false}',
        '{"rate_percent": 80, "amount_cents": 2002, "flat_participation_cents": 0, "third_party_payment": false}',
    )
    table = portico("rules", "test").out
    assert "example/cases/law.yaml" in table
    assert "effect: permit" in table
    assert table.splitlines()[-1] == "1 plugins, 32 cases: 2 failed, 0 unreadable"


def test_the_rest_of_a_bad_file_goes_on(portico: Callable[..., Any], example: Path) -> None:
    change(example / "cases/law.yaml", "    at: 2026-12-31\n", "    att: 2026-12-31\n")
    (example / "cases/broken.yaml").write_text("- {id: x\n", "utf-8")
    (example / "cases/no-list.yaml").write_text("id: x\n", "utf-8")
    done = portico("rules", "test")
    assert done.status == 1
    assert "example/cases/law.yaml:3: adult-before-the-change: att is not known; did you mean at?" in done.out
    assert "example/cases/broken.yaml:2: " in done.out
    assert "example/cases/no-list.yaml:1: a list of cases is expected" in done.out
    assert "31 cases: 0 failed, 3 unreadable" in done.out


def test_a_rule_that_raises_fails_its_case_and_no_other(portico: Callable[..., Any], example: Path) -> None:
    change(example / "law.py", '"""EX-3: care bears no VAT', 'raise RuntimeError("no")\n    """EX-3: care bears no VAT')
    done = portico("rules", "test")
    assert done.status == 1
    assert done.out.count("RuntimeError: no") == 2
    assert "32 cases: 2 failed" in done.out


def test_a_plugin_that_does_not_load_is_named(portico: Callable[..., Any], example: Path) -> None:
    change(example / "law.py", "import datetime as dt", "import nowhere_at_all")
    for command in ("check", "test"):
        done = portico("rules", command)
        assert done.status == 1
        assert "plugin example: ModuleNotFoundError" in done.out


def test_the_installed_plugins_are_in_order(portico: Callable[..., Any]) -> None:
    """What ships passes its own check and its own cases."""
    checked, run = portico("rules", "check", "--at", "2026-11-21"), portico("rules", "test")
    assert checked.status == 0, checked.out
    assert run.status == 0, run.out
    assert int(run.out.split(" cases")[0].split()[-1]) >= 250
