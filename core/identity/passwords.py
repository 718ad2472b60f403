"""Password hashing: argon2id, at most two at once, and the same work for an address that nobody has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.db import db
from core.messages import _
from core.web.frame import Refused

# OWASP's second profile: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_slots = threading.BoundedSemaphore(2)
_WAIT_SECONDS = 8.0


@contextmanager
def _slot() -> Iterator[None]:
    """One of the two places; a crowd is told to come back rather than let memory and every thread go."""
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise Refused(_("Many people are signing in just now. Please try again in a moment."), status=503)
    try:
        yield
    finally:
        _slots.release()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("there is no account with this address")


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt."""
    with _slot():
        return _hasher.hash(password)


def verify(hashed: str | None, password: str) -> bool:
    """Whether a password fits. `None` (no account, or no password) costs the same time and never fits."""
    with _slot():
        try:
            fits = _hasher.verify(hashed or _nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(fits) and hashed is not None


def outdated(hashed: str) -> bool:
    """Whether a hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def release_connection() -> None:
    """Give the database connection back before the slow part: a crowd at the door must not drain the pool."""
    db.session.commit()
