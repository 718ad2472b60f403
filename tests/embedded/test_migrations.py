"""Migrations: where they stand is read without the machinery, which is loaded only when there is something to do."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from core.db.rls import APP, OWNER
from core.db.upgrade import CORE, create_roles, newest, sets, status, upgrade, written
from core.embedded import EmbeddedPostgres


def folder_of(tmp_path, **files):
    for name, words in files.items():
        (tmp_path / f"{name}.py").write_text(words, encoding="utf-8")
    return tmp_path


def test_the_last_migration_is_the_one_that_alembic_finds(runtime):
    for _name, folder in sets(runtime.modules):
        config = Config()
        config.set_main_option("script_location", str(CORE))
        config.set_main_option("version_locations", str(folder))
        config.set_main_option("path_separator", "os")
        assert newest(folder) == ScriptDirectory.from_config(config).get_current_head() is not None


def test_branches_and_annotations_are_read(tmp_path):
    chain = {
        "a": 'revision: str = "a1"\ndown_revision: str | None = None\n',
        "b": 'revision = "b1"\ndown_revision = "a1"\n',
        "c": "revision = 'c1'\ndown_revision = 'a1'\n",
        "d": 'revision = "d1"\ndown_revision = ("b1", "c1")\n',
    }
    assert newest(tmp_path) is None
    assert newest(folder_of(tmp_path, **chain)) == "d1"
    (tmp_path / "d.py").unlink()
    with pytest.raises(ValueError, match="b1, c1"):
        newest(tmp_path)


def test_what_is_behind_is_told(test_database, runtime):
    assert all(s.up_to_date for s in status(test_database.owner_url, runtime.modules))
    engine = create_engine(test_database.owner_url)
    try:
        with engine.begin() as c:
            kept = c.execute(text("SELECT version_num FROM alembic_version_core")).scalar_one()
            c.execute(text("UPDATE alembic_version_core SET version_num = '0020'"))
        behind = {s.name: s for s in status(test_database.owner_url, runtime.modules)}["core"]
        assert (behind.current, behind.head, behind.up_to_date) == ("0020", kept, False)
    finally:
        with engine.begin() as c:
            c.execute(text("UPDATE alembic_version_core SET version_num = :kept"), {"kept": kept})
        engine.dispose()


def test_a_start_with_nothing_to_migrate_loads_no_machinery(test_database):
    program = (
        "import sys; from core.db.upgrade import upgrade; "
        "assert all(s.up_to_date for s in upgrade(sys.argv[1], {})); "
        "assert 'alembic' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, test_database.owner_url], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert upgrade(test_database.owner_url, {})


def described(url):
    """All that PostgreSQL tells of what is in a database: definitions, rights, policies, and rows that migrations put there."""
    engine = create_engine(url)
    try:
        with engine.connect() as c:
            told = [
                c.execute(text(f"SELECT to_jsonb(t)::text FROM ({query}) t ORDER BY 1")).scalars().all()
                for query in (
                    "SELECT table_name, column_name, data_type, is_nullable, column_default, identity_generation, collation_name "
                    "FROM information_schema.columns WHERE table_schema = 'public'",
                    "SELECT relname, relkind, relrowsecurity, relforcerowsecurity, relacl::text, reloptions, relowner::regrole::text "
                    "FROM pg_class WHERE relnamespace = 'public'::regnamespace",
                    "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
                    "WHERE relnamespace = 'public'::regnamespace AND attacl IS NOT NULL",
                    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
                    "WHERE connamespace = 'public'::regnamespace",
                    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
                    "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies",
                    "SELECT oid::regprocedure::text, proowner::regrole::text, proacl::text, pg_get_functiondef(oid) FROM pg_proc "
                    "WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'",
                    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
                    "SELECT extname FROM pg_extension",
                )
            ]
            tables = c.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")).scalars()
            told += [
                (t, c.execute(text(f'SELECT to_jsonb(t)::text FROM "{t}" t ORDER BY 1')).scalars().all())
                for t in tables
            ]
            return told
    finally:
        engine.dispose()


@pytest.fixture
def empty(root):
    """URLs of the owner of databases with nothing in them, by name."""
    server = EmbeddedPostgres(root, fast=True)
    server.start()

    def made(name):
        create_roles(server.admin_url(), name, {OWNER: "of-this-test", APP: "of-this-test"})
        return server.url(OWNER, "of-this-test", name)

    return made


def test_a_first_start_makes_what_the_migrations_make_one_by_one(empty):
    one_by_one, at_once = empty("one_by_one"), empty("at_once")
    assert all(s.up_to_date for s in upgrade(one_by_one, {}))
    assert all(s.up_to_date for s in upgrade(at_once, {}, first=written()))
    assert len(described(one_by_one)) > 50
    assert described(at_once) == described(one_by_one)


def test_a_first_start_cut_short_leaves_nothing(empty):
    url = empty("cut_short")
    with pytest.raises(DBAPIError, match="division by zero"):
        upgrade(url, {}, first=written() + "SELECT 1/0;")
    assert [s.current for s in status(url, {})] == [None]
    assert all(s.up_to_date for s in upgrade(url, {}, first=written()))


def test_what_a_first_start_would_run_is_left_alone_where_migrations_are(test_database):
    assert all(s.up_to_date for s in upgrade(test_database.owner_url, {}, first="SELECT 1/0"))
