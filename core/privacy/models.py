"""Tables of requests about one's data, directives after death, and proofs of authority. Words and files are sealed."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk

OPEN, DONE, REFUSED = "open", "done", "refused"


class RightsRequest(TenantModel):
    """What a person asks about their data, until it is done or refused with reasons.

    `account_id` is absent for somebody who wrote and has no account here. `identity`: `session` (asked while signed in),
    `unproven` (came by post or e-mail), `asked` (proof was asked), `received` (a proof came), `validated`. `waiting` is what
    the person still owes: `details` or `proof`. `sealed` holds what was written, and who wrote where there is no account.
    """

    __tablename__ = "rights_requests"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        tenant_fk("professional_id", "professionals"),
        Index(None, "tenant_id", "state", "received_at"),
        Index(None, "tenant_id", "account_id", "received_at"),
        Index(None, "tenant_id", "professional_id", "state"),
        CheckConstraint("addressee IN ('dpo', 'physician')", name="addressee"),
        CheckConstraint("(addressee = 'physician') <= (professional_id IS NOT NULL)", name="physician"),
        CheckConstraint("channel IN ('portal', 'email', 'post', 'professional')", name="channel"),
        CheckConstraint("state IN ('open', 'done', 'refused')", name="state"),
        CheckConstraint("identity IN ('session', 'unproven', 'asked', 'received', 'validated')", name="identity"),
        CheckConstraint("waiting IS NULL OR waiting IN ('details', 'proof')", name="waiting"),
        CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    )
    account_id: Mapped[uuid.UUID | None]
    person_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    addressee: Mapped[str] = mapped_column(Text)
    professional_id: Mapped[uuid.UUID | None]
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=OPEN)
    identity: Mapped[str] = mapped_column(Text)
    waiting: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[dt.datetime]
    recorded_at: Mapped[dt.datetime]
    recorded_by: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[dt.datetime | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)

    @property
    def reference(self) -> str:
        """What the request is called in letters."""
        return f"D-{self.id.hex[:8].upper()}"


class RightsStep(TenantModel):
    """One step of a request's file, in the order of `seq`; never changed. `by_kind`: person, operator, professional, system."""

    __tablename__ = "rights_steps"
    __table_args__ = (
        tenant_fk("request_id", "rights_requests", ondelete="CASCADE"),
        Index(None, "tenant_id", "request_id", "seq"),
        CheckConstraint("by_kind IN ('person', 'operator', 'professional', 'system')", name="by"),
    )
    request_id: Mapped[uuid.UUID]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    at: Mapped[dt.datetime]
    step: Mapped[str] = mapped_column(Text)
    by_kind: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class PrivacyFile(TenantModel):
    """A file of a request: a proof that a person sent (`proof`, `evidence`), or the copy made for them (`export`)."""

    __tablename__ = "privacy_files"
    __table_args__ = (
        Index(None, "tenant_id", "subject_kind", "subject_id"),
        CheckConstraint("subject_kind IN ('rights_request', 'authority_request')", name="subject"),
        CheckConstraint("kind IN ('proof', 'evidence', 'export')", name="kind"),
    )
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    mimetype: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Directive(TenantModel):
    """What a person directs for their data after death (CB-286); a change is another row.

    `general` ones lie with a trusted third party, named here; `specific` ones lie with the operator, under a consent of
    their own: `consented_at`, with the digest of the words that were agreed to.
    """

    __tablename__ = "death_directives"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        Index(None, "tenant_id", "account_id", "set_at"),
        Index(
            "uq_death_directives_open", "tenant_id", "account_id", "kind", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("kind IN ('general', 'specific')", name="kind"),
        CheckConstraint("kind = 'general' OR (consented_at IS NOT NULL AND consent_digest IS NOT NULL)", name="consent"),
    )  # fmt: skip
    account_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    consented_at: Mapped[dt.datetime | None]
    consent_digest: Mapped[str | None] = mapped_column(Text)
    set_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class AuthorityRequest(TenantModel):
    """The operator asks for evidence of the authority over a dependant (CB-075). `state`: asked, received, accepted, refused."""

    __tablename__ = "authority_requests"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        tenant_fk("dependant_id", "dependants"),
        Index(None, "tenant_id", "account_id", "state"),
        CheckConstraint("state IN ('asked', 'received', 'accepted', 'refused')", name="state"),
        CheckConstraint("(state IN ('accepted', 'refused')) = (decided_at IS NOT NULL)", name="decided"),
    )
    account_id: Mapped[uuid.UUID]
    dependant_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text, default="asked")
    asked_at: Mapped[dt.datetime]
    asked_by: Mapped[str] = mapped_column(Text)
    received_at: Mapped[dt.datetime | None]
    decided_at: Mapped[dt.datetime | None]
    decided_by: Mapped[str | None] = mapped_column(Text)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
