"""Registers of professionals (global): what public files say, imported and never typed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.rls import open_to_all

revision = "0010"
down_revision = "0008"

TS = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "register_entries",
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("professions", ARRAY(sa.Text), nullable=False),
        sa.Column("skills", ARRAY(sa.Text), nullable=False),
        sa.Column("places", ARRAY(sa.Text), nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("seen_at", TS, nullable=False),
        sa.Column("absent_since", TS),
        sa.PrimaryKeyConstraint("country", "number", name="pk_register_entries"),
    )
    # No DELETE: an absence is marked, nobody is struck off by a file.
    open_to_all("register_entries", "SELECT, INSERT, UPDATE")
