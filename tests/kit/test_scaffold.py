"""`portico plugin new` and `portico plugin check`, as they are typed: what they write, say and refuse."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import cli
from core.cli.plugin_scaffold import SKELETON, ScaffoldRefused, new_plugin
from core.testing.checks import CHECKS

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.date(2026, 11, 21)


def portico(*words: str):
    return CliRunner().invoke(cli, words)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_everything_an_integrator_needs_is_written(here):
    done = portico("plugin", "new", "jurisdiction_ch")
    assert done.exit_code == 0, done.output
    made = here / "jurisdiction_ch"
    found = {p.relative_to(made).as_posix() for p in made.rglob("*") if p.is_file()}
    assert found == {
        ".gitignore", "README.md", "pyproject.toml", "tests/conftest.py", "tests/test_cases.py", "tests/test_conformance.py",
        *(f"src/jurisdiction_ch/{name}" for name in (
            "__init__.py", "config.py", "contributions.py", "rules/__init__.py", "rules/access.py", "parameters/law.yaml",
            "cases/service_access.yaml", "translations/fr/LC_MESSAGES/jurisdiction_ch.po",
        )),
    }  # fmt: skip
    texts = "\n".join(p.read_text("utf-8") for p in made.rglob("*") if p.is_file())
    assert "Insured in Switzerland" in texts
    assert "Assuré : Suisse" in texts
    assert "ch_resident" in texts
    assert not [word for word in texts.split() if word.startswith("@") and word.endswith("@")]
    assert os.listdir(here) == ["jurisdiction_ch"], "nothing is left beside it"


@pytest.mark.parametrize("name", ["acme", "jurisdiction_", "jurisdiction_x", "jurisdiction_xyz", "Jurisdiction_ch", "jurisdiction-ch", "../jurisdiction_ch", "jurisdiction_ch\n"])  # fmt: skip
def test_another_kind_of_name_is_refused_with_what_is_allowed(here, name):
    done = portico("plugin", "new", name)
    assert done.exit_code == 1
    assert "is no name of a jurisdiction; allowed: jurisdiction_ and the two small letters of a country" in done.output
    assert list(here.iterdir()) == []


def test_the_name_of_an_installed_plugin_is_refused(here):
    done = portico("plugin", "new", "jurisdiction_lu")
    assert done.exit_code == 1
    assert "an installed plugin is called jurisdiction_lu already (plugins.jurisdiction_lu)" in done.output
    assert list(here.iterdir()) == []


def test_the_name_of_another_package_is_refused(here, monkeypatch):
    (here / "other" / "jurisdiction_ch").mkdir(parents=True)
    (here / "other" / "jurisdiction_ch" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(here / "other"))
    with pytest.raises(ScaffoldRefused, match="a Python package is called jurisdiction_ch already"):
        new_plugin("jurisdiction_ch", DAY)


def test_a_folder_that_is_there_is_left_alone(here):
    (here / "jurisdiction_ch").mkdir()
    (here / "jurisdiction_ch" / "mine.txt").write_text("mine", "utf-8")
    done = portico("plugin", "new", "jurisdiction_ch")
    assert done.exit_code == 1
    assert "jurisdiction_ch exists already: remove it, or write into another folder" in done.output
    assert (here / "jurisdiction_ch" / "mine.txt").read_text("utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_told(here):
    (here / "file").touch()
    with pytest.raises(ScaffoldRefused, match="cannot be written"):
        new_plugin("jurisdiction_ch", DAY, here / "file")


def test_the_day_of_the_scaffold_is_the_day_of_the_look(here):
    made = new_plugin("jurisdiction_ch", DAY)
    assert "checked_on: 2026-11-21" in (made / "src/jurisdiction_ch/parameters/law.yaml").read_text("utf-8")


def test_the_skeleton_is_in_the_wheel(tmp_path):
    """What is installed from a wheel can scaffold too."""
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(tmp_path),
        ".",
    ]
    copy = tmp_path / "copy"
    keep = ("core", "plugins", "demo", "pyproject.toml", "README.md", "LICENSE")
    copy.mkdir()
    for name in keep:
        (copy / name).symlink_to(ROOT / name)
    subprocess.run(build, cwd=copy, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("portico-*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {p.relative_to(ROOT).as_posix() for p in SKELETON.rglob("*.txt")}
    assert len(wanted) > 10
    assert wanted <= packed


# -- plugin check ----------------------------------------------------------------------------------------------------


def test_a_folder_is_checked_without_being_installed(made):
    done = portico("plugin", "check", str(made.project))
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{made.name}: {len(CHECKS)} checks, no problem (")


def test_the_folder_of_a_package_is_its_plugin():
    done = portico("plugin", "check", "--only", "parameters", str(ROOT / "plugins" / "jurisdiction_lu"))
    assert done.exit_code == 0, done.output
    assert done.output.startswith("jurisdiction_lu: 1 checks, no problem")


def test_one_plugin_takes_seconds():
    started = time.monotonic()
    done = portico("plugin", "check", "jurisdiction_fr")
    assert done.exit_code == 0, done.output
    assert time.monotonic() - started < 10


def test_findings_are_told_with_place_and_fix(made):
    made.change("rules/access.py", "import datetime as dt\n", "import datetime as dt\nimport os\n")
    done = portico("plugin", "check", str(made.project))
    assert done.exit_code == 1
    first, fix, last = done.output.splitlines()
    assert first == f"{made.name}: pure: rules/access.py:6: os is imported by a rule"
    assert fix == "    fix: facts come with the question; figures by `parameters`"
    assert last.startswith(f"{made.name}: {len(CHECKS)} checks, 1 problems (")
    as_json = portico("plugin", "check", "--json", str(made.project))
    (row,) = json.loads(as_json.output)
    assert (as_json.exit_code, row["plugin"], row["check"], row["where"]) == (1, made.name, "pure", "rules/access.py:6")


def test_a_plugin_that_does_not_load_is_told_so(made):
    made.append("__init__.py", "\nraise RuntimeError('boom')\n")
    done = portico("plugin", "check", str(made.project))
    assert done.exit_code == 1
    assert f"{made.name}: loads: {made.name}: RuntimeError: boom" in done.output
    assert "those that its files can tell: it does not load" in done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["jurisdiction_ly"],
            "jurisdiction_ly is neither an installed plugin nor a folder; did you mean jurisdiction_lu?",
        ),
        (["nothing_like_it"], "installed: insurer_assistance, jurisdiction_be, jurisdiction_fr, jurisdiction_lu"),
        (["."], "neither a pyproject.toml nor the package of an installed plugin"),
        (["--only", "spelling", "jurisdiction_lu"], "no such check: spelling; there are: loads, hooks,"),
    ],
)
def test_what_cannot_be_checked_is_told(here, words, told):
    done = portico("plugin", "check", *words)
    assert done.exit_code == 1
    assert told in done.output


@pytest.mark.parametrize(
    ("text", "told"), [("[project]\nname = 'x'\n", "declares no plugin"), ("[project\n", "pyproject.toml: ")]
)
def test_a_project_without_a_plugin_is_told(here, text, told):
    (here / "pyproject.toml").write_text(text, "utf-8")
    done = portico("plugin", "check", ".")
    assert done.exit_code == 1
    assert told in done.output


@pytest.mark.parametrize("single", [False, True], ids=["missing", "a-single-file"])
def test_a_module_that_is_no_package_is_told_and_the_rest_goes_on(made, single):
    path = made.project / "pyproject.toml"
    module = f"{made.name}_no_package"
    path.write_text(path.read_text("utf-8").replace(f'= "{made.name}"\n\n[tool', f'= "{module}"\n\n[tool'), "utf-8")
    if single:
        (made.project / "src" / f"{module}.py").touch()
    done = portico("plugin", "check", str(made.project), "--only", "parameters", "jurisdiction_be")
    assert done.exit_code == 1
    assert f"the package {module} cannot be found; a plugin is a folder with __init__.py" in done.output
    assert "jurisdiction_be: 1 checks, no problem" in done.output


def test_norway_is_no_boolean(here, monkeypatch):
    """`NO` without quotes is a boolean in YAML."""
    new_plugin("jurisdiction_no", DAY)
    monkeypatch.setattr(sys, "path", list(sys.path))
    done = portico("plugin", "check", "jurisdiction_no")
    assert done.exit_code == 0, done.output


def test_the_command_needs_no_test_runner():
    code = "import sys, core.testing.checks, core.cli; sys.exit('pytest' in sys.modules or 'hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_another_plugin_that_does_not_load_is_told_and_left_out(made, monkeypatch):
    from importlib.metadata import EntryPoint

    from core.hooks import manager

    bad = EntryPoint("jurisdiction_bad", "no_such_module_at_all", manager.ENTRY_POINTS)
    real = manager.entry_points()
    monkeypatch.setattr(manager, "entry_points", lambda: [*real, bad])
    done = portico("plugin", "check", str(made.project))
    assert done.exit_code == 0, done.output
    assert "checked without a plugin that does not load: jurisdiction_bad: ModuleNotFoundError" in done.output
