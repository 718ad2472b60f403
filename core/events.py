"""What happened, as plugins and consumers are told it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, told after commit, at least once. `payload` holds ids and codes, never health data."""

    id: str
    name: str
    tenant_id: int
    occurred_at: dt.datetime
    payload: Mapping[str, Any]


class Undeliverable(Exception):
    """Trying again cannot help. The message becomes a dead letter at once: an operator sees it and may send it again."""
