"""Counting tries: a delay that grows, per account and per network address. Never a lock without an end."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core import clock
from core.db import current_tenant_id, db, new_id
from core.identity.models import Throttle
from core.identity.policy import policy
from core.tenancy import keys

# A household or an office shares an address: it may fail this many times as often as one account.
IP_FACTOR = 10


def take(kind: str, subject: str, *, factor: int = 1) -> int:
    """Count one try. Returns 0 when it may go on, else the seconds to wait (and nothing is counted).

    The count is committed before the try, so that many tries at once cannot share one place. The portal's `lockout`
    policy gives the figures; `factor` multiplies the free tries.
    """
    rule = policy()["lockout"]
    now = clock.now()
    key = keys.blind(subject, f"throttle-{kind}")
    db.session.execute(
        insert(Throttle)
        .values(tenant_id=current_tenant_id(), id=new_id(), kind=kind, key=key, count=0, last_at=now)
        .on_conflict_do_nothing(index_elements=["tenant_id", "kind", "key"])
    )
    row = db.session.execute(
        select(Throttle)
        .where(Throttle.kind == kind, Throttle.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
    if row.blocked_until is not None and row.blocked_until > now:
        wait = row.blocked_until - now
        db.session.commit()
        return max(1, int(wait.total_seconds() + 0.999))
    if now - row.last_at > dt.timedelta(minutes=rule["window_minutes"]):
        row.count = 0
    row.count += 1
    row.last_at = now
    over = row.count - rule["attempts"] * factor
    if over >= 0:
        seconds = min(rule["base_delay_seconds"] * 2 ** min(over, 20), rule["max_delay_seconds"])
        row.blocked_until = now + dt.timedelta(seconds=seconds)
    db.session.commit()
    return 0


def forget(kind: str, subject: str) -> None:
    """A try that succeeded: the count starts anew."""
    key = keys.blind(subject, f"throttle-{kind}")
    db.session.execute(delete(Throttle).where(Throttle.kind == kind, Throttle.key == key))


def purge(before: dt.datetime) -> None:
    """Drop counts that nobody needs any more."""
    db.session.execute(delete(Throttle).where(Throttle.last_at < before))
