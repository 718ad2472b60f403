"""Between professionals: threads, advice on a patient, reservations on the platform."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0046"
down_revision = "0045"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)
TABLES = (
    "colleague_threads", "colleague_messages", "expertises", "expertise_answers", "expertise_documents", "reservations",
)  # fmt: skip


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    ]


def _fk(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE" if cascade else None,
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("tenant_id", *columns, name=f"uq_{table}_tenant_id_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_tenant_id_{'_'.join(columns)}", table, ["tenant_id", *columns])


def upgrade() -> None:
    op.create_table(
        "colleague_threads",
        *_keys("colleague_threads"),
        sa.Column("first_id", ID, nullable=False),
        sa.Column("second_id", ID, nullable=False),
        sa.Column("started_at", TS, nullable=False),
        _fk("colleague_threads", "first_id", "professionals"),
        _fk("colleague_threads", "second_id", "professionals"),
        _unique("colleague_threads", "first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name="two"),
    )
    _index("colleague_threads", "second_id")
    op.create_table(
        "colleague_messages",
        *_keys("colleague_messages"),
        sa.Column("thread_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("sent_at", TS, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("client_key", sa.Text),
        sa.Column("seen_at", TS),
        _fk("colleague_messages", "thread_id", "colleague_threads", cascade=True),
        _fk("colleague_messages", "author_id", "professionals"),
        _unique("colleague_messages", "thread_id", "author_id", "client_key"),
    )
    _index("colleague_messages", "thread_id", "seq")
    op.create_table(
        "expertises",
        *_keys("expertises"),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("asker_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("asked_at", TS, nullable=False),
        sa.Column("closed_at", TS),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("client_key", sa.Text),
        _fk("expertises", "consultation_id", "consultations"),
        _fk("expertises", "asker_id", "professionals"),
        _unique("expertises", "consultation_id", "asker_id", "client_key"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="state"),
        sa.CheckConstraint("(closed_at IS NOT NULL) = (state = 'closed')", name="closed"),
    )
    _index("expertises", "asker_id", "asked_at")
    op.create_table(
        "expertise_answers",
        *_keys("expertise_answers"),
        sa.Column("expertise_id", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("answered_at", TS),
        sa.Column("sealed", sa.LargeBinary),
        _fk("expertise_answers", "expertise_id", "expertises", cascade=True),
        _fk("expertise_answers", "professional_id", "professionals"),
        _unique("expertise_answers", "expertise_id", "professional_id"),
        sa.CheckConstraint("state IN ('asked', 'answered', 'declined')", name="state"),
        sa.CheckConstraint("(answered_at IS NULL) = (state = 'asked')", name="answered"),
        sa.CheckConstraint("(sealed IS NOT NULL) = (state = 'answered')", name="words"),
    )
    _index("expertise_answers", "professional_id", "state")
    op.create_table(
        "expertise_documents",
        *_keys("expertise_documents"),
        sa.Column("expertise_id", ID, nullable=False),
        sa.Column("document_id", ID, nullable=False),
        _fk("expertise_documents", "expertise_id", "expertises", cascade=True),
        _fk("expertise_documents", "document_id", "care_documents"),
        _unique("expertise_documents", "expertise_id", "document_id"),
    )
    op.create_table(
        "reservations",
        *_keys("reservations"),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("filed_at", TS, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("answered_at", TS),
        sa.Column("answered_by", sa.Text),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("settled_at", TS),
        sa.Column("maintained_at", TS),
        sa.Column("termination_at", TS),
        sa.Column("ended_at", TS),
        sa.Column("client_key", sa.Text),
        _fk("reservations", "account_id", "accounts"),
        _unique("reservations", "account_id", "client_key"),
        sa.CheckConstraint(
            "state IN ('filed', 'answered', 'settled', 'maintained', 'termination_requested', 'ended')", name="state"
        ),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer"),
    )
    _index("reservations", "state", "filed_at")
    _index("reservations", "account_id", "filed_at")
    # What was written stands: only what became of it changes.
    protect("colleague_threads", "SELECT, INSERT")
    protect("colleague_messages", "SELECT, INSERT, UPDATE (seen_at)")
    protect("expertises", "SELECT, INSERT, UPDATE (state, closed_at)")
    protect("expertise_answers", "SELECT, INSERT, UPDATE (state, answered_at, sealed)")
    protect("expertise_documents", "SELECT, INSERT")
    changes = "state, answered_at, answered_by, answer, settled_at, maintained_at, termination_at, ended_at"
    protect("reservations", f"SELECT, INSERT, UPDATE ({changes})")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
