"""The draft in which one person edits a portal."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Integer, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class PortalDraft(TenantModel):
    """What one account changes of a portal, not published yet: `edits` maps keys (see editable.py) to values.

    `base_revision` is the revision that was in force when the draft was begun.
    """

    __tablename__ = "portal_drafts"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "account_id"),
    )
    account_id: Mapped[uuid.UUID]
    base_revision: Mapped[int] = mapped_column(Integer)
    edits: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime]
    updated_at: Mapped[dt.datetime]
