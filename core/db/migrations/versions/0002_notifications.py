"""Notifications, their ways out, and the development inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0002"
down_revision = "0001"

TS = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "notifications",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("link", sa.Text),
        sa.Column("in_app", sa.Boolean, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("read_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_notifications"),
    )
    op.create_index(
        "ix_notifications_tenant_id_account_id_created_at", "notifications", ["tenant_id", "account_id", "created_at"]
    )
    protect("notifications")
    op.create_table(
        "notification_deliveries",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("notification_id", UUID(as_uuid=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("provider", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sent_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_notification_deliveries"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "notification_id"],
            ["notifications.tenant_id", "notifications.id"],
            name="fk_notification_deliveries_tenant_id_notification_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_notification_deliveries_tenant_id_notification_id",
        "notification_deliveries",
        ["tenant_id", "notification_id"],
    )
    protect("notification_deliveries")
    op.create_table(
        "inbox_messages",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body_text", sa.Text, nullable=False),
        sa.Column("body_html", sa.Text, nullable=False),
        sa.Column("attachments", sa.Integer, nullable=False),
        sa.Column("received_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_inbox_messages"),
    )
    op.create_index("ix_inbox_messages_tenant_id_received_at", "inbox_messages", ["tenant_id", "received_at"])
    protect("inbox_messages")


def downgrade() -> None:
    for table in ("inbox_messages", "notification_deliveries", "notifications"):
        op.drop_table(table)
