"""What happens when something happened. Events come at least once: `event.id` tells a second time from a second event."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from collections.abc import Callable

from core.plugin_api import Delivery, Event, JoinLink, RoomFacts, ScannerAway, ScanVerdict

log = logging.getLogger("portico.example")
_seen: set[str] = set()
counts: Counter[str] = Counter()
MOST_READ = 16 * 1024 * 1024


def note(event: Event) -> None:
    """Count each event once. A real plugin keeps the ids in a table of its own, in the same transaction as its work."""
    if event.id in _seen:
        return
    _seen.add(event.id)
    counts[event.name] += 1


def settle_as(step: str) -> Callable[[uuid.UUID], None]:
    """How a fund is told that a unit is spent or goes back; the same act twice is once. A real plugin keeps a ledger."""

    def settle(act_id: uuid.UUID) -> None:
        if (key := f"{step}:{act_id}") not in _seen:
            _seen.add(key)
            counts[step] += 1

    return settle


def tidy() -> None:
    """Forget the ids: in an example, an hour is long enough."""
    _seen.clear()


def write_down(delivery: Delivery) -> None:
    """A way to deliver SMS: into the log, without the number and without the words, which may be personal."""
    if not delivery.to:
        raise ValueError("a message without a number")
    log.info("an SMS was written down", extra={"message_id": delivery.idempotency_key})


def look_at(data: bytes) -> ScanVerdict:
    """A scanner that knows one harmful file, the test file of the antivirus makers. A real one asks a service.

    It says "not now" to a file that is larger than it reads: never "clean" in doubt.
    """
    if len(data) > MOST_READ:
        raise ScannerAway("larger than this scanner reads", this_file_only=True)
    harmful = b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE" in data
    return ScanVerdict(not harmful, "Test.File" if harmful else None)


def meet(facts: RoomFacts) -> JoinLink:
    """A way into a room elsewhere. A real plugin asks its service for a room of two, without recording, that closes at the
    end, and signs each person's way in; here the address alone is made."""
    if facts.media not in ("video", "audio"):
        raise ValueError("no picture and no sound is wanted")
    return JoinLink(
        f"https://rooms.example.org/{facts.room}?as={facts.person}&lang={facts.language}",
        embed=True,
        frame_origins=("https://rooms.example.org",),
    )
