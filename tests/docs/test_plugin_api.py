"""The promise to integrators: it changes with an announcement only."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core import plugin_api

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("plugin_api.yaml")


ROOMS = ("acts", "pages", "people", "tables")


def promised() -> list[tuple[str, object]]:
    """(name, value) of the promise and of its rooms, which plugins with tables and pages import beside it."""
    found = [(name, getattr(plugin_api, name)) for name in sorted(plugin_api.__all__)]
    for room in ROOMS:
        module = importlib.import_module(f"core.plugin_api.{room}")
        found += [(f"{room}.{name}", getattr(module, name)) for name in sorted(module.__all__)]
    return found


def described() -> dict[str, str]:
    """Each name that a plugin may import, with its signature or fields: what would break an integrator."""
    found = {}
    for name, value in promised():
        fields = getattr(value, "__dataclass_fields__", None)
        if fields is not None:
            found[name] = ", ".join(f"{f.name}: {f.type}" for f in fields.values())
        elif inspect.isfunction(value):
            found[name] = str(inspect.signature(value)).replace("'", "")
        elif inspect.isclass(value):
            found[name] = "class"
        else:
            found[name] = type(value).__name__
    return found


def test_the_promise_did_not_change_unannounced() -> None:
    """A change here is a change for every integrator: write a fragment in changelog.d, then renew plugin_api.yaml."""
    assert described() == yaml.safe_load(SNAPSHOT.read_text(encoding="utf-8"))


def test_everything_promised_exists_and_is_listed_once() -> None:
    assert len(plugin_api.__all__) == len(set(plugin_api.__all__))
    assert all(hasattr(plugin_api, name) for name in plugin_api.__all__)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


PLUGIN_FILES = sorted(p for folder in ("plugins", "examples") for p in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_plugin_imports_the_promise_and_nothing_else_of_core(path: Path) -> None:
    own = path.relative_to(ROOT).parts[1]
    # A plugin's tests are written with the kit.
    promised = ("core.plugin_api", "core.testing") if path.parent.name == "tests" else ("core.plugin_api",)
    for name in _imports(path):
        if name == "core" or name.startswith("core."):
            assert any(name == p or name.startswith(f"{p}.") for p in promised), f"{path.name} imports {name}"
        if name.startswith("plugins."):
            assert name.split(".")[1] == own, f"{path.name} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "core").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_core_imports_no_plugin(path: Path) -> None:
    assert not [n for n in _imports(path) if n.split(".")[0] in ("plugins", "portico_example")]


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("rules/*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_rules_are_pure(path: Path) -> None:
    """Facts in, decision out: no database, no clock, no web."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [
        n
        for n in _imports(path)
        if n.split(".")[0] in ("flask", "sqlalchemy", "requests", "redis", "time", "random", "os")
    ]
    calls = {ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    assert not calls & {"dt.date.today", "dt.datetime.now", "today", "now", "open"}


def test_deciding_needs_no_web_server_and_no_database() -> None:
    """Importing every plugin opens nothing: a fresh interpreter without any setting can do it."""
    code = "import plugins.jurisdiction_fr, plugins.jurisdiction_lu, plugins.jurisdiction_be; print('ok')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "ok"
