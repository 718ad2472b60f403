"""Emptying a test database: rows are deleted where there are any, which takes milliseconds; truncating all takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

# Above this a table is quicker truncated than searched for its rows by every test that follows.
LARGE_BYTES = 512 * 1024
_TABLES = """
SELECT c.relname, pg_relation_size(c.oid) FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname NOT LIKE 'alembic_version%'
"""
_COUNTERS = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""

T = TypeVar("T")
Connection = psycopg.Connection[Any]


class Broom:
    """One worker's connection for cleaning, as the superuser: row security and append-only tables do not stand in its way."""

    def __init__(self, admin_url: str) -> None:
        self._url = make_url(admin_url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection: Connection | None = None

    def sweep(self) -> None:
        """Empty every table and start every counter again."""
        self.work(self._sweep)

    def is_clean(self) -> bool:
        """Whether no table holds a row that others see."""
        return self.work(self._is_clean)

    def work(self, task: Callable[[Connection], T]) -> T:
        """Do a task on the connection, which commits each statement that opens no transaction of its own."""
        try:
            return task(self._connected())
        except psycopg.OperationalError:
            # The server was restarted by a test: once more, on a new connection.
            self.close()
            return task(self._connected())

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True)
        return self._connection

    @staticmethod
    def _is_clean(c: Connection) -> bool:
        used = [name for name, size in c.execute(_TABLES).fetchall() if size]
        if not used:
            return True
        some = (sql.SQL("EXISTS (SELECT FROM {})").format(sql.Identifier(name)) for name in used)
        row = c.execute(sql.SQL("SELECT NOT ({})").format(sql.SQL(" OR ").join(some))).fetchone()
        return bool(row and row[0])

    def _sweep(self, c: Connection) -> None:
        tables = c.execute(_TABLES).fetchall()
        used = [(str(name), int(str(size))) for name, size in tables if size]
        with c.transaction():
            if any(size > LARGE_BYTES for _name, size in used):
                names = sql.SQL(", ").join(sql.Identifier(str(name)) for name, _size in tables)
                c.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
                return
            # No triggers and no foreign keys while everything goes, in one message.
            script: list[sql.Composable] = [sql.SQL("SET LOCAL session_replication_role = replica")]
            script += [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name, _size in used]
            c.execute(sql.SQL("; ").join([*script, sql.SQL(_COUNTERS)]))
