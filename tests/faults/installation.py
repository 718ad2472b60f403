"""A whole installation under `portico up`, of which anything may be killed; and what is counted afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from core.cli.environment import read_env
from core.embedded import EmbeddedPostgres, EmbeddedValkey, processes
from tests.faults.portal import ROOT, SLUG

START_SECONDS = 120.0
READY_SECONDS = 30.0
"""After any kill all must be back within this; a generous bound, the measured times are printed."""


def patience(seconds: float) -> float:
    """These seconds on a machine that does nothing else; longer where others keep its cores busy as well."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) - 1)


def eventually(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer. Fails after `seconds`, saying what was waited for."""
    begun = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - begun < patience(seconds), f"{what}: not within {seconds:g} s"
        time.sleep(0.05)
    return found


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Installation:
    """`portico up` in a process of its own on a folder of its own; `settings` are further variables for it."""

    def __init__(self, var: Path, **settings: str) -> None:
        self.var, self.port, self.out = var, free_port(), var / "out.txt"
        own = {k: v for k, v in os.environ.items() if not k.startswith("PORTICO_")}
        self.env = {**own, "PORTICO_VAR": str(var), "PORTICO_TENANTS_DIR": str(ROOT / "tenants"), **settings}
        self.postgres, self.valkey = EmbeddedPostgres(var), EmbeddedValkey(var)
        self.process: subprocess.Popen[bytes] | None = None
        self.portal: dict[str, Any] = {}

    def up(self) -> float:
        """Start, and wait until the portal's pages answer; how long it took."""
        begun, before = time.monotonic(), self.child("web")
        with self.out.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core.cli", "up", "--port", str(self.port)],
                cwd=ROOT, env=self.env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        # A web server of the supervisor before may still answer for a moment, on its way out.
        started = lambda: self.child("web") not in (None, before) and self.ready()
        eventually(started, START_SECONDS, "the installation starts")
        return time.monotonic() - begun

    def fill(self, professionals: int, patients: int) -> None:
        """Make a live portal with people in it."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.portal", str(professionals), str(patients)],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        self.portal = json.loads(done.stdout.splitlines()[-1])

    def close(self) -> None:
        """Stop all in an orderly way."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        """A GET on the portal: status (0 when nothing answers) and what was answered."""
        return self.send("GET", path, None, token)

    def send(
        self, method: str, path: str, body: Any, token: str = "", timeout: float = 10, **headers: str
    ) -> tuple[int, Any]:
        """One request; status 0 stands for "unknown": no answer, or half of one."""
        sent = {"Host": f"{SLUG}.localhost:{self.port}", "Content-Type": "application/json", "Accept-Language": "en"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as answer:
                return answer.status, self._body(answer.read())
        except urllib.error.HTTPError as error:
            # A refusal may be cut short too, by the kill of who was saying it.
            with error, contextlib.suppress(OSError, HTTPException):
                return error.code, self._body(error.read())
        except (OSError, ValueError, EOFError):
            return 0, None
        except Exception as error:  # http.client has a family of its own for an answer cut short
            assert type(error).__module__ == "http.client", error
            return 0, None
        return 0, None

    @staticmethod
    def _body(data: bytes) -> Any:
        with contextlib.suppress(ValueError):
            return json.loads(data)
        return data.decode(errors="replace")

    def ready(self) -> bool:
        """Whether `/readyz` misses nothing."""
        status, told = self.get("/readyz")
        return status == 200 and told == {"status": "ok", "missing": []}

    def child(self, name: str) -> int | None:
        """The process id of web, worker or scheduler as the supervisor notes it."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            pid, start = json.loads((self.var / "supervisor.json").read_text())["children"][name]
            return int(pid) if processes.started_at(pid) == start else None
        return None

    def pid_of(self, name: str) -> int | None:
        """The process behind a name; `web worker` is one of those that the web server started."""
        if name == "postgres":
            return self.postgres.pid()
        if name == "valkey":
            return self.valkey.pid()
        if name == "web worker":
            return min(self._web_workers(), default=None)
        return self.child(name)

    def _web_workers(self) -> list[int]:
        master = self.child("web")
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{master}/task/{master}/children").read_text()
            return [int(pid) for pid in text.split()]
        return []

    def kill(self, *names: str) -> float:
        """Kill -9, then wait until others serve in their place and pages answer; how long that took."""
        pids = {name: eventually(lambda: self.pid_of(name), READY_SECONDS, f"{name} runs") for name in names}
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        begun = time.monotonic()
        for name, pid in pids.items():
            eventually(lambda: not processes.alive(pid), 5, f"{name} dies")
            eventually(lambda: self.pid_of(name) not in (None, pid), READY_SECONDS, f"{name} starts again")
        eventually(self.ready, READY_SECONDS, f"pages after {', '.join(names)} was killed")
        return time.monotonic() - begun

    def kill_supervisor(self) -> float:
        """Kill -9 of `portico up` itself, then start it again on the same folder; how long until pages answer."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        return self.up()

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """A superuser's connection: counting sees all tenants."""
        name = make_url(read_env(self.var / "run.env")["PORTICO_DATABASE_URL"]).database
        url = make_url(self.postgres.admin_url(str(name))).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection

    def count(self, sql: str, *values: Any) -> int:
        """One number from the database."""
        with self.database() as connection:
            row = connection.execute(sql, values).fetchone()  # type: ignore[call-overload]
            assert row is not None
            return int(row[0])

    def drained(self, seconds: float = 90) -> float:
        """Wait until the outbox is empty; how long it took. Nothing may be dead."""
        begun = time.monotonic()
        waiting = "SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL"
        eventually(lambda: self.count(waiting) == 0, seconds, "the outbox drains")
        assert self.count("SELECT count(*) FROM outbox_deliveries WHERE dead_at IS NOT NULL") == 0
        return time.monotonic() - begun
