"""Keys of tenants and persons, and sealed columns. `core.crypto` does the cryptography."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import clock, crypto
from core.db import current_tenant_id, db
from core.tenancy.models import PersonKey, TenantKey

_CACHE = "portico_keys"


class Erased(Exception):
    """The person's key was destroyed: what it sealed is gone."""


def _masters() -> tuple[bytes, ...]:
    keys: tuple[bytes, ...] = current_app.extensions["portico"].settings.master_keys
    return keys


def tenant_key() -> bytes:
    """The present tenant's key; made on first use."""
    tenant_id = current_tenant_id()
    cache: dict[Any, bytes] = db.session.info.setdefault(_CACHE, {})
    if tenant_id not in cache:
        context = f"tenant-key|{tenant_id}"
        row = db.session.get(TenantKey, tenant_id)
        if row is None:
            sealed = crypto.seal(_masters()[0], crypto.new_key(), context)
            db.session.execute(
                insert(TenantKey)
                .values(tenant_id=tenant_id, sealed=sealed, created_at=clock.now())
                .on_conflict_do_nothing()
            )
            row = db.session.get(TenantKey, tenant_id, populate_existing=True)
            assert row is not None
        cache[tenant_id] = crypto.unseal_any(_masters(), row.sealed, context)
    return cache[tenant_id]


def person_key(person_id: uuid.UUID) -> bytes:
    """A person's key in the present tenant; made on first use. Raises Erased after destruction."""
    tenant_id = current_tenant_id()
    cache: dict[Any, bytes] = db.session.info.setdefault(_CACHE, {})
    if (tenant_id, person_id) not in cache:
        context = f"person-key|{tenant_id}|{person_id}"
        row = db.session.get(PersonKey, (tenant_id, person_id))
        if row is None:
            sealed = crypto.seal(tenant_key(), crypto.new_key(), context)
            row = db.session.execute(
                insert(PersonKey)
                .values(tenant_id=tenant_id, person_id=person_id, sealed=sealed, created_at=clock.now())
                .on_conflict_do_nothing()
                .returning(PersonKey)
            ).scalar_one_or_none()
            if row is None:  # another transaction made it first
                row = db.session.get(PersonKey, (tenant_id, person_id), populate_existing=True)
            assert row is not None
        if row.sealed is None:
            raise Erased(str(person_id))
        cache[(tenant_id, person_id)] = crypto.unseal(tenant_key(), row.sealed, context)
    return cache[(tenant_id, person_id)]


def learn(tenant_sealed: bytes | None, person_id: uuid.UUID, person_sealed: bytes | None) -> None:
    """Take sealed keys that a query brought along, so that `person_key` need not ask. Absent ones are left to it."""
    if tenant_sealed is None or person_sealed is None:
        return
    tenant_id = current_tenant_id()
    cache: dict[Any, bytes] = db.session.info.setdefault(_CACHE, {})
    if tenant_id not in cache:
        cache[tenant_id] = crypto.unseal_any(_masters(), tenant_sealed, f"tenant-key|{tenant_id}")
    context = f"person-key|{tenant_id}|{person_id}"
    cache[(tenant_id, person_id)] = crypto.unseal(cache[tenant_id], person_sealed, context)


def learn_all(person_ids: Iterable[uuid.UUID]) -> None:
    """Take the keys of several persons in one query, before they are needed one by one. Destroyed ones are left out."""
    tenant_id = current_tenant_id()
    cache: dict[Any, bytes] = db.session.info.setdefault(_CACHE, {})
    wanted = [p for p in set(person_ids) if (tenant_id, p) not in cache]
    if not wanted:
        return
    rows = db.session.execute(
        select(PersonKey.person_id, PersonKey.sealed).where(
            PersonKey.tenant_id == tenant_id, PersonKey.person_id.in_(wanted), PersonKey.sealed.is_not(None)
        )
    ).all()
    for person_id, sealed in rows:
        assert sealed is not None
        cache[(tenant_id, person_id)] = crypto.unseal(tenant_key(), sealed, f"person-key|{tenant_id}|{person_id}")


def destroy_person_key(person_id: uuid.UUID) -> None:
    """Destroy a person's key: everything sealed with it becomes unreadable at once (invariant 6)."""
    row = db.session.get(PersonKey, (current_tenant_id(), person_id), with_for_update=True)
    if row is not None:
        row.sealed, row.destroyed_at = None, clock.now()
    db.session.info.get(_CACHE, {}).pop((current_tenant_id(), person_id), None)


def seal(person_id: uuid.UUID, table: str, column: str, value: bytes | str) -> bytes:
    """Seal a value of a person for one table and column."""
    data = value.encode() if isinstance(value, str) else value
    return crypto.seal(person_key(person_id), data, crypto.context_of(current_tenant_id(), person_id, table, column))


def unseal(person_id: uuid.UUID, table: str, column: str, sealed: bytes) -> bytes:
    """The value of a sealed column. Raises Erased or crypto.CannotDecrypt."""
    return crypto.unseal(
        person_key(person_id), sealed, crypto.context_of(current_tenant_id(), person_id, table, column)
    )


def seal_json(person_id: uuid.UUID, table: str, column: str, value: Any) -> bytes:
    """As `seal`, for JSON-ready values."""
    return seal(person_id, table, column, json.dumps(value, ensure_ascii=False))


def unseal_json(person_id: uuid.UUID, table: str, column: str, sealed: bytes) -> Any:
    """As `unseal`, for JSON."""
    return json.loads(unseal(person_id, table, column, sealed))


def blind(value: str, purpose: str) -> bytes:
    """The blind index of a value in the present tenant: equal values, equal bytes; nothing else can be told."""
    return crypto.blind_index(tenant_key(), value, purpose)


def blinder(purpose: str) -> Callable[[str], bytes]:
    """`blind` for very many values of one purpose, in the tenant that is present now."""
    return crypto.blinder(tenant_key(), purpose)
