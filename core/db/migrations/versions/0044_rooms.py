"""Rooms of video consultations, and what was delivered in them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0044"
down_revision = "0043"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _fk(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE" if cascade else None,
    )


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("patient_account_id", ID, nullable=False),
        sa.Column("professional_account_id", ID, nullable=False),
        sa.Column("opens_at", TS, nullable=False),
        sa.Column("starts_by", TS),
        sa.Column("limit_minutes", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("media", sa.Text, nullable=False),
        sa.Column("started_at", TS),
        sa.Column("ended_at", TS),
        sa.Column("end_reason", sa.Text),
        sa.Column("created_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_rooms"),
        sa.UniqueConstraint("tenant_id", "subject_kind", "subject_id", name="uq_rooms_subject"),
        _fk("rooms", "patient_account_id", "accounts"),
        _fk("rooms", "professional_account_id", "accounts"),
        sa.CheckConstraint("subject_kind IN ('consultation')", name="subject_kind"),
        sa.CheckConstraint("state IN ('waiting', 'in_call', 'ended')", name="state"),
        sa.CheckConstraint("media IN ('video', 'audio', 'phone', 'message')", name="media"),
        sa.CheckConstraint("limit_minutes > 0", name="limit_minutes"),
        sa.CheckConstraint("patient_account_id <> professional_account_id", name="two_people"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended"),
        sa.CheckConstraint("state <> 'in_call' OR started_at IS NOT NULL", name="started"),
    )
    for columns in (("professional_account_id", "state"), ("patient_account_id",), ("state",)):
        op.create_index(f"ix_rooms_tenant_id_{'_'.join(columns)}", "rooms", ["tenant_id", *columns])
    op.create_index(
        "uq_rooms_one_call",
        "rooms",
        ["tenant_id", "professional_account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'in_call'"),
    )
    op.create_table(
        "room_deliveries",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("room_id", ID, nullable=False),
        sa.Column("media", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("side", sa.Text, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_room_deliveries"),
        sa.UniqueConstraint("tenant_id", "room_id", "media", "what", "side", "at", name="uq_room_deliveries_once"),
        _fk("room_deliveries", "room_id", "rooms", cascade=True),
        sa.CheckConstraint("media IN ('video', 'audio', 'phone', 'message')", name="media"),
        sa.CheckConstraint("what IN ('chosen', 'flowing')", name="what"),
        sa.CheckConstraint("side IN ('patient', 'professional', 'portal')", name="side"),
    )
    op.create_index("ix_room_deliveries_tenant_id_room_id_at", "room_deliveries", ["tenant_id", "room_id", "at"])
    protect("rooms", "SELECT, INSERT, UPDATE")
    protect("room_deliveries", "SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("room_deliveries")
    op.drop_table("rooms")
