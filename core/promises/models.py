"""Table of promises."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel


class Promise(TenantModel):
    """Something owed by an instant. `state`: open, paused, kept, missed, void. `escalated_at` tells a near warning was given."""

    __tablename__ = "promises"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "subject_kind", "subject_id"),
        Index(None, "tenant_id", "state", "due_at"),
    )
    kind: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[uuid.UUID]
    made_at: Mapped[dt.datetime]
    near_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(Text, default="open")
    paused_at: Mapped[dt.datetime | None]
    pause_reason: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
