"""What can be listened to, and who may: rooms above register their kinds, PostgreSQL answers."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core import clock

TOPIC = re.compile(r"^([a-z_]{2,30}):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z")


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant at which those who listen are told `what`, and their standing is looked at again."""

    at: dt.datetime
    what: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is in a topic, at present.

    `sides` names the two of a topic where exactly two people meet: each side has one seat, a newer connection takes it
    over; empty elsewhere. `signals` says whether signals pass between them now. `watchers` are topics that are told
    `presence_changed` when one of the two comes or goes; `follows` are accounts of which this one is told so.
    """

    role: str
    sides: tuple[str, ...] = ()
    signals: bool = False
    moments: tuple[Moment, ...] = ()
    watchers: tuple[str, ...] = ()
    follows: tuple[uuid.UUID, ...] = ()


Check = Callable[[uuid.UUID, uuid.UUID], Standing | None]
_kinds: dict[str, Check] = {}
_alive: Callable[[Iterable[uuid.UUID]], set[uuid.UUID]] = set


def kind(name: str) -> Callable[[Check], Check]:
    """Register who may listen to topics of a kind: `check(subject_id, account_id)` runs in the topic's portal, answers
    None for "absent" and "not yours" alike, and may set right what time has changed (and commit)."""

    def register(check: Check) -> Check:
        _kinds[name] = check
        return check

    return register


def connect(alive: Callable[[Iterable[uuid.UUID]], set[uuid.UUID]]) -> None:
    """Wire what lies above: which of these sessions are still open."""
    global _alive
    _alive = alive


def open_sessions(session_ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of the present portal's sessions that were not ended."""
    return _alive(session_ids)


def name(kind_: str, subject_id: uuid.UUID) -> str:
    """The topic of a thing."""
    return f"{kind_}:{subject_id}"


def standing(topic: str, account_id: uuid.UUID) -> Standing | None:
    """What an account is in a topic of the present portal; None where it may not listen, or there is no such thing."""
    found = TOPIC.match(topic)
    check = _kinds.get(found.group(1)) if found else None
    if found is None or check is None:
        return None
    return check(uuid.UUID(found.group(2)), account_id)


@kind("account")
def _account(subject_id: uuid.UUID, account_id: uuid.UUID) -> Standing | None:
    """Everybody may listen to what concerns them."""
    return Standing("self") if subject_id == account_id else None


def ahead(moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """Those that are still to come, in order."""
    now = clock.now()
    return tuple(sorted((m for m in moments if m.at > now), key=lambda m: m.at))
