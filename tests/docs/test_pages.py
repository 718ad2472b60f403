"""What is written is true: links lead somewhere, settings and commands exist, nothing tells of a machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from core.cli import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WRITTEN = [p for p in PAGES if p.name not in ("rules.md", "hooks.md")]


def names(paths: list[Path]) -> list[str]:
    return [str(p.relative_to(ROOT)) for p in paths]


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", WRITTEN, ids=names(WRITTEN))
def test_commands_exist(page: Path) -> None:
    for words in re.findall(r"portico ((?:[a-z]+ ?){1,2})", page.read_text(encoding="utf-8")):
        command: click.Command = cli
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"portico {words}"
            command = found


def test_every_setting_is_told_to_operators() -> None:
    """Every variable that the code of the core reads, but for those of `portico up` itself."""
    used = {
        n
        for p in (ROOT / "core").rglob("*.py")
        if "testing" not in p.parts
        for n in re.findall(r"\bPORTICO_[A-Z_]+\b", p.read_text(encoding="utf-8"))
    }
    told = set(re.findall(r"\bPORTICO_[A-Z_]+\b", (ROOT / "docs/operating.md").read_text(encoding="utf-8")))
    assert told <= used
    assert used - told <= {"PORTICO_PORT", "PORTICO_DEBUG", "PORTICO_SUPERVISED"}


def test_the_map_can_be_read() -> None:
    root = ElementTree.parse(ROOT / "docs/map.svg").getroot()  # noqa: S314 (our own file)
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert root.find(f"{space}title") is not None
    assert root.find(f"{space}desc") is not None


@pytest.mark.parametrize("page", [p for p in PAGES if p.parent.name == "adr"], ids=lambda p: p.stem)
def test_a_decision_says_what_why_and_at_what_price(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for part in ("**Decision.**", "**Why.**", "**Price.**"):
        assert part in text


def test_the_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert project["license"] == "EUPL-1.2"
    assert "EUROPEAN UNION PUBLIC LICENCE v. 1.2" in text
    assert [f"{n}." for n in range(1, 16)] == re.findall(r"^(\d+\.) [A-Z]", text, flags=re.MULTILINE)


@pytest.mark.parametrize("path", ["requirements.lock", "requirements-dev.lock"])
def test_locks_have_hashes_and_name_no_index(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    packages = re.findall(r"^([a-z0-9][\w.-]*)==", text, flags=re.MULTILINE)
    assert len(packages) > 50
    assert text.count("--hash=sha256:") >= len(packages)
    # Nothing but packages with their version and hashes: no option, and no address to fetch from.
    line = re.compile(r"[a-z0-9][\w.-]*==[\w.+!-]+(?: ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}(?: \\)?")
    assert [other for other in text.splitlines() if not line.fullmatch(other)] == []


def test_the_smaller_lock_agrees_with_the_larger() -> None:
    def versions(path: str) -> set[str]:
        return set(
            re.findall(r"^[a-z0-9][\w.-]*==[^\s;]+", (ROOT / path).read_text(encoding="utf-8"), flags=re.MULTILINE)
        )

    assert versions("requirements.lock") <= versions("requirements-dev.lock")
