"""Ground: tenants and revisions, keys, audit, receipts, outbox, periodic runs, promises."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.db.rls import crossing_function, let_cross, open_to_all, protect

revision = "0001"
down_revision = None

TS = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tenants",
        sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("state_notice", sa.Text),
        sa.Column("state_until", TS),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.UniqueConstraint("slug", name="uq_tenants_slug"),
        sa.CheckConstraint("state IN ('draft', 'live', 'suspended')", name="state"),
    )
    open_to_all("tenants", "SELECT, INSERT, UPDATE")
    op.create_table(
        "tenant_hosts",
        sa.Column("host", sa.Text, primary_key=True),
        sa.Column(
            "tenant_id", sa.Integer, sa.ForeignKey("tenants.id", name="fk_tenant_hosts_tenant_id"), nullable=False
        ),
    )
    open_to_all("tenant_hosts", "SELECT, INSERT, UPDATE, DELETE")
    op.create_table(
        "tenant_revisions",
        sa.Column(
            "tenant_id", sa.Integer, sa.ForeignKey("tenants.id", name="fk_tenant_revisions_tenant_id"), nullable=False
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("bundle", JSONB, nullable=False),
        sa.Column("changes", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name="pk_tenant_revisions"),
    )
    open_to_all("tenant_revisions", "SELECT, INSERT")
    op.create_table(
        "tenant_keys",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
    )
    protect("tenant_keys", "SELECT, INSERT, UPDATE")
    op.create_table(
        "person_keys",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("person_id", UUID(as_uuid=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("destroyed_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "person_id", name="pk_person_keys"),
    )
    protect("person_keys", "SELECT, INSERT, UPDATE")
    _audit()
    _outbox()
    op.create_table(
        "promises",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_kind", sa.Text, nullable=False),
        sa.Column("subject_id", UUID(as_uuid=True), nullable=False),
        sa.Column("made_at", TS, nullable=False),
        sa.Column("near_at", TS, nullable=False),
        sa.Column("due_at", TS, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("paused_at", TS),
        sa.Column("pause_reason", sa.Text),
        sa.Column("settled_at", TS),
        sa.Column("escalated_at", TS),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_promises"),
        sa.UniqueConstraint(
            "tenant_id", "kind", "subject_kind", "subject_id", name="uq_promises_tenant_id_kind_subject_kind_subject_id"
        ),
    )
    op.create_index("ix_promises_tenant_id_state_due_at", "promises", ["tenant_id", "state", "due_at"])
    protect("promises")


def _audit() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    protect("audit_heads", "SELECT, INSERT, UPDATE")
    op.create_table(
        "audit_entries",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("actor_kind", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("object_kind", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("prev", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "seq", name="pk_audit_entries"),
    )
    op.create_index(
        "ix_audit_entries_tenant_id_object_kind_object_id", "audit_entries", ["tenant_id", "object_kind", "object_id"]
    )
    protect("audit_entries", "SELECT, INSERT")
    # Runs with the caller's rights: row security holds inside it. The row lock on the head orders the writers.
    op.execute("""
        CREATE FUNCTION audit_append(p_tenant int, p_at timestamptz, p_actor_kind text, p_actor_id text, p_action text,
            p_object_kind text, p_object_id text, p_details text) RETURNS bigint LANGUAGE plpgsql
            SET search_path = public, pg_temp AS $portico$
        DECLARE v_seq bigint; v_prev bytea; v_hash bytea;
        BEGIN
            INSERT INTO audit_heads (tenant_id, seq, hash) VALUES (p_tenant, 0, decode(repeat('00', 32), 'hex'))
                ON CONFLICT (tenant_id) DO NOTHING;
            SELECT seq + 1, hash INTO v_seq, v_prev FROM audit_heads WHERE tenant_id = p_tenant FOR UPDATE;
            v_hash := sha256(v_prev || convert_to(concat_ws(E'\\x1f', v_seq::text,
                to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
                p_actor_kind, p_actor_id, p_action, p_object_kind, p_object_id, p_details), 'UTF8'));
            INSERT INTO audit_entries (tenant_id, seq, at, actor_kind, actor_id, action, object_kind, object_id, details, prev, hash)
                VALUES (p_tenant, v_seq, p_at, p_actor_kind, p_actor_id, p_action, p_object_kind, p_object_id, p_details, v_prev, v_hash);
            UPDATE audit_heads SET seq = v_seq, hash = v_hash WHERE tenant_id = p_tenant;
            RETURN v_seq;
        END $portico$""")
    op.create_table(
        "decision_receipts",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("decided_at", TS, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("effect", sa.Text, nullable=False),
        sa.Column("person_id", UUID(as_uuid=True), nullable=False),
        sa.Column("account_id", UUID(as_uuid=True)),
        sa.Column("act_kind", sa.Text, nullable=False),
        sa.Column("act_id", UUID(as_uuid=True)),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("plugin_versions", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_decision_receipts"),
    )
    op.create_index(
        "ix_decision_receipts_tenant_id_person_id_decided_at",
        "decision_receipts",
        ["tenant_id", "person_id", "decided_at"],
    )
    protect("decision_receipts", "SELECT, INSERT")


def _outbox() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("payload", JSONB, nullable=False),
        sa.Column("occurred_at", TS, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_outbox_messages"),
    )
    protect("outbox_messages")
    op.create_table(
        "outbox_deliveries",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("message_id", UUID(as_uuid=True), nullable=False),
        sa.Column("consumer", sa.Text, nullable=False),
        sa.Column("next_at", TS, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claimed_until", TS),
        sa.Column("done_at", TS),
        sa.Column("dead_at", TS),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("tenant_id", "message_id", "consumer", name="pk_outbox_deliveries"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "message_id"],
            ["outbox_messages.tenant_id", "outbox_messages.id"],
            name="fk_outbox_deliveries_tenant_id_message_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_outbox_due",
        "outbox_deliveries",
        ["next_at"],
        postgresql_where=sa.text("done_at IS NULL AND dead_at IS NULL"),
    )
    protect("outbox_deliveries")
    let_cross("outbox_deliveries", "SELECT, UPDATE")
    crossing_function(
        "outbox_claim(p_limit int, p_seconds int, p_now timestamptz)",
        "TABLE (tenant_id int, message_id uuid, consumer text)",
        """UPDATE outbox_deliveries d SET claimed_until = p_now + make_interval(secs => p_seconds)
           FROM (SELECT x.tenant_id, x.message_id, x.consumer FROM outbox_deliveries x
                 WHERE x.done_at IS NULL AND x.dead_at IS NULL AND x.next_at <= p_now
                   AND (x.claimed_until IS NULL OR x.claimed_until < p_now)
                 ORDER BY x.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED) due
           WHERE d.tenant_id = due.tenant_id AND d.message_id = due.message_id AND d.consumer = due.consumer
           RETURNING d.tenant_id, d.message_id, d.consumer""",
    )
    crossing_function(
        "outbox_overview()",
        "TABLE (tenant_id int, waiting bigint, dead bigint, oldest timestamptz)",
        """SELECT tenant_id, count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL),
                  min(next_at) FILTER (WHERE dead_at IS NULL)
           FROM outbox_deliveries WHERE done_at IS NULL GROUP BY tenant_id""",
    )
    op.create_table(
        "periodic_runs",
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("next_at", TS, nullable=False),
        sa.Column("last_started_at", TS),
        sa.Column("last_finished_at", TS),
        sa.Column("last_error", sa.Text),
        sa.PrimaryKeyConstraint("tenant_id", "job", name="pk_periodic_runs"),
    )
    protect("periodic_runs")


def downgrade() -> None:
    for table in (
        "promises", "periodic_runs", "outbox_deliveries", "outbox_messages", "decision_receipts", "audit_entries",
        "audit_heads", "person_keys", "tenant_keys", "tenant_revisions", "tenant_hosts", "tenants",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table} CASCADE")
    for function in (
        "outbox_overview()",
        "outbox_claim(int, int, timestamptz)",
        "audit_append(int, timestamptz, text, text, text, text, text, text)",
    ):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
