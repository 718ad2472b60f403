"""Bundles compared: one digest for the same content, and what changed between two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LONG = 120


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two bundles, by dotted path; long texts are given by their length and digest."""

    path: str
    old: Any
    new: Any

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.path}: added {self.new!r}"
        if self.new is None:
            return f"{self.path}: removed {self.old!r}"
        return f"{self.path}: {self.old!r} → {self.new!r}"


def bundle_digest(bundle: Mapping[str, Any]) -> str:
    """SHA-256 of the bundle, hexadecimal; the same for the same content in any order of keys."""
    return hashlib.sha256(json.dumps(bundle, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def diff_bundles(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What changed, by dotted path, in order of path."""
    changes: list[Change] = []

    def walk(a: Any, b: Any, path: str) -> None:
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            for key in sorted(set(a) | set(b)):
                walk(a.get(key), b.get(key), f"{path}.{key}" if path else str(key))
        elif a != b:
            changes.append(Change(path, _short(a), _short(b)))

    walk(old, new, "")
    return changes


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONG:
        return f"text of {len(value)} characters, {hashlib.sha256(value.encode()).hexdigest()[:12]}"
    if isinstance(value, Mapping):
        return f"{len(value)} keys"
    return value
