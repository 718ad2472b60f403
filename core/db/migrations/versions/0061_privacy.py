"""Requests about one's data with their file, directives after death, evidence of authority, objections to marketing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0061"
down_revision = "0060"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)
TABLES = (
    "marketing_objections", "rights_requests", "rights_steps", "privacy_files", "death_directives", "authority_requests",
)  # fmt: skip


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    ]


def _fk(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete="CASCADE" if cascade else None,
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_tenant_id_{'_'.join(columns)}", table, ["tenant_id", *columns])


def _col(name: str, kind: object, *, null: bool = False) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=null)  # type: ignore[arg-type]


def upgrade() -> None:
    text, blob = sa.Text, sa.LargeBinary
    op.create_table(
        "marketing_objections",
        *_keys("marketing_objections"),
        _col("account_id", ID), _col("at", TS), _col("lifted_at", TS, null=True),
    )  # fmt: skip
    op.create_index(
        "uq_marketing_objections_open", "marketing_objections", ["tenant_id", "account_id"], unique=True,
        postgresql_where=sa.text("lifted_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "rights_requests",
        *_keys("rights_requests"),
        _col("account_id", ID, null=True), _col("person_id", ID), _col("kind", text), _col("addressee", text),
        _col("professional_id", ID, null=True), _col("channel", text), _col("state", text), _col("identity", text),
        _col("waiting", text, null=True), _col("received_at", TS), _col("recorded_at", TS), _col("recorded_by", text, null=True),
        _col("closed_at", TS, null=True), _col("sealed", blob),
        _fk("rights_requests", "account_id", "accounts"),
        _fk("rights_requests", "professional_id", "professionals"),
        sa.CheckConstraint("addressee IN ('dpo', 'physician')", name="addressee"),
        sa.CheckConstraint("(addressee = 'physician') <= (professional_id IS NOT NULL)", name="physician"),
        sa.CheckConstraint("channel IN ('portal', 'email', 'post', 'professional')", name="channel"),
        sa.CheckConstraint("state IN ('open', 'done', 'refused')", name="state"),
        sa.CheckConstraint("identity IN ('session', 'unproven', 'asked', 'received', 'validated')", name="identity"),
        sa.CheckConstraint("waiting IS NULL OR waiting IN ('details', 'proof')", name="waiting"),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed"),
    )  # fmt: skip
    _index("rights_requests", "state", "received_at")
    _index("rights_requests", "account_id", "received_at")
    _index("rights_requests", "professional_id", "state")
    op.create_table(
        "rights_steps",
        *_keys("rights_steps"),
        _col("request_id", ID), sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False), _col("at", TS),
        _col("step", text), _col("by_kind", text), _col("by_id", text, null=True), _col("sealed", blob, null=True),
        _fk("rights_steps", "request_id", "rights_requests", cascade=True),
        sa.CheckConstraint("by_kind IN ('person', 'operator', 'professional', 'system')", name="by"),
    )  # fmt: skip
    _index("rights_steps", "request_id", "seq")
    op.create_table(
        "privacy_files",
        *_keys("privacy_files"),
        _col("subject_kind", text), _col("subject_id", ID), _col("person_id", ID), _col("kind", text), _col("mimetype", text),
        _col("size", sa.Integer), _col("digest", text), _col("created_at", TS), _col("sealed", blob),
        sa.CheckConstraint("subject_kind IN ('rights_request', 'authority_request')", name="subject"),
        sa.CheckConstraint("kind IN ('proof', 'evidence', 'export')", name="kind"),
    )  # fmt: skip
    _index("privacy_files", "subject_kind", "subject_id")
    op.create_table(
        "death_directives",
        *_keys("death_directives"),
        _col("account_id", ID), _col("person_id", ID), _col("kind", text), _col("sealed", blob),
        _col("consented_at", TS, null=True), _col("consent_digest", text, null=True), _col("set_at", TS),
        _col("ended_at", TS, null=True),
        _fk("death_directives", "account_id", "accounts"),
        sa.CheckConstraint("kind IN ('general', 'specific')", name="kind"),
        sa.CheckConstraint(
            "kind = 'general' OR (consented_at IS NOT NULL AND consent_digest IS NOT NULL)", name="consent"
        ),
    )  # fmt: skip
    _index("death_directives", "account_id", "set_at")
    op.create_index(
        "uq_death_directives_open", "death_directives", ["tenant_id", "account_id", "kind"], unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "authority_requests",
        *_keys("authority_requests"),
        _col("account_id", ID), _col("dependant_id", ID), _col("person_id", ID), _col("state", text), _col("asked_at", TS),
        _col("asked_by", text), _col("received_at", TS, null=True), _col("decided_at", TS, null=True),
        _col("decided_by", text, null=True), _col("sealed", blob), _col("answer", blob, null=True),
        _fk("authority_requests", "account_id", "accounts"),
        _fk("authority_requests", "dependant_id", "dependants"),
        sa.CheckConstraint("state IN ('asked', 'received', 'accepted', 'refused')", name="state"),
        sa.CheckConstraint("(state IN ('accepted', 'refused')) = (decided_at IS NOT NULL)", name="decided"),
    )  # fmt: skip
    _index("authority_requests", "account_id", "state")
    # How somebody was known when they agreed or took it back, and by which way it came; absent in rows of before.
    for table in ("acceptances", "refusals"):
        op.add_column(table, sa.Column("method", sa.Text))
        op.add_column(table, sa.Column("channel", sa.Text))
    # When the holder declared to be responsible for the person, with the digest of the words; absent in rows of before.
    op.add_column("dependants", sa.Column("declared_at", TS))
    op.add_column("dependants", sa.Column("declaration", sa.Text))
    protect("marketing_objections", "SELECT, INSERT, UPDATE (lifted_at)")
    changes = "addressee, professional_id, state, identity, waiting, closed_at"
    protect("rights_requests", f"SELECT, INSERT, UPDATE ({changes}), DELETE")
    protect("rights_steps", "SELECT, INSERT, DELETE")
    protect("privacy_files", "SELECT, INSERT, DELETE")
    protect("death_directives", "SELECT, INSERT, UPDATE (ended_at)")
    protect("authority_requests", "SELECT, INSERT, UPDATE (state, received_at, decided_at, decided_by, answer), DELETE")


def downgrade() -> None:
    for column in ("declared_at", "declaration"):
        op.drop_column("dependants", column)
    for table in ("acceptances", "refusals"):
        for column in ("method", "channel"):
            op.drop_column(table, column)
    for table in reversed(TABLES):
        op.drop_table(table)
