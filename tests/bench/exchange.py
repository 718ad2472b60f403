"""L4: a message from send to seen, all the way: web server, database, Valkey, live process, and the other side's page."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
import uuid
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection

from core import clock
from core.care.consultations.models import Consultation
from core.consent import service as consent
from core.db import db
from core.identity import sessions
from core.identity.models import Account, AuthSession
from core.live import topics
from core.tenancy.current import entered
from core.testing.makers import make_account, make_professional
from tests.bench.goals import Measured
from tests.bench.ground import HOST, Ground
from tests.bench.live import Channel, Person, _p95
from tests.bench.load import get, post
from tests.bench.measure import cpu_seconds

CONSULTATIONS, PROFESSIONALS = 200, 20
MESSAGES, MESSAGES_A_SECOND = 200, 4
"""Each of the two hundred is written in about once a minute, by its two sides in turn."""
WARM = 20
SETTLE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a consultation: who listens, and the session of its browser."""

    person: Person
    token: str


@dataclass(frozen=True, slots=True)
class Open:
    """A consultation under way, open in the browsers of both sides."""

    id: uuid.UUID
    sides: tuple[Side, Side]


def _signed_in(account: Account) -> tuple[uuid.UUID, uuid.UUID, str]:
    consent.accept(account.id, consent.to_accept(), language="en", way="registration")
    token = sessions.open_session(account, "password+code")
    row = db.session.query(AuthSession).filter_by(account_id=account.id).one()
    return account.id, row.id, token


def _consultations(ground: Ground) -> list[Open]:
    made: list[Open] = []
    with ground.app.app_context(), entered(ground.tenant_id):
        professionals = []
        for _n in range(PROFESSIONALS):
            found = make_professional()
            professionals.append((found.pro.id, _signed_in(found.account)))
            db.session.commit()
        for number in range(CONSULTATIONS):
            professional_id, theirs = professionals[number % PROFESSIONALS]
            account = make_account("patient")
            mine, now = _signed_in(account), clock.now()
            row = Consultation(
                service="express_consultation", form="request", state="in_progress", patient_account_id=account.id,
                person_id=account.person_id, professional_id=professional_id, requested_at=now, answer_by=now, accepted_at=now,
                started_at=now, highest_cents=0, agreed_cents=0, currency="EUR",
            )  # fmt: skip
            db.session.add(row)
            db.session.flush()
            topic = topics.name("consultation", row.id)
            sides = tuple(
                Side(Person(account_id, session, topic), token) for account_id, session, token in (mine, theirs)
            )
            made.append(Open(row.id, (sides[0], sides[1])))
            db.session.commit()
            db.session.expunge_all()
    return made


async def _ask(port: int, request: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own: (status, body)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


class Exchange:
    """The pages of all sides: as `thread.js` does, each looks at the thread again whenever it is told of something."""

    def __init__(self, port: int, opened: list[Open]) -> None:
        self.port, self.opened = port, opened
        self.words: dict[uuid.UUID, tuple[str, int, float]] = {}
        """Of each consultation: the words under way, the side that reads them, when they were sent."""
        self.seen: list[float] = []
        self.told: list[float] = []
        self.wrong: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    async def look(self, one: Open, side: int) -> None:
        """The page asks for the thread; what is read so counts as seen."""
        path = f"/consultations/{one.id}/thread"
        cookie = f"portico_session={one.sides[side].token}"
        status, body = await _ask(self.port, get(path, HOST, Cookie=cookie, Accept="text/html"))
        if status != 200:
            self.wrong.append(f"the thread answered {status}")
            return
        waited = self.words.get(one.id)
        if waited is not None and waited[1] == side and waited[0].encode() in body:
            del self.words[one.id]
            self.seen.append((time.perf_counter() - waited[2]) * 1000)

    async def listen(self, one: Open, side: int, page: ClientConnection) -> None:
        """What comes by the live channel, for as long as the page is open."""
        begun: float | None = None
        while True:
            body: dict[str, Any] = json.loads(await page.recv())
            if body["type"] != "notice" or body["topic"] != one.sides[side].person.topic:
                continue
            waited = self.words.get(one.id)
            if body["what"] == "message_arrived" and waited is not None and waited[1] != side:
                begun = waited[2]
            elif body["what"] == "message_seen" and begun is not None:
                self.told.append((time.perf_counter() - begun) * 1000)
                begun = None
            task = asyncio.create_task(self.look(one, side))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def write(self, one: Open, side: int) -> None:
        """One side writes to the other."""
        text = f"Words {uuid.uuid4().hex}"
        request = post(
            f"/api/v1/consultations/{one.id}/messages", HOST, {"text": text},
            Authorization=f"Bearer {one.sides[side].token}", Idempotency_Key=uuid.uuid4().hex,
        )  # fmt: skip
        self.words[one.id] = (text, 1 - side, time.perf_counter())
        status, body = await _ask(self.port, request)
        if status != 201:
            self.wrong.append(f"sending answered {status}: {body[:200]!r}")

    async def run(self, count: int) -> None:
        """So many messages at an even pace, in one consultation after the other, by its sides in turn."""
        begun, sent = time.perf_counter(), []
        for n in range(count):
            await asyncio.sleep(max(0.0, begun + n / MESSAGES_A_SECOND - time.perf_counter()))
            sent.append(asyncio.create_task(self.write(self.opened[n % len(self.opened)], n % 2)))
        await asyncio.gather(*sent)
        ends = time.perf_counter() + SETTLE_SECONDS
        while self.words and time.perf_counter() < ends:
            await asyncio.sleep(0.05)
        while self._running:
            await asyncio.gather(*list(self._running))
        if self.wrong or self.words:
            raise RuntimeError(f"{len(self.words)} messages were never seen; {self.wrong[:3]}")


async def _measure(channel: Channel, port: int, opened: list[Open], pids: list[int]) -> Measured:
    load_before = os.getloadavg()[0]
    exchange = Exchange(port, opened)
    people = [side.person for one in opened for side in one.sides]
    async with channel.pages(people) as pages:
        ears = [
            asyncio.create_task(exchange.listen(one, side, pages[2 * n + side]))
            for n, one in enumerate(opened)
            for side in (0, 1)
        ]
        await exchange.run(WARM)
        exchange.seen.clear()
        exchange.told.clear()
        cpu = cpu_seconds(pids)
        await exchange.run(MESSAGES)
        cpu = (cpu_seconds(pids) - cpu) * 1000 / MESSAGES
        for ear in ears:
            ear.cancel()
        await asyncio.gather(*ears, return_exceptions=True)
    load = f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after"
    note = (
        f"{MESSAGES} messages at {MESSAGES_A_SECOND} a second, {len(people)} pages open, none lost; sent by the API, told by the live "
        f"channel, read by the other side's page; median {statistics.median(exchange.seen):.0f} ms; the writer is told that it was "
        f"seen after {statistics.median(exchange.told):.0f} ms, p95 {_p95(exchange.told):.0f} ms; "
        f"processes that wanted a core, by the system's count: {load}"
    )
    return Measured("L4", _p95(exchange.seen), 1, f"{cpu:.0f} a message", f"{max(exchange.seen):.0f} the slowest", note)


def measure(ground: Ground) -> list[Measured]:
    """The whole way of a message, with all processes of a portal running."""
    opened = _consultations(ground)
    product, port = ground.gunicorn("tests.bench.served:product()")
    try:
        channel = Channel(ground)
        try:
            pids = [product.pid, channel.process.pid, *ground.database_pids()]
            return [asyncio.run(_measure(channel, port, opened, pids))]
        finally:
            ground.end(channel.process)
    finally:
        ground.end(product)
