"""One portal seen from the console: its revisions and what changed, its state, its outbox, its trail, its register."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core import audit
from core.audit.models import AuditEntry
from core.audit.service import Verification
from core.db import db, global_scope
from core.hooks.types import GoLiveCheck, ProcessingEntry
from core.jobs import outbox
from core.jobs.models import OutboxDelivery, OutboxMessage
from core.tenancy import service
from core.tenancy.bundles import Change, diff_bundles
from core.tenancy.crossing import operating_on, working_in
from core.tenancy.models import Tenant, TenantRevision

LISTED = 2000


@dataclass(frozen=True, slots=True)
class RevisionLine:
    """A revision of a portal: who made it, when, and how much it changed."""

    number: int
    created_at: dt.datetime
    author: str
    note: str
    digest: str
    changes: int


@dataclass(frozen=True, slots=True)
class PortalState:
    """A portal's state with what was said when it was suspended."""

    id: int
    slug: str
    state: str
    reason: str | None
    notice: str | None
    until: dt.datetime | None
    revision: int


def state_of(tenant_id: int) -> PortalState:
    """The state of a portal, read afresh. Raises LookupError."""
    with global_scope():
        t = db.session.get(Tenant, tenant_id)
        if t is None:
            raise LookupError(f"no tenant {tenant_id}")
        found = PortalState(t.id, t.slug, t.state, t.state_reason, t.state_notice, t.state_until, t.revision)
        db.session.rollback()
    return found


def revisions(tenant_id: int) -> list[RevisionLine]:
    """All revisions of a portal, newest first, without their bundles."""
    columns = (
        TenantRevision.number,
        TenantRevision.created_at,
        TenantRevision.author,
        TenantRevision.note,
        TenantRevision.digest,
        TenantRevision.changes,
    )
    with global_scope():
        rows = db.session.execute(
            select(*columns).where(TenantRevision.tenant_id == tenant_id).order_by(TenantRevision.number.desc())
        ).all()
        db.session.rollback()
    return [RevisionLine(r.number, r.created_at, r.author, r.note, r.digest, len(r.changes)) for r in rows]


def difference(tenant_id: int, old: int, new: int) -> list[Change] | None:
    """What changed from one revision to another; None where one of them does not exist."""
    with global_scope():
        rows = db.session.execute(
            select(TenantRevision.number, TenantRevision.bundle).where(
                TenantRevision.tenant_id == tenant_id, TenantRevision.number.in_([old, new])
            )
        ).all()
        db.session.rollback()
    bundles = {r.number: r.bundle for r in rows}
    if new not in bundles or old not in bundles:
        return None
    return diff_bundles(bundles[old], bundles[new])


def lacking(slug: str) -> list[GoLiveCheck]:
    """What the portal still lacks before it may go live."""
    return service.lacking(slug)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits or died, without the message's content."""

    message_id: uuid.UUID
    consumer: str
    name: str
    occurred_at: dt.datetime
    next_at: dt.datetime
    attempts: int
    last_error: str | None
    dead_at: dt.datetime | None


def waiting(tenant_id: int) -> list[Waiting]:
    """The deliveries of a portal that are not done, dead ones first."""
    with working_in(tenant_id):
        rows = db.session.execute(
            select(OutboxDelivery, OutboxMessage.name, OutboxMessage.occurred_at)
            .join(
                OutboxMessage,
                (OutboxMessage.tenant_id == OutboxDelivery.tenant_id) & (OutboxMessage.id == OutboxDelivery.message_id),
            )
            .where(OutboxDelivery.done_at.is_(None))
            .order_by(OutboxDelivery.dead_at.desc().nulls_last(), OutboxDelivery.next_at)
            .limit(LISTED)
        ).all()
        return [
            Waiting(d.message_id, d.consumer, name, at, d.next_at, d.attempts, d.last_error, d.dead_at)
            for d, name, at in rows
        ]


def revive(tenant_id: int, operator_id: uuid.UUID, message_id: uuid.UUID, consumer: str) -> bool:
    """Give a dead letter of a portal another life; True when there was one."""
    with operating_on(tenant_id, str(operator_id), "outbox.revive"):
        done = outbox.revive(message_id, consumer)
        if done:
            audit.record("outbox.revived", "outbox_message", message_id, {"consumer": consumer})
        db.session.commit()
    return done


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a portal's trail. `details` are ids and codes."""

    seq: int
    at: dt.datetime
    actor: str
    action: str
    object: str
    details: dict[str, Any]


def verify_trail(tenant_id: int) -> Verification:
    """Check a portal's whole chain."""
    with working_in(tenant_id):
        return audit.verify()


def trail(tenant_id: int) -> list[Entry]:
    """The latest entries of a portal's trail, newest first."""
    with working_in(tenant_id):
        rows = db.session.execute(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(LISTED)).scalars()
        return [
            Entry(
                r.seq,
                r.at,
                f"{r.actor_kind} {r.actor_id}".strip(),
                r.action,
                f"{r.object_kind} {r.object_id}".strip(),
                json.loads(r.details),
            )
            for r in rows
        ]


def processing_register(tenant_id: int) -> list[tuple[str, ProcessingEntry]]:
    """A portal's register of processing activities, each line with the plugin that declares it (CB-287)."""
    with working_in(tenant_id) as view:
        answers = view.dispatcher.by_plugin("processing_entries")
        return [(plugin, entry) for plugin, entries in answers for entry in entries or ()]
