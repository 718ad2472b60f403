"""For plugins that keep something: tables behind row security, sealed columns, the trail, announcements, the clock.

A plugin's migrations lie in its folder `migrations/`, with a version table of their own; each table is walled by `protect`.
"""

from core.audit import record
from core.clock import now, today
from core.crypto import new_token, token_digest
from core.db import TenantModel, current_tenant_id, db, new_id
from core.db.base import UtcDateTime, tenant_fk
from core.db.rls import protect
from core.jobs import announce
from core.tenancy.keys import Erased, blind, blinder, seal, seal_json, unseal, unseal_json

__all__ = [
    "Erased",
    "TenantModel",
    "UtcDateTime",
    "announce",
    "blind",
    "blinder",
    "current_tenant_id",
    "db",
    "new_id",
    "new_token",
    "now",
    "protect",
    "record",
    "seal",
    "seal_json",
    "tenant_fk",
    "today",
    "token_digest",
    "unseal",
    "unseal_json",
]
