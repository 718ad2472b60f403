"""What `portico doctor` looks at: each check says what it found and how to mend it."""

from __future__ import annotations

import os
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.cli import environment
from core.embedded import EmbeddedError
from core.embedded.paths import run_as
from core.embedded.postgres import find_binaries
from core.embedded.valkey import find_binary
from core.hooks.manager import PluginProblem, PluginRuntime
from core.settings import Settings, SettingsError

LEAST_FREE_MB = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def all_checks() -> Iterator[Check]:
    """Every check, from the ground up; later ones are left out where earlier ones make them meaningless."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    yield from _servers()
    yield _folder()
    try:
        settings = environment.load()
    except SettingsError as error:
        yield Check("settings", False, str(error).replace("\n", "; "), "set what is named, or start with `portico up`")
        return
    yield Check("settings", True, f"environment {settings.env}")
    try:
        runtime = environment.runtime()
        yield Check("plugins", True, ", ".join(runtime.names()) or "none installed")
    except PluginProblem as error:
        yield Check("plugins", False, "; ".join(error.problems), "mend or remove the plugins named")
        return
    yield from _database(settings, runtime.modules)
    yield _valkey(settings)
    yield _mail(settings, runtime)
    yield _files(settings, runtime)
    yield from _live(settings)


def _servers() -> Iterator[Check]:
    if not os.environ.get("PORTICO_DATABASE_URL"):
        try:
            yield Check("postgresql", True, str(find_binaries()))
            run_as()
        except EmbeddedError as error:
            yield Check("postgresql", False, "not usable", str(error))
    if not os.environ.get("PORTICO_REDIS_URL"):
        try:
            yield Check("valkey", True, str(find_binary()))
        except EmbeddedError as error:
            yield Check("valkey", False, "not found", str(error))


def _folder() -> Check:
    var = environment.var_folder()
    place = var if var.exists() else var.parent
    if not os.access(place, os.W_OK):
        return Check("data folder", False, f"{var} cannot be written", "set PORTICO_VAR to a folder of yours")
    free = shutil.disk_usage(place).free // 2**20
    return Check("data folder", free >= LEAST_FREE_MB, f"{var}, {free} MB free", f"free at least {LEAST_FREE_MB} MB")


def _database(settings: Settings, modules: dict[str, object]) -> Iterator[Check]:
    import psycopg
    from sqlalchemy.engine import make_url

    url = make_url(settings.database_url)
    try:
        with psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False), connect_timeout=5
        ) as connection:
            row = connection.execute(
                "SELECT rolsuper OR rolbypassrls, current_setting('server_version') FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.OperationalError as error:
        yield Check(
            "database",
            False,
            type(error).__name__,
            "is the server running and PORTICO_DATABASE_URL right? `portico up` starts one",
        )
        return
    bound = row is not None and not row[0]
    yield Check(
        "database", bound, f"PostgreSQL {row[1] if row else '?'}", "connect as portico_app, which row security binds"
    )
    if settings.owner_database_url:
        from core.db.upgrade import status

        for entry in status(settings.owner_database_url, modules):
            yield Check(
                f"migrations of {entry.name}",
                entry.up_to_date,
                f"{entry.current} of {entry.head}",
                "run `portico db upgrade`",
            )


def _valkey(settings: Settings) -> Check:
    import redis

    from core.jobs.worker import connection

    try:
        connection(settings.redis_url).ping()
    except redis.RedisError as error:
        return Check(
            "valkey",
            False,
            type(error).__name__,
            "is the server running and PORTICO_REDIS_URL right? Messages wait until it is",
        )
    return Check("valkey", True, "answers")


def _files(settings: Settings, runtime: PluginRuntime) -> Check:
    """Whether files that people exchange can be looked at: the daemon is asked with an empty file."""
    from core.care.documents import scanners
    from core.hooks.types import ScannerAway

    if settings.clamd:
        try:
            scanners.clamd(settings.clamd, seconds=5)(b"")
        except ScannerAway as away:
            return Check(
                "file scanner", False, str(away), "is clamd running and PORTICO_CLAMD right? Files wait until it is"
            )
        return Check("file scanner", True, f"clamd at {settings.clamd}")
    plugins = [name for name in runtime.names() if "file_scanners" in runtime.hooks_of(name)]
    if plugins or settings.env != "production":
        return Check("file scanner", True, ", ".join(["basic, which knows no virus", *plugins]))
    return Check(
        "file scanner", False, "none but “basic”, which knows no virus", "set PORTICO_CLAMD; files wait until then"
    )


def _live(settings: Settings) -> Iterator[Check]:
    """Only where this machine is told to run one: behind a proxy the live process may stand anywhere."""
    if not os.environ.get("PORTICO_LIVE_PORT"):
        return
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings.live_port}/healthz", timeout=2) as answer:
            answers = answer.status == 200
    except OSError:
        answers = False
    yield Check(
        "live channel",
        answers,
        "answers" if answers else f"nothing answers on port {settings.live_port}",
        "start `portico live`; without it waiting rooms and messages are looked at now and then, and calls by video cannot begin",
    )


def _mail(settings: Settings, runtime: PluginRuntime) -> Check:
    """The name of the server is not asked for an answer: looking sends nothing."""
    if settings.smtp_url:
        return Check("e-mail", True, f"by {urlsplit(settings.smtp_url).hostname}")
    plugins = [name for name in runtime.names() if "channel_providers" in runtime.hooks_of(name)]
    if plugins:
        return Check("e-mail", True, f"by {', '.join(plugins)}")
    if settings.env != "production":
        return Check("e-mail", True, "kept in the development inbox, nothing is sent")
    return Check("e-mail", False, "no way to send it", "set PORTICO_SMTP_URL; what waits is sent then")
