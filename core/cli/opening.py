"""The work of a start, on two threads: the database's makes roles and tables, the main one loads the application beside it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import threading
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import environment
from core.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from flask import Flask

    from core.hooks.manager import PluginRuntime

DEMO = "portico.demo"
"""Entry points of what `--demo` loads."""

# What the web server imports before its first page, and the templates that every first page is made of.
_SERVER = ("gunicorn.arbiter", "gunicorn.glogging", "gunicorn.workers.gthread")
_FIRST_PAGE = ("web/home.html", "web/_h*.html", "layout/base.html", "layout/public.html", "layout/_*.html", "macros/*.html")  # fmt: skip


class Opening:
    """Loads the application while the servers start; `settle` makes roles, database and the settings of this run.

    With a database of our own it settles and migrates as soon as that database answers (`server`); otherwise `app` does.
    """

    def __init__(self, settle: Callable[[], None], postgres: EmbeddedPostgres | None, *, demo: bool) -> None:
        self._settle, self._demo, self._postgres = settle, demo, postgres
        # Most starts have nothing to migrate and do not load what writes migrations.
        self._empty = postgres is not None and not postgres.data.exists()
        self._importable, self._settled, self._opened = threading.Event(), threading.Event(), threading.Event()
        self._first: str | None = None
        self._made: Flask | None = None
        self._failed = False

    def server(self) -> _Opened:
        """The database as a server whose start ends when roles and settings are there, and at the very first its tables."""
        assert self._postgres is not None
        return _Opened(self._postgres, self._open_database if self._empty else self._settle_beside)

    @property
    def later(self) -> bool:
        """Whether this is not the first start on a folder of our own."""
        return self._postgres is not None and not self._empty

    def load(self) -> None:
        """In the main thread while the servers start: imports, then the application. It needs the roles, not the tables."""
        try:
            for name in ("core.db.upgrade", "psycopg", "sqlalchemy.dialects.postgresql.psycopg"):
                import_module(name)
            if self._empty:
                from core.db.upgrade import written

                self._first = written()
        finally:
            self._importable.set()
        if not self._empty:
            self._import_rooms(demo=False)
            return
        self._import_rooms(demo=self._demo)
        self._settled.wait()
        if self._failed:
            return
        self._made = self._make(environment.runtime())
        # Only while the tables keep us waiting anyway.
        with self._made.app_context():
            for step in _ahead(self._made):
                if self._opened.is_set():
                    break
                step()

    def app(self) -> Flask:
        """Once the servers run: every migration done, and the application made."""
        from core.db.upgrade import upgrade

        if self._postgres is None:
            self._settle()
        made = self._made
        runtime = made.extensions["portico"].runtime if made is not None else environment.runtime()
        settings = environment.load()
        if settings.owner_database_url:
            upgrade(settings.owner_database_url, runtime.modules)
        if made is None:
            made = self._make(runtime)
            with made.app_context():
                _shared()
        return made

    def _settle_beside(self) -> None:
        # One thread imports, the other waits: two at once in one library may each get half of it.
        self._importable.wait()
        self._settle()

    def _open_database(self) -> None:
        try:
            self._settle_beside()
            from core.db.upgrade import upgrade
        except BaseException:
            self._failed = True
            raise
        finally:
            self._settled.set()
        try:
            # Plugins are still being loaded; theirs come once all is there.
            upgrade(environment.load().owner_database_url, {}, first=self._first)
        finally:
            self._opened.set()

    def _import_rooms(self, *, demo: bool) -> None:
        from core.app import ROOMS
        from core.hooks.manager import entry_points

        for room in ROOMS:
            import_module(room)
        for entry in entry_points():
            with contextlib.suppress(Exception):  # told with its name when plugins are discovered
                import_module(entry.module)
        if demo:
            for entry in importlib.metadata.entry_points(group=DEMO):
                entry.load()

    @staticmethod
    def _make(runtime: PluginRuntime) -> Flask:
        from core.app import create_app

        return create_app(environment.load(), runtime, wake=False)


def _shared() -> None:
    """What each process would do at its first request, done before they are forked."""
    from sqlalchemy.orm import configure_mappers

    configure_mappers()


def _ahead(app: Flask) -> Iterator[Callable[[], object]]:
    """What comes between here and the first page, in small steps."""
    from core import i18n

    yield _shared
    yield from (partial(i18n.catalogue, "core", folder.name) for folder in sorted(i18n.ROOT.iterdir()))
    yield from (partial(import_module, name) for name in _SERVER)
    pages = Path(app.root_path, app.template_folder or "")
    for page in (page for pattern in _FIRST_PAGE for page in sorted(pages.glob(pattern))):
        yield partial(app.jinja_env.get_template, str(page.relative_to(pages)))


class _Opened:
    """A server that has something to do once, when it first answers."""

    def __init__(self, server: EmbeddedPostgres, first: Callable[[], None]) -> None:
        self._server, self._first = server, first
        self._done = False

    def start(self) -> None:
        self._server.start()
        if not self._done:
            self._first()
            self._done = True

    def stop(self) -> None:
        self._server.stop()

    def running(self) -> bool:
        return self._server.running()
