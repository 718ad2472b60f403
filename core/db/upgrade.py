"""`portico db`: roles, migrations of core and of every installed plugin, and where each stands."""

from __future__ import annotations

import ast
import io
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url

from core.db.rls import APP, CROSSING, OWNER

if TYPE_CHECKING:
    from alembic.config import Config

CORE = Path(__file__).parent / "migrations"
EXTENSIONS = ("btree_gist", "unaccent", "pg_trgm")
LOCK_TIMEOUT_MS = 2000
_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=[ \t]*(.+?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """Where one set of migrations stands: `current` is None before the first upgrade."""

    name: str
    current: str | None
    head: str | None

    @property
    def up_to_date(self) -> bool:
        return self.current == self.head


def create_roles(admin_url: str, database: str, passwords: Mapping[str, str] | None = None) -> dict[str, str]:
    """Create the three roles and the database, or bring them into line; returns the passwords of owner and app.

    `admin_url` is a role that may create roles (a superuser, in the embedded server). The owner is neither superuser
    nor exempt from row security; the crossing role cannot log in.
    """
    given = dict(passwords or {})
    for role in (OWNER, APP):
        given.setdefault(role, secrets.token_urlsafe(24))
    engine = create_engine(admin_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as c:
            for role in (OWNER, APP, CROSSING):
                login = "LOGIN PASSWORD '" + given[role].replace("'", "''") + "'" if role != CROSSING else "NOLOGIN"
                verb = "ALTER" if c.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :r"), {"r": role}) else "CREATE"
                c.exec_driver_sql(f"{verb} ROLE {role} {login} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB")
            c.exec_driver_sql(f"GRANT {CROSSING} TO {OWNER}")
            if not c.scalar(text("SELECT 1 FROM pg_database WHERE datname = :d"), {"d": database}):
                c.exec_driver_sql(f'CREATE DATABASE "{database}" OWNER {OWNER}')
            c.exec_driver_sql(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
            c.exec_driver_sql(f'GRANT CONNECT ON DATABASE "{database}" TO {APP}')
    finally:
        engine.dispose()
    target = create_engine(make_url(admin_url).set(database=database), isolation_level="AUTOCOMMIT")
    try:
        with target.connect() as c:
            c.exec_driver_sql(f"ALTER SCHEMA public OWNER TO {OWNER}")
            c.exec_driver_sql(f"GRANT USAGE ON SCHEMA public TO {APP}, {CROSSING}")
            # A function is given to the crossing role, which must be able to hold it.
            c.exec_driver_sql(f"GRANT CREATE ON SCHEMA public TO {CROSSING}")
            for extension in EXTENSIONS:
                c.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    finally:
        target.dispose()
    return given


def _config(connection: Connection | None, folder: Path, name: str, into: TextIO | None = None) -> Config:
    from alembic.config import Config

    config = Config(output_buffer=into)
    config.set_main_option("script_location", str(CORE))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = f"alembic_version_{name}"
    return config


def sets(plugins: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """(name, folder of versions): core first, then every installed plugin that has migrations, enabled or not."""
    yield "core", CORE / "versions"
    for name in sorted(plugins):
        location = getattr(plugins[name], "__file__", None)
        if location and name != "core":
            folder = Path(location).parent / "migrations"
            if folder.is_dir():
                yield name, folder


@contextmanager
def _owner(owner_url: str) -> Iterator[Connection]:
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")
            connection.commit()
            yield connection
    finally:
        engine.dispose()


def written() -> str:
    """All of core's migrations as one text, for a database that has none of them: no database is needed to write it."""
    from alembic import command

    into = io.StringIO()
    command.upgrade(_config(None, CORE / "versions", "core", into), "heads", sql=True)
    return into.getvalue()


def upgrade(owner_url: str, plugins: Mapping[str, Any], *, first: str | None = None) -> list[MigrationStatus]:
    """Bring core and all installed plugins to their newest migration; answers where each stands after it.

    `first` is what `written` wrote: where core has no migration yet it is run in their place, in one transaction.
    """
    with _owner(owner_url) as connection:
        connection.exec_driver_sql("SELECT pg_advisory_lock(7001)")
        connection.commit()
        before = _standing(connection, plugins)
        if all(s.up_to_date for s in before):
            return before
        if first is not None and before[0].current is None:
            # The server gets it as one message, and this process's other threads are not kept from their work.
            connection.execution_options(no_parameters=True).exec_driver_sql(first)
            connection.commit()
            before = _standing(connection, plugins)
            if all(s.up_to_date for s in before):
                return before
        # Only now: most starts have nothing to migrate and do not wait for the machinery.
        from alembic import command

        for name, folder in sets(plugins):
            command.upgrade(_config(connection, folder, name), "heads")
            connection.commit()
        return _standing(connection, plugins)


def status(owner_url: str, plugins: Mapping[str, Any]) -> list[MigrationStatus]:
    """Where core and each installed plugin stand."""
    with _owner(owner_url) as connection:
        return _standing(connection, plugins)


def _standing(connection: Connection, plugins: Mapping[str, Any]) -> list[MigrationStatus]:
    result = []
    for name, folder in sets(plugins):
        table = f"alembic_version_{name}"
        current = None
        if connection.exec_driver_sql("SELECT to_regclass(%s)", (table,)).scalar() is not None:
            current = connection.exec_driver_sql(f'SELECT version_num FROM "{table}"').scalar()
        result.append(MigrationStatus(name, current, newest(folder)))
    connection.rollback()
    return result


def newest(folder: Path) -> str | None:
    """The last migration of a folder, read from the files without running them; None where there is none.

    Raises ValueError when two migrations follow the same one: nobody could say which comes last.
    """
    found: set[str] = set()
    before: set[str] = set()
    for file in folder.glob("*.py"):
        said = dict(_REVISION.findall(file.read_text(encoding="utf-8")))
        if "revision" in said:
            found.add(ast.literal_eval(said["revision"]))
            parent = ast.literal_eval(said.get("down_revision", "None"))
            before.update([parent] if isinstance(parent, str) else parent or ())
    last = sorted(found - before)
    if len(last) > 1:
        raise ValueError(f"{folder}: more than one last migration: {', '.join(last)}")
    return last[0] if last else None
