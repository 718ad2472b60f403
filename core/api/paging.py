"""Pages by cursor: the last row's sort key, opaque to the caller, so that rows added meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from core.api.problems import invalid

T = TypeVar("T")
DEFAULT_LIMIT = 25
MOST = 100


def encode(position: Sequence[str]) -> str:
    """The cursor of a position (texts only)."""
    return base64.urlsafe_b64encode(json.dumps(list(position), separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str | None, parts: int) -> list[str] | None:
    """The position of a cursor with so many parts; None for none. Raises Problem 422 for one that we did not make."""
    if not cursor:
        return None
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, UnicodeDecodeError):
        position = None
    if not isinstance(position, list) or len(position) != parts or not all(isinstance(p, str) for p in position):
        raise bad_cursor()
    return position


def bad_cursor() -> Exception:
    """The refusal of a cursor that this API did not give."""
    return invalid([{"parameter": "cursor", "detail": "not a cursor of this list; start again without it"}])


def page(rows: Sequence[T], limit: int, position: Callable[[T], Sequence[str]]) -> dict[str, Any]:
    """`{"items", "next"}` from up to limit + 1 rows: the one too many only tells that there is more."""
    shown = list(rows[:limit])
    more = len(rows) > limit
    return {"items": shown, "next": encode(position(shown[-1])) if more and shown else None}
