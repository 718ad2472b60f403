"""The only module in which work crosses tenants. Each function is named, greppable, and says why it may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core import audit
from core.db import db
from core.tenancy.current import TenantView, entered


@contextmanager
def working_in(tenant_id: int) -> Iterator[TenantView]:
    """Work in a tenant from a command: the scope and the current tenant are set, and put back after."""
    with entered(tenant_id) as view:
        yield view


@contextmanager
def operating_on(tenant_id: int, operator_id: str, why: str) -> Iterator[TenantView]:
    """Work in a tenant as an operator from the console; the tenant's own audit trail names operator and reason."""
    here = audit.service.current_actor()
    known = (here.session, here.method) if here.id == operator_id else ("", "")
    with audit.acting_as(audit.Actor("operator", operator_id, *known)), working_in(tenant_id) as view:
        audit.record("operator.entered", "tenant", view.slug, {"why": why})
        db.session.commit()
        yield view
