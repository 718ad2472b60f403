"""Every table, plugins' too: row security forced, keys and references that carry the tenant, nothing that goes around it."""

import pytest
from sqlalchemy import create_engine, text

from core.db.catalogue import CROSSING_FUNCTIONS, GLOBAL_TABLES
from core.db.rls import APP, CROSSING, OWNER


@pytest.fixture(scope="module")
def catalogue(test_database):
    engine = create_engine(test_database.admin_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def rows(catalogue, query, **params):
    return [tuple(r) for r in catalogue.execute(text(query), params)]


TENANT_TABLES = """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'alembic_version%'"""


def test_every_table_is_a_tenants_or_stands_on_the_list(catalogue):
    every = {r[0] for r in rows(catalogue, TENANT_TABLES)}
    with_tenant = {
        r[0]
        for r in rows(
            catalogue,
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' AND is_nullable = 'NO'",
        )
    }
    assert every - with_tenant - set(GLOBAL_TABLES) == set()
    assert set(GLOBAL_TABLES) <= every | {"register_entries"}
    assert all(len(reason) > 20 for reason in GLOBAL_TABLES.values())


def test_row_security_is_forced_with_a_policy_that_survives_an_empty_setting(catalogue):
    found = rows(
        catalogue,
        """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, coalesce(string_agg(pg_get_expr(p.polqual, p.polrelid), ' '), '')
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = 'tenant'
           WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname NOT LIKE 'alembic_version%' GROUP BY 1, 2, 3""",
    )
    for table, enabled, forced, policy in found:
        if table not in GLOBAL_TABLES:
            assert enabled and forced, table
            assert "NULLIF(current_setting('app.tenant_id'" in policy, table


def test_other_policies_are_only_those_of_the_crossing_role(catalogue):
    found = rows(
        catalogue,
        "SELECT DISTINCT polname, (SELECT array_agg(rolname::text) FROM pg_roles WHERE oid = ANY(polroles)) FROM pg_policy",
    )
    for name, roles in found:
        assert name == "tenant" or (name == "crossing" and roles == [CROSSING]), (name, roles)


def test_no_key_or_reference_forgets_the_tenant(catalogue):
    found = rows(
        catalogue,
        """SELECT c.conrelid::regclass::text, c.confrelid::regclass::text, c.conname,
                  (SELECT array_agg(a.attname::text) FROM unnest(c.conkey) k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k)
           FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
           WHERE n.nspname = 'public' AND c.contype IN ('f', 'p', 'u', 'x') AND c.conrelid <> 0""",
    )
    for table, target, name, columns in found:
        if table in GLOBAL_TABLES or table.startswith("alembic"):
            continue
        if target != "-" and target in GLOBAL_TABLES:
            continue
        assert "tenant_id" in columns, (table, name, columns)


def test_no_unique_index_outside_a_constraint_forgets_the_tenant(catalogue):
    found = rows(
        catalogue,
        """SELECT t.relname, i.relname, pg_get_indexdef(x.indexrelid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
           JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
           WHERE n.nspname = 'public' AND x.indisunique AND t.relname NOT LIKE 'alembic%'""",
    )
    for table, index, definition in found:
        if table not in GLOBAL_TABLES:
            assert "tenant_id" in definition, (index, definition)


def test_every_tenant_table_has_an_index_led_by_the_tenant(catalogue):
    led = {
        r[0]
        for r in rows(
            catalogue,
            """SELECT t.relname FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
               JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0] WHERE a.attname = 'tenant_id'""",
        )
    }
    every = {r[0] for r in rows(catalogue, TENANT_TABLES)} - set(GLOBAL_TABLES)
    assert every - led == set()


def test_nothing_goes_around_row_security(catalogue):
    views = rows(
        catalogue,
        "SELECT c.relname, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'v'",
    )
    for name, options in views:
        assert "security_invoker=true" in (options or []), name
    assert rows(catalogue, "SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'") == []
    definers = rows(
        catalogue,
        """SELECT p.proname, r.rolname::text, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
           WHERE n.nspname = 'public' AND p.prosecdef""",
    )
    assert {d[0] for d in definers} == set(CROSSING_FUNCTIONS)
    for name, owner, config in definers:
        assert owner == CROSSING, name
        assert any(c.startswith("search_path=") for c in config or []), name


def test_roles_are_bound(catalogue):
    found = {
        r[0]: r[1:]
        for r in rows(
            catalogue,
            "SELECT rolname::text, rolsuper, rolbypassrls, rolcanlogin, rolcreaterole FROM pg_roles WHERE rolname = ANY(:names)",
            names=[OWNER, APP, CROSSING],
        )
    }
    assert found == {
        OWNER: (False, False, True, False),
        APP: (False, False, True, False),
        CROSSING: (False, False, False, False),
    }
    grants = rows(
        catalogue,
        "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants WHERE grantee = :app AND table_schema = 'public'",
        app=APP,
    )
    assert {g[0] for g in grants} <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
    owned = rows(catalogue, "SELECT count(*) FROM pg_tables WHERE tableowner = :app", app=APP)
    assert owned == [(0,)]
    trail = rows(
        catalogue,
        "SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = :app AND table_name = 'audit_entries'",
        app=APP,
    )
    assert {g[0] for g in trail} == {"SELECT", "INSERT"}
