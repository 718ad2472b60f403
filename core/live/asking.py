"""What the live process asks PostgreSQL: in a few threads with the application, since the loop itself must never wait."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from flask import Flask

from core.db import db
from core.live import topics
from core.live.tokens import Ticket
from core.live.topics import Standing
from core.tenancy import current

THREADS = 4
T = TypeVar("T")


class Asking:
    """The database as the live process sees it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._pool = ThreadPoolExecutor(THREADS, "live")

    async def _run(self, work: Callable[[], T]) -> T:
        def inside() -> T:
            with self.app.app_context():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._pool, inside)

    async def tenant_of(self, host: str) -> int | None:
        """The portal of a host name that may be visited; None where there is none."""

        def work() -> int | None:
            found = current.find_host(host)
            return found.id if found is not None and found.state != "suspended" else None

        return await self._run(work)

    async def standings(self, ticket: Ticket, wanted: Iterable[str]) -> dict[str, Standing] | None:
        """What the ticket's account is in these topics, without those that it may not (any more) listen to.

        None where the session was ended.
        """

        def work() -> dict[str, Standing] | None:
            with current.entered(ticket.tenant_id):
                if not topics.open_sessions([ticket.session_id]):
                    return None
                found = {topic: topics.standing(topic, ticket.account_id) for topic in wanted}
                db.session.rollback()
                return {topic: is_ for topic, is_ in found.items() if is_ is not None}

        return await self._run(work)

    async def alive(self, tenant_id: int, session_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
        """Which of a portal's sessions are still open."""

        def work() -> set[uuid.UUID]:
            with current.entered(tenant_id):
                found = topics.open_sessions(session_ids)
                db.session.rollback()
                return found

        return await self._run(work)

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
