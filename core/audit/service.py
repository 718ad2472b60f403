"""Writing and verifying the trail. Entries are buffered and written last, so that the head lock is held shortest."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from core import clock
from core.audit.models import AuditEntry, AuditHead
from core.canonical import canonical
from core.db import current_tenant_id, db

GENESIS = b"\x00" * 32
_BUFFER = "portico_audit"
_APPEND = text("SELECT audit_append_all(:tenant, CAST(:entries AS jsonb))")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: kind is account, operator, pharmacist, client (a partner's program), system or visitor; the id is opaque.

    `session` and `method` say in which signed-in session, and how it was opened; empty where there is none (IA-061).
    """

    kind: str
    id: str = ""
    session: str = ""
    method: str = ""


_actor: ContextVar[Actor | None] = ContextVar("portico_actor", default=None)


def current_actor() -> Actor:
    """The actor of the present request or job; the system where nobody is signed in."""
    return _actor.get() or Actor("system")


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Everything recorded inside is this actor's doing."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def set_actor(actor: Actor | None) -> None:
    """Set the actor of a request (the web layer clears it at the end)."""
    _actor.set(actor)


def record(action: str, object_kind: str, object_id: object, details: Mapping[str, Any] | None = None) -> None:
    """Put an act on the trail of the present tenant, in the present transaction (invariant 7).

    `details` holds ids, codes and digests, never a name, an identifier or health data.
    """
    actor = current_actor()
    told = dict(details or {})
    if actor.session:
        told = {"session": actor.session, "method": actor.method} | told
    row = {
        "at": clock.now().isoformat(),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "action": action,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "details": canonical(told),
    }
    current_tenant_id()
    db.session.info.setdefault(_BUFFER, []).append(row)
    # An otherwise clean session would not commit anything: make sure that a transaction exists.
    db.session.connection()


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    rows = session.info.pop(_BUFFER, None)
    if rows and session is db.session():
        session.flush()
        session.execute(_APPEND, {"tenant": current_tenant_id(), "entries": json.dumps(rows)})


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_BUFFER, None)


def link(prev: bytes, seq: int, at: dt.datetime, *fields: str) -> bytes:
    """The hash of an entry; the SQL function `audit_append_all` computes the same."""
    stamp = at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    body = "\x1f".join((str(seq), stamp, *fields))
    return hashlib.sha256(prev + body.encode()).digest()


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: `entries` read, `broken_at` the first sequence number that does not fit, None when all fit."""

    entries: int
    broken_at: int | None
    problem: str | None
    head: str


def verify(anchors: Mapping[int, str] | None = None) -> Verification:
    """Check the present tenant's chain: edits, deletions, reordering, truncation.

    `anchors` are heads kept outside the database ({seq: hash}); they reveal a chain that was rewritten as a whole.
    """
    result = db.session.execute(
        select(AuditEntry).order_by(AuditEntry.seq).execution_options(yield_per=2000, populate_existing=True)
    )
    try:
        return _walk(result.scalars(), dict(anchors or {}))
    finally:
        result.close()


def _walk(rows: Iterable[AuditEntry], wanted: dict[int, str]) -> Verification:
    prev, expected = GENESIS, 1
    for row in rows:
        if row.seq != expected:
            return Verification(expected - 1, expected, f"entry {expected} is missing", prev.hex())
        fields = (row.actor_kind, row.actor_id, row.action, row.object_kind, row.object_id, row.details)
        if row.prev != prev or row.hash != link(prev, row.seq, row.at, *fields):
            return Verification(expected - 1, row.seq, f"entry {row.seq} was changed", prev.hex())
        if row.seq in wanted and wanted.pop(row.seq) != row.hash.hex():
            return Verification(expected - 1, row.seq, f"entry {row.seq} differs from the anchored head", prev.hex())
        prev, expected = row.hash, expected + 1
    head = db.session.get(AuditHead, current_tenant_id(), populate_existing=True)
    if head is not None and (head.seq != expected - 1 or head.hash != prev):
        return Verification(expected - 1, expected, "entries at the end are missing", prev.hex())
    if any(seq >= expected for seq in wanted):
        return Verification(expected - 1, expected, "an anchored entry is missing", prev.hex())
    return Verification(expected - 1, None, None, prev.hex())


def head() -> tuple[int, str]:
    """(sequence number, hash) of the present tenant's last entry; (0, zeros) when there is none."""
    row = db.session.get(AuditHead, current_tenant_id(), populate_existing=True)
    return (row.seq, row.hash.hex()) if row else (0, GENESIS.hex())
