"""Tickets to the live channel: signed, short-lived, bound to portal, account, session and topics. Never in an address."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from core import clock

SECONDS = 60
"""How long a ticket is good for connecting; what it opened lives as long as the session."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may connect, from which session, to what. A topic is `kind:id`."""

    tenant_id: int
    account_id: uuid.UUID
    session_id: uuid.UUID
    topics: tuple[str, ...]


def _serializer(keys: Sequence[str]) -> URLSafeSerializer:
    # The library signs with the last of its keys and accepts all; our first key is the present one.
    return URLSafeSerializer(list(reversed(keys)), salt="portico-live")


def issue(keys: Sequence[str], ticket: Ticket, seconds: int = SECONDS) -> str:
    """Sign a ticket with the installation's present secret; `seconds` from now it is worthless."""
    ends = clock.now() + dt.timedelta(seconds=seconds)
    body = {
        "t": ticket.tenant_id,
        "a": ticket.account_id.hex,
        "s": ticket.session_id.hex,
        "p": list(ticket.topics),
        "e": int(ends.timestamp()),
    }
    made = _serializer(keys).dumps(body)
    return made if isinstance(made, str) else made.decode()


def read(keys: Sequence[str], token: str) -> Ticket | None:
    """The ticket of a token; None where it is forged, changed or too old."""
    try:
        body: Any = _serializer(keys).loads(token)
        if clock.now().timestamp() >= int(body["e"]):
            return None
        return Ticket(int(body["t"]), uuid.UUID(body["a"]), uuid.UUID(body["s"]), tuple(str(p) for p in body["p"]))
    except (BadData, KeyError, TypeError, ValueError):
        return None
