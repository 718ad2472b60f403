"""Tables of complaints and incidents. What a person wrote is sealed with a key of its own, so that it can be erased."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel


class Complaint(TenantModel):
    """A complaint that came by e-mail or post, tracked until it is answered (CB-240). `person_id` keys what is sealed."""

    __tablename__ = "complaints"
    __table_args__ = (
        Index(None, "tenant_id", "state", "received_at"),
        CheckConstraint("channel IN ('email', 'post', 'phone')", name="channel"),
        CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
    )
    person_id: Mapped[uuid.UUID]
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[dt.datetime]
    recorded_by: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]


class Incident(TenantModel):
    """A breach of credentials that was found; each person's notice is a promise of its own (CB-120)."""

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "tenant_id", "found_at"),)
    found_at: Mapped[dt.datetime]
    registered_at: Mapped[dt.datetime]
    registered_by: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    concerned: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[dt.datetime]
