"""Accounts, credentials, sessions, profiles, identifiers, documents, dependants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from core.db.rls import protect

revision = "0004"
down_revision = "0003"

TS = sa.DateTime(timezone=True)
UID = UUID(as_uuid=True)


def _table(name: str, *items: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", UID, nullable=False),
        *items,
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{name}"),
    )


def _of_account(name: str, column: str = "account_id", constraint: str = "") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        ["accounts.tenant_id", "accounts.id"],
        name=constraint or f"fk_{name}_tenant_id_{column}",
        ondelete="CASCADE",
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def upgrade() -> None:
    _table(
        "accounts",
        sa.Column("person_id", UID, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("state_reason", sa.Text),
        sa.Column("state_until", TS),
        sa.Column("email_blind", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text),
        sa.Column("country", sa.Text),
        sa.Column("password_hash", sa.Text),
        sa.Column("must_change_password", sa.Boolean, nullable=False),
        sa.Column("opposed_at", TS),
        sa.Column("limited_services", JSONB, nullable=False),
        sa.Column("totp_sealed", sa.LargeBinary),
        sa.Column("totp_confirmed_at", TS),
        sa.Column("totp_last_step", sa.BigInteger),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("confirmed_at", TS),
        sa.Column("closed_at", TS),
        _unique("accounts", "tenant_id", "email_blind"),
        sa.CheckConstraint("role IN ('patient', 'professional', 'operator')", name="role"),
        sa.CheckConstraint(
            "state IN ('pending_confirmation', 'active', 'suspended', 'blocked', 'closed')", name="state"
        ),
    )
    _index("accounts", "tenant_id", "role", "state")
    protect("accounts")
    _credentials()
    _profiles()


def _credentials() -> None:
    _table(
        "account_tokens",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.Column("used_at", TS),
        _of_account("account_tokens"),
        _unique("account_tokens", "tenant_id", "digest"),
    )
    _index("account_tokens", "tenant_id", "account_id", "purpose")
    _table(
        "sign_in_challenges",
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("account_id", UID),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("ceremony", sa.LargeBinary),
        sa.Column("code_digest", sa.LargeBinary),
        sa.Column("code_expires_at", TS),
        sa.Column("sent_at", TS),
        sa.Column("sends", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_path", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        _of_account("sign_in_challenges"),
        _unique("sign_in_challenges", "tenant_id", "digest"),
    )
    _index("sign_in_challenges", "tenant_id", "expires_at")
    _table(
        "auth_sessions",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("factors", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("strong_at", TS, nullable=False),
        sa.Column("seen_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.Column("terms_stamp", sa.Text),
        _of_account("auth_sessions"),
        _unique("auth_sessions", "tenant_id", "digest"),
    )
    _index("auth_sessions", "tenant_id", "account_id")
    _table(
        "throttles",
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", TS, nullable=False),
        sa.Column("blocked_until", TS),
        _unique("throttles", "tenant_id", "kind", "key"),
    )
    _index("throttles", "tenant_id", "last_at")
    _table(
        "passkeys",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("used_at", TS),
        _of_account("passkeys"),
        _unique("passkeys", "tenant_id", "credential_id"),
    )
    _index("passkeys", "tenant_id", "account_id")
    _table(
        "security_reports",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", TS, nullable=False),
        sa.Column("handled_at", TS),
        sa.Column("handled_by", sa.Text),
        _of_account("security_reports"),
    )
    _index("security_reports", "tenant_id", "handled_at", "at")
    for table in ("account_tokens", "sign_in_challenges", "auth_sessions", "throttles", "passkeys", "security_reports"):
        protect(table)


def _profiles() -> None:
    _table(
        "patient_profiles",
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", TS, nullable=False),
        _of_account("patient_profiles", "id", "fk_patient_profiles_account"),
    )
    _table(
        "professional_profiles",
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("specialty", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("order_confirmed", sa.Boolean, nullable=False),
        sa.Column("practitioner_id", UID),
        sa.Column("decided_at", TS),
        sa.Column("decided_by", sa.Text),
        sa.Column("reason", sa.Text),
        _of_account("professional_profiles", "id", "fk_professional_profiles_account"),
        sa.CheckConstraint("state IN ('pending', 'validated', 'refused')", name="state"),
        sa.CheckConstraint("kind IN ('physician', 'allied')", name="kind"),
    )
    _index("professional_profiles", "tenant_id", "state")
    _table(
        "identifiers",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("blind", sa.LargeBinary),
        sa.Column("created_at", TS, nullable=False),
        _of_account("identifiers"),
        _unique("identifiers", "tenant_id", "account_id", "type"),
        _unique("identifiers", "tenant_id", "type", "blind"),
    )
    _table(
        "person_documents",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("mimetype", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        _of_account("person_documents"),
    )
    _index("person_documents", "tenant_id", "account_id", "type")
    _table(
        "draft_uploads",
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        _unique("draft_uploads", "tenant_id", "digest"),
    )
    _index("draft_uploads", "tenant_id", "expires_at")
    _table(
        "dependants",
        sa.Column("account_id", UID, nullable=False),
        sa.Column("person_id", UID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("relation", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("removed_at", TS),
        _of_account("dependants"),
        sa.CheckConstraint("kind IN ('minor', 'protected_adult')", name="kind"),
    )
    _index("dependants", "tenant_id", "account_id")
    for table in (
        "patient_profiles", "professional_profiles", "identifiers", "person_documents", "draft_uploads", "dependants",
    ):  # fmt: skip
        protect(table)


def downgrade() -> None:
    for table in (
        "dependants", "draft_uploads", "person_documents", "identifiers", "professional_profiles", "patient_profiles",
        "security_reports", "passkeys", "throttles", "auth_sessions", "sign_in_challenges", "account_tokens", "accounts",
    ):  # fmt: skip
        op.drop_table(table)
