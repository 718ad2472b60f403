"""Tables of tenancy: portals, their hosts, their revisions (global, no personal data) and their keys."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Integer, LargeBinary, PrimaryKeyConstraint, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import GlobalModel, Model


class Tenant(GlobalModel):
    """One branded portal. `state` is draft, live or suspended; `revision` the number in force."""

    __tablename__ = "tenants"
    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str | None] = mapped_column(Text)
    state_notice: Mapped[str | None] = mapped_column(Text)
    state_until: Mapped[dt.datetime | None]
    revision: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime]


class TenantHost(GlobalModel):
    """A host name and the portal that it opens; a host opens one portal only."""

    __tablename__ = "tenant_hosts"
    host: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))


class TenantRevision(GlobalModel):
    """One state of a portal's folder, whole: configuration, texts, drawings, words. Never changed once stored."""

    __tablename__ = "tenant_revisions"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "number"),)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, autoincrement=False)
    created_at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    bundle: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class TenantKey(Model):
    """The tenant's key, sealed by the installation's master key."""

    __tablename__ = "tenant_keys"
    tenant_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]


class PersonKey(Model):
    """A person's key, sealed by the tenant's key. Destroying it (NULL) is the erasure of what it sealed."""

    __tablename__ = "person_keys"
    __table_args__ = (PrimaryKeyConstraint("tenant_id", "person_id"),)
    tenant_id: Mapped[int] = mapped_column(Integer, autoincrement=False)
    person_id: Mapped[uuid.UUID]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime]
    destroyed_at: Mapped[dt.datetime | None]
