"""The `portico` command, run in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.cli import main
from core.testing.servers import TestDatabase

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """What a command printed and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def portico(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Done]:
    """Run a command: `portico("tenant", "list")`; nothing of the machine's own settings is seen."""
    for name in (
        "PORTICO_DATABASE_URL",
        "PORTICO_OWNER_DATABASE_URL",
        "PORTICO_REDIS_URL",
        "PORTICO_SECRET_KEY",
        "PORTICO_MASTER_KEY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTICO_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("PORTICO_TENANTS_DIR", str(ROOT / "tenants"))

    def run(*arguments: str, stdin: bytes = b"", **environ: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["portico", *arguments])
            patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(stdin)))
            capsys.readouterr()
            status = 0
            try:
                main()
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            told = capsys.readouterr()
        return Done(status, told.out, told.err)

    return run


@pytest.fixture
def connected(test_database: TestDatabase, app: Any) -> dict[str, str]:
    """The environment of an installation whose database is this worker's."""
    return {
        "PORTICO_ENV": "test",
        "PORTICO_DATABASE_URL": test_database.app_url,
        "PORTICO_OWNER_DATABASE_URL": test_database.owner_url,
        "PORTICO_REDIS_URL": "unix:///nonexistent/valkey.sock",
        "PORTICO_SECRET_KEY": "s" * 64,
        "PORTICO_MASTER_KEY": "6d" * 32,
    }
