"""Tables of the directory."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import GlobalModel, TenantModel, new_id
from core.db.base import tenant_fk


class Practitioner(GlobalModel):
    """The person behind professional accounts, once per installation: nothing but an id."""

    __tablename__ = "practitioners"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[dt.datetime]


class PractitionerRegistration(GlobalModel):
    """A public register number of a practitioner; unique by country and number."""

    __tablename__ = "practitioner_registrations"
    country: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    practitioner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practitioners.id"))


class Professional(TenantModel):
    """A professional's public profile on one portal. Published by the professional; listed after validation only."""

    __tablename__ = "professionals"
    __table_args__ = (
        UniqueConstraint("tenant_id", "account_id"),
        UniqueConstraint("tenant_id", "practitioner_id"),
        Index(None, "tenant_id", "specialty"),
    )
    account_id: Mapped[uuid.UUID]
    practitioner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("practitioners.id"))
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    specialty: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    register_number: Mapped[str | None] = mapped_column(Text)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text))
    presentation: Mapped[dict[str, Any]] = mapped_column(JSONB)
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))
    booking_open: Mapped[bool] = mapped_column(default=True)
    search_text: Mapped[str] = mapped_column(Text)
    listed: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[dt.datetime]


class Practice(TenantModel):
    """A place where a professional receives: in person (address) or virtual."""

    __tablename__ = "practices"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        Index(None, "tenant_id", "professional_id"),
        Index(None, "tenant_id", "search_place"),
    )
    professional_id: Mapped[uuid.UUID]
    mode: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    street: Mapped[str] = mapped_column(Text, default="")
    postal_code: Mapped[str] = mapped_column(Text, default="")
    city: Mapped[str] = mapped_column(Text, default="")
    country: Mapped[str] = mapped_column(Text)
    access_note: Mapped[str] = mapped_column(Text, default="")
    time_zone: Mapped[str] = mapped_column(Text)
    search_place: Mapped[str] = mapped_column(Text, default="")
    closed_on_holidays: Mapped[bool] = mapped_column(default=True)
    archived: Mapped[bool] = mapped_column(default=False)


class VisitReason(TenantModel):
    """Why one comes, how long it takes, what it costs: published by the professional."""

    __tablename__ = "visit_reasons"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        Index(None, "tenant_id", "professional_id"),
    )
    professional_id: Mapped[uuid.UUID]
    label: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    duration_minutes: Mapped[int]
    price_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(Text, default="EUR")
    known_patients_only: Mapped[bool] = mapped_column(default=False)
    archived: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)


class Favourite(TenantModel):
    """A professional whom a patient marked, or who accepted the patient's invitation (CB-039, CB-127)."""

    __tablename__ = "favourites"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "account_id", "professional_id"),
    )
    account_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    way: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]


class Invitation(TenantModel):
    """An invitation of a professional by a patient, or of a patient by a professional (CB-127, CB-130)."""

    __tablename__ = "invitations"
    __table_args__ = (UniqueConstraint("tenant_id", "token_digest"), Index(None, "tenant_id", "inviter_account_id"))
    inviter_account_id: Mapped[uuid.UUID]
    invited_role: Mapped[str] = mapped_column(Text)
    email_blind: Mapped[bytes]
    token_digest: Mapped[bytes]
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    accepted_by: Mapped[uuid.UUID | None]
    accepted_at: Mapped[dt.datetime | None]


class PatientLink(TenantModel):
    """A patient in a professional's list, by invitation or appointment; it opens no record (CB-130)."""

    __tablename__ = "patient_links"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "professional_id", "account_id"),
    )
    professional_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID]
    way: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
