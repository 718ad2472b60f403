"""Files of the insurer's list: what was received, and its lines until they are applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.plugin_api.tables import protect

revision = "ia0002"
down_revision = "ia0001"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "ia_imports",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("lines", sa.Integer, nullable=False, server_default="0"),
        sa.Column("counts", JSONB, nullable=False, server_default="{}"),
        sa.Column("refusal", JSONB),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("moved_at", TS, nullable=False),
        sa.Column("applied_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_ia_imports"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_ia_imports_tenant_id_account_id",
        ),
        sa.CheckConstraint(
            "state IN ('received', 'reading', 'ready', 'to_apply', 'applied', 'refused', 'cancelled')",
            name="ck_ia_imports_state",
        ),
    )
    op.create_index("ix_ia_imports_tenant_id_created_at", "ia_imports", ["tenant_id", "created_at"])
    op.create_table(
        "ia_import_lines",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("key_blind", sa.LargeBinary),
        sa.Column("contract_blind", sa.LargeBinary),
        sa.Column("person_blind", sa.LargeBinary),
        sa.Column("role", sa.Text),
        sa.Column("protected", sa.Boolean),
        sa.Column("residence", sa.Text),
        sa.Column("opens_on", sa.Date),
        sa.Column("closes_on", sa.Date),
        sa.Column("exclusions", JSONB),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_ia_import_lines"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "import_id"],
            ["ia_imports.tenant_id", "ia_imports.id"],
            name="fk_ia_import_lines_tenant_id_import_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_ia_import_lines_import_id_key_blind", "ia_import_lines", ["tenant_id", "import_id", "key_blind"]
    )
    op.create_index(
        "ix_ia_import_lines_import_id_line",
        "ia_import_lines",
        ["tenant_id", "import_id", "line"],
        postgresql_where=sa.text("code IS NOT NULL"),
    )
    op.create_index(
        "ix_ia_members_listed",
        "ia_members",
        ["tenant_id", "source"],
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    protect("ia_imports", "SELECT, INSERT, UPDATE")
    protect("ia_import_lines", "SELECT, INSERT, UPDATE, DELETE")


def downgrade() -> None:
    op.drop_index("ix_ia_members_listed", "ia_members")
    op.drop_table("ia_import_lines")
    op.drop_table("ia_imports")
