"""What may pass between two browsers by the live channel: offers, answers, candidates, "I am ready". All else is refused."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LARGEST_FRAME = 64 * 1024
LARGEST_DESCRIPTION = 48 * 1024
LARGEST_CANDIDATE = 1024
BURST, PER_SECOND = 200.0, 25.0
"""A call begins with a few dozen candidates; whoever sends more than this is not a browser of ours."""
_PAGE = re.compile(r"^[A-Za-z0-9_-]{8,64}\Z")


class BadMessage(Exception):
    """A message that no page of ours sends."""


def parse(raw: str | bytes) -> dict[str, Any]:
    """A message as an object with a `type`. Raises BadMessage."""
    if not isinstance(raw, str):
        raise BadMessage("text is wanted")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadMessage("no JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise BadMessage("no type")
    return body


def signal_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A signal with the fields that are relayed and no others. Raises BadMessage.

    `from` and `to` are the pages' own random names, so that a page that was loaded again is not taken for the one before.
    """
    kind, data = body.get("kind"), body.get("data")
    made: dict[str, Any] = {"kind": kind, "from": _page(body.get("from"))}
    if body.get("to") is not None:
        made["to"] = _page(body["to"])
    if kind == "ready":
        return made
    if kind == "description":
        return {**made, "data": _description(data)}
    if kind == "candidate":
        return {**made, "data": None if data is None else _candidate(data)}
    raise BadMessage("unknown kind of signal")


def _page(value: Any) -> str:
    if not isinstance(value, str) or not _PAGE.match(value):
        raise BadMessage("no page")
    return value


def _description(data: Any) -> dict[str, str]:
    if not isinstance(data, dict) or data.get("type") not in ("offer", "answer"):
        raise BadMessage("no description")
    sdp = data.get("sdp")
    if not isinstance(sdp, str) or len(sdp) > LARGEST_DESCRIPTION or not sdp.startswith("v=0"):
        raise BadMessage("no session description")
    return {"type": data["type"], "sdp": sdp}


def _candidate(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise BadMessage("no candidate")
    text, mid, line = data.get("candidate"), data.get("sdpMid"), data.get("sdpMLineIndex")
    fragment = data.get("usernameFragment")
    texts = (text, mid, fragment)
    if not isinstance(text, str) or any(t is not None and (not isinstance(t, str) or len(t) > LARGEST_CANDIDATE) for t in texts):  # fmt: skip
        raise BadMessage("no candidate")
    if line is not None and (isinstance(line, bool) or not isinstance(line, int) or not 0 <= line < 64):
        raise BadMessage("no line")
    return {"candidate": text, "sdpMid": mid, "sdpMLineIndex": line, "usernameFragment": fragment}


@dataclass(slots=True)
class Bucket:
    """How much one connection may still say: full at first, refilled with time."""

    left: float = BURST
    at: float = field(default_factory=time.monotonic)

    def take(self) -> bool:
        """Whether one message more is allowed."""
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True
