"""The test database is empty after each test, whatever protects its rows in operation."""

from sqlalchemy import create_engine, text

from core.db import db
from core.tenancy import service
from core.tenancy.current import entered
from core.testing import broom
from core.testing.makers import make_account


def rows_left(test_database):
    engine = create_engine(test_database.admin_url)
    with engine.connect() as c:
        names = c.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        found = {n: c.execute(text(f'SELECT count(*) FROM "{n}"')).scalar_one() for n in names}
    engine.dispose()
    return {n: count for n, count in found.items() if count and not n.startswith("alembic_version")}


def fill(portals):
    for view in portals.values():
        with entered(view.id):
            make_account("patient")
            db.session.commit()
    db.session.remove()


def test_everything_goes_and_counters_begin_again(portals, bundles, test_database, _broom):
    fill(portals)
    assert {"tenants", "accounts", "audit_entries", "person_keys"} <= set(rows_left(test_database))
    _broom.sweep()
    assert rows_left(test_database) == {}
    assert service.store(bundles["frontalia"], "tests").tenant_id == 1


def test_large_tables_are_truncated(portals, test_database, _broom, monkeypatch):
    fill(portals)
    monkeypatch.setattr(broom, "LARGE_BYTES", 0)
    _broom.sweep()
    assert rows_left(test_database) == {}


def test_a_restarted_server_is_asked_again(portals, test_database, _broom):
    fill(portals)
    _broom.sweep()
    engine = create_engine(test_database.admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as c:
        c.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
    db.engine.dispose()
    _broom.sweep()
    assert rows_left(test_database) == {}
