"""What stands beside the picture: messages, documents, what to do after. The room of the subject gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.care.rooms.models import Room
from core.messages import Message


@dataclass(frozen=True, slots=True)
class Panel:
    """The side of a call for one of its two people.

    `template` is drawn in the page, with `context`; `refresh_url` answers the same as a piece of HTML whenever something
    changed. Forms inside are sent without leaving the page. `back_url` and `back_label` lead on once the call is over:
    for the professional to the report (CB-177). `person` is the name of who is cared for, where it is not the account's own.
    """

    template: str
    refresh_url: str
    context: Mapping[str, Any] = field(default_factory=dict)
    back_url: str = ""
    back_label: Message | None = None
    person: str = ""
    topics: tuple[str, ...] = ()
    """Further topics of the live channel on which the panel is refreshed, such as `consultation:…`."""


@dataclass(frozen=True, slots=True)
class Instead:
    """Another way than the room, for who waits in it: a button that posts to `url`, and why one would."""

    url: str
    label: Message
    help: Message


Maker = Callable[[Room, str], Panel | None]
Offer = Callable[[Room, str], Instead | None]
_makers: dict[str, Maker] = {}
_offers: dict[str, Offer] = {}


def offer(service: str, make: Offer) -> None:
    """Offer another way in the waiting rooms of a service: `make(room, role)`; a service has one (IA-049)."""
    _offers[service] = make


def instead(room: Room, role: str) -> Instead | None:
    """The other way for who waits in this room; None where there is none, or the call has begun."""
    make = _offers.get(room.service)
    return make(room, role) if make is not None and room.state == "waiting" else None


def connect(subject_kind: str, make: Maker) -> None:
    """Give the panel of a kind of subject: `make(room, role)`, role is `patient` or `professional`."""
    _makers[subject_kind] = make


def disconnect(subject_kind: str) -> None:
    """Take it back (tests)."""
    _makers.pop(subject_kind, None)


def of(room: Room, role: str) -> Panel | None:
    """The panel of a room; None where its subject gives none."""
    make = _makers.get(room.subject_kind)
    return make(room, role) if make is not None else None
