"""The web server: the application is loaded once, then each worker is forked from the process that loaded it.

A worker that dies is back in milliseconds, and the workers share what they never change. Whatever holds a socket is
opened after the fork, in the worker that uses it.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True, slots=True)
class Web:
    """Where the web server listens, and how wide it is."""

    port: int
    bind: str = "127.0.0.1"
    workers: int = 2
    threads: int = 4

    def addresses(self) -> list[str]:
        """What to listen on: on this machine both families, since browsers try `localhost` in both."""
        return [f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}" for host in hosts(self.bind)]


def hosts(bind: str) -> list[str]:
    """The hosts to listen on: on this machine both families, since browsers try `localhost` in both."""
    return [bind, "::1"] if bind == "127.0.0.1" and _has_ipv6() else [bind]


@contextmanager
def loading() -> Iterator[None]:
    """While the application is loaded: nearly everything made now stays, so looking for garbage would be time lost.

    What is there at the end is left out of all later collections, and its memory stays shared after a fork.
    """
    from core.app import settle

    gc.disable()
    try:
        yield
    finally:
        settle()
        gc.enable()


def serve(web: Web, load: Callable[[], Flask]) -> None:
    """Load the application, then serve it until told to stop; does not return."""
    _Server(web, load).run()


class _Server(BaseApplication):
    def __init__(self, web: Web, load: Callable[[], Flask]) -> None:
        self.web, self._load = web, load
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": self.web.addresses(),
            "workers": self.web.workers,
            "threads": self.web.threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 10,
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
            "loglevel": "warning",
            "preload_app": True,
            # It would run in a thread of the process that forks: a lock held there at that moment is held for ever.
            "control_socket_disable": True,
            "post_fork": _alone,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        with loading():
            made = self._load()
            let_go(made)
        return made


def let_go(app: Flask) -> None:
    """Close the database connections that loading opened: two processes on one connection would read each other's answers."""
    from core.db import db

    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _alone(_arbiter: Any, worker: Any) -> None:
    from core.db import db

    # Nothing should be left in the pool; what is there all the same belongs to the parent and is not closed from here.
    with worker.app.wsgi().app_context():
        db.engine.dispose(close=False)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
