"""What `portico doctor` says about the embedded servers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from core.embedded import Check, checks, paths


@pytest.fixture(autouse=True)
def no_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTICO_DATABASE_URL", raising=False)
    monkeypatch.delenv("PORTICO_REDIS_URL", raising=False)


def named(name: str, var: Path) -> Check:
    (found,) = [check for check in checks(var) if check.name == name]
    return found


def test_all_is_well_and_looking_changes_nothing(root: Path) -> None:
    var = root / "not" / "yet"
    found = checks(var)
    assert [check.name for check in found if not check.ok] == []
    assert {check.name for check in found} == {
        "PostgreSQL",
        "Valkey",
        "user",
        "data folder",
        "free space",
        "sockets",
        "process file",
    }
    assert not (root / "not").exists()


def test_default_folder_is_that_of_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_VAR", str(root / "mine"))
    assert str(root / "mine") in [c.detail for c in checks()]


def test_servers_given_by_url_are_not_looked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", "postgresql://somewhere")
    assert {"PostgreSQL", "user", "process file"}.isdisjoint(c.name for c in checks(root))
    monkeypatch.setenv("PORTICO_REDIS_URL", "redis://somewhere")
    assert {c.name for c in checks(root)} == {"data folder", "free space"}


def test_missing_and_broken_programs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(root))
    assert "apt install postgresql" in named("PostgreSQL", root).remedy
    program = root / "postgres"
    program.write_text("#!/bin/sh\necho wrong machine >&2\nexit 1\n")
    program.chmod(0o755)
    check = named("PostgreSQL", root)
    assert not check.ok
    assert "wrong machine" in check.detail
    program.write_bytes(b"not a program")
    assert not named("PostgreSQL", root).ok
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(root))
    assert "apt install" in named("Valkey", root).remedy


def test_root_with_no_user_to_change_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_name: str) -> None:
        raise KeyError

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(paths, "namespaces_work", lambda: False)
    monkeypatch.setattr("pwd.getpwnam", nobody)
    paths.run_as.cache_clear()
    try:
        check = named("user", root)
    finally:
        paths.run_as.cache_clear()
    assert not check.ok
    assert "normal user" in check.remedy


def test_folder_that_is_a_file(root: Path) -> None:
    (root / "file").touch()
    check = named("data folder", root / "file")
    assert not check.ok
    assert "PORTICO_VAR" in check.remedy


def test_full_disk(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["core.embedded.checks"], "LEAST_FREE_MB", 2**60)
    assert not named("free space", root).ok


def test_long_path_is_told(root: Path) -> None:
    var = root / ("long" * 20)
    assert "short folder" in named("sockets", var).detail
    kept = paths.place(var).sockets
    assert str(kept) in named("sockets", var).detail
    paths.forget(var)
    assert not kept.exists()


def test_process_file_of_a_killed_server(root: Path) -> None:
    (root / "pg").mkdir()
    (root / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    check = named("process file", root)
    assert not check.ok
    assert str(os.getpid()) in check.detail
