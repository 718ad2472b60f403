"""Tables of the assistance. Of the insurer's list only keyed digests are kept: it is asked who is in it, never read."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, SmallInteger, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.plugin_api.tables import TenantModel, tenant_fk


class Cover(TenantModel):
    """A contract of the insurer: `contract_blind` is the digest of its number (IA-010), `exclusions` its own (IA-075).

    Loading a list looks a contract up by its key for each line, before the database has counted the new ones: any other
    index that begins with the portal would look as good to it. The one of the digests is partial, so as never to be taken.
    """

    __tablename__ = "ia_covers"
    __table_args__ = (
        Index(
            "uq_ia_covers_contract_blind",
            "tenant_id",
            "contract_blind",
            unique=True,
            postgresql_where=text("contract_blind IS NOT NULL"),
        ),
    )
    contract_blind: Mapped[bytes] = mapped_column(LargeBinary)
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date | None]
    exclusions: Mapped[list[str]] = mapped_column(JSONB, default=list)
    updated_at: Mapped[dt.datetime]


class Member(TenantModel):
    """A beneficiary under a cover: insured, spouse or child (IA-009).

    `key_blind` is the digest of the insurer's number of this person, `person_blind` of name and birth date. `account_id`
    and `dependant_id` say whom it was found to be, once they came.
    """

    __tablename__ = "ia_members"
    __table_args__ = (
        tenant_fk("cover_id", "ia_covers"),
        tenant_fk("account_id", "accounts"),
        tenant_fk("dependant_id", "dependants"),
        UniqueConstraint("tenant_id", "key_blind"),
        Index(None, "tenant_id", "person_blind"),
        Index(None, "tenant_id", "cover_id"),
        Index(None, "tenant_id", "account_id"),
        Index("ix_ia_members_listed", "tenant_id", "source", postgresql_where=text("removed_at IS NULL")),
        CheckConstraint("role IN ('insured', 'spouse', 'child')", name="role"),
        CheckConstraint("source IN ('file', 'api', 'oidc', 'console')", name="source"),
    )
    cover_id: Mapped[uuid.UUID]
    key_blind: Mapped[bytes] = mapped_column(LargeBinary)
    person_blind: Mapped[bytes] = mapped_column(LargeBinary)
    role: Mapped[str] = mapped_column(Text)
    protected: Mapped[bool] = mapped_column(default=False)
    residence: Mapped[str] = mapped_column(Text)
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date | None]
    removed_at: Mapped[dt.datetime | None]
    source: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[dt.datetime]
    account_id: Mapped[uuid.UUID | None]
    dependant_id: Mapped[uuid.UUID | None]
    linked_at: Mapped[dt.datetime | None]


class Import(TenantModel):
    """A file of the insurer's list on its way: received, read into lines, looked at, then applied or put aside.

    `sealed` is the file, with the key of who sent it, until it was read. `counts`: added, changed, unchanged, removed,
    errors, unreadable (lines whose number could not be read). `refusal`: msgid and params of why the file is none.
    """

    __tablename__ = "ia_imports"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        Index(None, "tenant_id", "created_at"),
        CheckConstraint(
            "state IN ('received', 'reading', 'ready', 'to_apply', 'applied', 'refused', 'cancelled')", name="state"
        ),
    )
    account_id: Mapped[uuid.UUID]
    state: Mapped[str] = mapped_column(Text)
    whole: Mapped[bool]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    lines: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSONB, default=dict)
    refusal: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime]
    moved_at: Mapped[dt.datetime]
    applied_at: Mapped[dt.datetime | None]


class ImportLine(TenantModel):
    """A line of a file that was read: digests and facts, no name and no number. `code` says what is wrong with it.

    A line with a fault keeps the digest of its person's number where it could be read: that person is not taken off.
    """

    __tablename__ = "ia_import_lines"
    __table_args__ = (
        tenant_fk("import_id", "ia_imports", ondelete="CASCADE"),
        Index(None, "tenant_id", "import_id", "key_blind"),
        Index(None, "tenant_id", "import_id", "line", postgresql_where=text("code IS NOT NULL")),
    )
    import_id: Mapped[uuid.UUID]
    line: Mapped[int]
    code: Mapped[str | None] = mapped_column(Text)
    key_blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    contract_blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    person_blind: Mapped[bytes | None] = mapped_column(LargeBinary)
    role: Mapped[str | None] = mapped_column(Text)
    protected: Mapped[bool | None]
    residence: Mapped[str | None] = mapped_column(Text)
    opens_on: Mapped[dt.date | None]
    closes_on: Mapped[dt.date | None]
    exclusions: Mapped[list[str] | None] = mapped_column(JSONB)


class Units(TenantModel):
    """What a beneficiary has reserved and spent of a calendar year: one's own, never pooled (IA-040, IA-043)."""

    __tablename__ = "ia_units"
    __table_args__ = (
        tenant_fk("member_id", "ia_members"),
        UniqueConstraint("tenant_id", "member_id", "year"),
        CheckConstraint("reserved >= 0 AND spent >= 0", name="not_negative"),
    )
    member_id: Mapped[uuid.UUID]
    year: Mapped[int] = mapped_column(SmallInteger)
    reserved: Mapped[int] = mapped_column(SmallInteger, default=0)
    spent: Mapped[int] = mapped_column(SmallInteger, default=0)


class UnitEntry(TenantModel):
    """One movement of one unit, only ever added: reserved, then spent or given back, each once for an act."""

    __tablename__ = "ia_unit_entries"
    __table_args__ = (
        tenant_fk("member_id", "ia_members"),
        UniqueConstraint("tenant_id", "act_id", "step"),
        Index(
            "uq_ia_unit_entries_settled", "tenant_id", "act_id", unique=True, postgresql_where=text("step <> 'reserve'")
        ),
        Index(None, "tenant_id", "step", "at"),
        CheckConstraint("step IN ('reserve', 'spend', 'give_back')", name="step"),
    )
    member_id: Mapped[uuid.UUID]
    year: Mapped[int] = mapped_column(SmallInteger)
    act_id: Mapped[uuid.UUID]
    step: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]


class Case(TenantModel):
    """What somebody came with, by whichever way. Its consultation, once a doctor is asked, has the same id.

    `sealed` (with the key of the person cared for): `phone` to call, `words`, `companion` (name and quality), `note` and
    `summary` of the nurse. `nurse_outcome`: how the nurse closed the call, if one had it (IA-027). `declared`: codes of what was declared, told and consented to. `recording`: none, told, objected.
    """

    __tablename__ = "ia_cases"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        tenant_fk("dependant_id", "dependants"),
        tenant_fk("member_id", "ia_members"),
        tenant_fk("agent_account_id", "accounts"),
        tenant_fk("nurse_account_id", "accounts"),
        Index(None, "tenant_id", "state", "created_at"),
        Index(None, "tenant_id", "account_id", "created_at"),
        Index(None, "tenant_id", "member_id"),
        Index(None, "tenant_id", "created_at"),
        CheckConstraint("channel IN ('web', 'telephone')", name="channel"),
        CheckConstraint("state IN ('nurse_queue', 'with_nurse', 'to_doctor', 'closed')", name="state"),
        CheckConstraint("kind IN ('now', 'appointment')", name="kind"),
        CheckConstraint("contact IN ('phone', 'video')", name="contact"),
        CheckConstraint("recording IN ('none', 'told', 'objected')", name="recording"),
        CheckConstraint("(state = 'closed') = (outcome IS NOT NULL)", name="closed"),
        CheckConstraint(
            "nurse_outcome IN ('orientation_only', 'connect_to_doctor', 'doctor_call_back', 'emergency_transfer', 'excluded')",
            name="nurse_outcome",
        ),
    )
    channel: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    contact: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    account_id: Mapped[uuid.UUID]
    dependant_id: Mapped[uuid.UUID | None]
    person_id: Mapped[uuid.UUID]
    member_id: Mapped[uuid.UUID]
    agent_account_id: Mapped[uuid.UUID | None]
    nurse_account_id: Mapped[uuid.UUID | None]
    declared: Mapped[list[str]] = mapped_column(JSONB, default=list)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    wanted_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime]
    taken_at: Mapped[dt.datetime | None]
    to_doctor_at: Mapped[dt.datetime | None]
    due_at: Mapped[dt.datetime | None]
    escalated_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(Text)
    outcome_reason: Mapped[str | None] = mapped_column(Text)
    recording: Mapped[str] = mapped_column(Text, default="none")
    nurse_outcome: Mapped[str | None] = mapped_column(Text)


class Recording(TenantModel):
    """The sound of a call, sealed with the key of the person cared for; erased after the months of the contract (IA-030)."""

    __tablename__ = "ia_recordings"
    __table_args__ = (
        tenant_fk("case_id", "ia_cases"),
        Index(None, "tenant_id", "case_id"),
        Index(None, "tenant_id", "at"),
    )
    case_id: Mapped[uuid.UUID]
    person_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]
    mimetype: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    by_account_id: Mapped[uuid.UUID | None]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class Listening(TenantModel):
    """Who listened to a recording, and when: the patient sees it. Gone with the recording; the trail keeps both."""

    __tablename__ = "ia_listenings"
    __table_args__ = (
        tenant_fk("recording_id", "ia_recordings", ondelete="CASCADE"),
        Index(None, "tenant_id", "recording_id"),
    )
    recording_id: Mapped[uuid.UUID]
    by_account_id: Mapped[uuid.UUID]
    at: Mapped[dt.datetime]


class CallAttempt(TenantModel):
    """One try to reach a person by telephone."""

    __tablename__ = "ia_call_attempts"
    __table_args__ = (
        tenant_fk("case_id", "ia_cases"),
        UniqueConstraint("tenant_id", "case_id", "n"),
        CheckConstraint("result IN ('no_answer', 'reached')", name="result"),
    )
    case_id: Mapped[uuid.UUID]
    n: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[dt.datetime]
    by_account_id: Mapped[uuid.UUID]
    result: Mapped[str] = mapped_column(Text)


class Score(TenantModel):
    """How content somebody was, one to five: no words, nothing of the case but its id."""

    __tablename__ = "ia_scores"
    __table_args__ = (
        tenant_fk("case_id", "ia_cases"),
        UniqueConstraint("tenant_id", "case_id"),
        CheckConstraint("score BETWEEN 1 AND 5", name="score"),
    )
    case_id: Mapped[uuid.UUID]
    score: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[dt.datetime]


class TeamMember(TenantModel):
    """Who works for the service, with the facts that the operator recorded (IA-011, IA-012).

    Doctors and nurses need all of them, an agent only the engagement; a role whose facts no longer hold is suspended.
    `listens`: this person is named to listen to recordings of calls.
    """

    __tablename__ = "ia_team"
    __table_args__ = (
        tenant_fk("account_id", "accounts"),
        UniqueConstraint("tenant_id", "account_id"),
        CheckConstraint("role IN ('doctor', 'nurse', 'agent')", name="role"),
    )
    account_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(Text)
    registered: Mapped[bool]
    practises_in_country: Mapped[bool]
    engaged_from: Mapped[dt.date | None]
    engaged_until: Mapped[dt.date | None]
    recorded_at: Mapped[dt.datetime]
    recorded_by: Mapped[str] = mapped_column(Text)
    listens: Mapped[bool] = mapped_column(default=False)
