"""R1 to R4: races, kill -9 of the database, of a web worker, of the worker, under load."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import redis

from tests.bench.goals import Measured
from tests.bench.ground import HOST, Ground, wait_for
from tests.bench.load import Connection, Pool, get
from tests.bench.measure import ROUNDS, children
from tests.bench.serving import Serving, book

KILLS = 20
WRITERS = 4
_COUNTS = (
    "SELECT (SELECT count(*) FROM appointments WHERE state = 'booked'), "
    "(SELECT count(*) FROM outbox_messages WHERE name = 'appointment_booked'), "
    "(SELECT count(*) FROM audit_entries WHERE action = 'appointment.booked')"
)
_OVERLAPS = (
    "SELECT count(*) FROM busy_ranges a JOIN busy_ranges b ON a.practitioner_id = b.practitioner_id "
    "AND a.id < b.id AND a.during && b.during"
)
_WAITING = "SELECT count(*) FROM outbox_deliveries WHERE done_at IS NULL AND dead_at IS NULL AND next_at < now() + interval '1 hour'"


def race(s: Serving) -> list[Measured]:
    """R1: eight patients want each of twenty times, all at once."""
    ground, broken, refused = s.ground, 0, 0
    source = random.Random(1)
    pool = Pool(s.port, 8)
    for _round in range(ROUNDS):
        wanted = [book(p, body) for body in ground.free_slots(20) for p in ground.patients]
        source.shuffle(wanted)
        with ground.admin() as c:
            before = c.execute(_COUNTS).fetchone()
            found = pool.answers(wanted)
            after = c.execute(_COUNTS).fetchone()
            overlaps = ground.scalar(_OVERLAPS)
        if before is None or after is None:
            raise RuntimeError("nothing was counted")
        created = found.count(201)
        refused += found.count(409)
        strange = len(found) - created - found.count(409)
        broken += (
            sum(abs(a - b - created) for a, b in zip(after, before, strict=True))
            + overlaps
            + abs(20 - created)
            + strange
        )
    pool.close()
    note = f"{ROUNDS} × 160 requests for 20 times; {refused} answered 409; rows, messages and trail counted"
    return [Measured("R1", broken, ROUNDS, note=note)]


@dataclass
class _Writers:
    """Threads that book without end; what was not answered is asked again with the same key."""

    serving: Serving
    acknowledged: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    last: float = 0.0
    stopped: bool = False

    def start(self) -> None:
        """Begin."""
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, each after its present request."""
        self.stopped = True
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        ground, connection = self.serving.ground, Connection(self.serving.port)
        lock = _slot_lock
        while not self.stopped:
            with lock:
                (body,) = ground.free_slots(1)
            request = book(ground.patients[number], body)
            while not self.stopped:
                status, answer = 0, b""
                with contextlib.suppress(OSError):
                    status, answer = connection.send(request)
                if status == 201:
                    self.acknowledged.append(json.loads(answer)["id"])
                    self.last = time.perf_counter()
                    break
                if status not in (0, 409, 500, 503) or (status == 409 and b"idempotency_running" not in answer):
                    self.wrong.append(f"{status} {answer[:200]!r}")
                    break
                time.sleep(0.05)
        connection.close()


_slot_lock = threading.Lock()


def kill_database(s: Serving) -> list[Measured]:
    """R2 and the first half of R3: twenty kills of the server while four writers book."""
    ground, ready = s.ground, []
    writers = _Writers(s)
    source = random.Random(2)
    writers.start()
    try:
        wait_for(lambda: writers.last > 0, 30)
        for _kill in range(KILLS):
            time.sleep(source.uniform(0.2, 0.6))
            pid = ground.postgres.pid()
            if pid is None:
                raise RuntimeError("the server has no process id")
            os.kill(pid, signal.SIGKILL)
            killed = time.perf_counter()
            # What a service manager does at once, in operation.
            ground.postgres.start()
            again = time.perf_counter()
            wait_for(lambda at=again: writers.last > at, 60, 0.01)
            ready.append(time.perf_counter() - killed)
    finally:
        writers.stop()
    with ground.admin() as c:
        rows = c.execute("SELECT id::text FROM appointments WHERE state = 'booked'").fetchall()
        doubled = c.execute(
            "SELECT count(*) - count(DISTINCT busy_id) FROM appointments WHERE state = 'booked'"
        ).fetchone()
    there = {r[0] for r in rows}
    lost = sum(a not in there for a in writers.acknowledged)
    wrong = len(writers.wrong) + (doubled[0] if doubled else 0)
    note = f"{len(writers.acknowledged):,} acknowledged; asked again with the same key: {wrong} wrong or double"
    if writers.wrong:
        note += f" (first: {writers.wrong[0][:80]})"
    return [
        Measured("R2", lost, KILLS, note=note),
        Measured("R3 database", statistics.median(ready), KILLS, note=f"kill to the next 201; slowest {max(ready):.1f} s; start at once, as a service manager does"),
    ]  # fmt: skip


def kill_web(s: Serving) -> list[Measured]:
    """The other half of R3: one of two web workers is killed; the other goes on answering."""
    took = []
    for _round in range(ROUNDS):
        victims = children(s.product.pid)
        begun = time.perf_counter()
        os.kill(victims[0], signal.SIGKILL)
        wait_for(lambda old=victims: len(set(children(s.product.pid)) - {old[0]}) >= len(old), 20, 0.01)
        fresh = next(iter(set(children(s.product.pid)) - set(victims)))
        # The new one serves once it listens in its own right: four pages in a row on new connections.
        wait_for(lambda pid=fresh: _serves(pid), 20, 0.02)
        Pool(s.port, 2).closed(4, lambda _n: get("/", HOST))
        took.append(time.perf_counter() - begun)
    return [Measured("R3 web", statistics.median(took), ROUNDS, note="the other worker answers meanwhile")]


def _serves(pid: int) -> bool:
    """Whether a gunicorn worker waits for connections: once it has loaded the application, it polls the listening socket."""
    with contextlib.suppress(OSError):
        folder = Path(f"/proc/{pid}/fdinfo")
        return any("tfd:" in entry.read_text() for entry in folder.iterdir())
    return False


def kill_worker(s: Serving) -> list[Measured]:
    """R4: the worker is killed in the midst of its deliveries, and another is started, as `portico up` does."""
    ground = s.ground
    with ground.admin() as c:
        c.execute("UPDATE outbox_deliveries SET done_at = now() WHERE done_at IS NULL")
    redis.Redis.from_url(ground.valkey.url).flushall()
    scheduler = ground.spawn("-m", "core.cli", "scheduler")
    worker = ground.spawn("-m", "core.cli", "worker")
    took = []
    pool = Pool(s.port)
    try:
        _deliveries(ground, pool, 2)
        wait_for(lambda: ground.scalar(_WAITING) == 0, 60, 0.1)
        for _round in range(ROUNDS):
            _deliveries(ground, pool, 12)
            total = ground.scalar(_WAITING)
            with contextlib.suppress(TimeoutError):
                wait_for(lambda total=total: ground.scalar(_WAITING) < total, 5, 0.01)
            os.killpg(worker.pid, signal.SIGKILL)
            begun = time.perf_counter()
            worker.wait()
            worker = ground.spawn("-m", "core.cli", "worker")
            wait_for(lambda: ground.scalar(_WAITING) == 0, 90, 0.05)
            took.append(time.perf_counter() - begun)
        dead = ground.scalar("SELECT count(*) FROM outbox_deliveries WHERE dead_at IS NOT NULL")
    finally:
        ground.end(worker)
        ground.end(scheduler)
    note = f"12 bookings' messages under way at each kill; slowest {max(took):.1f} s; {dead} dead letters"
    return [Measured("R4", statistics.median(took), ROUNDS, note=note)]


def _deliveries(ground: Ground, pool: Pool, count: int) -> None:
    requests = [book(ground.patients[i % 8], body) for i, body in enumerate(ground.free_slots(count))]
    pool.closed(len(requests), lambda n: requests[n], 201)
