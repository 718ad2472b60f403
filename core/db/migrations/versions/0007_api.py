"""Idempotency keys of the API; complaints and incidents of the console."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0007"
down_revision = "0006"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key", "account_id", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_tenant_id_created_at", "idempotency_keys", ["tenant_id", "created_at"])
    protect("idempotency_keys", "SELECT, INSERT, DELETE")
    op.create_table(
        "complaints",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("received_at", TS, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        sa.Column("answered_at", TS),
        sa.Column("closed_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_complaints"),
        sa.CheckConstraint("channel IN ('email', 'post', 'phone')", name="channel"),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
    )
    op.create_index("ix_complaints_tenant_id_state_received_at", "complaints", ["tenant_id", "state", "received_at"])
    protect("complaints", "SELECT, INSERT, UPDATE")
    op.create_table(
        "incidents",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("found_at", TS, nullable=False),
        sa.Column("registered_at", TS, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("concerned", sa.Integer, nullable=False),
        sa.Column("due_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_tenant_id_found_at", "incidents", ["tenant_id", "found_at"])
    protect("incidents", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("incidents", "complaints", "idempotency_keys"):
        op.drop_table(table)
