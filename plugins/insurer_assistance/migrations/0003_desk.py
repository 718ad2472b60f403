"""The desk: how a nurse closed a call, who may listen to recordings, the recordings themselves and who heard them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.plugin_api.tables import protect

revision = "ia0003"
down_revision = "ia0002"

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


def _fk(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_tenant_id_{column}",
        ondelete=ondelete,
    )


def upgrade() -> None:
    op.add_column("ia_cases", sa.Column("nurse_outcome", sa.Text))
    op.create_check_constraint(
        op.f("ck_ia_cases_nurse_outcome"),
        "ia_cases",
        "nurse_outcome IN ('orientation_only', 'connect_to_doctor', 'doctor_call_back', 'emergency_transfer', 'excluded')",
    )
    op.add_column("ia_team", sa.Column("listens", sa.Boolean, nullable=False, server_default="false"))
    _table(
        "ia_recordings",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("mimetype", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("by_account_id", ID),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        _fk("ia_recordings", "case_id", "ia_cases"),
    )
    op.create_index("ix_ia_recordings_case_id", "ia_recordings", ["tenant_id", "case_id"])
    op.create_index("ix_ia_recordings_at", "ia_recordings", ["tenant_id", "at"])
    _table(
        "ia_listenings",
        sa.Column("recording_id", ID, nullable=False),
        sa.Column("by_account_id", ID, nullable=False),
        sa.Column("at", TS, nullable=False),
        _fk("ia_listenings", "recording_id", "ia_recordings", "CASCADE"),
    )
    op.create_index("ix_ia_listenings_recording_id", "ia_listenings", ["tenant_id", "recording_id"])
    # What was said is never changed; it is erased when its time is over, or at once on an objection.
    protect("ia_recordings", "SELECT, INSERT, DELETE")
    protect("ia_listenings", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    for table in ("ia_listenings", "ia_recordings"):
        op.drop_table(table)
    op.drop_column("ia_team", "listens")
    op.drop_constraint(op.f("ck_ia_cases_nurse_outcome"), "ia_cases", type_="check")
    op.drop_column("ia_cases", "nurse_outcome")
