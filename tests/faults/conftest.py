"""Installations of these trials are their own: what they kill is never anybody else's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.embedded import EmbeddedPostgres, EmbeddedValkey, paths
from tests.faults.installation import Installation


@pytest.fixture
def installation(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Installation]]:
    """Make an installation in a short folder; all are stopped at the end, however the trial ended."""
    monkeypatch.delenv("PORTICO_ENV", raising=False)
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        made.append(Installation(Path(tempfile.mkdtemp(prefix="ptc-")), **settings))
        return made[-1]

    yield make
    for one in made:
        one.close()
        EmbeddedPostgres(one.var).stop()
        EmbeddedValkey(one.var).stop()
        paths.forget(one.var)
        shutil.rmtree(one.var)
