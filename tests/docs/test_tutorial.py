"""The tutorial is true: its files are written, its commands are typed, in its order, in an environment of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from core.testing import guards, plugin
from core.testing.checks import CHECKS
from tests.kit import environments

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "writing-a-jurisdiction.md"
EXAMPLE = ROOT / "examples" / "jurisdiction_de"
BLOCK = re.compile(r"(?:^`(?P<file>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: a file, when its name stands before it, or what is typed and seen."""

    kind: str
    file: str | None
    body: str


def blocks() -> list[Block]:
    return [Block(m["kind"], m["file"], m["body"]) for m in BLOCK.finditer(PAGE.read_text("utf-8"))]


def typed(body: str) -> list[tuple[str, list[str]]]:
    """Each command with the lines that are shown after it."""
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            assert found, "a console block begins with a command"
            found[-1][1].append(line)
    return found


def shows(shown: str, line: str) -> bool:
    """Whether a line of output is the one shown, `…` standing for anything; runs of spaces are one."""
    pattern = r".*".join(re.escape(" ".join(part.split())) for part in shown.split("…"))
    return re.fullmatch(rf"\s*{pattern}\s*", " ".join(line.split())) is not None


def missing(shown: list[str], output: str) -> list[str]:
    """The shown lines that do not come, in their order."""
    lines, left = iter(output.splitlines()), []
    for want in [s for s in shown if s.strip() not in ("", "…")]:
        if not any(shows(want, line) for line in lines):
            left.append(want)
    return left


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_all_of_it_can_be_followed(tmp_path):
    fresh = environments.make(tmp_path / "venv")
    place = tmp_path / "work"
    place.mkdir()
    ran = 0
    for block in blocks():
        if block.file is not None:
            target = place / block.file
            if target.suffix != ".jsonl":
                assert target.parent.is_dir() or "translations" in block.file, (
                    f"{block.file}: the scaffold has no such folder"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, "utf-8")
        elif block.kind == "console":
            for command, shown in typed(block.body):
                ran += 1
                if command.startswith("cd "):
                    place = (place / command[3:]).resolve()
                    continue
                done = fresh.shell(command, place)
                # Where the page shows problems, they are expected.
                expected = 1 if any("problems (" in line for line in shown) else 0
                assert done.returncode == expected, f"$ {command}\n{done.stdout}{done.stderr}"
                assert missing(shown, done.stdout) == [], f"$ {command}\n{done.stdout}{done.stderr}"
        else:
            compile(block.body, str(PAGE), "exec")
    assert ran > 12


def test_every_block_is_a_file_or_typed():
    other = [b for b in blocks() if b.file is None and b.kind != "console"]
    assert [b.kind for b in other] == ["python"], "a block that nobody runs"
    own = (EXAMPLE / "tests" / "test_conformance.py").read_text("utf-8")
    assert other[0].body.strip() in own, "the line that brings the checks is the scaffold's"


@pytest.mark.parametrize("block", [b for b in blocks() if b.file and b.file != "cases.jsonl"], ids=lambda b: b.file)
def test_what_it_builds_is_the_example(block):
    whole = (EXAMPLE / block.file).read_text("utf-8")
    if "/cases/" not in block.file:
        assert block.body == whole
        return
    every = {c["id"]: c for c in yaml.safe_load(whole)["cases"]}
    shown = yaml.safe_load(block.body)["cases"]
    assert len(shown) >= 4
    assert all(every[c["id"]] == c for c in shown)


def test_the_example_holds_nothing_that_the_tutorial_does_not_build():
    shown = {b.file for b in blocks() if b.file}
    kept = {
        p.relative_to(EXAMPLE).as_posix() for p in EXAMPLE.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }
    from_the_scaffold = {
        "README.md", ".gitignore", "tests/conftest.py", "tests/test_cases.py", "tests/test_conformance.py",
        "src/jurisdiction_de/config.py", "src/jurisdiction_de/rules/__init__.py",
    }  # fmt: skip
    assert {k for k in kept if ".egg-info" not in k and ".pytest_cache" not in k} == (
        shown - {"cases.jsonl"}
    ) | from_the_scaffold


def test_the_table_of_checks_is_whole():
    rows = dict(
        re.findall(
            r"^\| `(\w+)` \| (.+) \|$",
            PAGE.read_text("utf-8").partition("## 10.")[2].partition("## 11.")[0],
            re.MULTILINE,
        )
    )
    assert rows == {
        name: " ".join((function.__doc__ or "").strip().split("\n\n")[0].split()).rstrip(".")
        for name, function in CHECKS.items()
    }


def test_the_fixtures_that_it_names_exist():
    table = PAGE.read_text("utf-8").partition("## 11.")[2]
    names = [n for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for n in re.findall(r"`(\w+)`", row)]
    assert len(names) > 6
    assert [n for n in names if "Fixture" not in type(getattr(plugin, n, None)).__name__] == []
    assert issubclass(guards.NetworkForbidden, AssertionError)


@pytest.mark.parametrize(
    ("shown", "line", "same"),
    [
        ("a … c", "a b c", True),
        ("a …", "b", False),
        ("x   y", "x y", True),
        ("(…)", "(1.2 s)", True),
        ("a", "ab", False),
    ],
)
def test_what_is_shown_is_compared(shown, line, same):
    assert shows(shown, line) is same
