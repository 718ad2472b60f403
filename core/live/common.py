"""What all live processes share in Valkey: seats, who is connected, and one channel. Away, each goes on with its own people."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core import crypto
from core.live.presence import KEPT_SECONDS
from core.live.publish import CHANNEL

log = logging.getLogger("portico.live")

TIMEOUT_SECONDS = 2.0
AWAY_SECONDS = 1.0
"""After a failure nothing is asked for so long: a page that connects does not wait for each question in turn."""
LONGEST_PAUSE_SECONDS = 3.0
# A seat is renewed and given up only by the connection that has it; an empty one is taken back.
_RENEW = """
local has = redis.call('GET', KEYS[1])
if has == ARGV[1] then redis.call('EXPIRE', KEYS[1], ARGV[2]) return 1 end
if not has then redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1 end
return 0
"""
_LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
Heard = Callable[[dict[str, Any]], Awaitable[None]]


def _client(url: str, **more: Any) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_connect_timeout=TIMEOUT_SECONDS, decode_responses=True, retry=Retry(NoBackoff(), 0), **more
    )


class Common:
    """The part of a live process that talks to Valkey. Nothing here raises when Valkey is away."""

    def __init__(self, url: str, secret_keys: Sequence[str]) -> None:
        self._client = _client(url, socket_timeout=TIMEOUT_SECONDS)
        # The listener waits as long as nobody speaks.
        self._ear = _client(url, socket_timeout=None, health_check_interval=15)
        self._keys = tuple(crypto.derive(key.encode(), "live-relay") for key in secret_keys)
        self._away_until = 0.0
        self.name = secrets.token_urlsafe(6)
        """This process among the others: what it told itself it knows already."""

    async def _try(self, work: Callable[[], Awaitable[Any]], otherwise: Any) -> Any:
        if time.monotonic() < self._away_until:
            return otherwise
        try:
            return await work()
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("valkey away", extra={"error": type(error).__name__})
            self._away_until = time.monotonic() + AWAY_SECONDS
            return otherwise

    async def take_seat(self, key: str, connection: str) -> None:
        """Sit down; whoever sat there has to stand up."""
        await self._try(lambda: self._client.set(key, connection, ex=KEPT_SECONDS), None)

    async def holder(self, key: str) -> str | None:
        """Which connection has this seat; None where nobody has, or Valkey is away."""
        found: str | None = await self._try(lambda: self._client.get(key), None)
        return found

    async def leave_seats(self, keys: Iterable[str], connection: str) -> None:
        """Stand up, unless a newer connection sits there by now."""
        for key in keys:
            await self._leave(key, connection)

    async def _leave(self, key: str, connection: str) -> None:
        await self._try(lambda: self._client.eval(_LEAVE, 1, key, connection), None)

    async def renew(self, seats: list[tuple[str, str]], online: Iterable[str]) -> list[bool] | None:
        """Renew seats (key, connection) and marks; for each seat whether it is still held. None: Valkey is away."""
        pipe = self._client.pipeline(transaction=False)
        for key, connection in seats:
            pipe.eval(_RENEW, 1, key, connection, str(KEPT_SECONDS))
        for key in online:
            pipe.set(key, "1", ex=KEPT_SECONDS)
        found = await self._try(pipe.execute, None)
        return None if found is None else [bool(held) for held in found[: len(seats)]]

    async def seated(self, keys: list[str]) -> list[bool] | None:
        """Which seats are taken. None: Valkey is away."""
        if not keys:
            return []
        found = await self._try(lambda: self._client.mget(keys), None)
        return None if found is None else [value is not None for value in found]

    async def mark(self, key: str) -> None:
        """An account is connected."""
        await self._try(lambda: self._client.set(key, "1", ex=KEPT_SECONDS), None)

    async def unmark(self, key: str) -> None:
        """It is not any more."""
        await self._try(lambda: self._client.delete(key), None)

    async def tell(self, body: dict[str, Any]) -> None:
        """Tell all live processes; this one too what is for pages (`w`), the others alone what is between processes (`op`)."""
        said = json.dumps({**body, "n": self.name})
        await self._try(lambda: self._client.publish(CHANNEL, said), None)

    def seal(self, tenant_id: int, topic: str, signal: dict[str, Any]) -> str:
        """A signal for another process: whoever reads or writes Valkey can neither read nor forge it."""
        sealed = crypto.seal(self._keys[0], json.dumps(signal).encode(), f"{tenant_id}|{topic}")
        return base64.b64encode(sealed).decode()

    def unseal(self, tenant_id: int, topic: str, sealed: str) -> dict[str, Any] | None:
        """A signal of another process; None where it is not one."""
        try:
            found = json.loads(crypto.unseal_any(self._keys, base64.b64decode(sealed), f"{tenant_id}|{topic}"))
        except (crypto.CannotDecrypt, ValueError):
            return None
        return found if isinstance(found, dict) else None

    async def listen(self, heard: Heard, again: Callable[[], Awaitable[None]]) -> None:
        """Hear what is told, for ever; `again` is called when the ear is open anew: something may have been missed."""
        pause, first = 0.1, True
        while True:
            ear = self._ear.pubsub()
            try:
                await ear.subscribe(CHANNEL)
                if not first:
                    await again()
                first, pause = False, 0.1
                async for message in ear.listen():
                    if message.get("type") == "message":
                        await self._hear(heard, message["data"])
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("not listening", extra={"error": type(error).__name__})
                first = False
            finally:
                try:
                    await ear.aclose()  # type: ignore[no-untyped-call]
                except (RedisError, OSError):
                    pass
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _hear(self, heard: Heard, raw: str) -> None:
        try:
            body = json.loads(raw)
            if not isinstance(body, dict) or not isinstance(body.get("t"), int) or not isinstance(body.get("p"), str):
                return
            if "op" not in body or body.get("n") != self.name:
                await heard(body)
        except Exception as error:  # one bad message must not make the process deaf
            log.error("a message was not understood", exc_info=error)

    async def close(self) -> None:
        """Let the connections go."""
        for client in (self._client, self._ear):
            await self._try(client.aclose, None)
