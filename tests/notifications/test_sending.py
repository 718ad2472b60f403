"""From a booking to a mail on a real SMTP server: whole, once, later when it must be, and visibly dead when it never can."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from icalendar import Calendar

from core import clock
from core.db import db
from core.hooks.manager import BUILTIN
from core.jobs import outbox
from core.notifications.models import NotificationDelivery
from core.scheduling import booking
from core.testing.makers import MONDAY, choice, make_booker, make_professional
from tests.notifications.conftest import Post, Server


@pytest.fixture
def server(inside: Any, runtime: Any, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]) -> Iterator[Server]:
    """A server that the installation's settings name."""
    made: Server = serve()
    core = runtime.modules[BUILTIN]
    with_mail = dataclasses.replace(core.settings, smtp_url=f"smtp+plain://127.0.0.1:{made.port}")
    monkeypatch.setattr(core, "settings", with_mail)
    with clock.at(MONDAY):
        yield made


@pytest.fixture
def booked(server: Server) -> Any:
    """An appointment; nothing is sent yet."""
    outbox.drain()  # what making the portal announced
    booker, doctor = make_booker(email="anna@example.org"), make_professional()
    row = booking.book(booker, **choice(doctor, MONDAY + dt.timedelta(days=1, hours=2)))
    db.session.commit()
    return row


def to_anna(post: Post) -> list[Any]:
    return [mail for mail in post.taken if mail["To"] == "anna@example.org"]


def later(**delta: int) -> Any:
    return clock.at(clock.now() + dt.timedelta(**delta))


def states() -> set[str]:
    db.session.rollback()
    return {row.state for row in db.session.query(NotificationDelivery).filter_by(channel="email")}


def test_the_confirmation_arrives_with_its_calendar_file(booked: Any, post: Post) -> None:
    outbox.drain()
    (mail,) = to_anna(post)
    sender = mail["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Frontalia", "messages@frontalia.example")
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar",
    ]  # fmt: skip
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f"/appointments/{booked.id}" in text
    assert f"/appointments/{booked.id}" in html
    (attached,) = mail.iter_attachments()
    calendar = Calendar.from_ical(attached.get_payload(decode=True))
    assert calendar["METHOD"] == attached.get_param("method") == "REQUEST"
    (event,) = calendar.walk("VEVENT")
    assert event["DTSTART"].dt == booked.starts_at
    assert mail["Message-ID"].endswith("@frontalia.example>")
    assert states() == {"sent"}
    outbox.drain()
    assert len(to_anna(post)) == 1


def test_a_server_that_is_away_is_waited_for(booked: Any, post: Post, server: Server) -> None:
    server.stop()
    outbox.drain()
    assert post.taken == []
    assert states() == {"waiting"}
    server.start()
    with later(seconds=outbox.FIRST_PAUSE_SECONDS):
        outbox.drain()
        assert post.taken == [], "it is not asked again before its time"
    with later(minutes=1):
        outbox.drain()
        outbox.drain()
    assert len(to_anna(post)) == 1
    assert states() == {"sent"}


def test_a_night_without_a_server_is_no_dead_letter(booked: Any, post: Post) -> None:
    post.to_rcpt = "451 later"
    start, minutes = clock.now(), 0
    while minutes < 8 * 60:
        with clock.at(start + dt.timedelta(minutes=minutes)):
            outbox.drain()
        minutes += 5
    assert outbox.dead_letters() == []
    post.to_rcpt = ""
    with clock.at(start + dt.timedelta(hours=10)):
        outbox.drain()
    assert len(to_anna(post)) == 1


def test_a_refusal_for_good_is_a_dead_letter_at_once(booked: Any, post: Post) -> None:
    post.to_rcpt = "550 no such mailbox"
    outbox.drain()
    dead = outbox.dead_letters()
    assert {(letter.attempts, letter.last_error) for letter in dead} == {(1, "Undeliverable")}
    with later(hours=20):
        outbox.drain()
    assert len(outbox.dead_letters()) == len(dead)
    assert post.taken == []
    post.to_rcpt = ""
    for letter in dead:
        assert outbox.revive(letter.message_id, letter.consumer)
    db.session.commit()
    outbox.drain()
    outbox.drain()
    assert len(to_anna(post)) == 1
    assert states() == {"sent"}


def test_sent_but_not_marked_is_sent_again_under_the_same_id(
    booked: Any, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: SMTP and the database share no transaction. The reader's side tells repeats by the id."""
    real = outbox._handle

    def dies_after(name: str, told: Any) -> None:
        real(name, told)
        if told.name == "notification_due":
            raise ConnectionError("the database went away before the mark")

    monkeypatch.setattr(outbox, "_handle", dies_after)
    outbox.drain()
    monkeypatch.setattr(outbox, "_handle", real)
    assert states() == {"waiting"}
    with later(minutes=1):
        outbox.drain()
    assert len(to_anna(post)) == 2
    assert len({mail["Message-ID"] for mail in to_anna(post)}) == 1
    assert states() == {"sent"}
