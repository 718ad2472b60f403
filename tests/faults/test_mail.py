"""Mail from a whole installation: a server that is away, and a worker that dies between sending and marking."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from core.embedded import processes
from tests.faults.clients import Crowd, check
from tests.faults.installation import READY_SECONDS, Installation, eventually
from tests.notifications.conftest import Post, post, serve

__all__ = ["post", "serve"]


class Deadly(Post):
    """Takes a mail for good, then kills the worker before it hears of it, as often as `lives` says."""

    def __init__(self) -> None:
        super().__init__()
        self.lives: list[Callable[[], int | None]] = []
        self.unheard: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.lives:
            pid = self.lives.pop()()
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                self.unheard.append(self.taken[-1]["Message-ID"])
                eventually(lambda: not processes.alive(pid), 5, "the worker dies")
        return answer


@pytest.fixture
def post() -> Post:  # noqa: F811
    """What arrives."""
    return Deadly()


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_mail_waits_for_its_server_and_survives_the_worker(
    installation: Callable[..., Installation],
    post: Deadly,  # noqa: F811
    serve: Callable[..., Any],  # noqa: F811
) -> None:
    server = serve()
    server.stop()
    here = installation(PORTICO_SMTP_URL=f"smtp+plain://127.0.0.1:{server.port}")
    here.up()
    here.fill(professionals=1, patients=12)
    with Crowd(here) as crowd:
        crowd.wait_for(8)
    tried = "SELECT count(*) FROM outbox_deliveries WHERE attempts > 0 AND last_error = 'ConnectionRefusedError'"
    eventually(lambda: here.count(tried) > 0, READY_SECONDS, "mail is tried while its server is away")
    assert post.taken == []
    server.start()
    here.drained(150)
    told = check(here, crowd)["booked"]
    once = Counter(mail["Message-ID"] for mail in post.taken)
    assert len(once) == 2 * told, "a confirmation to the patient and one to the professional"
    assert set(once.values()) == {1}, "a server that was away gets each mail once"

    post.lives = [lambda: here.child("worker")] * 3
    with Crowd(here, seen=crowd) as more:
        more.wait_for(12)
    here.drained(150)
    both = Counter(mail["Message-ID"] for mail in post.taken)
    total = here.count("SELECT count(*) FROM appointments WHERE state = 'booked'")
    assert total > told
    assert len(both) == 2 * total, "every mail went out"
    assert len(post.unheard) == 3
    assert {id_ for id_, count in both.items() if count > 1} <= set(post.unheard), "only unheard mails are repeated"
    assert all(both[id_] >= 2 for id_ in post.unheard), "what was not heard is sent again, under its id"
    assert here.count("SELECT count(*) FROM notification_deliveries WHERE state <> 'sent'") == 0
    print(f"\n{total} bookings, {len(both)} mails, {sum(both.values())} sendings, {len(post.unheard)} not heard of")
