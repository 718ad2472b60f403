"""What was measured, part by part, so that one part can be measured again without the others. Kept in var/bench.json."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from tests.bench.goals import Measured

FILE = Path(__file__).resolve().parents[2] / "var" / "bench.json"


@dataclasses.dataclass
class Part:
    """One part of a run: a ratio and its base always stand in the same one."""

    date: str
    seconds: float
    measured: list[Measured]
    growth: list[str] = dataclasses.field(default_factory=list)
    problem: str = ""
    run: str = ""


def load() -> dict[str, Part]:
    """The parts measured before; empty where there are none."""
    if not FILE.is_file():
        return {}
    found: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: Part(**{**p, "measured": [Measured(**m) for m in p["measured"]]}) for name, p in found.items()}


def save(parts: dict[str, Part]) -> None:
    """Keep the parts."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps({n: dataclasses.asdict(p) for n, p in parts.items()}, indent=1), encoding="utf-8")
