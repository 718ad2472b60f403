"""Announce in the transaction, deliver after it. PostgreSQL is the truth; RQ is only the quick way to be woken.

Each consumer of a message has a delivery row. The relay claims due rows of all tenants for a short while and enqueues
them; a claim that runs out is simply taken again. So a lost Valkey, worker or relay delays a message and never loses it.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event as sa_event
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from core import clock
from core.db import current_tenant_id, db, global_scope, new_id, tenant_scope
from core.events import Event, Undeliverable
from core.jobs.models import OutboxDelivery, OutboxMessage

log = logging.getLogger("portico.outbox")

CLAIM_SECONDS = 10
MAX_ATTEMPTS = 20
"""With the pauses between them these are ten hours: a mail server that is away for a night is waited for."""
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 3600
_PENDING = "portico_outbox"
_ANNOUNCE = text(
    "SELECT outbox_announce(CAST(:message AS jsonb), CAST(:consumers AS text[]), CAST(:claimed AS timestamptz))"
)

Handler = Callable[[Event], None]
_consumers: dict[str, dict[str, Handler]] = {}
_plugin_listeners: Callable[[str], tuple[str, ...]] = lambda _name: ()
_tell_plugin: Callable[[str, Event], None] = lambda _plugin, _event: None
_wake: Callable[[list[tuple[int, uuid.UUID, str]]], None] | None = None
_entered: Callable[[int], AbstractContextManager[Any]] = tenant_scope


def consumer(event_name: str, name: str) -> Callable[[Handler], Handler]:
    """Register a core consumer of an event. It runs in the event's tenant and must be idempotent by `event.id`."""

    def register(handler: Handler) -> Handler:
        _consumers.setdefault(event_name, {})[name] = handler
        return handler

    return register


def connect(
    *,
    plugin_listeners: Callable[[str], tuple[str, ...]] | None = None,
    tell_plugin: Callable[[str, Event], None] | None = None,
    wake: Callable[[list[tuple[int, uuid.UUID, str]]], None] | None = None,
) -> None:
    """Wire what lies above this layer (the application factory calls it)."""
    global _plugin_listeners, _tell_plugin, _wake
    _plugin_listeners = plugin_listeners or _plugin_listeners
    _tell_plugin = tell_plugin or _tell_plugin
    _wake = wake or _wake


def connect_tenants(entered: Callable[[int], AbstractContextManager[Any]]) -> None:
    """Wire how a delivery enters a tenant: scope and current tenant together."""
    global _entered
    _entered = entered


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message as it is written: JSON, its consumers, and until when the quick way has them for itself."""

    id: uuid.UUID
    tenant_id: int
    message: str
    consumers: list[str]
    claimed_until: dt.datetime | None


def prepare(name: str, payload: Mapping[str, Any]) -> Announcement:
    """A message that the caller writes itself, by `outbox_announce` or a function that calls it; `written` must follow."""
    now, id_ = clock.now(), new_id()
    tenant_id = current_tenant_id()
    message = {
        "tenant_id": tenant_id,
        "id": str(id_),
        "name": name,
        "payload": dict(payload),
        "occurred_at": now.isoformat(),
    }
    names = [*_consumers.get(name, {}), *(f"plugin:{p}" for p in _plugin_listeners(name))]
    claimed = now + dt.timedelta(seconds=CLAIM_SECONDS) if _wake else None
    return Announcement(id_, tenant_id, json.dumps(message), names, claimed)


def written(made: Announcement) -> None:
    """The message stands in the present transaction: its consumers are woken after the commit."""
    pending = db.session.info.setdefault(_PENDING, [])
    pending += [(made.tenant_id, made.id, consumer_name) for consumer_name in made.consumers]


def announce(name: str, payload: Mapping[str, Any]) -> uuid.UUID:
    """Say that something happened, in the present transaction. `payload` holds ids and codes only."""
    made = prepare(name, payload)
    db.session.execute(_ANNOUNCE, {"message": made.message, "consumers": made.consumers, "claimed": made.claimed_until})
    written(made)
    return made.id


@sa_event.listens_for(Session, "after_commit")
def _hurry(session: Session) -> None:
    rows = session.info.pop(_PENDING, None)
    if rows and _wake is not None:
        try:
            _wake(rows)
        except Exception as error:  # Valkey away: the relay takes the rows when the claim runs out
            log.warning("could not wake the workers", extra={"error": type(error).__name__})


@sa_event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_PENDING, None)


def claim(limit: int = 100) -> list[tuple[int, uuid.UUID, str]]:
    """Take due deliveries of all tenants for CLAIM_SECONDS: (tenant, message, consumer)."""
    with global_scope():
        rows = db.session.execute(
            text("SELECT tenant_id, message_id, consumer FROM outbox_claim(:limit, :seconds, :now)"),
            {"limit": limit, "seconds": CLAIM_SECONDS, "now": clock.now()},
        ).all()
        db.session.commit()
        return [(r.tenant_id, r.message_id, r.consumer) for r in rows]


def deliver(tenant_id: int, message_id: uuid.UUID, consumer_name: str) -> bool:
    """Deliver one message to one consumer; True when done now or before. Failures are counted and tried again later."""
    with _entered(tenant_id):
        row = db.session.execute(
            select(OutboxDelivery)
            .where(
                OutboxDelivery.tenant_id == tenant_id,
                OutboxDelivery.message_id == message_id,
                OutboxDelivery.consumer == consumer_name,
            )
            .with_for_update(skip_locked=True)
        ).scalar_one_or_none()
        if row is None:
            return False
        if row.done_at is not None or row.dead_at is not None:
            return row.done_at is not None
        if row.attempts and row.next_at > clock.now():
            return False  # an older job of the same delivery: it must not use up the attempts before their time
        message = db.session.get(OutboxMessage, (tenant_id, message_id))
        if message is None:
            return False
        told = Event(str(message.id), message.name, tenant_id, message.occurred_at, message.payload)
        try:
            _handle(consumer_name, told)
            row.done_at = clock.now()
            row.claimed_until = None
            db.session.commit()
            return True
        except Exception as error:
            db.session.rollback()
            _failed(tenant_id, message_id, consumer_name, error)
            return False


def _handle(consumer_name: str, told: Event) -> None:
    if consumer_name.startswith("plugin:"):
        _tell_plugin(consumer_name.removeprefix("plugin:"), told)
        return
    handler = _consumers.get(told.name, {}).get(consumer_name)
    if handler is None:
        raise LookupError(f"no consumer {consumer_name} of {told.name}")
    handler(told)


def _failed(tenant_id: int, message_id: uuid.UUID, consumer_name: str, error: Exception) -> None:
    log.error(
        "delivery failed",
        exc_info=error,
        extra={"tenant_id": tenant_id, "message_id": str(message_id), "consumer": consumer_name},
    )
    row = db.session.get(OutboxDelivery, (tenant_id, message_id, consumer_name), with_for_update=True)
    if row is None:
        return
    row.attempts += 1
    row.last_error = type(error).__name__
    row.claimed_until = None
    if row.attempts >= MAX_ATTEMPTS or isinstance(error, Undeliverable):
        row.dead_at = clock.now()
    else:
        pause = min(FIRST_PAUSE_SECONDS * 2**row.attempts, LONGEST_PAUSE_SECONDS)
        row.next_at = clock.now() + dt.timedelta(seconds=pause)
    db.session.commit()


def revive(message_id: uuid.UUID, consumer_name: str) -> bool:
    """Give a dead letter of the present tenant another life (operator's console). True when there was one."""
    result = db.session.execute(
        update(OutboxDelivery)
        .where(
            OutboxDelivery.tenant_id == current_tenant_id(),
            OutboxDelivery.message_id == message_id,
            OutboxDelivery.consumer == consumer_name,
            OutboxDelivery.dead_at.is_not(None),
        )
        .values(dead_at=None, attempts=0, next_at=clock.now(), claimed_until=None)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a consumer could not take after all attempts."""

    message_id: uuid.UUID
    consumer: str
    name: str
    attempts: int
    last_error: str | None
    dead_at: dt.datetime


def dead_letters() -> list[DeadLetter]:
    """The present tenant's dead letters, newest first."""
    rows = db.session.execute(
        select(OutboxDelivery, OutboxMessage.name)
        .join(
            OutboxMessage,
            (OutboxMessage.tenant_id == OutboxDelivery.tenant_id) & (OutboxMessage.id == OutboxDelivery.message_id),
        )
        .where(OutboxDelivery.dead_at.is_not(None))
        .order_by(OutboxDelivery.dead_at.desc())
        .limit(500)
    ).all()
    return [DeadLetter(d.message_id, d.consumer, n, d.attempts, d.last_error, d.dead_at) for d, n in rows if d.dead_at]


def drain(limit: int = 10_000) -> int:
    """Deliver everything that is due, in this process (tests, and `portico up` without Valkey). Returns how many."""
    done = 0
    while done < limit:
        rows = claim()
        if not rows:
            return done
        for tenant_id, message_id, consumer_name in rows:
            done += deliver(tenant_id, message_id, consumer_name)
    return done
