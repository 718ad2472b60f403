"""A live process for tests, and a page that speaks to it: the real program on a real Valkey."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from core import crypto
from core.db import db
from core.identity import sessions
from core.identity.models import Account, AuthSession
from core.live import tokens
from core.settings import Settings
from core.tenancy.current import TenantView, entered

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 40.0


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class LiveProcess:
    """`portico live` in a process of its own, on the database and with the secrets of these settings."""

    def __init__(self, settings: Settings, redis_url: str, port: int | None = None, public_port: int = 8000) -> None:
        self.port = port or free_port()
        own = {k: v for k, v in os.environ.items() if not k.startswith("PORTICO_")}
        self.env = {
            **own,
            "PORTICO_ENV": "test",
            "PORTICO_DATABASE_URL": settings.database_url,
            "PORTICO_REDIS_URL": redis_url,
            "PORTICO_SECRET_KEY": ",".join(settings.secret_keys),
            "PORTICO_MASTER_KEY": ",".join(k.hex() for k in settings.master_keys),
            "PORTICO_TENANTS_DIR": str(settings.tenants_dir),
            "PORTICO_VAR": str(settings.var),
            "PORTICO_PORT": str(public_port),
            "PORTICO_LIVE_URL": f"ws://{{host}}:{self.port}/live",
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "core.cli", "live", "--port", str(self.port)], cwd=ROOT, env=self.env
        )
        eventually(self.listens, START_SECONDS, "the live process listens")

    def listens(self) -> bool:
        """Whether it takes connections. Raises AssertionError when it has ended."""
        assert self.process is not None
        assert self.process.poll() is None, f"the live process ended with {self.process.returncode}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        """Stop in an orderly way; killed where it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


def eventually(condition: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true answer. Fails after `seconds`, saying what was waited for."""
    begun = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - begun < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return found


def session_of(view: TenantView, account_id: uuid.UUID) -> uuid.UUID:
    """Open a session of an account; its id. Commits."""
    with entered(view.id):
        account = db.session.get(Account, (view.id, account_id))
        assert account is not None
        token = sessions.open_session(account, "tests")
        db.session.commit()
        row = db.session.query(AuthSession).filter_by(digest=crypto.token_digest(token)).one()
        return row.id


class LivePage:
    """A page of a person: connects as the script does, and hears what is told."""

    def __init__(self, port: int, host: str, origin: str | None = None, path: str = "/live") -> None:
        where = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.heard: list[dict[str, Any]] = []
        try:
            self._context: Any = connect(
                f"ws://{host}:{port}{path}", sock=where, origin=Origin(origin or f"http://{host}:8000"), compression=None
            )  # fmt: skip
            self.socket: ClientConnection = self._context.__enter__()
        except BaseException:
            where.close()
            raise

    def hello(self, token: str) -> dict[str, Any]:
        """Show a ticket; the welcome. Raises ConnectionClosed where it is refused."""
        self.send(type="hello", token=token)
        return self.until("welcome")

    def send(self, **body: Any) -> None:
        """Say something."""
        self.socket.send(json.dumps(body))

    def next(self, seconds: float = 10) -> dict[str, Any]:
        """The next message. Raises TimeoutError, ConnectionClosed."""
        body: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        self.heard.append(body)
        return body

    def until(self, kind: str, seconds: float = 10, **wanted: Any) -> dict[str, Any]:
        """Read on until a message of this type with these values. Raises TimeoutError, ConnectionClosed."""
        deadline = time.monotonic() + seconds
        while True:
            body = self.next(max(0.01, deadline - time.monotonic()))
            if body["type"] == kind and all(body.get(k) == v for k, v in wanted.items()):
                return body

    def closed(self, seconds: float = 10) -> int:
        """Wait until the other end closes; its code."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.next(max(0.01, deadline - time.monotonic()))
        except ConnectionClosed as gone:
            return gone.rcvd.code if gone.rcvd is not None else 1006

    def close(self) -> None:
        """Go."""
        self._context.__exit__(None, None, None)


def ticket(app: Flask, view: TenantView, account_id: uuid.UUID, *topics: str, session_id: uuid.UUID | None = None) -> str:  # fmt: skip
    """A ticket as the portal gives it, for an open session of the account."""
    settings: Settings = app.extensions["portico"].settings
    made = tokens.Ticket(view.id, account_id, session_id or session_of(view, account_id), topics)
    return tokens.issue(settings.secret_keys, made)
