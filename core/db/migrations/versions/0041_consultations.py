"""Consultations: requests, offers, messages, reports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0041"
down_revision = "0040"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)
STATES = (
    "state IN ('requested', 'accepted', 'declined', 'expired', 'cancelled', 'in_progress', 'no_show', "
    "'awaiting_report', 'completed', 'refunded')"
)


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


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    op.create_table(
        "consultations",
        *_keys("consultations"),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("form", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("patient_account_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("dependant_id", ID),
        sa.Column("professional_id", ID),
        sa.Column("appointment_id", ID),
        sa.Column("previous_id", ID),
        sa.Column("requested_at", TS, nullable=False),
        sa.Column("answer_by", TS, nullable=False),
        sa.Column("accepted_at", TS),
        sa.Column("started_at", TS),
        sa.Column("ended_at", TS),
        sa.Column("closed_at", TS),
        sa.Column("closed_by", sa.Text),
        sa.Column("limit_minutes", sa.SmallInteger),
        sa.Column("highest_cents", sa.Integer, nullable=False),
        sa.Column("agreed_cents", sa.Integer),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("terms_version", sa.Text),
        sa.Column("question", sa.LargeBinary),
        _fk("consultations", "patient_account_id", "accounts"),
        _fk("consultations", "professional_id", "professionals"),
        _fk("consultations", "dependant_id", "dependants"),
        _fk("consultations", "appointment_id", "appointments"),
        sa.UniqueConstraint("tenant_id", "appointment_id", name="uq_consultations_appointment"),
        sa.CheckConstraint("form IN ('request', 'appointment')", name="form"),
        sa.CheckConstraint(
            "highest_cents >= 0 AND (agreed_cents IS NULL OR agreed_cents <= highest_cents)", name="amounts"
        ),
        sa.CheckConstraint(STATES, name="state"),
        sa.CheckConstraint(
            "state IN ('requested', 'declined', 'expired', 'cancelled') OR professional_id IS NOT NULL", name="party"
        ),
    )
    _index("consultations", "tenant_id", "patient_account_id", "requested_at")
    _index("consultations", "tenant_id", "professional_id", "state")
    _index("consultations", "tenant_id", "state", "answer_by")
    _index("consultations", "tenant_id", "person_id")
    op.create_table(
        "consultation_offers",
        *_keys("consultation_offers"),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tariff_cents", sa.Integer, nullable=False),
        sa.Column("answered_at", TS),
        sa.Column("reason", sa.LargeBinary),
        _fk("consultation_offers", "consultation_id", "consultations", cascade=True),
        _fk("consultation_offers", "professional_id", "professionals"),
        sa.UniqueConstraint("tenant_id", "consultation_id", "professional_id", name="uq_consultation_offers_once"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined', 'gone')", name="state"),
    )
    _index("consultation_offers", "tenant_id", "professional_id", "state")
    op.create_table(
        "consultation_messages",
        *_keys("consultation_messages"),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("sent_at", TS, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("document_id", ID),
        sa.Column("client_key", sa.Text),
        sa.Column("seen_at", TS),
        _fk("consultation_messages", "consultation_id", "consultations", cascade=True),
        sa.UniqueConstraint("tenant_id", "consultation_id", "client_key", name="uq_consultation_messages_once"),
        sa.CheckConstraint("author IN ('patient', 'professional', 'portal')", name="author"),
    )
    _index("consultation_messages", "tenant_id", "consultation_id", "seq")
    op.create_table(
        "reports",
        *_keys("reports"),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("saved_at", TS, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        _fk("reports", "consultation_id", "consultations"),
        _fk("reports", "professional_id", "professionals"),
        sa.UniqueConstraint("tenant_id", "consultation_id", "version", name="uq_reports_version"),
    )
    _index("reports", "tenant_id", "person_id")
    protect("consultations", "SELECT, INSERT, UPDATE")
    protect("consultation_offers", "SELECT, INSERT, UPDATE")
    protect("consultation_messages", "SELECT, INSERT, UPDATE")
    protect("reports", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("reports", "consultation_messages", "consultation_offers", "consultations"):
        op.drop_table(table)
