"""Accounts of parties, and the drafts in which they edit a portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.db.rls import protect

revision = "0048"
down_revision = "0047"

TS = sa.DateTime(timezone=True)
PARTIES = "'operator', 'insurer', 'assister', 'publisher', 'health_data_host'"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("party", sa.Text))
    op.add_column("accounts", sa.Column("party_rights", JSONB, nullable=False, server_default=sa.text("'[]'::jsonb")))
    op.drop_constraint("role", "accounts", type_="check")
    op.create_check_constraint("role", "accounts", "role IN ('patient', 'professional', 'operator', 'partner')")
    op.create_check_constraint("party", "accounts", "(role = 'partner') = (party IS NOT NULL)")
    op.create_check_constraint("known_party", "accounts", f"party IN ({PARTIES})")
    op.create_table(
        "portal_drafts",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True), nullable=False),
        sa.Column("base_revision", sa.Integer, nullable=False),
        sa.Column("edits", JSONB, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("updated_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_portal_drafts"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_portal_drafts_tenant_id_account_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("tenant_id", "account_id", name="uq_portal_drafts_tenant_id_account_id"),
    )
    protect("portal_drafts")


def downgrade() -> None:
    op.drop_table("portal_drafts")
    op.execute("DELETE FROM accounts WHERE role = 'partner'")
    for name in ("known_party", "party", "role"):
        op.drop_constraint(name, "accounts", type_="check")
    op.create_check_constraint("role", "accounts", "role IN ('patient', 'professional', 'operator')")
    op.drop_column("accounts", "party_rights")
    op.drop_column("accounts", "party")
