"""L1 to L3: the live process with a hundred calls that begin at once, a thousand patients who wait, two hundred open consultations."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import socket
import statistics
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from core import clock
from core.care.rooms import service
from core.db import db
from core.identity import sessions
from core.identity.models import AuthSession
from core.live import publish, tokens, topics
from core.tenancy.current import entered
from core.testing.makers import make_account
from tests.bench.goals import Measured
from tests.bench.ground import HOST, Ground, free_port, listens, wait_for
from tests.bench.measure import cpu_seconds

CALLS, WAITING, CONSULTATIONS = 100, 1000, 200
CANDIDATES = 15
SDP = "v=0\r\n" + "a=candidate and codec lines of a usual length\r\n" * 110
IDLE_SECONDS = 16.0
NUDGES, NUDGES_A_SECOND = 400, 40
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Person:
    """One side of a room, with an open session."""

    account_id: uuid.UUID
    session_id: uuid.UUID
    topic: str


Pair = tuple[Person, Person]


def _rooms(ground: Ground, count: int, *, started: bool) -> list[Pair]:
    """Rooms, each with a patient and a professional of its own; in the call, or waiting."""
    made = []
    with ground.app.app_context(), entered(ground.tenant_id):
        for _n in range(count):
            people = []
            for role in ("patient", "professional"):
                account = make_account(role)
                sessions.open_session(account, "bench")
                row = db.session.query(AuthSession).filter_by(account_id=account.id).one()
                people.append((account.id, row.id))
            room = service.open_room(
                subject_id=uuid.uuid4(), service="video_consultation", patient_account_id=people[0][0],
                professional_account_id=people[1][0], opens_at=clock.now() - dt.timedelta(minutes=1),
            )  # fmt: skip
            if started:
                service.start(room, people[1][0])
            topic = service.topic_of(room.id)
            made.append((Person(*people[0], topic), Person(*people[1], topic)))
            db.session.commit()
            db.session.expunge_all()
    return made


class Channel:
    """A live process, and pages that connect to it."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.port = ground, free_port()
        self.process = ground.spawn(
            "-m", "core.cli", "live", "--port", str(self.port), PORTICO_LIVE_URL=f"ws://{{host}}:{self.port}/live"
        )
        wait_for(lambda: listens(self.port), 40)
        self.keys = ground.app.extensions["portico"].settings.secret_keys

    def token(self, person: Person) -> str:
        """A ticket to the room and to what concerns the person."""
        listened = (person.topic, topics.name("account", person.account_id))
        return tokens.issue(self.keys, tokens.Ticket(self.ground.tenant_id, person.account_id, person.session_id, listened), 3600)  # fmt: skip

    @contextlib.asynccontextmanager
    async def pages(self, people: list[Person]) -> AsyncIterator[list[ClientConnection]]:
        """All connected and welcomed, some dozens at a time."""
        gate = asyncio.Semaphore(40)
        kept = contextlib.AsyncExitStack()

        async def come(person: Person) -> ClientConnection:
            async with gate:
                where = socket.create_connection(("127.0.0.1", self.port))
                where.setblocking(False)
                opened = connect(
                    f"ws://{HOST}:{self.port}/live", sock=where, origin=f"http://{HOST}:8000", compression=None,  # type: ignore[arg-type]
                    max_queue=None, ping_interval=None,
                )  # fmt: skip
                page = await kept.enter_async_context(opened)
                await page.send(json.dumps({"type": "hello", "token": self.token(person)}))
                await _until(page, "welcome")
                return page

        async with kept:
            yield list(await asyncio.gather(*(come(p) for p in people)))

    def memory_mb(self) -> float:
        """What the process holds."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024

    def cpu(self) -> float:
        """Its CPU seconds so far."""
        return cpu_seconds([self.process.pid])


async def _until(page: ClientConnection, kind: str) -> dict[str, Any]:
    while True:
        body: dict[str, Any] = json.loads(await page.recv())
        if body["type"] == kind:
            return body


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


async def _one_call(pair: Pair, patient: ClientConnection, professional: ClientConnection) -> float:
    """All signals of one call's beginning, both ways; ms until the last has arrived."""
    begun = time.perf_counter()
    names = {"from": "professional-page", "to": "patient-page-00"}
    back = {"from": "patient-page-00", "to": "professional-page"}

    async def say(page: ClientConnection, kind: str, who: dict[str, str], data: Any = None) -> None:
        await page.send(json.dumps({"type": "signal", "topic": pair[0].topic, "kind": kind, **who, "data": data}))

    candidate = {"candidate": "candidate:1 1 udp 2122260223 192.0.2.7 54400 typ host generation 0", "sdpMid": "0", "sdpMLineIndex": 0}  # fmt: skip

    async def side(page: ClientConnection, who: dict[str, str], offers: bool) -> None:
        if offers:
            await say(page, "description", who, {"type": "offer", "sdp": SDP})
        heard = 0
        while heard < CANDIDATES + 1:
            body = await _until(page, "signal")
            heard += 1
            if body["signal"]["kind"] == "description" and not offers:
                await say(page, "description", who, {"type": "answer", "sdp": SDP})
            if body["signal"]["kind"] == "description":
                for _n in range(CANDIDATES):
                    await say(page, "candidate", who, candidate)

    await asyncio.gather(side(professional, names, True), side(patient, back, False))
    return (time.perf_counter() - begun) * 1000


async def _calls(channel: Channel, pairs: list[Pair]) -> Measured:
    took: list[float] = []
    async with channel.pages([p for pair in pairs for p in pair]) as pages:
        before = channel.cpu()
        for _round in range(ROUNDS):
            async with asyncio.timeout(60):
                took += await asyncio.gather(
                    *(_one_call(pair, *pages[2 * n : 2 * n + 2]) for n, pair in enumerate(pairs))
                )
            await asyncio.sleep(3)  # the next call's messages are allowed again
        cpu = (channel.cpu() - before) * 1000 / (ROUNDS * len(pairs))
    note = f"{len(pairs)} calls begin in the same instant, {2 * CANDIDATES + 2} signals each, none lost; median {statistics.median(took):.0f} ms"
    return Measured("L1", _p95(took), ROUNDS, f"{cpu:.1f} a call", f"{max(took):.0f} the slowest", note)


async def _waiting(channel: Channel, pairs: list[Pair]) -> Measured:
    people = [pair[0] for pair in pairs]
    empty = channel.memory_mb()
    begun, cpu = time.perf_counter(), channel.cpu()
    async with channel.pages(people):
        arrived, arriving = time.perf_counter() - begun, channel.cpu() - cpu
        await asyncio.sleep(2)
        cpu = channel.cpu()
        await asyncio.sleep(IDLE_SECONDS)
        percent = (channel.cpu() - cpu) / IDLE_SECONDS * 100
        each = (channel.memory_mb() - empty) * 1024 / len(people)
    note = (
        f"{len(people)} connected within {arrived:.1f} s ({arriving * 1000 / len(people):.1f} ms CPU each), then {IDLE_SECONDS:.0f} s of waiting; "
        f"{each:.0f} KB each; countdowns run in the pages and cost nothing"
    )
    return Measured("L2", percent, 1, note=note)


async def _nudges(channel: Channel, pairs: list[Pair], tenant_id: int) -> Measured:
    took: list[float] = []
    sent: dict[str, float] = {}
    async with channel.pages([p for pair in pairs for p in pair]) as pages:
        await asyncio.sleep(2)

        async def hear(page: ClientConnection) -> None:
            while True:
                body = await _until(page, "notice")
                if body["what"] == "message_arrived":
                    took.append((time.perf_counter() - sent[body["topic"]]) * 1000)

        ears = [asyncio.create_task(hear(page)) for page in pages]
        cpu = channel.cpu()
        for n in range(NUDGES):
            topic = pairs[n % len(pairs)][0].topic
            sent[topic] = time.perf_counter()
            publish.send(tenant_id, topic, "message_arrived")
            await asyncio.sleep(1 / NUDGES_A_SECOND)
        await asyncio.sleep(1)
        cpu = (channel.cpu() - cpu) * 1000 / NUDGES
        for ear in ears:
            ear.cancel()
        await asyncio.gather(*ears, return_exceptions=True)
    lost = 2 * NUDGES - len(took)
    if lost:
        raise RuntimeError(f"{lost} of {2 * NUDGES} notices did not arrive")
    note = f"{NUDGES} messages at {NUDGES_A_SECOND} a second, each to both pages, none lost; median {statistics.median(took):.1f} ms"
    return Measured("L3", _p95(took), 1, f"{cpu:.2f} a message", f"{max(took):.0f} the slowest", note)


def measure(ground: Ground) -> list[Measured]:
    """All three, each on a process that has seen nothing yet."""
    url = ground.app.extensions["portico"].settings.redis_url
    calling, open_ones, waiting = (
        _rooms(ground, CALLS, started=True),
        _rooms(ground, CONSULTATIONS, started=False),
        _rooms(ground, WAITING, started=False),
    )
    publish.connect(url)
    found = []
    try:
        for work in (
            lambda c: _calls(c, calling),
            lambda c: _waiting(c, waiting),
            lambda c: _nudges(c, open_ones, ground.tenant_id),
        ):
            channel = Channel(ground)
            try:
                found.append(asyncio.run(work(channel)))
            finally:
                ground.end(channel.process)
    finally:
        publish.disconnect()
    return found
