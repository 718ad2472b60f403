"""Files exchanged in care: sealed, and in quarantine until a scanner has found them clean."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0042"
down_revision = "0041"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)
# What a file is never changes: only what is known of it does, and its content may go.
CHANGES = "state, sealed, tried_at, scanned_at, scanner, verdict"


def upgrade() -> None:
    op.create_table(
        "care_documents",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("author_account_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("mimetype", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("name", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("tried_at", TS),
        sa.Column("scanned_at", TS),
        sa.Column("scanner", sa.Text),
        sa.Column("verdict", sa.Text),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_care_documents"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "author_account_id"],
            ["accounts.tenant_id", "accounts.id"],
            name="fk_care_documents_tenant_id_author_account_id",
        ),
        sa.CheckConstraint("kind IN ('photo', 'document', 'audio', 'report', 'prescription', 'profile')", name="kind"),
        sa.CheckConstraint("state IN ('quarantined', 'clean', 'infected', 'removed')", name="state"),
        sa.CheckConstraint("(sealed IS NULL) = (state IN ('infected', 'removed'))", name="kept"),
        sa.CheckConstraint("state <> 'clean' OR (scanned_at IS NOT NULL AND scanner IS NOT NULL)", name="scanned"),
        sa.CheckConstraint("size > 0", name="size"),
    )
    for columns in (("subject_kind", "subject_id", "created_at"), ("state", "tried_at"), ("person_id",)):
        op.create_index(f"ix_care_documents_tenant_id_{'_'.join(columns)}", "care_documents", ["tenant_id", *columns])
    # The content is compressed where it can be, and encrypted: the database need not try again.
    op.execute("ALTER TABLE care_documents ALTER COLUMN sealed SET STORAGE EXTERNAL")
    protect("care_documents", f"SELECT, INSERT, UPDATE ({CHANGES})")


def downgrade() -> None:
    op.drop_table("care_documents")
