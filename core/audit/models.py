"""Tables of the audit trail and of decision receipts."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model, TenantModel


class AuditHead(Model):
    """The last link of each tenant's chain; locking this row orders the writers."""

    __tablename__ = "audit_heads"
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditEntry(Model):
    """One act. `details` is canonical JSON text with ids, codes and digests: nothing that erasure would have to change."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "seq"),
        Index(None, "tenant_id", "object_kind", "object_id"),
    )
    tenant_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    at: Mapped[dt.datetime]
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    details: Mapped[str] = mapped_column(Text)
    prev: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class DecisionReceipt(TenantModel):
    """A decision on which an act was done or refused. The body is sealed with the person's key; the chain keeps a digest."""

    __tablename__ = "decision_receipts"
    __table_args__ = (Index(None, "tenant_id", "person_id", "decided_at"),)
    decided_at: Mapped[dt.datetime]
    question: Mapped[str] = mapped_column(Text)
    effect: Mapped[str] = mapped_column(Text)
    person_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID | None]
    act_kind: Mapped[str] = mapped_column(Text)
    act_id: Mapped[uuid.UUID | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(Text)
    plugin_versions: Mapped[dict[str, Any]] = mapped_column(JSONB)
