"""Which process is which: a number alone never names a process, since numbers are used again."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")


def has_proc() -> bool:
    """Whether the system tells about processes in /proc, as Linux does and macOS does not."""
    return (_PROC / "self").exists()


def started_at(pid: int) -> str | None:
    """The kernel's start time of a living process: with the pid it names a process for good. None: gone, or no /proc."""
    with contextlib.suppress(OSError, IndexError):
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return None if fields[0] == "Z" else fields[19]
    return None


def alive(pid: int) -> bool:
    """Whether a process of this number lives; one that only waits to be buried does not."""
    if has_proc():
        return started_at(pid) is not None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def works_in(pid: int, folder: Path) -> bool | None:
    """Whether this process's working directory is this folder. None: we may not know."""
    try:
        return os.readlink(_PROC / str(pid) / "cwd") == str(folder.resolve()) and alive(pid)
    except PermissionError:
        return None
    except OSError:
        return False


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory is this folder: both servers change to their data folder and stay there."""
    return [pid for pid in _pids() if works_in(pid, folder)]


def hidden(program: str) -> list[int]:
    """Processes of this name of which we may not know where they work."""
    return [pid for pid in _pids() if name_of(pid) == program and works_in(pid, _PROC) is None]


def name_of(pid: int) -> str:
    """The short name of a process, empty when there is none."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "comm").read_text().strip()
    return ""


def named(name: str) -> list[int]:
    """Processes that the kernel calls by this name, except our own."""
    return [pid for pid in _pids() if pid != os.getpid() and name_of(pid) == name]


def arguments_of(pid: int) -> list[str]:
    """The command line of a process, empty when there is none."""
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


def marked(variable: str, value: str) -> list[int]:
    """Processes started with this environment variable set to this value, except our own."""
    wanted = f"{variable}={value}".encode()
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if pid != os.getpid() and wanted in (_PROC / str(pid) / "environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def end(pids: Iterable[int], grace_seconds: float) -> None:
    """Ask these processes to stop, and kill what has not stopped after `grace_seconds`; never one that took over a number."""
    known = {pid: start for pid in pids if (start := _identity(pid)) is not None}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _still(known):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + grace_seconds
        while _still(known) and time.monotonic() < deadline:
            time.sleep(0.02)


def _still(known: dict[int, str]) -> list[int]:
    return [pid for pid, start in known.items() if _identity(pid) == start]


def _identity(pid: int) -> str | None:
    return started_at(pid) if has_proc() else ("alive" if alive(pid) else None)


def _pids() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for name in os.listdir(_PROC):
            if name.isdigit():
                yield int(name)
