"""The record: entries of the health profile, grants, settings, who looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0043"
down_revision = "0042"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    ]


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=f"fk_{table}_tenant_id_{column}"
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    op.create_table(
        "health_entries",
        *_keys("health_entries"),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("register", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("author_kind", sa.Text, nullable=False),
        sa.Column("author_account_id", ID, nullable=False),
        sa.Column("professional_id", ID),
        sa.Column("written_at", TS, nullable=False),
        sa.Column("ended_at", TS),
        sa.Column("ended_by", ID),
        sa.Column("replaced_by", ID),
        _fk("health_entries", "author_account_id", "accounts"),
        _fk("health_entries", "professional_id", "professionals"),
        sa.CheckConstraint("author_kind IN ('patient', 'professional')", name="author"),
        sa.CheckConstraint("(author_kind = 'professional') = (professional_id IS NOT NULL)", name="professional"),
        sa.CheckConstraint("ended_at IS NOT NULL OR (replaced_by IS NULL AND ended_by IS NULL)", name="ended"),
    )
    _index("health_entries", "tenant_id", "person_id", "register")
    op.create_table(
        "record_grants",
        *_keys("record_grants"),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("dependant_id", ID),
        sa.Column("granted_by", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("since", TS, nullable=False),
        sa.Column("until", TS),
        sa.Column("withdrawn_at", TS),
        sa.Column("replaced_at", TS),
        _fk("record_grants", "granted_by", "accounts"),
        _fk("record_grants", "professional_id", "professionals"),
        sa.CheckConstraint("scope IN ('profile')", name="scope"),
        sa.CheckConstraint("until IS NULL OR until > since", name="span"),
    )
    _index("record_grants", "tenant_id", "person_id", "professional_id")
    _index("record_grants", "tenant_id", "professional_id", "since")
    op.create_index(
        "uq_record_grants_open",
        "record_grants",
        ["tenant_id", "person_id", "professional_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL AND replaced_at IS NULL"),
    )
    op.create_table(
        "record_settings",
        *_keys("record_settings"),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("objected_at", TS),
        sa.Column("tele_expertise_at", TS),
        sa.Column("confirmed_at", TS),
        sa.UniqueConstraint("tenant_id", "person_id", name="uq_record_settings_person"),
    )
    op.create_table(
        "record_accesses",
        *_keys("record_accesses"),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("account_id", ID),
        sa.Column("professional_id", ID),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("did", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", TS, nullable=False),
        _fk("record_accesses", "professional_id", "professionals"),
        sa.CheckConstraint("did IN ('read', 'wrote', 'refused')", name="did"),
    )
    _index("record_accesses", "tenant_id", "person_id", "at")
    # What was written stays as it was: an entry can only end, a grant only be closed, a look is never undone.
    protect("health_entries", "SELECT, INSERT, UPDATE (ended_at, ended_by, replaced_by)")
    protect("record_grants", "SELECT, INSERT, UPDATE (withdrawn_at, replaced_at)")
    protect("record_settings", "SELECT, INSERT, UPDATE")
    protect("record_accesses", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("record_accesses", "record_settings", "record_grants", "health_entries"):
        op.drop_table(table)
