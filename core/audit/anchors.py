"""Heads of the chains kept outside the database: a chain rewritten as a whole no longer fits them."""

from __future__ import annotations

from pathlib import Path

from core import clock


def path_of(var: Path, slug: str) -> Path:
    """The file of a portal's heads."""
    return var / "audit" / f"{slug}.heads"


def write(var: Path, slug: str, seq: int, head: str) -> None:
    """Append a head; the file is only ever appended to."""
    path = path_of(var, slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(f"{clock.now().isoformat(timespec='seconds')} {seq} {head}\n")


def read(var: Path, slug: str) -> dict[int, str]:
    """{sequence number: head} of a portal; empty where none was kept."""
    path = path_of(var, slug)
    if not path.is_file():
        return {}
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {int(row[1]): row[2] for row in rows if len(row) == 3}
