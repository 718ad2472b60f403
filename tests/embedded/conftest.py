"""Servers of these tests are their own: what they kill is never anybody else's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.embedded import EmbeddedPostgres, EmbeddedValkey, paths


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short private data folder; whatever runs on it is stopped at the end."""
    monkeypatch.delenv("PORTICO_ENV", raising=False)
    made = Path(tempfile.mkdtemp(prefix="ptc-"))
    yield made
    for folder in [made, *made.glob("**/var")]:
        if (folder / "pg.lock").exists():
            EmbeddedPostgres(folder).stop()
        if (folder / "valkey").exists():
            EmbeddedValkey(folder).stop()
        paths.forget(folder)
    shutil.rmtree(made)
