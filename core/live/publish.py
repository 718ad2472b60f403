"""Telling open pages to look again. Only that something changed travels by Valkey, never what; a loss is no harm.

Pages ask again when they connect and now and then, so a message that Valkey loses costs a moment.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import event as sa_event
from sqlalchemy.orm import Session

from core.db import current_tenant_id, db
from core.jobs.worker import connection

log = logging.getLogger("portico.live")

CHANNEL = "portico:live"
WHAT = re.compile(r"^[a-z][a-z_]{1,39}\Z")
_PENDING = "portico_live"
_send: Callable[[str], Any] | None = None


def connect(url: str) -> None:
    """From now on this process tells Valkey; without it nudges go nowhere (tests and commands)."""
    global _send
    client = cache(lambda: connection(url))
    _send = lambda body: client().publish(CHANNEL, body)


def disconnect() -> None:
    """Nudges go nowhere again (tests)."""
    global _send
    _send = None


def send(tenant_id: int, topic: str, what: str = "changed") -> None:
    """Tell now. `what` is a code; a failure is logged and nothing else."""
    if not WHAT.match(what):
        raise ValueError(f"a code is wanted, not {what!r}")
    if _send is None:
        return
    try:
        _send(json.dumps({"t": tenant_id, "p": topic, "w": what}))
    except Exception as error:  # Valkey away: pages ask again by themselves
        log.warning("could not tell open pages", extra={"error": type(error).__name__})


def nudge(topic: str, what: str = "changed") -> None:
    """Tell once the present transaction is committed, and not at all when it is rolled back.

    `topic` is what `topics.name` makes (`account:…`, `room:…`, `consultation:…`), `what` a code such as `message_arrived`.
    """
    if not WHAT.match(what):
        raise ValueError(f"a code is wanted, not {what!r}")
    db.session.info.setdefault(_PENDING, []).append((current_tenant_id(), topic, what))
    # An otherwise clean session would not commit anything: make sure that a transaction exists.
    db.session.connection()


@sa_event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    for tenant_id, topic, what in dict.fromkeys(session.info.pop(_PENDING, ())):
        send(tenant_id, topic, what)


@sa_event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_PENDING, None)
