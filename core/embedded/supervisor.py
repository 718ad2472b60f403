"""One terminal for everything: starts servers and processes, restarts what dies, stops all together."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from core.embedded.paths import EmbeddedError

POLL_SECONDS = 0.5
GRACE_SECONDS = 10
LONGEST_PAUSE = 5.0
_COLOURS = ("36", "33", "35", "32", "34", "31")


class Server(Protocol):
    """An embedded server: EmbeddedPostgres, EmbeddedValkey."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def running(self) -> bool: ...


@dataclass(frozen=True)
class Child:
    """A process to keep alive."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    again_at: float = 0.0


def _die_with_parent() -> None:
    """Linux: a child is told to stop when its supervisor dies, even by kill -9."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6", use_errno=True).prctl(1, signal.SIGTERM)


def started_at(pid: int) -> str | None:
    """The kernel's start time of a process: with the pid, it names a process for good."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return None


class Supervisor:
    """Keeps servers and children alive until told to stop."""

    def __init__(self, var: Path, children: Sequence[Child], servers: Sequence[tuple[str, Server]], on_ready: Callable[[], None]) -> None:
        if os.environ.get("PORTICO_ENV") == "production" and servers:
            raise EmbeddedError("embedded servers are for demo and tests; in production set PORTICO_DATABASE_URL and PORTICO_REDIS_URL")
        self.var, self.children, self.servers, self.on_ready = var, list(children), list(servers), on_ready
        self._stop = threading.Event()
        self._running: dict[str, _Running] = {}
        self._notes = var / "supervisor.json"

    def run(self) -> int:
        """Block until SIGINT or SIGTERM; returns 0."""
        self.var.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_a: self._stop.set())
        self._clear_leftovers()
        try:
            for name, server in self.servers:
                server.start()
                self._say(name, "ready")
            for child in self.children:
                self._launch(child)
            self.on_ready()
            while not self._stop.wait(POLL_SECONDS):
                self._look_after()
        finally:
            self._stop_all()
        return 0

    def _say(self, name: str, line: str) -> None:
        names = [n for n, _s in self.servers] + [c.name for c in self.children]
        prefix = f"{name:>10} │ "
        if sys.stdout.isatty():
            colour = _COLOURS[names.index(name) % len(_COLOURS)] if name in names else "0"
            prefix = f"\033[{colour}m{prefix}\033[0m"
        sys.stdout.write(prefix + line + "\n")
        sys.stdout.flush()

    def _launch(self, child: Child, failures: int = 0) -> None:
        process = subprocess.Popen(
            list(child.command),
            env={**os.environ, **child.env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )
        self._running[child.name] = _Running(child, process, time.monotonic(), failures)
        assert process.stdout is not None
        threading.Thread(target=self._copy, args=(child.name, process.stdout), daemon=True).start()
        self._write_notes()

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        for raw in stream:
            self._say(name, raw.decode(errors="replace").rstrip())
        stream.close()

    def _look_after(self) -> None:
        for name, server in self.servers:
            if not server.running():
                self._say(name, "gone; starting it again")
                with contextlib.suppress(EmbeddedError):
                    server.start()
                    self._say(name, "ready")
        now = time.monotonic()
        for entry in list(self._running.values()):
            code = entry.process.poll()
            if code is None:
                continue
            if not entry.again_at:
                failures = 0 if now - entry.started > 30 else entry.failures + 1
                pause = min(LONGEST_PAUSE, 0.2 * 2 ** max(0, failures - 1))
                entry.failures, entry.again_at = failures, now + (pause if failures else 0.0)
                self._say(entry.child.name, f"ended with {code}; starting it again")
            if now >= entry.again_at:
                self._launch(entry.child, entry.failures)

    def _write_notes(self) -> None:
        notes = {n: [e.process.pid, started_at(e.process.pid)] for n, e in self._running.items()}
        self._notes.write_text(json.dumps({"supervisor": [os.getpid(), started_at(os.getpid())], "children": notes}))

    def _clear_leftovers(self) -> None:
        """Children of a supervisor that was itself killed: stopped when they are surely the same processes."""
        with contextlib.suppress(OSError, ValueError):
            notes: dict[str, Any] = json.loads(self._notes.read_text())
            pid, start = notes["supervisor"]
            if pid != os.getpid() and start is not None and started_at(pid) == start:
                raise EmbeddedError(f"Portico already runs here (process {pid}); stop it first")
            for pid, start in notes["children"].values():
                if start is not None and started_at(pid) == start:
                    _end_group(pid)

    def _stop_all(self) -> None:
        for entry in reversed(list(self._running.values())):
            if entry.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(entry.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for entry in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                entry.process.wait(max(0.1, deadline - time.monotonic()))
            if entry.process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(entry.process.pid, signal.SIGKILL)
                entry.process.wait()
        for name, server in reversed(self.servers):
            server.stop()
            self._say(name, "stopped")
        with contextlib.suppress(FileNotFoundError):
            self._notes.unlink()


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        for _attempt in range(40):
            if started_at(pid) is None:
                return
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)


def up(*, var: Path, children: Sequence[Child], servers: Sequence[tuple[str, Server]], on_ready: Callable[[], None]) -> int:
    """Run everything until Ctrl-C; returns the exit status."""
    return Supervisor(var, children, servers, on_ready).run()
