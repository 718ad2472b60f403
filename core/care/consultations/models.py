"""Tables of consultations. What people wrote is sealed with the key of the person cared for."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class Consultation(TenantModel):
    """One delivery of a service. `person_id` is whose care it is: the account's own person or the dependant's.

    `form` is `request` (to one or several professionals), `appointment`, or `pool` (to whoever of the portal takes it
    first); `professional_id` is set once one accepted. A request to the pool says by which way the person is reached
    (`contact`: phone or video) and, unless it is for now, at what time (`wanted_at`); `busy_id` is the time taken in the
    agenda of who took it. `fund` is the code of who pays in units instead of the patient. `outcome` says why a professional
    ended it without a delivery.
    Amounts are cents: `highest_cents` is what the patient accepts at most and what is held, `agreed_cents` the tariff of
    who accepted. `limit_minutes` is how long a call may last.
    """

    __tablename__ = "consultations"
    __table_args__ = (
        tenant_fk("patient_account_id", "accounts"),
        tenant_fk("professional_id", "professionals"),
        tenant_fk("dependant_id", "dependants"),
        tenant_fk("appointment_id", "appointments"),
        UniqueConstraint("tenant_id", "appointment_id"),
        Index(None, "tenant_id", "patient_account_id", "requested_at"),
        Index(None, "tenant_id", "professional_id", "state"),
        Index(None, "tenant_id", "state", "answer_by"),
        Index(None, "tenant_id", "person_id"),
        CheckConstraint("form IN ('request', 'appointment', 'pool')", name="form"),
        CheckConstraint("contact IS NULL OR contact IN ('phone', 'video')", name="contact"),
        CheckConstraint("highest_cents >= 0 AND (agreed_cents IS NULL OR agreed_cents <= highest_cents)", name="amounts"),
        CheckConstraint(
            "state IN ('requested', 'accepted', 'declined', 'expired', 'cancelled', 'in_progress', 'no_show', "
            "'awaiting_report', 'completed', 'refunded')",
            name="state",
        ),
        CheckConstraint(
            "state IN ('requested', 'declined', 'expired', 'cancelled') OR professional_id IS NOT NULL", name="party"
        ),
    )  # fmt: skip
    service: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    patient_account_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    dependant_id: Mapped[uuid.UUID | None]
    professional_id: Mapped[uuid.UUID | None]
    appointment_id: Mapped[uuid.UUID | None]
    previous_id: Mapped[uuid.UUID | None]
    requested_at: Mapped[dt.datetime]
    answer_by: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    started_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    closed_by: Mapped[str | None] = mapped_column(Text)
    limit_minutes: Mapped[int | None] = mapped_column(SmallInteger)
    highest_cents: Mapped[int]
    agreed_cents: Mapped[int | None]
    currency: Mapped[str] = mapped_column(Text)
    terms_version: Mapped[str | None] = mapped_column(Text)
    question: Mapped[bytes | None] = mapped_column(LargeBinary)
    contact: Mapped[str | None] = mapped_column(Text)
    wanted_at: Mapped[dt.datetime | None]
    fund: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    busy_id: Mapped[uuid.UUID | None]


class ConsultationOffer(TenantModel):
    """A request as one professional has it. `state`: open, accepted, declined, gone (somebody else accepted, or it ended)."""

    __tablename__ = "consultation_offers"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations", ondelete="CASCADE"),
        tenant_fk("professional_id", "professionals"),
        UniqueConstraint("tenant_id", "consultation_id", "professional_id"),
        Index(None, "tenant_id", "professional_id", "state"),
        CheckConstraint("state IN ('open', 'accepted', 'declined', 'gone')", name="state"),
    )
    consultation_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text)
    tariff_cents: Mapped[int]
    answered_at: Mapped[dt.datetime | None]
    reason: Mapped[bytes | None] = mapped_column(LargeBinary)


class ConsultationMessage(TenantModel):
    """One message between the two parties, in the order of `seq`. `author`: patient, professional, portal."""

    __tablename__ = "consultation_messages"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "consultation_id", "client_key"),
        Index(None, "tenant_id", "consultation_id", "seq"),
        CheckConstraint("author IN ('patient', 'professional', 'portal')", name="author"),
    )
    consultation_id: Mapped[uuid.UUID]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    author: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[dt.datetime]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    document_id: Mapped[uuid.UUID | None]
    client_key: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[dt.datetime | None]


class Report(TenantModel):
    """The professional's written conclusion: never changed, a correction is the next version."""

    __tablename__ = "reports"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations"),
        tenant_fk("professional_id", "professionals"),
        UniqueConstraint("tenant_id", "consultation_id", "version"),
        Index(None, "tenant_id", "person_id"),
    )
    consultation_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    version: Mapped[int] = mapped_column(SmallInteger)
    saved_at: Mapped[dt.datetime]
    sealed: Mapped[bytes]
    digest: Mapped[str] = mapped_column(Text)
