"""A child forked from a process that has loaded everything: it begins at once, and what is never changed is shared."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import IO, Any

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
# Loaded here: between fork and exec nothing may be loaded any more.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

CAN_FORK = _libc is not None
"""Elsewhere the system's own libraries do not bear a fork without an exec."""


def die_with(parent: int) -> None:
    """In a child, on Linux: be told to stop when the parent dies, even by kill -9."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


class Forked:
    """A forked child, with what a `subprocess.Popen` is asked here."""

    def __init__(self, pid: int, stdout: IO[bytes]) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its status when it has ended, and bury it; None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                self.returncode = 0
            else:
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self.returncode

    def wait(self) -> int:
        """Its status, once it has ended."""
        while (code := self.poll()) is None:
            time.sleep(0.02)
        return code


def fork(run: Callable[[], Any], *, name: str, arguments: list[str], close: Iterable[IO[Any]]) -> Forked:
    """Run this in a child: a session of its own, output into a pipe, the parent's signals and open files left behind.

    `name` is what the kernel calls the child and all that it forks (15 bytes); `arguments` stand in `sys.argv`. Call it
    while no other thread runs: a lock that one holds at this moment would be held in the child for ever.
    """
    reading, writing = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Forked(pid, os.fdopen(reading, "rb"))
    code = 1
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        die_with(parent)
        if _libc is not None:
            _libc.prctl(_PR_SET_NAME, name.encode()[:15])
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        os.close(reading)
        # The lock on the folder above all: it is held as long as anybody has it open.
        for handle in close:
            handle.close()
        sys.argv = arguments
        run()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        # What stands above on the stack is the parent's and must not be unwound here.
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(code)


def ended(process: subprocess.Popen[bytes] | Forked) -> bool:
    """Whether it has ended, without burying it: until then nobody can take over its number."""
    if process.returncode is not None:
        return True
    try:
        return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return process.poll() is not None


def tell(process: subprocess.Popen[bytes] | Forked, number: signal.Signals) -> None:
    """To the process alone: one with workers of its own stops them in its own way."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
