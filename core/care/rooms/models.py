"""Tables of rooms: who may be in one, how long, and by which way care was delivered. No health data stands here."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class Room(TenantModel):
    """The room of one video consultation. Exactly two people: the patient who consults, the professional who accepted.

    `limit_minutes` counts from `started_at`; `starts_by` is until when the call may begin (none: no limit). `media` is the
    way now in force: video, else what was fallen back to. A professional is in one call at a time: an index holds it.
    """

    __tablename__ = "rooms"
    __table_args__ = (
        tenant_fk("patient_account_id", "accounts"),
        tenant_fk("professional_account_id", "accounts"),
        UniqueConstraint("tenant_id", "subject_kind", "subject_id"),
        Index(None, "tenant_id", "professional_account_id", "state"),
        Index(None, "tenant_id", "patient_account_id"),
        Index(None, "tenant_id", "state"),
        Index(
            "uq_rooms_one_call", "tenant_id", "professional_account_id", unique=True, postgresql_where=text("state = 'in_call'")
        ),
        CheckConstraint("subject_kind IN ('consultation')", name="subject_kind"),
        CheckConstraint("state IN ('waiting', 'in_call', 'ended')", name="state"),
        CheckConstraint("media IN ('video', 'audio', 'phone', 'message')", name="media"),
        CheckConstraint("limit_minutes > 0", name="limit_minutes"),
        CheckConstraint("patient_account_id <> professional_account_id", name="two_people"),
        CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        CheckConstraint("state <> 'in_call' OR started_at IS NOT NULL", name="started"),
    )  # fmt: skip
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[uuid.UUID]
    service: Mapped[str] = mapped_column(Text)
    patient_account_id: Mapped[uuid.UUID]
    professional_account_id: Mapped[uuid.UUID]
    opens_at: Mapped[dt.datetime]
    starts_by: Mapped[dt.datetime | None]
    limit_minutes: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(Text, default="waiting")
    media: Mapped[str] = mapped_column(Text, default="video")
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    end_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime]

    @property
    def ends_at(self) -> dt.datetime | None:
        """When the call is over at the latest; None before it began."""
        return None if self.started_at is None else self.started_at + dt.timedelta(minutes=self.limit_minutes)

    def role_of(self, account_id: uuid.UUID) -> str | None:
        """Which of the two this account is; None for anybody else."""
        if account_id == self.patient_account_id:
            return "patient"
        return "professional" if account_id == self.professional_account_id else None


class RoomDelivery(TenantModel):
    """What was delivered by a call, in order: never changed.

    `what` is `chosen` (this way came into force) or `flowing` (a side saw or heard the other by it); `side` is who said so.
    """

    __tablename__ = "room_deliveries"
    __table_args__ = (
        tenant_fk("room_id", "rooms", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "room_id", "media", "what", "side", "at"),
        Index(None, "tenant_id", "room_id", "at"),
        CheckConstraint("media IN ('video', 'audio', 'phone', 'message')", name="media"),
        CheckConstraint("what IN ('chosen', 'flowing')", name="what"),
        CheckConstraint("side IN ('patient', 'professional', 'portal')", name="side"),
    )
    room_id: Mapped[uuid.UUID]
    media: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]
