"""The logins of the demo: kept beside the data, printed at the start, listed on a development page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PASSWORD = "jardin-velours-tramway-47"  # noqa: S105 (everybody may know it: the demo's people do not exist)


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody whom a visitor of the demo can be."""

    portal: str
    role: str
    email: str
    note: str


def file_of(var: Path) -> Path:
    """Where the list is kept."""
    return var / "demo-logins.json"


def keep(var: Path, portal: str, logins: Iterable[Login]) -> None:
    """Replace a portal's logins in the list."""
    kept = [entry for entry in read(var) if entry.portal != portal]
    file_of(var).parent.mkdir(parents=True, exist_ok=True)
    file_of(var).write_text(json.dumps([asdict(x) for x in [*kept, *logins]], indent=1, ensure_ascii=False), encoding="utf-8")


def read(var: Path) -> list[Login]:
    """The list; empty where no demo was loaded."""
    path = file_of(var)
    return [Login(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))] if path.is_file() else []


def table(logins: Sequence[Login], port: int) -> list[str]:
    """The list as lines for a terminal: portal by portal."""
    lines = [f"Everybody's password is {PASSWORD} ; codes by e-mail and SMS are at /dev/inbox of the same portal."]
    for portal in dict.fromkeys(entry.portal for entry in logins):
        lines += ["", f"http://{portal}.localhost:{port}/"]
        lines += [f"  {x.role:<13} {x.email:<36} {x.note}" for x in logins if x.portal == portal]
    return lines
