"""Patients who book while things die: each repeats with the same key until it has an answer, and notes what it was told."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.faults.installation import Installation, eventually, patience

PATIENCE_SECONDS = 60.0


@dataclass
class Wish:
    """One booking that a patient wants: its key, what was answered, how often it was asked."""

    token: str
    body: dict[str, str]
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    status: int = 0
    answer: Any = None
    tries: int = 0
    heard: list[str] = field(default_factory=list)


def kind(answer: Any) -> str:
    """The code of a refusal, empty where there is none."""
    return str(answer.get("type", "")).rpartition(":")[2] if isinstance(answer, dict) else ""


class Crowd:
    """Some clients at once. Two of them want each third time, so that some must be refused."""

    def __init__(self, here: Installation, clients: int = 3, seen: Crowd | None = None) -> None:
        self.here, self.clients = here, clients
        self.done: list[Wish] = []
        self.problems: list[str] = []
        self._stop, self._lock = threading.Event(), threading.Lock()
        # A crowd after another goes on with the times that are left.
        self._bodies = seen._bodies if seen is not None else self._choices()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]

    def _choices(self) -> Any:
        """Free times, far enough ahead that no reminder is due; the same one twice now and then."""
        times = []
        for doctor in self.here.portal["doctors"]:
            for week in range(1, 12):
                day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + week * 7 * 86400 - 3 * 86400))
                path = f"/api/v1/professionals/{doctor['professional_id']}/slots?reason_id={doctor['reason_id']}"
                status, told = self.here.get(f"{path}&first_day={day}&days=7")
                assert status == 200, told
                times += [{**doctor, "starts_at": slot["starts_at"]} for slot in told["items"]]
        for number, body in enumerate(times):
            yield body
            if number % 3 == 0:
                yield body

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, seconds: float = 60) -> None:
        """Until so many wishes more have been answered."""
        wanted = len(self.done) + count

        def enough() -> bool:
            assert not self.problems, self.problems[0]
            return len(self.done) >= wanted

        eventually(enough, seconds, f"{count} bookings go through")

    def _run(self, number: int) -> None:
        tokens = itertools.cycle(self.here.portal["tokens"][number :: self.clients])
        while not self._stop.is_set():
            with self._lock:
                body = next(self._bodies, None)
            if body is None:
                return
            wish = Wish(next(tokens), body)
            try:
                self.ask(wish)
            except AssertionError as error:
                self.problems.append(str(error))
                return
            self.done.append(wish)

    def ask(self, wish: Wish) -> None:
        """Repeat with the same key until there is an answer that says yes or no."""
        begun = time.monotonic()
        while True:
            wish.tries += 1
            wish.status, wish.answer = self.here.send(
                "POST", "/api/v1/appointments", wish.body, wish.token, Idempotency_Key=wish.key
            )
            if wish.status == 201 or (wish.status, kind(wish.answer)) == (409, "slot_gone"):
                return
            told = f"{wish.status} {kind(wish.answer)}".strip()
            assert wish.status in (0, 500, 502, 503) or told == "409 idempotency_running", (told, wish.answer)
            wish.heard.append(told)
            assert time.monotonic() - begun < patience(PATIENCE_SECONDS), (
                f"no answer for a minute: {wish.status} {wish.answer}"
            )
            time.sleep(0.1)

    @property
    def booked(self) -> list[Wish]:
        """Those that were told yes."""
        return [w for w in self.done if w.status == 201]


def check(here: Installation, crowd: Crowd) -> dict[str, int]:
    """Count, once all is quiet: acknowledged is there once, nothing else is, nothing overlaps, a repeat changes nothing."""
    assert not crowd.problems, crowd.problems[0]
    told = {w.answer["id"] for w in crowd.booked}
    assert len(told) == len(crowd.booked), "two wishes were answered with one appointment"
    _same(here, crowd, told)
    for wish in crowd.booked:
        before = wish.answer
        crowd.ask(wish)
        assert (wish.status, wish.answer) == (201, before), "a repeat was answered otherwise"
    _same(here, crowd, told)
    return {
        "booked": len(told),
        "refused": len(crowd.done) - len(told),
        "asked again": sum(len(w.heard) for w in crowd.done),
    }


def _story(crowd: Crowd, ids: set[str]) -> list[str]:
    """What the clients met on the way to these, or wherever an answer was not heard."""
    return [
        f"{w.status} {kind(w.answer)} after {w.heard}"
        for w in crowd.done
        if w.answer.get("id") in ids or (not ids and w.heard)
    ]


def _same(here: Installation, crowd: Crowd, told: set[str]) -> None:
    with here.database() as connection:
        rows = connection.execute(
            "SELECT id::text, patient_account_id, practitioner_id, starts_at, ends_at, busy_id FROM appointments "
            "WHERE state = 'booked' ORDER BY practitioner_id, starts_at"
        ).fetchall()
        busy = connection.execute("SELECT id FROM busy_ranges").fetchall()
    stored = {row[0] for row in rows}
    assert told <= stored, f"acknowledged and lost: {_story(crowd, told - stored)}"
    assert stored <= told, f"stored, and nobody was told: {len(stored - told)}; {_story(crowd, set())}"
    assert len(rows) == len(told)
    for one, other in itertools.pairwise(rows):
        assert one[2] != other[2] or one[4] <= other[3], "two appointments overlap"
    assert sorted(row[5] for row in rows) == sorted(row[0] for row in busy), "times taken and appointments differ"
    wanted = {(w.body["professional_id"], w.body["starts_at"]) for w in crowd.done}
    assert len(wanted) == len(told), "a time that was wanted was given to nobody, or twice"
