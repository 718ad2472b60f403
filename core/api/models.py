"""Table of idempotency keys."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index, Integer, LargeBinary, PrimaryKeyConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model
from core.db.scope import current_tenant_id


class IdempotencyKey(Model):
    """The answer given to one key of one account, written with the effect. The answer is sealed with the person's key."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "key", "account_id"),
        Index(None, "tenant_id", "created_at"),
    )
    tenant_id: Mapped[int] = mapped_column(Integer, autoincrement=False, default=current_tenant_id)
    key: Mapped[str] = mapped_column(Text)
    account_id: Mapped[uuid.UUID]
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
