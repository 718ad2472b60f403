"""One terminal for everything: starts servers and processes, restarts what dies, stops all together."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from core.embedded.forking import CAN_FORK, Forked, die_with, ended, fork, tell
from core.embedded.paths import EmbeddedError, refuse_in_production
from core.embedded.processes import end, marked, named, started_at

POLL_SECONDS = 0.5
GRACE_SECONDS = 10.0
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 30.0
"""A child that lived this long starts again at once; one that died sooner waits, longer each time."""

MARK = "PORTICO_SUPERVISED"
"""Environment variable that all processes of one supervisor share: what a killed one leaves behind is found by it."""

_TICK_SECONDS = 0.1
_COLOURS = ("36", "33", "35", "32", "34", "31")


class Server(Protocol):
    """An embedded server: EmbeddedPostgres, EmbeddedValkey."""

    def start(self) -> None:
        """Start, or adopt what runs. Raises EmbeddedError."""

    def stop(self) -> None:
        """Stop in an orderly way."""

    def running(self) -> bool:
        """Whether it answers."""


@dataclass(frozen=True)
class Child:
    """A process to keep alive.

    `ready` is asked until it says yes, and what names this child in `needs` starts only then; without it a child is
    ready as soon as it runs. A child with `restart=False` may end: it then counts as ready when its status was 0.

    `run` does what `command` does, in a fork of the supervisor's own process: where forking is safe, the first start
    after `prepare` uses it, so that what was loaded there is not loaded again. All forks are made at once, so it waits
    itself for what it needs. All later starts use `command`.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    needs: Sequence[str] = ()
    restart: bool = True
    run: Callable[[], Any] | None = None


@dataclass
class _State:
    child: Child
    process: subprocess.Popen[bytes] | Forked | None = None
    launched: float = 0.0
    due: float = 0.0
    failures: int = 0
    ready: bool = False
    done: bool = False


def listens(host: str, port: int) -> Callable[[], bool]:
    """A `ready` probe: whether something accepts connections there."""

    def probe() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
            return True
        return False

    return probe


@contextlib.contextmanager
def alone(var: Path) -> Iterator[IO[str]]:
    """Nobody else supervises this folder as long as this lasts. Raises EmbeddedError when somebody does."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "supervisor.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedError(
                f"Portico already runs on {var}; stop it first, or set PORTICO_VAR to another folder"
            ) from None
        yield handle


class Supervisor:
    """Keeps servers and children alive until told to stop. `prepare` runs between the servers' start and the children's.

    It may return further children. `meanwhile` runs while the servers start, which is a good time to load what `prepare` needs.

    Raises EmbeddedError for embedded servers in production, and for `needs` that name nothing or go in a circle.
    """

    def __init__(
        self,
        var: Path,
        children: Sequence[Child],
        servers: Sequence[tuple[str, Server]] = (),
        on_ready: Callable[[], None] | None = None,
        prepare: Callable[[], Sequence[Child] | None] | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        if servers:
            refuse_in_production()
        self.var, self.servers, self.on_ready = var, list(servers), on_ready
        self.prepare, self.meanwhile = prepare, meanwhile
        self.levels: list[list[Child]] = []
        self._states: dict[str, _State] = {}
        self._names = [name for name, _server in servers]
        self._take(children)
        self._stop = threading.Event()
        self._told = False
        self._looked = 0.0
        self._output = threading.Lock()
        self._notes = var / "supervisor.json"
        self._mark = secrets.token_hex(8)

    def run(self) -> int:
        """Block until SIGINT or SIGTERM; returns 0. Raises EmbeddedError when another supervisor runs on this folder."""
        with alone(self.var) as lock, self._signals():
            self._clear_leftovers()
            try:
                self._start_servers()
                if self.prepare is not None and not self._stop.is_set():
                    self._take(self.prepare() or ())
                self._fork_first(lock)
                while not self._stop.is_set():
                    self._look_after()
                    self._stop.wait(_TICK_SECONDS)
            finally:
                self._stop_all()
        return 0

    def stop(self) -> None:
        """Ask `run` to stop everything and return."""
        self._stop.set()

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {
            number: signal.signal(number, lambda *_a: self._stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _take(self, children: Sequence[Child]) -> None:
        self.levels = _levels([*(child for level in self.levels for child in level), *children])
        self._states.update({child.name: _State(child) for child in children})
        self._names += [child.name for child in children]

    def _start_servers(self) -> None:
        """All at once, each in a thread that has ended when this returns. Raises what the first of them raised."""
        problems: dict[str, BaseException] = {}

        def start(name: str, server: Server) -> None:
            try:
                server.start()
            except BaseException as problem:  # told in the thread that asked
                problems[name] = problem
            else:
                self._say(name, "ready")

        if self._stop.is_set():
            return
        threads = [threading.Thread(target=start, args=pair) for pair in self.servers]
        for thread in threads:
            thread.start()
        try:
            # Not left out once they have begun, whatever is asked for: a server's start may wait for what is loaded here.
            if self.meanwhile is not None:
                self.meanwhile()
        finally:
            for thread in threads:
                thread.join()
        for name, _server in self.servers:
            if name in problems:
                raise problems[name]

    def _fork_first(self, lock: IO[str]) -> None:
        """The first start of children that may be forked: all of them before any thread runs that copies their output."""
        made: list[tuple[str, Forked]] = []
        for name, state in self._states.items():
            run = state.child.run
            if run is None or not CAN_FORK or self._stop.is_set():
                continue
            child = fork(
                run,
                name=_name(self._mark),
                arguments=list(state.child.command[1:]),
                close=[lock, *(m.stdout for _n, m in made)],
            )
            made.append((name, child))
            state.process, state.launched = child, time.monotonic()
        for name, child in made:
            threading.Thread(target=self._copy, args=(name, child.stdout), daemon=True).start()
        if made:
            self._write_notes()

    def _look_after(self) -> None:
        now = time.monotonic()
        if now - self._looked >= POLL_SECONDS:
            self._look_after_servers()
            self._looked = time.monotonic()
        for state in self._states.values():
            self._look_after_child(state)
        if not self._told and all(state.ready for state in self._states.values()):
            self._told = True
            if self.on_ready is not None:
                self.on_ready()

    def _look_after_servers(self) -> None:
        for name, server in self.servers:
            if self._stop.is_set() or server.running():
                continue
            self._say(name, "gone; starting it again")
            try:
                server.start()
            except (EmbeddedError, OSError) as error:
                self._say(name, str(error))
            else:
                self._say(name, "ready")

    def _look_after_child(self, state: _State) -> None:
        now = time.monotonic()
        if state.done:
            return
        if state.process is None:
            if now >= state.due and all(self._states[name].ready for name in state.child.needs):
                self._launch(state)
        elif ended(state.process):
            self._bury(state, now)
        elif not state.ready:
            with contextlib.suppress(OSError):
                state.ready = state.child.ready is None or state.child.ready()

    def _launch(self, state: _State) -> None:
        child, parent = state.child, os.getpid()
        try:
            state.process = subprocess.Popen(
                list(child.command),
                env={**os.environ, **child.env, MARK: self._mark},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=(lambda: die_with(parent)) if CAN_FORK else None,
            )
        except OSError as error:
            if not state.launched:
                raise EmbeddedError(f"{child.name} cannot be started: {error}") from error
            self._say(child.name, f"cannot be started: {error}")
            state.due = time.monotonic() + LONGEST_PAUSE
            return
        state.launched = time.monotonic()
        assert state.process.stdout is not None
        threading.Thread(target=self._copy, args=(child.name, state.process.stdout), daemon=True).start()
        self._write_notes()

    def _bury(self, state: _State, now: float) -> None:
        assert state.process is not None
        # What the dead one leaves of its group still holds its port, so it goes before the number is free again.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(state.process.pid, signal.SIGKILL)
        code = state.process.wait()
        state.process = None
        if not state.child.restart:
            state.done, state.ready = True, code == 0
            self._say(state.child.name, f"ended with {code}" if code else "done")
            return
        state.ready = False
        state.failures = 0 if now - state.launched > STEADY_SECONDS else state.failures + 1
        pause = min(LONGEST_PAUSE, 0.2 * 2 ** (state.failures - 1)) if state.failures else 0.0
        state.due = now + pause
        self._say(
            state.child.name, f"ended with {code}; starting it again" + (f" in {pause:g} s" if pause >= 1 else "")
        )
        self._write_notes()

    def _say(self, name: str, line: str) -> None:
        prefix = f"{name:>10} │ "
        # A terminal that has gone must not keep us from stopping what we started.
        with self._output, contextlib.suppress(OSError, ValueError):
            if sys.stdout.isatty():
                prefix = f"\033[{_COLOURS[self._names.index(name) % len(_COLOURS)]}m{prefix}\033[0m"
            sys.stdout.write(f"{prefix}{line}\n")
            sys.stdout.flush()

    def _copy(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for raw in stream:
                self._say(name, raw.decode(errors="replace").rstrip())

    def _write_notes(self) -> None:
        pids = {name: state.process.pid for name, state in self._states.items() if state.process is not None}
        notes = {"mark": self._mark, "children": {name: [pid, started_at(pid)] for name, pid in pids.items()}}
        fresh = self._notes.with_suffix(".new")
        fresh.write_text(json.dumps(notes), encoding="utf-8")
        fresh.replace(self._notes)

    def _clear_leftovers(self) -> None:
        """End the children of a supervisor that was itself killed, when they are surely the same processes."""
        left: set[int] = set()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            notes: dict[str, Any] = json.loads(self._notes.read_text(encoding="utf-8"))
            left.update(
                pid for pid, start in notes["children"].values() if start is not None and started_at(pid) == start
            )
            left.update(marked(MARK, notes["mark"]), named(_name(notes["mark"])))
        if left:
            end(left, GRACE_SECONDS)
        self._notes.unlink(missing_ok=True)

    def _stop_all(self) -> None:
        """Children in the reverse of the order of their needs, then servers in the reverse of their order."""
        for level in reversed(self.levels):
            processes = [
                process for child in reversed(level) if (process := self._states[child.name].process) is not None
            ]
            for process in processes:
                tell(process, signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS
            for process in processes:
                while not ended(process) and time.monotonic() < deadline:
                    time.sleep(0.02)
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for name, server in reversed(self.servers):
            try:
                server.stop()
            except (EmbeddedError, OSError) as error:
                self._say(name, str(error))
            else:
                self._say(name, "stopped")
        self._notes.unlink(missing_ok=True)


def _name(mark: str) -> str:
    """What the kernel calls forked children: their environment is their parent's of before the mark was made."""
    return f"portico-{mark[:7]}"


def _levels(children: Sequence[Child]) -> list[list[Child]]:
    """Children by their needs: each level needs only earlier ones. Raises EmbeddedError."""
    levels: list[list[Child]] = []
    left, known = list(children), set[str]()
    if len({child.name for child in left}) < len(left):
        raise EmbeddedError(f"two processes of one name: {', '.join(sorted(child.name for child in left))}")
    while left:
        level = [child for child in left if known.issuperset(child.needs)]
        if not level:
            names = ", ".join(f"{child.name} ({', '.join(child.needs)})" for child in left)
            raise EmbeddedError(f"these need something that is not there, or each other: {names}")
        levels.append(level)
        known.update(child.name for child in level)
        left = [child for child in left if child not in level]
    return levels


def up(
    *,
    var: Path,
    children: Sequence[Child],
    servers: Sequence[tuple[str, Server]] = (),
    on_ready: Callable[[], None] | None = None,
    prepare: Callable[[], Sequence[Child] | None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> int:
    """Run everything until Ctrl-C; returns the exit status. Raises EmbeddedError, and what `prepare` raises."""
    return Supervisor(var, children, servers, on_ready, prepare, meanwhile).run()
