"""The ledger: pots, movements, shares; tariffs. The database adds up, refuses what does not sum to zero, changes nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from core.db.rls import APP, protect

revision = "0040"
down_revision = "0030"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)

FUNCTIONS = """
CREATE FUNCTION ledger_entry_added() RETURNS trigger LANGUAGE plpgsql AS $portico$
BEGIN
  UPDATE ledger_accounts SET balance_cents = balance_cents + NEW.amount_cents
   WHERE tenant_id = NEW.tenant_id AND id = NEW.ledger_account_id AND currency = NEW.currency;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'ledger: the pot holds another currency' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $portico$;

CREATE FUNCTION ledger_balance_guard() RETURNS trigger LANGUAGE plpgsql AS $portico$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'ledger: balances follow from entries' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $portico$;

CREATE FUNCTION ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $portico$
BEGIN
  IF EXISTS (
    SELECT 1 FROM ledger_entries WHERE tenant_id = NEW.tenant_id AND transaction_id = NEW.transaction_id
    GROUP BY currency HAVING sum(amount_cents) <> 0
  ) THEN
    RAISE EXCEPTION 'ledger: a transaction does not sum to zero' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $portico$;

CREATE FUNCTION ledger_is_final() RETURNS trigger LANGUAGE plpgsql AS $portico$
BEGIN
  RAISE EXCEPTION 'ledger: what was booked stays; correct it by a new transaction' USING ERRCODE = 'restrict_violation';
END $portico$;
"""

TRIGGERS = """
CREATE TRIGGER ledger_entry_added AFTER INSERT ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_entry_added();
CREATE CONSTRAINT TRIGGER ledger_sums_to_zero AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION ledger_sums_to_zero();
CREATE TRIGGER ledger_balance_guard BEFORE UPDATE ON ledger_accounts FOR EACH ROW EXECUTE FUNCTION ledger_balance_guard();
CREATE TRIGGER ledger_entry_is_final BEFORE UPDATE OR DELETE ON ledger_entries
  FOR EACH ROW EXECUTE FUNCTION ledger_is_final();
CREATE TRIGGER ledger_transaction_is_final BEFORE UPDATE OR DELETE ON ledger_transactions
  FOR EACH ROW EXECUTE FUNCTION ledger_is_final();
"""


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


def upgrade() -> None:
    op.create_table(
        "ledger_accounts",
        *_keys("ledger_accounts"),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("balance_cents", sa.BigInteger, nullable=False, server_default="0"),
        sa.UniqueConstraint("tenant_id", "kind", "owner_id", "currency", name="uq_ledger_accounts_owner"),
        sa.CheckConstraint("kind IN ('wallet', 'escrow', 'payable', 'commission', 'outside')", name="kind"),
        sa.CheckConstraint("balance_cents >= 0 OR kind = 'outside'", name="floor"),
    )
    op.create_table(
        "ledger_transactions",
        *_keys("ledger_transactions"),
        sa.Column("act_kind", sa.Text, nullable=False),
        sa.Column("act_id", ID, nullable=False),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.UniqueConstraint("tenant_id", "act_kind", "act_id", "step", name="uq_ledger_transactions_act"),
    )
    op.create_index("ix_ledger_transactions_tenant_id_at", "ledger_transactions", ["tenant_id", "at"])
    op.create_table(
        "ledger_entries",
        *_keys("ledger_entries"),
        sa.Column("transaction_id", ID, nullable=False),
        sa.Column("ledger_account_id", ID, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        _fk("ledger_entries", "transaction_id", "ledger_transactions"),
        _fk("ledger_entries", "ledger_account_id", "ledger_accounts"),
        sa.CheckConstraint("amount_cents <> 0", name="amount"),
    )
    for column in ("ledger_account_id", "transaction_id"):
        op.create_index(f"ix_ledger_entries_tenant_id_{column}", "ledger_entries", ["tenant_id", column])
    op.create_table(
        "tariffs",
        *_keys("tariffs"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("amount_cents", sa.Integer, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("valid_from", TS, nullable=False),
        _fk("tariffs", "professional_id", "professionals", cascade=True),
        sa.UniqueConstraint("tenant_id", "professional_id", "service", "valid_from", name="uq_tariffs_once"),
        sa.CheckConstraint("amount_cents >= 0", name="amount"),
    )
    protect("ledger_accounts", "SELECT, INSERT, UPDATE (balance_cents)")
    protect("ledger_transactions", "SELECT, INSERT")
    protect("ledger_entries", "SELECT, INSERT")
    protect("tariffs", "SELECT, INSERT")
    op.execute(FUNCTIONS)
    op.execute(TRIGGERS)
    for name in ("ledger_entry_added", "ledger_balance_guard", "ledger_sums_to_zero", "ledger_is_final"):
        op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {name}() TO {APP}")


def downgrade() -> None:
    for table in ("tariffs", "ledger_entries", "ledger_transactions", "ledger_accounts"):
        op.drop_table(table)
    for name in ("ledger_entry_added", "ledger_balance_guard", "ledger_sums_to_zero", "ledger_is_final"):
        op.execute(f"DROP FUNCTION {name}()")
