"""The name that a typo was probably meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: object, names: Iterable[str]) -> str:
    """The name that a typo was probably meant to be, or ""."""
    found = difflib.get_close_matches(str(word), list(names), 1, 0.6)
    return found[0] if found else ""
