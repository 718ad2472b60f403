"""Copies of proofs: when they were checked, and a copy that may be gone while the check stays known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("person_documents", sa.Column("checked_at", sa.DateTime(timezone=True)))
    op.alter_column("person_documents", "sealed", nullable=True)
    op.create_check_constraint("sealed", "person_documents", "sealed IS NOT NULL OR checked_at IS NOT NULL")
