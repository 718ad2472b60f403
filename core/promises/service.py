"""Making, pausing, keeping and watching promises. Near and missed ones are announced once each."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.jobs import announce, periodic
from core.promises.models import Promise

WATCH_SECONDS = 60


def promise(kind: str, subject_kind: str, subject_id: uuid.UUID, due_at: dt.datetime, *, warn: dt.timedelta) -> Promise:
    """Make a promise due at an instant; a near one is announced `warn` before. Making it again returns the first."""
    found = db.session.execute(
        select(Promise).where(
            Promise.kind == kind, Promise.subject_kind == subject_kind, Promise.subject_id == subject_id
        )
    ).scalar_one_or_none()
    if found is not None:
        return found
    made = Promise(
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        made_at=clock.now(),
        near_at=due_at - warn,
        due_at=due_at,
        state="open",
    )
    db.session.add(made)
    db.session.flush()
    return made


def keep(kind: str, subject_kind: str, subject_id: uuid.UUID) -> bool:
    """What was promised is done; True when it was in time."""
    row = _locked(kind, subject_kind, subject_id)
    if row is None or row.state not in ("open", "paused", "missed"):
        return False
    row.settled_at = clock.now()
    in_time = row.state != "missed" and row.settled_at <= row.due_at
    row.state = "kept" if in_time else "missed"  # late is missed, also where nobody looked in between
    audit.record("promise.kept" if in_time else "promise.late", "promise", row.id, {"kind": kind})
    return in_time


def settle(kind: str, subject_kind: str, subject_id: uuid.UUID) -> None:
    """What was promised is no longer owed: neither kept nor missed."""
    row = _locked(kind, subject_kind, subject_id)
    if row is not None and row.state in ("open", "paused"):
        row.state, row.settled_at = "void", clock.now()


def miss(kind: str, subject_kind: str, subject_id: uuid.UUID) -> None:
    """What was promised cannot be kept any more, as whoever ends the matter knows before the clock is looked at."""
    row = _locked(kind, subject_kind, subject_id)
    if row is not None and row.state in ("open", "paused"):
        _missed(row)


def move(kind: str, subject_kind: str, subject_id: uuid.UUID, due_at: dt.datetime, *, warn: dt.timedelta) -> None:
    """What is still owed is due at another instant; a near one is announced anew."""
    row = _locked(kind, subject_kind, subject_id)
    if row is not None and row.state in ("open", "paused"):
        row.due_at, row.near_at, row.escalated_at = due_at, due_at - warn, None


def due_of(kind: str, subject_kind: str, subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Promise]:
    """The promises of one kind for some subjects, for countdowns."""
    rows = db.session.execute(
        select(Promise).where(
            Promise.kind == kind, Promise.subject_kind == subject_kind, Promise.subject_id.in_(list(subject_ids))
        )
    ).scalars()
    return {r.subject_id: r for r in rows}


def pause(kind: str, subject_kind: str, subject_id: uuid.UUID, reason: str) -> None:
    """Stop the clock for a reason."""
    row = _locked(kind, subject_kind, subject_id)
    if row is not None and row.state == "open":
        row.state, row.paused_at, row.pause_reason = "paused", clock.now(), reason


def resume(kind: str, subject_kind: str, subject_id: uuid.UUID) -> None:
    """Start the clock again; the due instant moves by the time that it stood."""
    row = _locked(kind, subject_kind, subject_id)
    if row is not None and row.state == "paused" and row.paused_at is not None:
        stood = clock.now() - row.paused_at
        row.due_at, row.near_at = row.due_at + stood, row.near_at + stood
        row.state, row.paused_at, row.pause_reason = "open", None, None


def _locked(kind: str, subject_kind: str, subject_id: uuid.UUID) -> Promise | None:
    return db.session.execute(
        select(Promise)
        .where(Promise.kind == kind, Promise.subject_kind == subject_kind, Promise.subject_id == subject_id)
        .with_for_update()
    ).scalar_one_or_none()


@periodic.job("promises", WATCH_SECONDS)
def watch() -> None:
    """Announce promises that come near or were missed, each once."""
    now = clock.now()
    rows = db.session.execute(
        select(Promise)
        .where(Promise.state == "open", Promise.near_at <= now)
        .order_by(Promise.near_at)
        .with_for_update(skip_locked=True)
        .limit(500)
    ).scalars()
    for row in rows:
        if row.due_at <= now:
            _missed(row)
        elif row.escalated_at is None:
            row.escalated_at = now
            announce("promise_near", _body(row))


def _missed(row: Promise) -> None:
    row.state = "missed"
    audit.record("promise.missed", "promise", row.id, {"kind": row.kind})
    announce("promise_missed", _body(row))


def _body(row: Promise) -> dict[str, str]:
    return {
        "promise_id": str(row.id),
        "kind": row.kind,
        "subject_kind": row.subject_kind,
        "subject_id": str(row.subject_id),
    }
