"""Dense tables: filter, sort and page a list by the query string, and the links that do it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its code in the query string, its title, the value that is filtered by text and sorted.

    `numeric` values stand right; they and instants (`time`) are sorted by value, all others as text.
    """

    code: str
    title: Any
    value: Callable[[T], Any]
    numeric: bool = False
    time: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter with fixed values: code, title, (value, title) pairs."""

    code: str
    title: Any
    options: Sequence[tuple[str, Any]]


class Table(Generic[T]):
    """One view of a list. Unknown or malformed parameters are ignored: a link that is old still opens."""

    def __init__(
        self,
        rows: Sequence[T],
        columns: Sequence[Column[T]],
        args: Mapping[str, str],
        *,
        choices: Sequence[Choice] = (),
        keep: Mapping[str, str] | None = None,
        default_sort: str = "",
    ) -> None:
        self.columns = columns
        self.choices = choices
        self._by_code = {c.code: c for c in columns}
        self.q = args.get("q", "").strip()[:100]
        self.chosen = {c.code: args[c.code] for c in choices if args.get(c.code) in [v for v, _title in c.options]}
        self.keep = dict(keep or {})
        asked = args.get("sort", "") or default_sort
        self.sort = asked if asked.lstrip("-") in self._by_code else ""
        found = self._sorted([r for r in rows if self._matches(r)])
        self.total = len(found)
        self.pages = max(1, math.ceil(self.total / PER_PAGE))
        wanted = args.get("page", "1")
        self.page = min(max(1, int(wanted)), self.pages) if wanted.isdecimal() and len(wanted) < 9 else 1
        self.rows = found[(self.page - 1) * PER_PAGE : self.page * PER_PAGE]

    def _matches(self, row: T) -> bool:
        for code, value in self.chosen.items():
            if str(self._by_code[code].value(row)) != value:
                return False
        if not self.q:
            return True
        needle = self.q.casefold()
        return any(needle in str(c.value(row)).casefold() for c in self.columns)

    def _sorted(self, rows: list[T]) -> list[T]:
        if not self.sort:
            return rows
        column = self._by_code[self.sort.lstrip("-")]

        def key(row: T) -> tuple[bool, Any]:
            value = column.value(row)
            if value is None or value == "":
                return (True, "")
            return (False, value if column.numeric or column.time else str(value).casefold())

        return sorted(rows, key=key, reverse=self.sort.startswith("-"))

    def link(self, **changes: Any) -> str:
        """The query string with some parameters changed; None takes one away."""
        now: dict[str, Any] = {**self.keep, **self.chosen, "q": self.q, "sort": self.sort, "page": self.page}
        now.update(changes)
        kept = {k: v for k, v in now.items() if v not in (None, "") and not (k == "page" and v == 1)}
        return "?" + urlencode(kept)

    def sort_link(self, code: str) -> str:
        """The link of a heading: sorts by it, or turns the order round."""
        return self.link(sort=f"-{code}" if self.sort == code else code, page=1)

    def sorted_by(self, code: str) -> str:
        """`ascending`, `descending` or `none`, as `aria-sort` wants it."""
        return {code: "ascending", f"-{code}": "descending"}.get(self.sort, "none")
