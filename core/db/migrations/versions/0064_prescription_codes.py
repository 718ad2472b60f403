"""One-time codes by text message that open prescriptions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0064"
down_revision = "0062"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def upgrade() -> None:
    op.create_table(
        "prescription_codes",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("phone", sa.LargeBinary, nullable=False),
        sa.Column("by_kind", sa.Text, nullable=False),
        sa.Column("sent_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("attempts_allowed", sa.SmallInteger, nullable=False),
        sa.Column("used_at", TS),
        sa.Column("open_until", TS),
        sa.Column("reader_digest", sa.LargeBinary),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_prescription_codes"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "consultation_id"],
            ["consultations.tenant_id", "consultations.id"],
            name="fk_prescription_codes_tenant_id_consultation_id",
        ),
        sa.CheckConstraint("by_kind IN ('patient', 'professional')", name="ck_prescription_codes_by_kind"),
    )
    op.create_index(
        "ix_prescription_codes_tenant_id_consultation_id_seq",
        "prescription_codes",
        ["tenant_id", "consultation_id", "seq"],
    )
    protect("prescription_codes", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("prescription_codes")
