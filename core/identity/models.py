"""Tables of accounts, credentials and sessions. Personal data are sealed with the person's key; tokens are digests."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk


class Account(TenantModel):
    """A login of one natural person in one portal. `sealed` holds names, birth date, sex, e-mail, phone as JSON.

    `party` and `party_rights` are those of an account of a party (role `partner`, see parties.py); others have none.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "email_blind"),
        Index(None, "tenant_id", "role", "state"),
        CheckConstraint("role IN ('patient', 'professional', 'operator', 'partner')", name="role"),
        CheckConstraint("(role = 'partner') = (party IS NOT NULL)", name="party"),
        CheckConstraint(
            "party IN ('operator', 'insurer', 'assister', 'publisher', 'health_data_host')", name="known_party"
        ),
        CheckConstraint("state IN ('pending_confirmation', 'active', 'suspended', 'blocked', 'closed')", name="state"),
    )
    person_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_until: Mapped[dt.datetime | None]
    email_blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    language: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    opposed_at: Mapped[dt.datetime | None]
    limited_services: Mapped[list[str]] = mapped_column(JSONB, default=list)
    party: Mapped[str | None] = mapped_column(Text)
    party_rights: Mapped[list[str]] = mapped_column(JSONB, default=list)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[dt.datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]


class AccountToken(TenantModel):
    """A link sent by e-mail: confirm, reset or email (a new address, sealed). Single use, expiring, digest only."""

    __tablename__ = "account_tokens"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "digest"),
        Index(None, "tenant_id", "account_id", "purpose"),
    )
    account_id: Mapped[uuid.UUID]
    purpose: Mapped[str] = mapped_column(Text)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class Challenge(TenantModel):
    """What stands between the first and the second factor, or around a passkey ceremony. Found by a cookie's digest."""

    __tablename__ = "sign_in_challenges"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "digest"),
        Index(None, "tenant_id", "expires_at"),
    )
    purpose: Mapped[str] = mapped_column(Text)
    account_id: Mapped[uuid.UUID | None]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    ceremony: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    sends: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_path: Mapped[str] = mapped_column(Text, default="/")
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class AuthSession(TenantModel):
    """A signed-in device. The cookie's token is stored as a digest; deleting the row ends the session at once."""

    __tablename__ = "auth_sessions"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "digest"),
        Index(None, "tenant_id", "account_id"),
    )
    account_id: Mapped[uuid.UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    factors: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    strong_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    terms_stamp: Mapped[str | None] = mapped_column(Text)


class Throttle(TenantModel):
    """How often something was tried by an account, an address or a network address; `key` is a blind index."""

    __tablename__ = "throttles"
    __table_args__ = (UniqueConstraint("tenant_id", "kind", "key"), Index(None, "tenant_id", "last_at"))
    kind: Mapped[str] = mapped_column(Text)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[dt.datetime]
    blocked_until: Mapped[dt.datetime | None]


class Passkey(TenantModel):
    """A passkey of an account: public key only."""

    __tablename__ = "passkeys"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "credential_id"),
        Index(None, "tenant_id", "account_id"),
    )
    account_id: Mapped[uuid.UUID]
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class ProviderLink(TenantModel):
    """An identity of a provider that opens an account. Issuer and subject are found by `blind`; `sealed` holds them, the
    level, and the exercise that a professional last chose.
    """

    __tablename__ = "provider_links"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "blind"),
        UniqueConstraint("tenant_id", "account_id", "provider"),
    )
    account_id: Mapped[uuid.UUID]
    provider: Mapped[str] = mapped_column(Text)
    blind: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class ProviderSession(TenantModel):
    """What a session that a provider opened needs later: its token for signing out there, the exercise. `id` is the
    session's; both go together.
    """

    __tablename__ = "provider_sessions"
    __table_args__ = (tenant_fk("id", "auth_sessions", ondelete="CASCADE", name="fk_provider_sessions_session"),)
    provider: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class SecurityReport(TenantModel):
    """What somebody reported: misuse of credentials, or an anomaly (CB-118, CB-269). The words are sealed."""

    __tablename__ = "security_reports"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        Index(None, "tenant_id", "handled_at", "at"),
    )
    account_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[dt.datetime]
    handled_at: Mapped[dt.datetime | None]
    handled_by: Mapped[str | None] = mapped_column(Text)


class PatientProfile(TenantModel):
    """What a patient declares. `id` is the account's. `sealed`: residence, workplace, confirmed, declared statuses."""

    __tablename__ = "patient_profiles"
    __table_args__ = (tenant_fk("id", "accounts", ondelete="CASCADE", name="fk_patient_profiles_account"),)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    updated_at: Mapped[dt.datetime]


class ProfessionalProfile(TenantModel):
    """A professional's declaration and what the operator made of it (CB-110). `id` is the account's."""

    __tablename__ = "professional_profiles"
    __table_args__ = (
        tenant_fk("id", "accounts", ondelete="CASCADE", name="fk_professional_profiles_account"),
        Index(None, "tenant_id", "state"),
        CheckConstraint("state IN ('pending', 'validated', 'refused')", name="state"),
        CheckConstraint("kind IN ('physician', 'allied')", name="kind"),
    )
    country: Mapped[str] = mapped_column(Text)
    specialty: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    order_confirmed: Mapped[bool] = mapped_column(default=False)
    practitioner_id: Mapped[uuid.UUID | None]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class Identifier(TenantModel):
    """A checked number of a person. `blind` is set where the type is unique in the portal."""

    __tablename__ = "identifiers"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "account_id", "type"),
        UniqueConstraint("tenant_id", "type", "blind"),
    )
    account_id: Mapped[uuid.UUID]
    type: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]


class PersonDocument(TenantModel):
    """A copy of a supporting document, sealed whole with the person's key; `sealed` goes once it was checked and need not stay."""

    __tablename__ = "person_documents"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        Index(None, "tenant_id", "account_id", "type"),
    )
    account_id: Mapped[uuid.UUID]
    type: Mapped[str] = mapped_column(Text)
    mimetype: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    checked_at: Mapped[dt.datetime | None]


class DraftUpload(TenantModel):
    """A file kept while the form around it is being mended; sealed with a key that only the form's token gives."""

    __tablename__ = "draft_uploads"
    __table_args__ = (UniqueConstraint("tenant_id", "digest"), Index(None, "tenant_id", "expires_at"))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    type: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[dt.datetime]


class Dependant(TenantModel):
    """A minor or protected adult whom a patient account acts for; a person with a key of their own."""

    __tablename__ = "dependants"
    __table_args__ = (
        tenant_fk("account_id", "accounts", ondelete="CASCADE"),
        Index(None, "tenant_id", "account_id"),
        CheckConstraint("kind IN ('minor', 'protected_adult')", name="kind"),
    )
    account_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    relation: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    removed_at: Mapped[dt.datetime | None]
    declared_at: Mapped[dt.datetime | None]
    declaration: Mapped[str | None] = mapped_column(Text)
