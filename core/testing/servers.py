"""The servers of a test run: started once, on first use, shared by all workers, stopped at the end."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from core.db.rls import APP, OWNER
from core.db.upgrade import create_roles, upgrade
from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.hooks.manager import PluginRuntime

ROOT = "PORTICO_TEST_ROOT"
TEMPLATE = "portico_template"


@dataclass(frozen=True)
class TestDatabase:
    """A worker's own database: URLs of the application role, the owner and the superuser."""

    __test__ = False
    app_url: str
    owner_url: str
    admin_url: str


def make_root() -> Path:
    """A private folder for this run, told to the workers by the environment."""
    if ROOT not in os.environ:
        os.environ[ROOT] = tempfile.mkdtemp(prefix="portico-test-")
    return Path(os.environ[ROOT])


def postgres() -> EmbeddedPostgres:
    """The run's PostgreSQL; not started yet."""
    return EmbeddedPostgres(make_root(), fast=True, max_connections=200)


def valkey() -> EmbeddedValkey:
    """The run's Valkey; not started yet."""
    return EmbeddedValkey(make_root())


def database(worker: str, runtime: PluginRuntime) -> TestDatabase:
    """Clone the migrated template for this worker; the first worker makes the template."""
    root = make_root()
    with (root / "template.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        note = root / "template.json"
        if not note.exists():
            admin = _admin_url()
            passwords = create_roles(admin, TEMPLATE)
            owner = make_url(admin).set(username=OWNER, password=passwords[OWNER], database=TEMPLATE)
            upgrade(owner.render_as_string(hide_password=False), runtime.modules)
            note.write_text(json.dumps({"admin": admin, **passwords}))
        kept = json.loads(note.read_text())
        name = f"portico_{worker}"
        engine = create_engine(kept["admin"], isolation_level="AUTOCOMMIT")
        with engine.connect() as c:
            c.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            c.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}" OWNER {OWNER}')
        engine.dispose()
    base = make_url(kept["admin"])

    def url(user: str, password: str | None) -> str:
        return base.set(username=user, password=password, database=name).render_as_string(hide_password=False)

    return TestDatabase(url(APP, kept[APP]), url(OWNER, kept[OWNER]), url(base.username or "", base.password))


def _admin_url() -> str:
    given = os.environ.get("PORTICO_TEST_ADMIN_URL")
    if given:
        return given
    server = postgres()
    server.start()
    return server.admin_url()


def stop_all() -> None:
    """Stop what was started and remove the run's folder."""
    if ROOT not in os.environ:
        return
    root = Path(os.environ[ROOT])
    if root.exists():
        if (root / "pg.lock").exists():
            server = postgres()
            server.stop()
            if server.base != server.root:
                shutil.rmtree(server.base, ignore_errors=True)
        if (root / "valkey").exists():
            valkey().stop()
        shutil.rmtree(root, ignore_errors=True)
    os.environ.pop(ROOT, None)
