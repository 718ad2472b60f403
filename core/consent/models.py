"""Tables of acceptances and refusals. Neither is ever changed once written."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel

WAYS = ("registration", "express", "order", "continued_use", "telephone")
REFUSALS = ("refused", "withdrawn")


class Acceptance(TenantModel):
    """An account's agreement to one version of one document, with the digest of the text that was shown.

    `way` tells how: ticked at registration, ticked later, carried by an order, tacit by continued use (CB-067), or said by
    the person on the telephone and noted by `noted_by`, the account of who spoke with them (IA-017).
    `method` is how the person was known (the factors of the session), `channel` which way it came (IA-112).
    """

    __tablename__ = "acceptances"
    __table_args__ = (
        CheckConstraint("way IN ('registration', 'express', 'order', 'continued_use', 'telephone')", name="way"),
        CheckConstraint("(way = 'telephone') = (noted_by IS NOT NULL)", name="noted"),
        Index(None, "tenant_id", "account_id", "document"),
        Index(
            "uq_acceptances_once",
            "tenant_id",
            "account_id",
            "document",
            "version",
            "way",
            unique=True,
            postgresql_where=text("act_id IS NULL"),
        ),
    )
    account_id: Mapped[uuid.UUID]
    document: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    way: Mapped[str] = mapped_column(Text)
    act_kind: Mapped[str | None] = mapped_column(Text)
    act_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
    method: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
    noted_by: Mapped[uuid.UUID | None]


class Refusal(TenantModel):
    """A version that an account refused, or a consent that it withdrew."""

    __tablename__ = "refusals"
    __table_args__ = (
        CheckConstraint("kind IN ('refused', 'withdrawn')", name="kind"),
        Index(None, "tenant_id", "account_id", "document"),
    )
    account_id: Mapped[uuid.UUID]
    document: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]
    method: Mapped[str | None] = mapped_column(Text)
    channel: Mapped[str | None] = mapped_column(Text)
