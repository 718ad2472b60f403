"""Marketing, and profiling for it: the one place that is asked before anybody is chosen or written to (IA-098).

An objection holds at once, on every channel, also for what waits to be sent. Nobody objects to what a service needs:
only templates of the purpose `marketing` are concerned.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.db import current_tenant_id, db, new_id
from core.notifications.models import MarketingObjection, Notification

PURPOSE = "marketing"


class Objected(Exception):
    """The person wants no marketing: nothing was sent."""


def objection(account_id: uuid.UUID) -> dt.datetime | None:
    """Since when the account objects to marketing; None where it does not."""
    return db.session.execute(
        select(MarketingObjection.at).where(
            MarketingObjection.account_id == account_id, MarketingObjection.lifted_at.is_(None)
        )
    ).scalar_one_or_none()


def object_to(account_id: uuid.UUID) -> None:
    """The account objects, from this instant, free of charge and without a reason. Twice is once."""
    made = db.session.execute(
        insert(MarketingObjection)
        .values(tenant_id=current_tenant_id(), id=new_id(), account_id=account_id, at=clock.now())
        .on_conflict_do_nothing()
        .returning(MarketingObjection.id)
    ).first()
    if made is not None:
        audit.record("marketing.objected", "account", account_id)


def lift(account_id: uuid.UUID) -> None:
    """The account takes its objection back."""
    lifted = db.session.execute(
        update(MarketingObjection)
        .where(MarketingObjection.account_id == account_id, MarketingObjection.lifted_at.is_(None))
        .values(lifted_at=clock.now())
        .returning(MarketingObjection.id)
    ).first()
    if lifted is not None:
        audit.record("marketing.objection_lifted", "account", account_id)


def audience(account_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Those of these accounts who may be chosen by profile for a campaign and written to: all but those who objected."""
    wanted = list(dict.fromkeys(account_ids))
    out = set(
        db.session.execute(
            select(MarketingObjection.account_id).where(
                MarketingObjection.account_id.in_(wanted), MarketingObjection.lifted_at.is_(None)
            )
        ).scalars()
    )
    return [a for a in wanted if a not in out]


def campaign(account_ids: Iterable[uuid.UUID], send: Callable[[uuid.UUID], Any]) -> int:
    """Write to those of the accounts who did not object; returns to how many. `send` tells one account by `notify`."""
    chosen = audience(account_ids)
    for account_id in chosen:
        send(account_id)
    return len(chosen)


def refuses(row: Notification, purpose: str) -> bool:
    """Whether a message that waits must not go out any more."""
    return purpose == PURPOSE and objection(row.account_id) is not None
