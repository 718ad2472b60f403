"""Tables of notifications."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class Notification(TenantModel):
    """One message to one account. Parameters and addresses are sealed with the person's key."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "tenant_id", "account_id", "created_at"),)
    account_id: Mapped[uuid.UUID]
    code: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    link: Mapped[str | None] = mapped_column(Text)
    in_app: Mapped[bool]
    created_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]


class NotificationDelivery(TenantModel):
    """One way out of a notification: e-mail or SMS. `state`: waiting, sent, dropped (the person was erased)."""

    __tablename__ = "notification_deliveries"
    __table_args__ = (
        tenant_fk("notification_id", "notifications", ondelete="CASCADE"),
        Index(None, "tenant_id", "notification_id"),
    )
    notification_id: Mapped[uuid.UUID]
    channel: Mapped[str] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[dt.datetime | None]


class InboxMessage(TenantModel):
    """The development inbox: what would have been sent. Never written in production."""

    __tablename__ = "inbox_messages"
    __table_args__ = (Index(None, "tenant_id", "received_at"),)
    channel: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body_text: Mapped[str] = mapped_column(Text)
    body_html: Mapped[str] = mapped_column(Text)
    attachments: Mapped[int] = mapped_column(Integer)
    received_at: Mapped[dt.datetime]


class MarketingObjection(TenantModel):
    """An account wants no marketing, nor profiling for it, on any channel, from `at` until `lifted_at` (IA-098)."""

    __tablename__ = "marketing_objections"
    __table_args__ = (
        Index(
            "uq_marketing_objections_open", "tenant_id", "account_id", unique=True,
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )  # fmt: skip
    account_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
    lifted_at: Mapped[dt.datetime | None]
