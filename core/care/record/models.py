"""Tables of the record. What is written is sealed with the key of the person; nothing here says what it is about but the register."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class HealthEntry(TenantModel):
    """One thing written in a register, never changed: a correction is another entry (CB-202).

    `sealed` holds {"values": {...}} or {"none": true}. The author is an account, with the professional's id where it is
    one. `ended_at` is when it stopped to hold; `replaced_by` the entry that took its place, none where it was taken out.
    """

    __tablename__ = "health_entries"
    __table_args__ = (
        tenant_fk("author_account_id", "accounts"),
        tenant_fk("professional_id", "professionals"),
        Index(None, "tenant_id", "person_id", "register"),
        CheckConstraint("author_kind IN ('patient', 'professional')", name="author"),
        CheckConstraint("(author_kind = 'professional') = (professional_id IS NOT NULL)", name="professional"),
        CheckConstraint("ended_at IS NOT NULL OR (replaced_by IS NULL AND ended_by IS NULL)", name="ended"),
    )
    person_id: Mapped[uuid.UUID]
    register: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    author_kind: Mapped[str] = mapped_column(Text)
    author_account_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID | None]
    written_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    ended_by: Mapped[uuid.UUID | None]
    replaced_by: Mapped[uuid.UUID | None]


class RecordGrant(TenantModel):
    """A professional may see a person's profile, and with it the whole record (CB-040): from `since` until `until`, or until
    it is withdrawn. `replaced_at`: another grant with another end took its place.
    """

    __tablename__ = "record_grants"
    __table_args__ = (
        tenant_fk("granted_by", "accounts"),
        tenant_fk("professional_id", "professionals"),
        Index(None, "tenant_id", "person_id", "professional_id"),
        Index(None, "tenant_id", "professional_id", "since"),
        Index(
            "uq_record_grants_open", "tenant_id", "person_id", "professional_id", unique=True,
            postgresql_where=text("withdrawn_at IS NULL AND replaced_at IS NULL"),
        ),
        CheckConstraint("scope IN ('profile')", name="scope"),
        CheckConstraint("until IS NULL OR until > since", name="span"),
    )  # fmt: skip
    person_id: Mapped[uuid.UUID]
    dependant_id: Mapped[uuid.UUID | None]
    granted_by: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    scope: Mapped[str] = mapped_column(Text)
    since: Mapped[dt.datetime]
    until: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    replaced_at: Mapped[dt.datetime | None]


class RecordSetting(TenantModel):
    """What holds for a person's whole record; locking the row orders those who write. One for each person."""

    __tablename__ = "record_settings"
    __table_args__ = (UniqueConstraint("tenant_id", "person_id", name="uq_record_settings_person"),)
    person_id: Mapped[uuid.UUID]
    objected_at: Mapped[dt.datetime | None]
    tele_expertise_at: Mapped[dt.datetime | None]
    confirmed_at: Mapped[dt.datetime | None]


class RecordAccess(TenantModel):
    """Who looked at what of a person's record, when and why: the patient's own list (CB-073). Never changed.

    `what`: profile, register, history, consultation, document; `did`: read, wrote, refused; `why`: the code of the reason.
    `account_id` is who looked, where it is no professional; an operator's account lies in another portal.
    """

    __tablename__ = "record_accesses"
    __table_args__ = (
        tenant_fk("professional_id", "professionals"),
        Index(None, "tenant_id", "person_id", "at"),
        CheckConstraint("did IN ('read', 'wrote', 'refused')", name="did"),
    )
    person_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID | None]
    professional_id: Mapped[uuid.UUID | None]
    what: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    did: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]
