"""RQ: how workers are woken, and the loops of the worker and the scheduler. JSON only, never pickle."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from core.jobs import outbox, periodic
from core.lazy import lazy

if TYPE_CHECKING:
    import redis
    import rq
    from redis import backoff, retry
    from rq import serializers
else:
    redis, backoff, retry = lazy("redis"), lazy("redis.backoff"), lazy("redis.retry")
    rq, serializers = lazy("rq"), lazy("rq.serializers")

log = logging.getLogger("portico.jobs")

QUEUE = "portico"
SOCKET_TIMEOUT = 1.0
RELAY_PAUSE_SECONDS = 1.0
LONGEST_QUEUE = 500
LONGEST_WAIT_SECONDS = 5.0
"""How long a worker pauses at most between two looks for a Valkey that is away; RQ's own pauses grow to a minute."""


def connection(url: str, *, blocking: bool = False) -> redis.Redis:
    """A client for the web (short time-outs: a page never waits for Valkey) or for a worker that blocks."""
    if blocking:
        return redis.Redis.from_url(url, health_check_interval=15)
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT,
        socket_connect_timeout=SOCKET_TIMEOUT,
        retry=retry.Retry(backoff.NoBackoff(), 0),
    )


def _queue(url: str) -> rq.Queue:
    return rq.Queue(QUEUE, connection=connection(url), serializer=serializers.JSONSerializer)


def waker(url: str) -> Callable[[list[tuple[int, uuid.UUID, str]]], None]:
    """What the outbox calls after a commit: enqueue each delivery under an id of its own."""
    queue = cache(lambda: _queue(url))  # at the first message: a process that only reads never needs it

    def wake(rows: list[tuple[int, uuid.UUID, str]]) -> None:
        for tenant_id, message_id, consumer in rows:
            queue().enqueue(
                "core.jobs.tasks.deliver",
                tenant_id,
                str(message_id),
                consumer,
                result_ttl=0,
                failure_ttl=3600,
                job_timeout=60,
            )

    return wake


def run_worker(url: str, *, forking: bool = True) -> None:
    """Work until told to stop. Tuned so that a killed worker's job is noticed soon (engineering notes, B)."""
    kind = rq.Worker if forking else rq.SimpleWorker
    conn = connection(url, blocking=True)
    queue = rq.Queue(QUEUE, connection=conn, serializer=serializers.JSONSerializer)
    worker = kind(
        [queue],
        connection=conn,
        serializer=serializers.JSONSerializer,
        worker_ttl=60,
        maintenance_interval=15,
        job_monitoring_interval=5,
    )
    worker.max_connection_wait_time = LONGEST_WAIT_SECONDS
    worker.work(with_scheduler=False, logging_level="WARNING")


def run_scheduler(url: str, stop: Callable[[], bool]) -> None:
    """The relay and the periodic jobs. It delivers by itself when Valkey does not answer."""
    wake, queue = waker(url), _queue(url)
    while not stop():
        busy = False
        try:
            rows = [] if _enough_waits(queue) else outbox.claim()
            if rows:
                busy = True
                try:
                    wake(rows)
                except redis.RedisError as error:
                    log.warning("valkey away, delivering here", extra={"error": type(error).__name__})
                    for tenant_id, message_id, consumer in rows:
                        outbox.deliver(tenant_id, message_id, consumer)
            periodic.run_due()
        except Exception:
            log.exception("the scheduler met an error and goes on")
            time.sleep(RELAY_PAUSE_SECONDS)
        if not busy:
            time.sleep(RELAY_PAUSE_SECONDS)


def _enough_waits(queue: rq.Queue) -> bool:
    """Whether the workers have their hands full: relaying the same deliveries again would only lengthen their queue."""
    try:
        return bool(queue.count >= LONGEST_QUEUE)
    except redis.RedisError:
        return False
