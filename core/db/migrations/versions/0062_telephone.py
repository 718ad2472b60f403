"""Acceptances said on the telephone, with the account of who noted them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0062"
down_revision = "0061"

WAYS = "way IN ('registration', 'express', 'order', 'continued_use'{more})"


def upgrade() -> None:
    op.add_column("acceptances", sa.Column("noted_by", UUID(as_uuid=True)))
    op.drop_constraint("way", "acceptances", type_="check")
    op.create_check_constraint("way", "acceptances", WAYS.format(more=", 'telephone'"))
    op.create_check_constraint("noted", "acceptances", "(way = 'telephone') = (noted_by IS NOT NULL)")


def downgrade() -> None:
    op.drop_constraint("noted", "acceptances", type_="check")
    op.drop_constraint("way", "acceptances", type_="check")
    op.create_check_constraint("way", "acceptances", WAYS.format(more=""))
    op.drop_column("acceptances", "noted_by")
