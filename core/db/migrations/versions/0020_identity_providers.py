"""Identities of providers that open accounts, and what their sessions need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0020"
down_revision = "0011"

TS = sa.DateTime(timezone=True)
UID = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "provider_links",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UID, nullable=False),
        sa.Column("account_id", UID, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("blind", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("used_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_provider_links"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_provider_links_tenant_id_account_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "blind", name="uq_provider_links_tenant_id_blind"),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "provider", name="uq_provider_links_tenant_id_account_id_provider"
        ),
    )
    op.create_table(
        "provider_sessions",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UID, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_provider_sessions"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "id"],
            ["auth_sessions.tenant_id", "auth_sessions.id"],
            name="fk_provider_sessions_session",
            ondelete="CASCADE",
        ),
    )
    for table in ("provider_links", "provider_sessions"):
        protect(table)


def downgrade() -> None:
    for table in ("provider_sessions", "provider_links"):
        op.drop_table(table)
