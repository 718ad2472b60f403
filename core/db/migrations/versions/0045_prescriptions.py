"""Prescriptions with their proofs, who looked at them, and the keys that seal papers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import protect

revision = "0045"
down_revision = "0044"

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
        "signing_keys",
        *_keys("signing_keys"),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("certificate", sa.LargeBinary, nullable=False),
        sa.Column("made_at", TS, nullable=False),
        sa.Column("valid_until", TS, nullable=False),
        sa.UniqueConstraint("tenant_id", "number", name="uq_signing_keys_tenant_id_number"),
    )
    op.create_table(
        "prescriptions",
        *_keys("prescriptions"),
        sa.Column("consultation_id", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("delivery", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("client_key", sa.Text, nullable=False),
        sa.Column("meta", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.LargeBinary),
        sa.Column("proof", sa.LargeBinary),
        sa.Column("code_digest", sa.LargeBinary),
        sa.Column("issued_at", TS, nullable=False),
        sa.Column("first_dispensing_until", sa.Date),
        sa.Column("closed_at", TS),
        sa.Column("place", sa.Text),
        sa.Column("pharmacist", sa.Text),
        _fk("prescriptions", "consultation_id", "consultations"),
        _fk("prescriptions", "professional_id", "professionals"),
        _fk("prescriptions", "account_id", "accounts"),
        sa.UniqueConstraint("tenant_id", "code_digest", name="uq_prescriptions_tenant_id_code_digest"),
        sa.UniqueConstraint(
            "tenant_id", "consultation_id", "client_key", name="uq_prescriptions_tenant_id_consultation_id_client_key"
        ),
        sa.CheckConstraint("kind IN ('medicine', 'sick_leave', 'certificate')", name="kind"),
        sa.CheckConstraint("delivery IN ('electronic', 'at_practice')", name="delivery"),
        sa.CheckConstraint("state IN ('issued', 'dispensed', 'refused', 'withdrawn', 'collected')", name="state"),
        sa.CheckConstraint("(state = 'issued') = (closed_at IS NULL)", name="closed"),
        sa.CheckConstraint(
            "state NOT IN ('dispensed', 'refused') OR (place IS NOT NULL AND pharmacist IS NOT NULL)", name="pharmacy"
        ),
        sa.CheckConstraint("delivery = 'electronic' OR (document IS NULL AND code_digest IS NULL)", name="on_paper"),
        sa.CheckConstraint("delivery = 'at_practice' OR document IS NOT NULL", name="document"),
    )
    _index("prescriptions", "tenant_id", "account_id", "issued_at")
    _index("prescriptions", "tenant_id", "professional_id", "state")
    _index("prescriptions", "tenant_id", "person_id")
    op.create_table(
        "prescription_looks",
        *_keys("prescription_looks"),
        sa.Column("prescription_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("by_kind", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("pharmacist", sa.Text),
        sa.Column("note", sa.LargeBinary),
        _fk("prescription_looks", "prescription_id", "prescriptions"),
        sa.CheckConstraint("by_kind IN ('patient', 'professional', 'pharmacist', 'portal')", name="by_kind"),
        sa.CheckConstraint(
            "by_kind <> 'pharmacist' OR (place IS NOT NULL AND pharmacist IS NOT NULL)", name="pharmacy"
        ),
    )
    _index("prescription_looks", "tenant_id", "prescription_id", "seq")
    protect("signing_keys", "SELECT, INSERT")
    protect("prescriptions", "SELECT, INSERT, UPDATE")
    # What was looked at and done is never changed.
    protect("prescription_looks", "SELECT, INSERT")


def downgrade() -> None:
    for table in ("prescription_looks", "prescriptions", "signing_keys"):
        op.drop_table(table)
