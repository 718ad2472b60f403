"""Who is here: kept in Valkey for a short while and renewed by the live processes, so that all of them agree."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from flask import current_app

from core.db import current_tenant_id
from core.jobs.worker import connection
from core.lazy import lazy

if TYPE_CHECKING:
    import redis
else:
    redis = lazy("redis")

KEPT_SECONDS = 25
"""A live process that was killed renews nothing: after this its people count as gone."""


def seat(tenant_id: int, topic: str, side: str) -> str:
    """The key of one side's seat in a topic; its value is the connection that has it."""
    return f"live:here:{tenant_id}:{topic}:{side}"


def online(tenant_id: int, account_id: uuid.UUID | str) -> str:
    """The key that says that an account is connected at all."""
    return f"live:on:{tenant_id}:{account_id}"


@cache
def _client(url: str) -> redis.Redis:
    return connection(url)


def _ask(keys: Sequence[str]) -> list[bool] | None:
    if not keys:
        return []
    try:
        found = _client(current_app.extensions["portico"].settings.redis_url).mget(keys)
    except redis.RedisError:
        return None
    return [value is not None for value in found]


def seated(topics: Sequence[str], side: str) -> list[bool] | None:
    """Whether this side sits in each of these topics of the present portal; None where nobody knows (Valkey away)."""
    tenant_id = current_tenant_id()
    return _ask([seat(tenant_id, topic, side) for topic in topics])


def here(topic: str, sides: Sequence[str]) -> dict[str, bool] | None:
    """Which sides of one topic sit there; None where nobody knows."""
    tenant_id = current_tenant_id()
    found = _ask([seat(tenant_id, topic, side) for side in sides])
    return None if found is None else dict(zip(sides, found, strict=True))


def is_online(account_id: uuid.UUID) -> bool | None:
    """Whether an account of the present portal has any page open that listens; None where nobody knows."""
    found = _ask([online(current_tenant_id(), account_id)])
    return None if found is None else found[0]
