"""The one source of "now". Instants are UTC; tests move it with `at`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

_frozen: ContextVar[dt.datetime | None] = ContextVar("portico_clock", default=None)


def now() -> dt.datetime:
    """The present instant, UTC, aware."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


def today(zone: str) -> dt.date:
    """The calendar day in an IANA zone."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def at(instant: dt.datetime) -> Iterator[None]:
    """Freeze `now` at an aware instant inside the block (tests and replays)."""
    if instant.tzinfo is None:
        raise ValueError("an aware instant is wanted")
    token = _frozen.set(instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        _frozen.reset(token)
