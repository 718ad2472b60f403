"""Row-level security for migrations: one call per table makes the wall (design.md, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.lazy import lazy

if TYPE_CHECKING:
    from alembic import op
else:
    op = lazy("alembic.op")  # only migrations call it

OWNER, APP, CROSSING = "portico_owner", "portico_app", "portico_crossing"
_TENANT = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::int"


def protect(table: str, grants: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Force row security on a tenant's table and grant the application role its verbs (never TRUNCATE)."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY tenant ON {table} USING ({_TENANT}) WITH CHECK ({_TENANT})")
    op.execute(f"GRANT {grants} ON {table} TO {APP}")


def open_to_all(table: str, grants: str) -> None:
    """A global table of the allow-list: the application role gets these verbs, no policy."""
    op.execute(f"GRANT {grants} ON {table} TO {APP}")


def let_cross(table: str, grants: str) -> None:
    """Let the crossing role, which owns the few cross-tenant functions, reach this table."""
    op.execute(f"CREATE POLICY crossing ON {table} TO {CROSSING} USING (true) WITH CHECK (true)")
    op.execute(f"GRANT {grants} ON {table} TO {CROSSING}")


def crossing_function(signature: str, returns: str, body: str, language: str = "sql") -> None:
    """A cross-tenant function: owned by the crossing role, search path pinned, callable by the application only."""
    op.execute(
        f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE {language} SECURITY DEFINER "
        f"SET search_path = public, pg_temp AS $portico$ {body} $portico$"
    )
    op.execute(f"ALTER FUNCTION {signature_types(signature)} OWNER TO {CROSSING}")
    op.execute(f"REVOKE ALL ON FUNCTION {signature_types(signature)} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature_types(signature)} TO {APP}")


def signature_types(signature: str) -> str:
    """`f(a int, b text)` to `f(int, text)`; arguments are written `name type`."""
    name, _, rest = signature.partition("(")
    arguments = [a.strip().split(" ", 1)[1] for a in rest.rstrip(")").split(",") if a.strip()]
    return f"{name}({', '.join(arguments)})"
