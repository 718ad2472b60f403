"""The table of files exchanged in care. Name and content are sealed with the key of the person cared for."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk

KINDS = ("photo", "document", "audio", "report", "prescription", "profile")
QUARANTINED, CLEAN, INFECTED, REMOVED = "quarantined", "clean", "infected", "removed"


class CareDocument(TenantModel):
    """One file of a subject of care, such as a consultation. `person_id` is whose care it is, and whose key seals it.

    `name` is sealed too: what a file was called can tell about health. Where a file was refused or removed, `sealed` is
    empty. `tried_at` is when a scanner was last asked in vain, `verdict` its short word (`clean`, or what was found).
    """

    __tablename__ = "care_documents"
    __table_args__ = (
        tenant_fk("author_account_id", "accounts"),
        Index(None, "tenant_id", "subject_kind", "subject_id", "created_at"),
        Index(None, "tenant_id", "state", "tried_at"),
        Index(None, "tenant_id", "person_id"),
        CheckConstraint("kind IN ('photo', 'document', 'audio', 'report', 'prescription', 'profile')", name="kind"),
        CheckConstraint("state IN ('quarantined', 'clean', 'infected', 'removed')", name="state"),
        CheckConstraint("(sealed IS NULL) = (state IN ('infected', 'removed'))", name="kept"),
        CheckConstraint("state <> 'clean' OR (scanned_at IS NOT NULL AND scanner IS NOT NULL)", name="scanned"),
        CheckConstraint("size > 0", name="size"),
    )
    person_id: Mapped[uuid.UUID]
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[uuid.UUID]
    author_account_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    mimetype: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    tried_at: Mapped[dt.datetime | None]
    scanned_at: Mapped[dt.datetime | None]
    scanner: Mapped[str | None] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(Text)
