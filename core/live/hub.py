"""The people who are connected to this process: seats, relays, notices. One hub per process; the loop is its only thread."""

from __future__ import annotations

import asyncio
import heapq
import json
import logging
import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from core import clock
from core.live import presence
from core.live.asking import Asking
from core.live.common import Common
from core.live.messages import BadMessage, Bucket, signal_of
from core.live.tokens import Ticket
from core.live.topics import Standing

log = logging.getLogger("portico.live")

NOT_ADMITTED, BAD_MESSAGE, TOO_MUCH, TAKEN_OVER, ENDED = 4001, 4002, 4008, 4009, 4010
"""Why the process closes a connection; the page shows its person what each means."""
MOST_WAITING = 256
MOST_OF_ONE = 10
RENEW_SECONDS = 8.0
SESSIONS_SECONDS = 30.0
TICK_SECONDS = 0.5
UNCHANGED = frozenset({"message_arrived", "presence_changed"})
"""Notices that change nobody's standing: PostgreSQL need not be asked."""
Key = tuple[int, str]


class Wire(Protocol):
    """The WebSocket of a connection, as far as the hub needs it."""

    async def send(self, message: str) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...


@dataclass(eq=False, slots=True)
class Connection:
    """One page of one person."""

    wire: Wire
    ticket: Ticket
    standings: dict[str, Standing]
    id: str = field(default_factory=lambda: secrets.token_urlsafe(9))
    bucket: Bucket = field(default_factory=Bucket)
    out: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    closing: bool = False

    def tell(self, **body: Any) -> None:
        """Put a message on its way; a page that does not read is cut off rather than waited for."""
        try:
            self.out.put_nowait(json.dumps(body))
        except asyncio.QueueFull:
            self.close(TOO_MUCH)

    def close(self, code: int) -> None:
        """Close soon, from anywhere."""
        if not self.closing:
            self.closing = True
            task = asyncio.get_running_loop().create_task(self.wire.close(code))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def seats(self) -> list[tuple[str, str]]:
        """(topic, side) of what it sits in."""
        return [(topic, s.role) for topic, s in self.standings.items() if s.sides]


class Hub:
    """Who listens to what, here."""

    def __init__(self, asking: Asking, common: Common) -> None:
        self.asking, self.common = asking, common
        self.members: defaultdict[Key, set[Connection]] = defaultdict(set)
        self.everybody: set[Connection] = set()
        self.followers: defaultdict[Key, set[Connection]] = defaultdict(set)
        self._moments: list[tuple[float, int, str, str]] = []
        self._known: set[tuple[float, int, str, str]] = set()
        self._shown: dict[Key, dict[str, bool]] = {}

    # -- coming and going

    async def enter(self, connection: Connection) -> None:
        """A page has shown its ticket: it listens, takes its seats, and is told who is here."""
        tenant_id, mine = connection.ticket.tenant_id, connection.ticket.account_id
        own = [c for c in self.everybody if c.ticket.account_id == mine and c.ticket.tenant_id == tenant_id]
        for old in own[: len(own) - MOST_OF_ONE + 1] if len(own) >= MOST_OF_ONE else ():
            old.close(TOO_MUCH)
        self.everybody.add(connection)
        for topic, standing in connection.standings.items():
            self.members[tenant_id, topic].add(connection)
            self._plan(tenant_id, topic, standing)
            for other in standing.follows:
                self.followers[tenant_id, f"account:{other}"].add(connection)
        await self.common.mark(presence.online(tenant_id, mine))
        if not own:
            await self._came_or_went(tenant_id, mine)
        for topic, side in connection.seats():
            await self._sit(connection, topic, side)
        connection.tell(
            type="welcome",
            now=clock.now().isoformat(),
            topics={
                topic: {"role": s.role, "here": await self.here(tenant_id, topic, s.sides)} if s.sides else {"role": s.role}
                for topic, s in connection.standings.items()
            },
        )  # fmt: skip

    async def _came_or_went(self, tenant_id: int, account_id: uuid.UUID) -> None:
        """Tell those who follow this account, here and elsewhere."""
        self._tell_followers(tenant_id, f"account:{account_id}")
        await self.common.tell({"t": tenant_id, "p": f"account:{account_id}", "op": "online"})

    def _tell_followers(self, tenant_id: int, account: str) -> None:
        for connection in self.followers.get((tenant_id, account), ()):
            for topic, standing in connection.standings.items():
                if any(account == f"account:{other}" for other in standing.follows):
                    connection.tell(type="notice", topic=topic, what="presence_changed")

    async def _sit(self, connection: Connection, topic: str, side: str) -> None:
        tenant_id = connection.ticket.tenant_id
        await self.common.take_seat(presence.seat(tenant_id, topic, side), connection.id)
        self._stand_up_others(tenant_id, topic, side, connection.id)
        await self.common.tell({"t": tenant_id, "p": topic, "op": "seat", "side": side, "conn": connection.id})
        await self._presence(tenant_id, topic)

    def _stand_up_others(self, tenant_id: int, topic: str, side: str, connection_id: str) -> None:
        """Exactly one page of each side: the newest."""
        for other in list(self.members.get((tenant_id, topic), ())):
            if other.id != connection_id and topic in other.standings and other.standings[topic].role == side:
                other.tell(type="taken_over", topic=topic)
                self._forget(other, topic)
                if not other.seats():
                    other.close(TAKEN_OVER)

    def _forget(self, connection: Connection, topic: str) -> None:
        standing = connection.standings.pop(topic, None)
        for other in standing.follows if standing is not None else ():
            account = (connection.ticket.tenant_id, f"account:{other}")
            self.followers[account].discard(connection)
            if not self.followers[account]:
                del self.followers[account]
        key = (connection.ticket.tenant_id, topic)
        members = self.members.get(key)
        if members is not None:
            members.discard(connection)
            if not members:
                del self.members[key]
                self._shown.pop(key, None)

    async def leave(self, connection: Connection) -> None:
        """A page has gone."""
        if connection not in self.everybody:
            return
        self.everybody.discard(connection)
        tenant_id, seats = connection.ticket.tenant_id, connection.seats()
        watchers = {w for s in connection.standings.values() for w in s.watchers}
        for topic in list(connection.standings):
            self._forget(connection, topic)
        await self.common.leave_seats([presence.seat(tenant_id, t, side) for t, side in seats], connection.id)
        mine = connection.ticket.account_id
        if not any(c.ticket.account_id == mine and c.ticket.tenant_id == tenant_id for c in self.everybody):
            # Another process may hold a page of theirs: it renews the mark within seconds.
            await self.common.unmark(presence.online(tenant_id, mine))
            await self._came_or_went(tenant_id, mine)
        for topic, side in seats:
            await self.common.tell({"t": tenant_id, "p": topic, "op": "left", "side": side})
            await self._presence(tenant_id, topic)
        for watcher in watchers:
            await self.common.tell({"t": tenant_id, "p": watcher, "w": "presence_changed"})

    # -- presence

    async def here(self, tenant_id: int, topic: str, sides: Iterable[str]) -> dict[str, bool]:
        """Which sides sit in a topic, by what all processes know; by what this one knows while Valkey is away."""
        sides = list(sides)
        local = {c.standings[topic].role for c in self.members.get((tenant_id, topic), ()) if topic in c.standings}
        known = await self.common.seated([presence.seat(tenant_id, topic, side) for side in sides])
        return {side: side in local or bool(known and known[n]) for n, side in enumerate(sides)}

    async def _presence(self, tenant_id: int, topic: str) -> None:
        """Tell those who sit here who else does; their watchers hear that it changed."""
        key = (tenant_id, topic)
        members = [c for c in self.members.get(key, ()) if topic in c.standings]
        if not members:
            return
        standing = members[0].standings[topic]
        found = await self.here(tenant_id, topic, standing.sides)
        if self._shown.get(key) == found:
            return
        self._shown[key] = found
        for connection in members:
            connection.tell(type="presence", topic=topic, here=found)
        for watcher in standing.watchers:
            await self.common.tell({"t": tenant_id, "p": watcher, "w": "presence_changed"})

    async def renew(self) -> None:
        """Renew what this process holds, and see who elsewhere has silently gone."""
        seats = [(c, t, side) for c in self.everybody for t, side in c.seats()]
        keys = [(presence.seat(c.ticket.tenant_id, t, side), c.id) for c, t, side in seats]
        held = await self.common.renew(
            keys, {presence.online(c.ticket.tenant_id, c.ticket.account_id) for c in self.everybody}
        )
        for (connection, topic, _side), still in zip(seats, held or (), strict=False):
            if not still and topic in connection.standings:
                connection.tell(type="taken_over", topic=topic)
                self._forget(connection, topic)
                if not connection.seats():
                    connection.close(TAKEN_OVER)
        await self._look_round({(c.ticket.tenant_id, t): c.standings[t] for c, t, _s in seats if t in c.standings})

    async def _look_round(self, topics: dict[Key, Standing]) -> None:
        """One question to Valkey for all seats of all topics."""
        asked = [(key, side) for key, standing in topics.items() for side in standing.sides]
        known = await self.common.seated([presence.seat(tenant, topic, side) for (tenant, topic), side in asked])
        if known is None:
            return
        found: dict[Key, dict[str, bool]] = {}
        for (key, side), taken in zip(asked, known, strict=True):
            found.setdefault(key, {})[side] = taken
        for key, sides in found.items():
            if self._shown.get(key) != sides:
                await self._presence(*key)

    # -- signals

    async def signal(self, connection: Connection, body: dict[str, Any]) -> None:
        """Pass a signal to the other of the two; nobody else can send or get one. Raises BadMessage."""
        topic = body.get("topic")
        standing = connection.standings.get(topic) if isinstance(topic, str) else None
        if standing is None or not standing.sides or not isinstance(topic, str):
            raise BadMessage("no seat there")
        made = signal_of(body)
        if not standing.signals:
            connection.tell(type="not_now", topic=topic)
            return
        other = next(side for side in standing.sides if side != standing.role)
        tenant_id = connection.ticket.tenant_id
        if not self._pass_on(tenant_id, topic, other, made):
            sealed = self.common.seal(tenant_id, topic, {"to": other, "signal": made})
            await self.common.tell({"t": tenant_id, "p": topic, "op": "signal", "sealed": sealed})

    def _pass_on(self, tenant_id: int, topic: str, side: str, signal: dict[str, Any]) -> bool:
        for member in self.members.get((tenant_id, topic), ()):
            standing = member.standings.get(topic)
            if standing is not None and standing.role == side and not member.closing:
                if standing.signals:
                    member.tell(type="signal", topic=topic, signal=signal)
                return True
        return False

    # -- what others tell

    async def heard(self, body: dict[str, Any]) -> None:
        """Something was told by Valkey: by a web process, a worker, or a live process."""
        tenant_id, topic = int(body["t"]), str(body["p"])
        op = body.get("op")
        if op == "online":
            self._tell_followers(tenant_id, topic)
        if (tenant_id, topic) not in self.members:
            return
        if op == "signal":
            opened = self.common.unseal(tenant_id, topic, str(body.get("sealed", "")))
            if opened is not None:
                self._pass_on(tenant_id, topic, str(opened.get("to")), opened.get("signal") or {})
        elif op == "seat":
            side = str(body.get("side"))
            # Two windows may sit down in the same instant: who has the seat is what counts, not who was heard last.
            holder = await self.common.holder(presence.seat(tenant_id, topic, side))
            self._stand_up_others(tenant_id, topic, side, holder or str(body.get("conn")))
            await self._presence(tenant_id, topic)
        elif op == "left":
            await self._presence(tenant_id, topic)
        elif isinstance(body.get("w"), str):
            await self.notice(tenant_id, topic, body["w"])

    async def notice(self, tenant_id: int, topic: str, what: str) -> None:
        """Look at the standings again, then tell the pages to do so: by then signals pass, or do not any more."""
        if what not in UNCHANGED:
            await self.look_again(tenant_id, topic)
        for connection in list(self.members.get((tenant_id, topic), ())):
            connection.tell(type="notice", topic=topic, what=what)

    async def look_again(self, tenant_id: int, topic: str) -> None:
        """Ask PostgreSQL anew what those who sit in a topic may do there."""
        for connection in list(self.members.get((tenant_id, topic), ())):
            before = connection.standings.get(topic)
            if before is None or not before.sides:
                continue
            found = await self.asking.standings(connection.ticket, [topic])
            if found is None:
                connection.close(ENDED)
            elif topic not in found:
                connection.tell(type="gone", topic=topic)
                self._forget(connection, topic)
            elif topic in connection.standings:
                connection.standings[topic] = found[topic]
                self._plan(tenant_id, topic, found[topic])

    async def everybody_again(self) -> None:
        """Something may have been missed: standings anew, seats anew, and every page looks for itself."""
        await self.renew()
        for tenant_id, topic in list(self.members):
            await self.look_again(tenant_id, topic)
        for connection in list(self.everybody):
            connection.tell(type="refresh")

    # -- time

    def _plan(self, tenant_id: int, topic: str, standing: Standing) -> None:
        for moment in standing.moments:
            entry = (moment.at.timestamp(), tenant_id, topic, moment.what)
            if entry not in self._known:
                self._known.add(entry)
                heapq.heappush(self._moments, entry)

    async def tick(self) -> None:
        """Tell what is due. Instants are compared with the platform's clock, not counted down: a clock that is put right
        in between changes nothing but when."""
        while self._moments and self._moments[0][0] <= clock.now().timestamp():
            entry = heapq.heappop(self._moments)
            self._known.discard(entry)
            at, tenant_id, topic, what = entry
            # A call that ended meanwhile has no moments any more.
            members = self.members.get((tenant_id, topic), ())
            standings = [c.standings[topic] for c in members if topic in c.standings]
            if any(m.what == what and m.at.timestamp() == at for s in standings for m in s.moments):
                await self.notice(tenant_id, topic, what)

    async def end_sessions(self) -> None:
        """Close the connections of sessions that were ended."""
        by_tenant: defaultdict[int, set[uuid.UUID]] = defaultdict(set)
        for connection in self.everybody:
            by_tenant[connection.ticket.tenant_id].add(connection.ticket.session_id)
        for tenant_id, sessions in by_tenant.items():
            alive = await self.asking.alive(tenant_id, sessions)
            for connection in list(self.everybody):
                ticket = connection.ticket
                if ticket.tenant_id == tenant_id and ticket.session_id in sessions - alive:
                    connection.close(ENDED)
