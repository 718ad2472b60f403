"""Covers, beneficiaries, units, cases, the care team, call attempts, satisfaction."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.plugin_api.tables import protect

revision = "ia0001"
down_revision = None

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
        "ia_covers",
        sa.Column("contract_blind", sa.LargeBinary, nullable=False),
        sa.Column("opens_on", sa.Date, nullable=False),
        sa.Column("closes_on", sa.Date),
        sa.Column("exclusions", JSONB, nullable=False, server_default="[]"),
        sa.Column("updated_at", TS, nullable=False),
    )
    op.create_index(  # partial: see the model
        "uq_ia_covers_contract_blind", "ia_covers", ["tenant_id", "contract_blind"], unique=True,
        postgresql_where=sa.text("contract_blind IS NOT NULL"),
    )  # fmt: skip
    _table(
        "ia_members",
        sa.Column("cover_id", ID, nullable=False),
        sa.Column("key_blind", sa.LargeBinary, nullable=False),
        sa.Column("person_blind", sa.LargeBinary, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("protected", sa.Boolean, nullable=False, server_default="false"),
        sa.Column("residence", sa.Text, nullable=False),
        sa.Column("opens_on", sa.Date, nullable=False),
        sa.Column("closes_on", sa.Date),
        sa.Column("removed_at", TS),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("updated_at", TS, nullable=False),
        sa.Column("account_id", ID),
        sa.Column("dependant_id", ID),
        sa.Column("linked_at", TS),
        _fk("ia_members", "cover_id", "ia_covers"),
        _fk("ia_members", "account_id", "accounts"),
        _fk("ia_members", "dependant_id", "dependants"),
        _unique("ia_members", "key_blind"),
        _check("ia_members", "role", "role IN ('insured', 'spouse', 'child')"),
        _check("ia_members", "source", "source IN ('file', 'api', 'oidc', 'console')"),
    )
    _index("ia_members", "person_blind")
    _index("ia_members", "cover_id")
    _index("ia_members", "account_id")
    _table(
        "ia_units",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("reserved", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("spent", sa.SmallInteger, nullable=False, server_default="0"),
        _fk("ia_units", "member_id", "ia_members"),
        _unique("ia_units", "member_id", "year"),
        _check("ia_units", "not_negative", "reserved >= 0 AND spent >= 0"),
    )
    _table(
        "ia_unit_entries",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("year", sa.SmallInteger, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("at", TS, nullable=False),
        _fk("ia_unit_entries", "member_id", "ia_members"),
        _unique("ia_unit_entries", "act_id", "step"),
        _check("ia_unit_entries", "step", "step IN ('reserve', 'spend', 'give_back')"),
    )
    # A unit is settled once: spent or given back, never both.
    op.create_index(
        "uq_ia_unit_entries_settled",
        "ia_unit_entries",
        ["tenant_id", "act_id"],
        unique=True,
        postgresql_where=sa.text("step <> 'reserve'"),
    )
    _index("ia_unit_entries", "step", "at")
    _table(
        "ia_cases",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("dependant_id", ID),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("agent_account_id", ID),
        sa.Column("nurse_account_id", ID),
        sa.Column("declared", JSONB, nullable=False, server_default="[]"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("wanted_at", TS),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("taken_at", TS),
        sa.Column("to_doctor_at", TS),
        sa.Column("due_at", TS),
        sa.Column("escalated_at", TS),
        sa.Column("closed_at", TS),
        sa.Column("outcome", sa.Text),
        sa.Column("outcome_reason", sa.Text),
        sa.Column("recording", sa.Text, nullable=False, server_default="none"),
        _fk("ia_cases", "account_id", "accounts"),
        _fk("ia_cases", "dependant_id", "dependants"),
        _fk("ia_cases", "member_id", "ia_members"),
        _fk("ia_cases", "agent_account_id", "accounts"),
        _fk("ia_cases", "nurse_account_id", "accounts"),
        _check("ia_cases", "channel", "channel IN ('web', 'telephone')"),
        _check("ia_cases", "state", "state IN ('nurse_queue', 'with_nurse', 'to_doctor', 'closed')"),
        _check("ia_cases", "kind", "kind IN ('now', 'appointment')"),
        _check("ia_cases", "contact", "contact IN ('phone', 'video')"),
        _check("ia_cases", "recording", "recording IN ('none', 'told', 'objected')"),
        _check("ia_cases", "closed", "(state = 'closed') = (outcome IS NOT NULL)"),
    )
    _index("ia_cases", "state", "created_at")
    _index("ia_cases", "account_id", "created_at")
    _index("ia_cases", "member_id")
    _index("ia_cases", "created_at")
    _table(
        "ia_call_attempts",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("n", sa.SmallInteger, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("by_account_id", ID, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        _fk("ia_call_attempts", "case_id", "ia_cases"),
        _unique("ia_call_attempts", "case_id", "n"),
        _check("ia_call_attempts", "result", "result IN ('no_answer', 'reached')"),
    )
    _table(
        "ia_scores",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("at", TS, nullable=False),
        _fk("ia_scores", "case_id", "ia_cases"),
        _unique("ia_scores", "case_id"),
        _check("ia_scores", "score", "score BETWEEN 1 AND 5"),
    )
    _table(
        "ia_team",
        sa.Column("account_id", ID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("registered", sa.Boolean, nullable=False),
        sa.Column("practises_in_country", sa.Boolean, nullable=False),
        sa.Column("engaged_from", sa.Date),
        sa.Column("engaged_until", sa.Date),
        sa.Column("recorded_at", TS, nullable=False),
        sa.Column("recorded_by", sa.Text, nullable=False),
        _fk("ia_team", "account_id", "accounts"),
        _unique("ia_team", "account_id"),
        _check("ia_team", "role", "role IN ('doctor', 'nurse', 'agent')"),
    )
    for table in ("ia_covers", "ia_members", "ia_units", "ia_cases", "ia_team"):
        protect(table, "SELECT, INSERT, UPDATE")
    for table in ("ia_unit_entries", "ia_call_attempts", "ia_scores"):
        protect(table, "SELECT, INSERT")


def downgrade() -> None:
    for table in (
        "ia_team",
        "ia_scores",
        "ia_call_attempts",
        "ia_cases",
        "ia_unit_entries",
        "ia_units",
        "ia_members",
        "ia_covers",
    ):
        op.drop_table(table)
