"""A new portal's folder, a draft that applies: texts in two languages, drawings from the initial, readable colours."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

from core import clock
from core.tenancy.loader import RESERVED
from core.tenancy.schemas import SLUG

SKELETON = Path(__file__).parent / "skeleton"
_TOKEN = re.compile(r"@([a-z_]+)@")
_GLYPH = 12.5  # width of a letter of the wordmark, in units of the drawing


class ScaffoldRefused(ValueError):
    """A folder that cannot be made; the message says why and what to do."""


def new_tenant(
    slug: str, root: Path, *, plugins: Sequence[str] = (), today: dt.date | None = None, name: str | None = None
) -> Path:
    """Write `root/slug`, a draft that passes the check, and return it.

    `plugins` are enabled with their default settings; `today` (default: the clock's) dates the legal documents; `name`
    is made from the slug where none is given. Raises ScaffoldRefused for a slug that is malformed, reserved or taken. A failure leaves nothing behind.
    """
    target = free_place(slug, root)
    day = today or clock.now().date()
    words = words_of(slug, name or name_of(slug), plugins, day)
    with tempfile.TemporaryDirectory(prefix=f".{slug}-", dir=root) as made:
        draft = Path(made) / slug
        for source in sorted(p for p in SKELETON.rglob("*") if p.is_file()):
            write(source, draft / _place(source.relative_to(SKELETON), words["version"]), words)
        try:
            draft.rename(target)
        except OSError as error:  # made by somebody else meanwhile
            raise ScaffoldRefused(f"{target} exists already: choose another slug, or edit that folder") from error
    return target


def free_place(slug: str, root: Path) -> Path:
    """Where a new portal's folder goes. Raises ScaffoldRefused for a slug that is malformed, reserved or taken."""
    if not SLUG.match(slug):
        raise ScaffoldRefused(
            f"“{slug}” is no slug: small letters, digits and hyphens, 3 to 40, beginning with a letter (demo-clinic)"
        )
    if slug in RESERVED:
        raise ScaffoldRefused(f"“{slug}” is reserved: choose another slug")
    target = root / slug
    if target.exists():
        raise ScaffoldRefused(f"{target} exists already: choose another slug, or edit that folder")
    root.mkdir(parents=True, exist_ok=True)
    return target


def name_of(slug: str) -> str:
    """A name made from a slug: `demo-clinic` gives “Demo Clinic”."""
    return " ".join(part.capitalize() for part in slug.split("-") if part)


def words_of(slug: str, name: str, plugins: Sequence[str], day: dt.date) -> dict[str, str]:
    """What the files of the skeleton are filled with."""
    length = round(len(name) * _GLYPH)
    enabled = "{}" if not plugins else "\n" + "\n".join(f"  {p}: {{}}" for p in plugins)
    return {
        "slug": slug,
        "name": name,
        "name_yaml": json.dumps(name, ensure_ascii=False),
        "letter": name[0],
        "length": str(length),
        "width": str(length + 56),
        "today": day.isoformat(),
        "version": f"{day:%Y-%m}",
        "plugins": enabled,
    }


def _place(relative: Path, version: str) -> Path:
    """`legal/<document>/<lang>.md` stands under its version in a tenant's folder."""
    if relative.parts[0] == "legal":
        return Path(*relative.parts[:-1]) / version / relative.name
    return relative


def write(source: Path, target: Path, words: dict[str, str]) -> None:
    """Copy a file of the skeleton, its tokens filled."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix not in (".yaml", ".svg"):
        shutil.copyfile(source, target)
        return
    quote = escape if source.suffix == ".svg" else str
    text = source.read_text(encoding="utf-8")
    target.write_text(
        _TOKEN.sub(lambda m: quote(words[m.group(1)]) if m.group(1) in words else m.group(0), text), encoding="utf-8"
    )
