"""Deliveries that are claimed together come in the order of their time: the database answered in any order."""

from __future__ import annotations

from alembic import op

from core.db.rls import crossing_function

revision = "0065"
down_revision = "0064"

SIGNATURE = "outbox_claim(p_limit int, p_seconds int, p_now timestamptz)"
RETURNS = "TABLE (tenant_id int, message_id uuid, consumer text)"
TAKEN = """UPDATE outbox_deliveries d SET claimed_until = p_now + make_interval(secs => p_seconds)
           FROM (SELECT x.tenant_id, x.message_id, x.consumer FROM outbox_deliveries x
                 WHERE x.done_at IS NULL AND x.dead_at IS NULL AND x.next_at <= p_now
                   AND (x.claimed_until IS NULL OR x.claimed_until < p_now)
                 ORDER BY x.next_at LIMIT p_limit FOR UPDATE SKIP LOCKED) due
           WHERE d.tenant_id = due.tenant_id AND d.message_id = due.message_id AND d.consumer = due.consumer
           RETURNING d.tenant_id, d.message_id, d.consumer"""


def upgrade() -> None:
    op.execute("DROP FUNCTION outbox_claim(int, int, timestamptz)")
    ordered = f"WITH taken AS ({TAKEN}, d.next_at) SELECT t.tenant_id, t.message_id, t.consumer FROM taken t ORDER BY t.next_at"
    crossing_function(SIGNATURE, RETURNS, ordered)


def downgrade() -> None:
    op.execute("DROP FUNCTION outbox_claim(int, int, timestamptz)")
    crossing_function(SIGNATURE, RETURNS, TAKEN)
