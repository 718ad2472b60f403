"""Tables of what is handed over at the end: links by e-mail, what was opened by them, letters to treating doctors, readers."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.plugin_api.tables import TenantModel, tenant_fk


class Link(TenantModel):
    """A personal link by e-mail to a report or a prescription, for who has no password (IA-070, IA-073): its digest alone.

    `subject_id` is the version of the report or the prescription that it was sent for; each is sent for once.
    """

    __tablename__ = "ia_links"
    __table_args__ = (
        tenant_fk("case_id", "ia_cases"),
        UniqueConstraint("tenant_id", "digest"),
        UniqueConstraint("tenant_id", "kind", "subject_id"),
        Index(None, "tenant_id", "case_id"),
        CheckConstraint("kind IN ('report', 'prescription')", name="kind"),
    )
    case_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class LinkOpening(TenantModel):
    """One opening by a link; never changed."""

    __tablename__ = "ia_link_openings"
    __table_args__ = (
        tenant_fk("link_id", "ia_links"),
        Index(None, "tenant_id", "link_id", "at"),
        CheckConstraint("what IN ('page', 'report', 'document', 'proof')", name="what"),
    )
    link_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
    what: Mapped[str] = mapped_column(Text)


class Post(TenantModel):
    """The express request to send the report to the treating doctor by post (IA-071), and what became of it.

    `sealed` (with the key of the person cared for): name and address as the beneficiary gave them.
    """

    __tablename__ = "ia_posts"
    __table_args__ = (
        tenant_fk("case_id", "ia_cases"),
        tenant_fk("noted_by_account_id", "accounts"),
        tenant_fk("posted_by_account_id", "accounts"),
        Index("uq_ia_posts_open", "tenant_id", "case_id", unique=True, postgresql_where=text("state = 'requested'")),
        Index(None, "tenant_id", "state", "requested_at"),
        CheckConstraint("channel IN ('web', 'telephone')", name="channel"),
        CheckConstraint("state IN ('requested', 'posted', 'withdrawn')", name="state"),
        CheckConstraint("(state = 'posted') = (posted_at IS NOT NULL)", name="posted"),
    )
    case_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    requested_at: Mapped[dt.datetime]
    noted_by_account_id: Mapped[uuid.UUID | None]
    posted_at: Mapped[dt.datetime | None]
    posted_by_account_id: Mapped[uuid.UUID | None]


class Reader(TenantModel):
    """A person of the operator's staff who may read health data, named one by one (IA-108)."""

    __tablename__ = "ia_readers"
    __table_args__ = (tenant_fk("account_id", "accounts"), UniqueConstraint("tenant_id", "account_id"))
    account_id: Mapped[uuid.UUID]
    until: Mapped[dt.date]
    named_at: Mapped[dt.datetime]
    named_by: Mapped[str] = mapped_column(Text)
