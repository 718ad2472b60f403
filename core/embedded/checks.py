"""What `portico doctor` asks of the embedded servers; looking changes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.embedded import postgres, valkey
from core.embedded.paths import SOCKET_PATH_LIMIT, EmbeddedError, noted_folder, run_as, sockets_fit, var_root
from core.embedded.processes import has_proc, works_in

LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `remedy` says how to mend it when it is not `ok`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks(var: Path | None = None) -> list[Check]:
    """All that the embedded servers need: programs, folder, sockets, space, a user to run as, no stale process file.

    `var` is the data folder, default that of `PORTICO_VAR`. Servers given by URL are left out.
    """
    return list(_checks((var or var_root()).resolve()))


def _checks(var: Path) -> Iterator[Check]:
    own_postgres, own_valkey = not os.environ.get("PORTICO_DATABASE_URL"), not os.environ.get("PORTICO_REDIS_URL")
    if own_postgres:
        yield _programs("PostgreSQL", lambda: postgres.find_binaries() / "postgres")
        yield _route()
    if own_valkey:
        yield _programs("Valkey", valkey.find_binary)
    yield from _folder(var)
    if own_postgres or own_valkey:
        yield _sockets(var)
    if own_postgres:
        yield _stale(var)


def _programs(name: str, find: Callable[[], Path]) -> Check:
    try:
        program = find()
    except EmbeddedError as error:
        return Check(name, False, "not found", str(error))
    try:
        done = subprocess.run([str(program), "--version"], capture_output=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name, False, f"{program}: {error}", "install the optional group again, or Debian's server")
    if done.returncode:
        return Check(
            name,
            False,
            f"{program}: {done.stderr.decode(errors='replace').strip()[:200]}",
            "install a server made for this system",
        )
    return Check(name, True, f"{done.stdout.decode(errors='replace').strip()}, {program.parent}")


def _route() -> Check:
    try:
        return Check("user", True, f"PostgreSQL runs as {run_as().route}")
    except EmbeddedError as error:
        return Check("user", False, "PostgreSQL refuses root", str(error))


def _folder(var: Path) -> Iterator[Check]:
    place = var
    while not place.exists():
        place = place.parent
    writable = place.is_dir() and os.access(place, os.W_OK | os.X_OK)
    yield Check(
        "data folder",
        writable,
        f"{var}" + ("" if writable else " cannot be written"),
        "set PORTICO_VAR to a folder of yours",
    )
    free = shutil.disk_usage(place).free // 2**20
    yield Check(
        "free space",
        free >= LEAST_FREE_MB,
        f"{free} MB",
        f"free at least {LEAST_FREE_MB} MB, or set PORTICO_VAR to a larger disk",
    )


def _sockets(var: Path) -> Check:
    elsewhere = noted_folder(var, "run")
    if elsewhere is not None:
        return Check("sockets", True, f"in {elsewhere}")
    length = len(os.fsencode(str(var / "run")))
    if sockets_fit(var):
        return Check("sockets", True, f"in {var / 'run'}, {length} of {SOCKET_PATH_LIMIT} bytes")
    base = "/var/tmp"  # noqa: S108
    return Check(
        "sockets",
        os.access(base, os.W_OK),
        f"path of {length} bytes, a short folder is used",
        "set PORTICO_VAR to a shorter path",
    )


def _stale(var: Path) -> Check:
    data = (noted_folder(var, "data") or var) / "pg"
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        if has_proc() and works_in(pid, data) is False:
            return Check("process file", False, f"{data / 'postmaster.pid'} names process {pid}, which is not the server",
                         "the server was killed or the machine restarted: `portico up` recovers by itself")  # fmt: skip
    return Check("process file", True, "none left behind")
