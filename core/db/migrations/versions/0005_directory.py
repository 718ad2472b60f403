"""Directory: practitioners and registrations (global), profiles, practices, reasons, favourites, invitations, links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from core.db.rls import open_to_all, protect

revision = "0005"
down_revision = "0004"

TS = sa.DateTime(timezone=True)
ID = UUID(as_uuid=True)


def _keys(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("tenant_id", sa.Integer, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}"),
    ]


def _professional_fk(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", "professional_id"],
        ["professionals.tenant_id", "professionals.id"],
        name=f"fk_{table}_tenant_id_professional_id",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    # Folding accents is the database's work; `unaccent` alone is not immutable, so the dictionary is named.
    op.execute(
        "CREATE FUNCTION portico_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT "
        "SET search_path = public, pg_temp AS $portico$ SELECT lower(public.unaccent('public.unaccent', value)) $portico$"
    )
    op.create_table("practitioners", sa.Column("id", ID, primary_key=True), sa.Column("created_at", TS, nullable=False))
    open_to_all("practitioners", "SELECT, INSERT")
    op.create_table(
        "practitioner_registrations",
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column(
            "practitioner_id",
            ID,
            sa.ForeignKey("practitioners.id", name="fk_practitioner_registrations_practitioner_id"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("country", "number", name="pk_practitioner_registrations"),
    )
    open_to_all("practitioner_registrations", "SELECT, INSERT")
    op.create_table(
        "professionals",
        *_keys("professionals"),
        sa.Column("account_id", ID, nullable=False),
        sa.Column(
            "practitioner_id",
            ID,
            sa.ForeignKey("practitioners.id", name="fk_professionals_practitioner_id"),
            nullable=False,
        ),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("specialty", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("register_number", sa.Text),
        sa.Column("languages", ARRAY(sa.Text), nullable=False),
        sa.Column("presentation", JSONB, nullable=False),
        sa.Column("services", ARRAY(sa.Text), nullable=False),
        sa.Column("booking_open", sa.Boolean, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.UniqueConstraint("tenant_id", "account_id", name="uq_professionals_tenant_id_account_id"),
        sa.UniqueConstraint("tenant_id", "practitioner_id", name="uq_professionals_tenant_id_practitioner_id"),
        sa.CheckConstraint("kind IN ('physician', 'allied')", name="kind"),
    )
    op.create_index("ix_professionals_tenant_id_specialty", "professionals", ["tenant_id", "specialty"])
    protect("professionals")
    op.create_table(
        "practices",
        *_keys("practices"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("street", sa.Text, nullable=False),
        sa.Column("postal_code", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("access_note", sa.Text, nullable=False),
        sa.Column("time_zone", sa.Text, nullable=False),
        sa.Column("search_place", sa.Text, nullable=False),
        sa.Column("closed_on_holidays", sa.Boolean, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        _professional_fk("practices"),
        sa.CheckConstraint("mode IN ('in_person', 'virtual')", name="mode"),
    )
    op.create_index("ix_practices_tenant_id_professional_id", "practices", ["tenant_id", "professional_id"])
    op.create_index("ix_practices_tenant_id_search_place", "practices", ["tenant_id", "search_place"])
    protect("practices")
    op.create_table(
        "visit_reasons",
        *_keys("visit_reasons"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("duration_minutes", sa.Integer, nullable=False),
        sa.Column("price_cents", sa.Integer),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("known_patients_only", sa.Boolean, nullable=False),
        sa.Column("archived", sa.Boolean, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        _professional_fk("visit_reasons"),
        sa.CheckConstraint("duration_minutes BETWEEN 5 AND 480", name="duration"),
        sa.CheckConstraint("price_cents IS NULL OR price_cents >= 0", name="price"),
    )
    op.create_index("ix_visit_reasons_tenant_id_professional_id", "visit_reasons", ["tenant_id", "professional_id"])
    protect("visit_reasons")
    op.create_table(
        "favourites",
        *_keys("favourites"),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        _professional_fk("favourites"),
        sa.UniqueConstraint(
            "tenant_id", "account_id", "professional_id", name="uq_favourites_tenant_id_account_id_professional_id"
        ),
    )
    protect("favourites")
    op.create_table(
        "invitations",
        *_keys("invitations"),
        sa.Column("inviter_account_id", ID, nullable=False),
        sa.Column("invited_role", sa.Text, nullable=False),
        sa.Column("email_blind", sa.LargeBinary, nullable=False),
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        sa.Column("expires_at", TS, nullable=False),
        sa.Column("accepted_by", ID),
        sa.Column("accepted_at", TS),
        sa.UniqueConstraint("tenant_id", "token_digest", name="uq_invitations_tenant_id_token_digest"),
    )
    op.create_index("ix_invitations_tenant_id_inviter_account_id", "invitations", ["tenant_id", "inviter_account_id"])
    protect("invitations")
    op.create_table(
        "patient_links",
        *_keys("patient_links"),
        sa.Column("professional_id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("created_at", TS, nullable=False),
        _professional_fk("patient_links"),
        sa.UniqueConstraint(
            "tenant_id", "professional_id", "account_id", name="uq_patient_links_tenant_id_professional_id_account_id"
        ),
    )
    protect("patient_links")


def downgrade() -> None:
    for table in (
        "patient_links", "invitations", "favourites", "visit_reasons", "practices", "professionals",
        "practitioner_registrations", "practitioners",
    ):  # fmt: skip
        op.drop_table(table)
    op.execute("DROP FUNCTION portico_fold(text)")
