"""Plugins from the scaffold, one for each test, that the test may spoil."""

from __future__ import annotations

import datetime as dt
import itertools
import string
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core import i18n
from core.cli.plugin_scaffold import new_plugin
from core.testing import checks
from core.testing.checks import Finding

# Never the same twice: a module that was imported once stays what it was.
CODES = ("".join(pair) for pair in itertools.product("qxzyw" + string.ascii_lowercase[:12], string.ascii_lowercase))
TAKEN = {"at", "be", "ch", "de"}  # installed, or used by tests that name them
TODAY = dt.datetime.now(dt.UTC).date()


@dataclass(frozen=True)
class Made:
    """A plugin from the scaffold. Files are named from its package on."""

    name: str
    project: Path

    @property
    def package(self) -> Path:
        return self.project / "src" / self.name

    @property
    def code(self) -> str:
        return self.name.rpartition("_")[2]

    def change(self, file: str, old: str, new: str) -> None:
        """Replace a text that is there, once."""
        path = self.package / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, self.own(new), 1), "utf-8")

    def append(self, file: str, more: str) -> None:
        """Add to the end of a file, or write a new one."""
        path = self.package / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((path.read_text("utf-8") if path.exists() else "") + self.own(more), "utf-8")

    def own(self, text: str) -> str:
        """NAME and CODE in a text are this plugin's."""
        return text.replace("NAME", self.name).replace("CODE", self.code)

    def findings(self, *names: str) -> list[Finding]:
        """What the kit finds: by all checks, or by those named."""
        (place,) = checks.places(self.project)
        return checks.run(checks.load(place), names or checks.CHECKS)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """A fresh plugin."""
    yield from _made(tmp_path)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[], Made]]:
    """Fresh plugins, as many as are wanted."""
    running: list[Iterator[Made]] = []

    def one() -> Made:
        running.append(_made(tmp_path))
        return next(running[-1])

    yield one
    for left in running:
        next(left, None)


def _made(root: Path) -> Iterator[Made]:
    name = f"jurisdiction_{next(code for code in CODES if code not in TAKEN)}"
    plugin = Made(name, new_plugin(name, TODAY, root))
    path = list(sys.path)
    yield plugin
    sys.path[:] = path
    for module in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
        del sys.modules[module]
    i18n._folders.pop(name, None)
