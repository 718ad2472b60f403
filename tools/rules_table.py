"""docs/rules.md: every rule of the catalogue, the tests that would miss it, and why some have none yet.

python -m tools.rules_table write | check
"""

from __future__ import annotations

import ast
import gc
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "docs" / "rules"
STATUS = RULES / "status.yaml"
PAGE = ROOT / "docs" / "rules.md"
TITLES = {
    "cross_border": "Cross-border care (portal `frontalia`)",
    "booking_charter": "Booking charter (portal `rdv-confiance`)",
    "insurer_assistance": "Insurer-funded assistance",
    "second_opinion": "Second opinion",
    "care_messaging": "Care messaging",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the catalogue."""

    id: str
    catalogue: str
    area: str
    owner: str
    text: str


@dataclass(frozen=True, slots=True)
class Status:
    """What is said of rules without tests, and of those that are read otherwise than their source."""

    later: tuple[tuple[str, frozenset[str]], ...]
    left_out: Mapping[str, str]
    deviations: Mapping[str, str]

    def reason(self, rule: Rule) -> str | None:
        """Why a rule has no test yet; None where nothing is said."""
        if rule.id in self.left_out:
            return self.left_out[rule.id]
        return next((why for why, keys in self.later if {rule.id, rule.area, rule.catalogue} & keys), None)


def _read(path: Path) -> Any:
    """A file of the catalogue, by the fast parser where there is one."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def rules() -> dict[str, Rule]:
    """All rules by id. Raises ValueError for an id that is given twice."""
    found: dict[str, Rule] = {}
    for name in TITLES:
        for entry in _read(RULES / f"{name}.yaml"):
            if entry["id"] in found:
                raise ValueError(f"{name}: {entry['id']} is given twice")
            found[entry["id"]] = Rule(entry["id"], name, entry["area"], entry["owner"], " ".join(entry["rule"].split()))
    return found


def status() -> Status:
    """What docs/rules/status.yaml says."""
    data: dict[str, Any] = _read(STATUS)
    later = tuple((entry["reason"], frozenset(entry["rules"])) for entry in data["later"])
    return Status(later, data["left_out"], data["deviations"])


def markers() -> Iterator[tuple[str, str]]:
    """(rule id, test) for each `@pytest.mark.rule(...)` of the tests, on functions, classes and whole modules."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        shown = path.relative_to(ROOT / "tests").as_posix()
        for rule, name in _marked(path, path.stat().st_mtime_ns):
            yield rule, f"{shown}::{name}" if name else shown


@lru_cache(maxsize=4096)
def _marked(path: Path, _changed: int) -> tuple[tuple[str, str], ...]:
    """(rule id, name of the test, empty for the whole module) of one file; read again when it changed."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(_parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for decorator in node.decorator_list:
                found += [(i, node.name) for i in _ids(decorator)]
        elif isinstance(node, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets
        ):
            found += [(i, "") for i in _ids(node.value)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "param":
            for keyword in node.keywords:
                if keyword.arg == "marks":
                    found += [(i, "") for i in _ids(keyword.value)]
    return tuple(found)


def _parsed(path: Path) -> ast.Module:
    # A collection in the midst of it may run other code that parses, which Python 3.11 does not bear.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    finally:
        if collecting:
            gc.enable()


def _ids(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "rule":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value


def tests_of() -> dict[str, list[str]]:
    """The tests of each rule that has some."""
    found: dict[str, list[str]] = {}
    for rule, test in markers():
        if test not in found.setdefault(rule, []):
            found[rule].append(test)
    return found


def problems() -> list[str]:
    """Markers and statuses that name unknown rules, and rules that have neither a test nor a reason."""
    known, tested, said = rules(), tests_of(), status()
    areas = {r.area for r in known.values()} | set(TITLES)
    wrong = [
        f"{test}: no rule {rule} in the catalogue"
        for rule, tests in sorted(tested.items())
        if rule not in known
        for test in tests
    ]
    keys = {*said.left_out, *said.deviations, *(k for _why, named in said.later for k in named)}
    wrong += [
        f"status.yaml: {key} is neither a rule nor an area"
        for key in sorted(keys)
        if key not in known and key not in areas
    ]
    wrong += [f"status.yaml: {rule} is left out and has a test" for rule in sorted(said.left_out) if rule in tested]
    wrong += [
        f"{rule.id} ({rule.area}) has no test and no reason in status.yaml"
        for rule in known.values()
        if rule.id not in tested and said.reason(rule) is None
    ]
    return wrong


def page() -> str:
    """The page as it should be."""
    known, tested, said = rules(), tests_of(), status()
    lines = [
        "# The rules",
        "",
        "Each rule of the catalogues in `docs/rules/`, with the tests that would miss it. Made by `make docs`; do not edit.",
        "A rule without a test says why; `docs/rules/status.yaml` keeps the reasons.",
        "",
        "| catalogue | rules | with tests | with a reason |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name in TITLES:
        mine = [r for r in known.values() if r.catalogue == name]
        covered = sum(r.id in tested for r in mine)
        lines.append(
            f"| [{TITLES[name]}](#{name.replace('_', '-')}) | {len(mine)} | {covered} | {len(mine) - covered} |"
        )
    lines += ["", "## Where today's law is followed rather than the source", "", "| rule | reading |", "| --- | --- |"]
    lines += [f"| {rule} | {why} |" for rule, why in sorted(said.deviations.items())]
    for name, title in TITLES.items():
        lines += [
            "",
            f'<a id="{name.replace("_", "-")}"></a>',
            "",
            f"## {title}",
            "",
            "| id | area | whose | rule | status |",
            "| --- | --- | --- | --- | --- |",
        ]
        for rule in known.values():
            if rule.catalogue == name:
                lines.append(
                    f"| {rule.id} | {rule.area} | {rule.owner} | {_cell(rule.text)} | {_status(rule, tested, said)} |"
                )
    return "\n".join(lines) + "\n"


def _status(rule: Rule, tested: Mapping[str, list[str]], said: Status) -> str:
    if rule.id in tested:
        return "done: " + ", ".join(f"`{t}`" for t in sorted(tested[rule.id]))
    return f"not yet: {said.reason(rule) or 'no reason given'}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> int:
    """Run a command; the exit status is 1 when the check finds something."""
    command = sys.argv[1] if len(sys.argv) > 1 else "check"
    wrong = problems()
    if command == "write":
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page():
        wrong.append("docs/rules.md is not what the tests say: run `make docs`")
    for line in wrong:
        print(line)
    print(f"rules: {len(tests_of())} with tests, {len(wrong)} problems")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
