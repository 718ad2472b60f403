"""Acceptances and refusals of legal documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0003"
down_revision = "0002"

TS = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "acceptances",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("act_kind", sa.Text),
        sa.Column("act_id", UUID(as_uuid=True)),
        sa.Column("at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_acceptances"),
        sa.CheckConstraint("way IN ('registration', 'express', 'order', 'continued_use')", name="way"),
    )
    op.create_index(
        "ix_acceptances_tenant_id_account_id_document", "acceptances", ["tenant_id", "account_id", "document"]
    )
    op.create_index(
        "uq_acceptances_once",
        "acceptances",
        ["tenant_id", "account_id", "document", "version", "way"],
        unique=True,
        postgresql_where=sa.text("act_id IS NULL"),
    )
    # A proof is written once: the application may add rows, never change or take any away.
    protect("acceptances", "SELECT, INSERT")
    op.create_table(
        "refusals",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_refusals"),
        sa.CheckConstraint("kind IN ('refused', 'withdrawn')", name="kind"),
    )
    op.create_index("ix_refusals_tenant_id_account_id_document", "refusals", ["tenant_id", "account_id", "document"])
    protect("refusals", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("refusals", "acceptances"):
        op.drop_table(table)
