"""Links by e-mail and their openings, letters to treating doctors, named readers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.plugin_api.tables import protect

revision = "ia0004"
down_revision = "ia0003"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _table(name: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{name}"),
        *columns,
    )


def _fk(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=f"fk_{table}_tenant_id_{column}"
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint("tenant_id", *columns, name=f"uq_{table}_{'_'.join(columns)}")


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=f"ck_{table}_{name}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, ["tenant_id", *columns])


def upgrade() -> None:
    _table(
        "ia_links",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.Column("ended_at", TS),
        _fk("ia_links", "case_id", "ia_cases"),
        _unique("ia_links", "digest"),
        _unique("ia_links", "kind", "subject_id"),
        _check("ia_links", "kind", "kind IN ('report', 'prescription')"),
    )
    _index("ia_links", "case_id")
    _table(
        "ia_link_openings",
        sa.Column("link_id", ID, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        _fk("ia_link_openings", "link_id", "ia_links"),
        _check("ia_link_openings", "what", "what IN ('page', 'report', 'document', 'proof')"),
    )
    _index("ia_link_openings", "link_id", "at")
    _table(
        "ia_posts",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("requested_at", TS, nullable=False),
        sa.Column("noted_by_account_id", ID),
        sa.Column("posted_at", TS),
        sa.Column("posted_by_account_id", ID),
        _fk("ia_posts", "case_id", "ia_cases"),
        _fk("ia_posts", "noted_by_account_id", "accounts"),
        _fk("ia_posts", "posted_by_account_id", "accounts"),
        _check("ia_posts", "channel", "channel IN ('web', 'telephone')"),
        _check("ia_posts", "state", "state IN ('requested', 'posted', 'withdrawn')"),
        _check("ia_posts", "posted", "(state = 'posted') = (posted_at IS NOT NULL)"),
    )
    _index("ia_posts", "state", "requested_at")
    op.create_index(
        "uq_ia_posts_open",
        "ia_posts",
        ["tenant_id", "case_id"],
        unique=True,
        postgresql_where=sa.text("state = 'requested'"),
    )
    _table(
        "ia_readers",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("named_at", TS, nullable=False),
        sa.Column("named_by", sa.Text, nullable=False),
        _fk("ia_readers", "account_id", "accounts"),
        _unique("ia_readers", "account_id"),
    )
    for table in ("ia_links", "ia_posts", "ia_readers"):
        protect(table, "SELECT, INSERT, UPDATE")
    protect("ia_link_openings", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("ia_readers", "ia_posts", "ia_link_openings", "ia_links"):
        op.drop_table(table)
