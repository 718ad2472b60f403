"""The database: one session per tenant transaction, row-level security as the wall."""

from core.db.base import GlobalModel, Model, TenantModel, UtcDateTime, db, new_id
from core.db.scope import TenantMissing, current_tenant_id, global_scope, tenant_scope

__all__ = [
    "GlobalModel",
    "Model",
    "TenantMissing",
    "TenantModel",
    "UtcDateTime",
    "current_tenant_id",
    "db",
    "global_scope",
    "new_id",
    "tenant_scope",
]
