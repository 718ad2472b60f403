"""Which tenant a transaction belongs to. Without one our own code raises, before the database says "no rows"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

GLOBAL = 0
_scope: ContextVar[int | None] = ContextVar("portico_tenant", default=None)


class TenantMissing(RuntimeError):
    """Data was asked for while no tenant was set: a mistake in our code, never a visitor's."""


def scope_value() -> int:
    """The tenant id of the present scope, 0 in a global one. Raises TenantMissing outside of both."""
    value = _scope.get()
    if value is None:
        raise TenantMissing("no tenant is set; use tenant_scope(id), or global_scope() for global tables")
    return value


def current_tenant_id() -> int:
    """The tenant id. Raises TenantMissing where none is set, in a global scope too."""
    value = scope_value()
    if value == GLOBAL:
        raise TenantMissing("this is a global scope: a tenant's row was about to be written without a tenant")
    return value


def enter(value: int) -> Token[int | None]:
    """Set the scope (web requests); `leave` must follow. The session is dropped so that no object crosses over."""
    from core.db.base import db  # late: base needs the scope for its defaults

    db.session.remove()
    return _scope.set(value)


def leave(token: Token[int | None]) -> None:
    """Undo `enter`."""
    from core.db.base import db  # late: as above

    db.session.remove()
    _scope.reset(token)


@contextmanager
def tenant_scope(tenant_id: int) -> Iterator[None]:
    """Everything inside sees this tenant's rows only. Nesting is allowed; each level has a session of its own."""
    token = enter(int(tenant_id))
    try:
        yield
    finally:
        leave(token)


@contextmanager
def global_scope() -> Iterator[None]:
    """Everything inside sees the allow-listed global tables and no tenant's rows."""
    token = enter(GLOBAL)
    try:
        yield
    finally:
        leave(token)
