"""Migrations: where they stand is read without the machinery, which is loaded only when there is something to do."""

import subprocess
import sys

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from core.db.upgrade import CORE, newest, sets, status, upgrade


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
