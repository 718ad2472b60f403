"""Servers, portal and people of one run, in a folder of their own that is removed at the end."""

from __future__ import annotations

import contextlib
import contextvars
import datetime as dt
import glob
import itertools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask.globals import _cv_app
from sqlalchemy.engine import make_url

from core import clock
from core.app import create_app, settle
from core.consent import service as consent
from core.db import db
from core.db.rls import APP, OWNER
from core.db.upgrade import create_roles, upgrade
from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.identity import profile, sessions, uploads
from core.scheduling import slots
from core.settings import Settings
from core.tenancy import service as tenancy
from core.tenancy.current import entered
from core.tenancy.loader import load_folder
from core.testing.makers import make_account, make_professional
from tests.bench import served, sql

PROJECT = Path(__file__).resolve().parents[2]
SLUG = "frontalia"
HOST = f"{SLUG}.localhost"
PROFESSIONALS = 6
PATIENTS = 8


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient with an open session."""

    account_id: uuid.UUID
    token: str


class Ground:
    """The run's servers and data."""

    def __init__(self) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="portico-bench-"))
        os.environ["PORTICO_VAR"] = str(self.var)
        self.postgres = EmbeddedPostgres(self.var, max_connections=150)
        self.valkey = EmbeddedValkey(self.var)
        self.app: Flask
        self.tenant_id = 0
        self.professionals: list[Any] = []
        self.patients: list[Patient] = []
        self._free: Iterator[dict[str, str]] = iter(())
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Servers, migrations, one live portal with eight plugins, people with sessions and agendas."""
        self.postgres.start()
        self.valkey.start()
        passwords = create_roles(self.postgres.admin_url(), "portico")
        self.owner_url = self.postgres.url(OWNER, passwords[OWNER], "portico")
        self.app_url = self.postgres.url(APP, passwords[APP], "portico")
        os.environ.update(
            PORTICO_ENV="development",
            PORTICO_DATABASE_URL=self.app_url,
            PORTICO_REDIS_URL=self.valkey.url,
            PORTICO_SECRET_KEY=secrets.token_urlsafe(48),
            PORTICO_MASTER_KEY=secrets.token_hex(32),
            PORTICO_LOG_LEVEL="INFO",
        )
        installed = served.runtime()
        upgrade(self.owner_url, installed.modules)
        # Only the served application logs as in operation; here the lines would stand between the figures.
        settings = Settings.from_environment({**os.environ, "PORTICO_LOG_LEVEL": "CRITICAL"})
        self.app = create_app(settings, installed, wake=False)
        settle()
        loaded = load_folder(PROJECT / "tenants" / SLUG, installed)
        if loaded.bundle is None:
            raise RuntimeError(f"the portal {SLUG} does not load: {[str(p) for p in loaded.problems]}")
        sections = dict(loaded.bundle["config"]["plugins"])
        for number in range(served.PLUGINS - len(sections)):
            sections[f"filler_{number}"] = {}
        bundle = {**loaded.bundle, "config": {**loaded.bundle["config"], "plugins": sections}}
        with self.app.app_context():
            self.tenant_id = tenancy.store(bundle, "bench").tenant_id
            tenancy.go_live(SLUG, "bench")
            self._people()
        os.environ["BENCH_TENANT"] = str(self.tenant_id)
        made = self.professionals[0]
        sql.prepare(
            self.raw(self.postgres.admin_url("portico")),
            self.raw(self.owner_url),
            self.tenant_id,
            made,
            self.patients[0].account_id,
        )

    def _people(self) -> None:
        with entered(self.tenant_id) as view:
            self.professionals = [make_professional(grid=5, minutes=5) for _ in range(PROFESSIONALS)]
            for number in range(PATIENTS):
                account = make_account("patient")
                consent.accept(account.id, consent.to_accept(), language="en", way="registration")
                body = f"2800575{number + 1:06}"
                profile.write(account, profile.Declared("FR", "", True))
                kind = profile.identifier_types("patient")["fr_nir"]
                profile.set_identifier(account, kind, f"{body}{97 - int(body) % 97:02}")
                uploads.keep(account, "vitale_card", uploads.Upload("application/pdf", b"%PDF-1.4 %%EOF"))
                self.patients.append(Patient(account.id, sessions.open_session(account, "bench")))
                db.session.commit()
            first = clock.today(view.time_zone) + dt.timedelta(days=2)
            lists = [
                [
                    {
                        "professional_id": str(m.pro.id),
                        "reason_id": str(m.reason.id),
                        "practice_id": str(m.practice.id),
                        "starts_at": s.starts_at.isoformat(),
                    }
                    for s in slots.slots_of(m.pro.id, "in_person", 5, first, 60)
                ]
                for m in self.professionals
            ]
            db.session.commit()
        self._free = itertools.chain.from_iterable(zip(*lists, strict=True))

    def free_slots(self, count: int) -> list[dict[str, str]]:
        """Bodies of bookings of times that nobody took yet, the professionals in turn."""
        return list(itertools.islice(self._free, count))

    @staticmethod
    def raw(url: str) -> str:
        """A SQLAlchemy URL as psycopg reads it."""
        return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    @contextlib.contextmanager
    def admin(self) -> Iterator[psycopg.Connection[Any]]:
        """The superuser, for counting over all tenants."""
        with psycopg.connect(self.raw(self.postgres.admin_url("portico")), autocommit=True) as connection:
            yield connection

    def scalar(self, query: str) -> Any:
        """One value, seen by the superuser."""
        with self.admin() as c:
            row = c.execute(query).fetchone()
            return row[0] if row else None

    # -- processes -----------------------------------------------------------------------------------------------------

    def spawn(self, *command: str, **env: str) -> subprocess.Popen[bytes]:
        """A child with the run's settings; its output goes to a file in the run's folder."""
        with (self.var / f"{len(self._processes)}.log").open("wb") as log:
            made = subprocess.Popen(
                [sys.executable, *command],
                cwd=PROJECT,
                env={**os.environ, **env},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(made)
        return made

    def gunicorn(self, factory: str) -> tuple[subprocess.Popen[bytes], int]:
        """Serve an application as `portico serve` does: two workers of four threads. Answers once it listens."""
        port = free_port()
        made = self.spawn(
            "-m", "gunicorn", factory, "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--log-level", "warning",
            "--keep-alive", "60", "--bind", f"127.0.0.1:{port}", "--preload", "--no-control-socket",
        )  # fmt: skip
        wait_for(lambda: listens(port), 30)
        return made, port

    def end(self, made: subprocess.Popen[bytes]) -> None:
        """Stop a child and its own children."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(made.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                made.wait(10)
        if made in self._processes:
            self._processes.remove(made)

    def database_pids(self) -> list[int]:
        """The database server, for its CPU."""
        pid = self.postgres.pid()
        return [pid] if pid else []

    def pgbench(self) -> Path | None:
        """pgbench beside the embedded programs, else Debian's."""
        beside = self.postgres.bin("pgbench")
        if beside.exists():
            return beside
        found = [*glob.glob("/usr/lib/postgresql/*/bin/pgbench"), shutil.which("pgbench")]
        return next((Path(f) for f in sorted(filter(None, found), reverse=True)), None)

    def close(self) -> None:
        """Stop everything and remove the folder."""
        for made in list(self._processes):
            self.end(made)
        with contextlib.suppress(Exception), self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        self.valkey.stop()
        self.postgres.stop()
        for folder in {self.postgres.base, self.postgres.sockets, self.var}:
            shutil.rmtree(folder, ignore_errors=True)


def alone(call: Any) -> Any:
    """Call without the application context that stands around: as a server calls."""

    def run() -> Any:
        _cv_app.set(None)  # type: ignore[arg-type]
        return call()

    return contextvars.copy_context().run(run)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether something listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(test: Any, seconds: float, pause: float = 0.02) -> float:
    """Wait until `test()` holds; answers after how many seconds. Raises TimeoutError."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        if test():
            return time.perf_counter() - begun
        time.sleep(pause)
    raise TimeoutError(f"not within {seconds:g} s")
