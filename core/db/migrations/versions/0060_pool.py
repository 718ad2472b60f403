"""Requests to a pool: by telephone or video, at once or at a wanted time, paid by a fund, ended with an outcome."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0060"
down_revision = "0048"


def upgrade() -> None:
    op.add_column("consultations", sa.Column("contact", sa.Text))
    op.add_column("consultations", sa.Column("wanted_at", sa.DateTime(timezone=True)))
    op.add_column("consultations", sa.Column("fund", sa.Text))
    op.add_column("consultations", sa.Column("outcome", sa.Text))
    op.add_column("consultations", sa.Column("busy_id", UUID(as_uuid=True)))
    op.execute(
        "DO $$ DECLARE found text; BEGIN SELECT conname INTO found FROM pg_constraint "
        "WHERE conrelid = 'consultations'::regclass AND contype = 'c' AND pg_get_constraintdef(oid) LIKE '%form =%'; "
        "EXECUTE format('ALTER TABLE consultations DROP CONSTRAINT %I', found); END $$"
    )
    op.execute(
        "ALTER TABLE consultations ADD CONSTRAINT ck_consultations_form CHECK (form IN ('request', 'appointment', 'pool'))"
    )
    op.execute(
        "ALTER TABLE consultations ADD CONSTRAINT ck_consultations_contact "
        "CHECK (contact IS NULL OR contact IN ('phone', 'video'))"
    )
    op.create_index(
        "ix_consultations_pool",
        "consultations",
        ["tenant_id", "service", "answer_by"],
        postgresql_where=sa.text("form = 'pool' AND state = 'requested'"),
    )


def downgrade() -> None:
    op.drop_index("ix_consultations_pool", "consultations")
    op.execute("ALTER TABLE consultations DROP CONSTRAINT ck_consultations_contact")
    op.execute("ALTER TABLE consultations DROP CONSTRAINT ck_consultations_form")
    op.execute("ALTER TABLE consultations ADD CONSTRAINT form CHECK (form IN ('request', 'appointment')) NOT VALID")
    for column in ("busy_id", "outcome", "fund", "wanted_at", "contact"):
        op.drop_column("consultations", column)
