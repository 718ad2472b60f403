"""Keys with which a portal seals its papers."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.db import TenantModel


class SigningKey(TenantModel):
    """A self-made certificate of a portal with its private key, sealed under the portal's key. The highest `number` is used."""

    __tablename__ = "signing_keys"
    __table_args__ = (UniqueConstraint("tenant_id", "number"),)
    number: Mapped[int] = mapped_column(SmallInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime]
