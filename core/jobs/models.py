"""Tables of the outbox and of periodic work."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Model, TenantModel


class OutboxMessage(TenantModel):
    """What a transaction announced: name and ids, never health data."""

    __tablename__ = "outbox_messages"
    name: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    occurred_at: Mapped[dt.datetime]


class OutboxDelivery(Model):
    """One consumer's share of a message. `done_at` is set in the transaction of the consumer's own effects."""

    __tablename__ = "outbox_deliveries"
    __table_args__ = (
        PrimaryKeyConstraint("tenant_id", "message_id", "consumer"),
        ForeignKeyConstraint(
            ["tenant_id", "message_id"], ["outbox_messages.tenant_id", "outbox_messages.id"], ondelete="CASCADE"
        ),
        Index("ix_outbox_due", "next_at", postgresql_where="done_at IS NULL AND dead_at IS NULL"),
    )
    tenant_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    message_id: Mapped[uuid.UUID]
    consumer: Mapped[str] = mapped_column(Text)
    next_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    claimed_until: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    dead_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)


class PeriodicRun(Model):
    """When a periodic job last ran for a tenant; the row's lock keeps two schedulers from running one job twice."""

    __tablename__ = "periodic_runs"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "job"),)
    tenant_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    job: Mapped[str] = mapped_column(Text)
    next_at: Mapped[dt.datetime]
    last_started_at: Mapped[dt.datetime | None]
    last_finished_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
