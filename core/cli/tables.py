"""Plain tables: columns padded to their widest cell, the last one as it is; nothing is cut."""

from __future__ import annotations

from collections.abc import Sequence


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows under their heads, as lines of text."""
    widths = [max(len(r[i]) for r in (heads, *rows)) for i in range(len(heads))]
    lines = [heads, ["-" * (len(heads[-1]) if i == len(heads) - 1 else w) for i, w in enumerate(widths)], *rows]
    return "\n".join(
        "  ".join(cell if i == len(heads) - 1 else cell.ljust(widths[i]) for i, cell in enumerate(line)).rstrip()
        for line in lines
    )
