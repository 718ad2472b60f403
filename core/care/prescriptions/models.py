"""Tables of prescriptions. Documents, proofs and what was declared are sealed with the key of the person cared for."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class Prescription(TenantModel):
    """One prescription. `electronic`: the physician's own PDF with a proof; `at_practice`: on paper, handed over there.

    States: `issued`, then one of `dispensed` (once), `refused` (by a pharmacist, as not compliant), `withdrawn` (by the
    physician), `collected` (at the practice). Of the code only a keyed digest stands here; the proof, sealed, holds it.
    `place` and `pharmacist` are the public numbers of who dispensed or refused.
    """

    __tablename__ = "prescriptions"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations"),
        tenant_fk("professional_id", "professionals"),
        tenant_fk("account_id", "accounts"),
        UniqueConstraint("tenant_id", "code_digest"),
        UniqueConstraint("tenant_id", "consultation_id", "client_key"),
        Index(None, "tenant_id", "account_id", "issued_at"),
        Index(None, "tenant_id", "professional_id", "state"),
        Index(None, "tenant_id", "person_id"),
        CheckConstraint("kind IN ('medicine', 'sick_leave', 'certificate')", name="kind"),
        CheckConstraint("delivery IN ('electronic', 'at_practice')", name="delivery"),
        CheckConstraint("state IN ('issued', 'dispensed', 'refused', 'withdrawn', 'collected')", name="state"),
    )  # fmt: skip
    consultation_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    account_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    delivery: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    client_key: Mapped[str] = mapped_column(Text)
    meta: Mapped[bytes] = mapped_column(LargeBinary)
    document: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    proof: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    issued_at: Mapped[dt.datetime]
    first_dispensing_until: Mapped[dt.date | None] = mapped_column(Date)
    closed_at: Mapped[dt.datetime | None]
    place: Mapped[str | None] = mapped_column(Text)
    pharmacist: Mapped[str | None] = mapped_column(Text)

    @property
    def reference(self) -> str:
        """A short name of the prescription for people; it opens nothing."""
        return self.id.hex[:10].upper()


class PrescriptionLook(TenantModel):
    """One look or act, as the patient is shown it. Never changed, never removed."""

    __tablename__ = "prescription_looks"
    __table_args__ = (
        tenant_fk("prescription_id", "prescriptions"),
        Index(None, "tenant_id", "prescription_id", "seq"),
        CheckConstraint("by_kind IN ('patient', 'professional', 'pharmacist', 'portal')", name="by_kind"),
    )
    prescription_id: Mapped[uuid.UUID]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    at: Mapped[dt.datetime]
    by_kind: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    pharmacist: Mapped[str | None] = mapped_column(Text)
    note: Mapped[bytes | None] = mapped_column(LargeBinary)


class PrescriptionCode(TenantModel):
    """A one-time code by text message that opens what was issued in a consultation (IA-074).

    Of the code only a keyed digest; `phone`, sealed, is where it went. `reader_digest` is that of the browser which gave it.
    """

    __tablename__ = "prescription_codes"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations"),
        Index(None, "tenant_id", "consultation_id", "seq"),
        CheckConstraint("by_kind IN ('patient', 'professional')", name="by_kind"),
    )
    consultation_id: Mapped[uuid.UUID]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[bytes] = mapped_column(LargeBinary)
    by_kind: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    attempts_allowed: Mapped[int] = mapped_column(SmallInteger)
    used_at: Mapped[dt.datetime | None]
    open_until: Mapped[dt.datetime | None]
    reader_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
