"""Partners' programs: clients of a portal and their tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from core.db.rls import protect

revision = "0030"
down_revision = "0020"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "api_clients",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_digest", sa.LargeBinary, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("cases_per_minute", sa.Integer, nullable=False),
        sa.Column("window_started_at", TS, nullable=False),
        sa.Column("window_cases", sa.Integer, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("revoked_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_api_clients"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_api_clients_tenant_id"),
        sa.CheckConstraint("window_cases >= 0 AND cases_per_minute > 0", name="counts"),
    )
    protect("api_clients", "SELECT, INSERT, UPDATE")
    op.create_table(
        "api_tokens",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("scopes", ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_api_tokens"),
        sa.UniqueConstraint("tenant_id", "digest", name="uq_api_tokens_tenant_id"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "client_id"], ["api_clients.tenant_id", "api_clients.id"],
            name="fk_api_tokens_tenant_id", ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index("ix_api_tokens_tenant_id_expires_at", "api_tokens", ["tenant_id", "expires_at"])
    protect("api_tokens", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    op.drop_table("api_tokens")
    op.drop_table("api_clients")
