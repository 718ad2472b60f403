"""Tables of what passes between professionals, and of their reservations. What people wrote is sealed."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel
from core.db.base import tenant_fk

ASKED, ANSWERED, DECLINED = "asked", "answered", "declined"
OPEN, CLOSED = "open", "closed"
FILED, SETTLED, MAINTAINED, TERMINATION, ENDED = "filed", "settled", "maintained", "termination_requested", "ended"


class ColleagueThread(TenantModel):
    """What two professionals write to each other: one thread for the two, whoever began. `first_id` is the smaller id."""

    __tablename__ = "colleague_threads"
    __table_args__ = (
        tenant_fk("first_id", "professionals"),
        tenant_fk("second_id", "professionals"),
        UniqueConstraint("tenant_id", "first_id", "second_id"),
        Index(None, "tenant_id", "second_id"),
        CheckConstraint("first_id < second_id", name="two"),
    )
    first_id: Mapped[uuid.UUID]
    second_id: Mapped[uuid.UUID]
    started_at: Mapped[dt.datetime]


class ColleagueMessage(TenantModel):
    """One message of a thread, in the order of `seq`, sealed with the key of its author's person (`person_id`)."""

    __tablename__ = "colleague_messages"
    __table_args__ = (
        tenant_fk("thread_id", "colleague_threads", ondelete="CASCADE"),
        tenant_fk("author_id", "professionals"),
        UniqueConstraint("tenant_id", "thread_id", "author_id", "client_key"),
        Index(None, "tenant_id", "thread_id", "seq"),
    )
    thread_id: Mapped[uuid.UUID]
    author_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    seq: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    sent_at: Mapped[dt.datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    client_key: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[dt.datetime | None]


class Expertise(TenantModel):
    """A professional asks colleagues for advice on a patient (CB-047).

    `sealed` holds the question, and age and sex of the patient on the day it was asked, with the key of the patient's
    person; no name is stored.
    """

    __tablename__ = "expertises"
    __table_args__ = (
        tenant_fk("consultation_id", "consultations"),
        tenant_fk("asker_id", "professionals"),
        UniqueConstraint("tenant_id", "consultation_id", "asker_id", "client_key"),
        Index(None, "tenant_id", "asker_id", "asked_at"),
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint("(closed_at IS NOT NULL) = (state = 'closed')", name="closed"),
    )
    consultation_id: Mapped[uuid.UUID]
    asker_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    client_key: Mapped[str | None] = mapped_column(Text)


class ExpertiseAnswer(TenantModel):
    """One colleague who was asked, and what they answered, sealed with the key of the patient's person."""

    __tablename__ = "expertise_answers"
    __table_args__ = (
        tenant_fk("expertise_id", "expertises", ondelete="CASCADE"),
        tenant_fk("professional_id", "professionals"),
        UniqueConstraint("tenant_id", "expertise_id", "professional_id"),
        Index(None, "tenant_id", "professional_id", "state"),
        CheckConstraint("state IN ('asked', 'answered', 'declined')", name="state"),
        CheckConstraint("(answered_at IS NULL) = (state = 'asked')", name="answered"),
        CheckConstraint("(sealed IS NOT NULL) = (state = 'answered')", name="words"),
    )
    expertise_id: Mapped[uuid.UUID]
    professional_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[dt.datetime | None]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class ExpertiseDocument(TenantModel):
    """A file of the consultation that the asked colleagues may open while the patient agrees (CB-132)."""

    __tablename__ = "expertise_documents"
    __table_args__ = (
        tenant_fk("expertise_id", "expertises", ondelete="CASCADE"),
        tenant_fk("document_id", "care_documents"),
        UniqueConstraint("tenant_id", "expertise_id", "document_id"),
    )
    expertise_id: Mapped[uuid.UUID]
    document_id: Mapped[uuid.UUID]


class Reservation(TenantModel):
    """A professional's reservation on how the platform works, sealed with their key (CB-065, CB-066).

    filed, answered by the operator, then settled (the answer is accepted) or maintained; maintained ones can become a
    request for termination, and end when the operator closes the account.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        UniqueConstraint("tenant_id", "account_id", "client_key"),
        Index(None, "tenant_id", "state", "filed_at"),
        Index(None, "tenant_id", "account_id", "filed_at"),
        CheckConstraint(
            "state IN ('filed', 'answered', 'settled', 'maintained', 'termination_requested', 'ended')", name="state"
        ),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer"),
    )
    account_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[dt.datetime]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[str | None] = mapped_column(Text)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    settled_at: Mapped[dt.datetime | None]
    maintained_at: Mapped[dt.datetime | None]
    termination_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    client_key: Mapped[str | None] = mapped_column(Text)
