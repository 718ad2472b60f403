"""Tables of scheduling. Instants are UTC; opening hours are wall-clock times in the practice's zone."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index, LargeBinary, SmallInteger, Text, Time, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from core.db import GlobalModel, TenantModel, new_id
from core.db.base import tenant_fk


class BusyRange(GlobalModel):
    """When a practitioner is taken. The exclusion constraint makes a double booking impossible, between portals too."""

    __tablename__ = "busy_ranges"
    __table_args__ = (
        ExcludeConstraint(("practitioner_id", "="), ("during", "&&"), name="ex_busy_ranges_no_overlap", using="gist"),
        Index(None, "practitioner_id"),
    )
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[uuid.UUID]
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)
    expires_at: Mapped[dt.datetime | None]


class PractitionerAbsence(GlobalModel):
    """When a practitioner is away, for every portal. Existing appointments are not touched by it."""

    __tablename__ = "practitioner_absences"
    __table_args__ = (Index(None, "practitioner_id", "during", postgresql_using="gist"),)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    practitioner_id: Mapped[uuid.UUID]
    during: Mapped[Range[dt.datetime]] = mapped_column(TSTZRANGE)


class OpeningHours(TenantModel):
    """Weekly hours of a practice: `weekday` 1 Monday to 7 Sunday, times in the practice's zone, grid in minutes."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        tenant_fk("practice_id", "practices", ondelete="CASCADE"),
        Index(None, "tenant_id", "professional_id"),
    )
    professional_id: Mapped[uuid.UUID]
    practice_id: Mapped[uuid.UUID]
    weekday: Mapped[int] = mapped_column(SmallInteger)
    opens: Mapped[dt.time] = mapped_column(Time)
    closes: Mapped[dt.time] = mapped_column(Time)
    grid_minutes: Mapped[int] = mapped_column(SmallInteger)
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))
    known_patients_only: Mapped[bool] = mapped_column(default=False)
    valid_from: Mapped[dt.date]
    valid_until: Mapped[dt.date | None]


class OpeningException(TenantModel):
    """A day unlike the others: closed (from, to; whole day when both are midnight) or open beside the weekly hours."""

    __tablename__ = "opening_exceptions"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        tenant_fk("practice_id", "practices", ondelete="CASCADE"),
        Index(None, "tenant_id", "professional_id", "day"),
    )
    professional_id: Mapped[uuid.UUID]
    practice_id: Mapped[uuid.UUID]
    day: Mapped[dt.date]
    kind: Mapped[str] = mapped_column(Text)
    opens: Mapped[dt.time] = mapped_column(Time)
    closes: Mapped[dt.time] = mapped_column(Time)
    grid_minutes: Mapped[int] = mapped_column(SmallInteger)
    services: Mapped[list[str]] = mapped_column(ARRAY(Text))


class Appointment(TenantModel):
    """One meeting. `state`: held, booked, cancelled_by_patient, cancelled_by_professional, cancelled_by_operator, no_show, done, expired."""

    __tablename__ = "appointments"
    __table_args__ = (
        tenant_fk("professional_id", "professionals"),
        tenant_fk("practice_id", "practices"),
        Index(None, "tenant_id", "professional_id", "starts_at"),
        Index(None, "tenant_id", "patient_account_id", "starts_at"),
        Index(None, "tenant_id", "state", "starts_at"),
    )
    professional_id: Mapped[uuid.UUID]
    practitioner_id: Mapped[uuid.UUID]
    practice_id: Mapped[uuid.UUID]
    reason_id: Mapped[uuid.UUID | None]
    reason_label: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text)
    patient_account_id: Mapped[uuid.UUID]
    dependant_id: Mapped[uuid.UUID | None]
    starts_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(Text)
    hold_expires_at: Mapped[dt.datetime | None]
    busy_id: Mapped[uuid.UUID]
    sequence: Mapped[int]
    price_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(Text)
    booked_by: Mapped[str] = mapped_column(Text)
    terms_version: Mapped[str | None] = mapped_column(Text)
    partner: Mapped[str | None] = mapped_column(Text)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]


class SentReminder(TenantModel):
    """A reminder that was sent: once per appointment, lead time and start."""

    __tablename__ = "sent_reminders"
    __table_args__ = (
        tenant_fk("appointment_id", "appointments", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "appointment_id", "hours_before", "starts_at", name="uq_sent_reminders_once"),
    )
    appointment_id: Mapped[uuid.UUID]
    hours_before: Mapped[int]
    starts_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime]


class AgendaFeed(TenantModel):
    """A secret calendar link of a professional; only the token's digest is kept."""

    __tablename__ = "agenda_feeds"
    __table_args__ = (
        tenant_fk("professional_id", "professionals", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "token_digest"),
        Index(None, "tenant_id", "professional_id"),
    )
    professional_id: Mapped[uuid.UUID]
    token_digest: Mapped[bytes]
    created_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
