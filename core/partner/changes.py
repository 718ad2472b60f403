"""What a draft or a revision changes, so that a person sees it: name, key, before, after; texts line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from core.messages import Message, _
from core.partner import typed
from core.partner.editable import Editable, value_at

AROUND = 1  # unchanged lines shown on each side of a change


@dataclass(frozen=True, slots=True)
class Change:
    """A change by its field. `lines` of a text: (sign, line) with sign "+", "-", " " or "…" for what is left out."""

    editable: Editable
    before: Message | str
    after: Message | str
    lines: tuple[tuple[str, str], ...] = ()
    colours: tuple[str, str] | None = None


def listed(base: Mapping[str, Any], edits: Mapping[str, Any], allowed: Mapping[str, Editable]) -> list[Change]:
    """The changes in the order of the forms."""
    return [change(e, value_at(base, e.path), edits[key]) for key, e in allowed.items() if key in edits]


def change(e: Editable, before: Any, after: Any) -> Change:
    """One change."""
    if e.kind in ("markdown", "drawing"):
        lines = tuple(_lines(before or "", after or "")) if e.kind == "markdown" else ()
        return Change(e, _size(before), _size(after), lines)
    colours = (str(before or ""), str(after or "")) if e.kind == "colour" else None
    return Change(e, _plain(e, before), _plain(e, after), colours=colours)


def _plain(e: Editable, value: Any) -> Message | str:
    if value in (None, "", []):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return typed.option(str(value)) if e.kind == "choice" else typed.shown(e, value)


def _size(value: Any) -> Message | str:
    return _("nothing") if not value else _("{count} characters", count=len(value))


def _lines(before: str, after: str) -> Iterable[tuple[str, str]]:
    rows = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=AROUND))[2:]
    for number, row in enumerate(rows):
        if row.startswith("@@"):
            if number:
                yield "…", ""
        else:
            yield row[0], row[1:]
