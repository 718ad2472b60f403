"""A new jurisdiction from the skeleton: a package of its own that is installed, enabled and conformant as it is written."""

from __future__ import annotations

import datetime as dt
import importlib.util
import re
import tempfile
from pathlib import Path

from babel import Locale

from core.hooks.manager import entry_points

SKELETON = Path(__file__).parent / "plugin_skeleton"
NAME = re.compile(r"^jurisdiction_([a-z]{2})\Z")
_TOKEN = re.compile(r"@([a-z_]+)@")
_ALLOWED = "jurisdiction_ and the two small letters of a country, ISO 3166-1 (jurisdiction_de)"
# Files that tools would take for their own while they lie in the skeleton have another name there.
_NAMES = {"gitignore": ".gitignore", "plugin.po": "{name}.po"}


class ScaffoldRefused(ValueError):
    """A plugin that cannot be made; the message says what was found and what is allowed."""


def new_plugin(name: str, today: dt.date, root: Path | None = None) -> Path:
    """Write the folder `name` into `root` (default: the present folder) and return it. A failure leaves nothing behind.

    Raises ScaffoldRefused for a name that is malformed or taken, and for a folder that is there already.
    """
    match = NAME.match(name)
    if match is None:
        raise ScaffoldRefused(f"“{name}” is no name of a jurisdiction; allowed: {_ALLOWED}")
    root = root or Path.cwd()
    target = root / name
    if target.exists():
        raise ScaffoldRefused(f"{target} exists already: remove it, or write into another folder")
    installed = {e.name: e for e in entry_points()}
    if name in installed:
        raise ScaffoldRefused(
            f"an installed plugin is called {name} already ({installed[name].module}): choose another country, or uninstall it"
        )
    if importlib.util.find_spec(name) is not None:
        raise ScaffoldRefused(f"a Python package is called {name} already: its import would hide the new plugin's")
    words = _words(name, match[1], today)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=root) as made:
            draft = Path(made) / name
            for source in sorted(p for p in SKELETON.rglob("*.txt") if p.is_file()):
                place = draft / _place(source.relative_to(SKELETON), name)
                place.parent.mkdir(parents=True, exist_ok=True)
                text = source.read_text(encoding="utf-8")
                place.write_text(_TOKEN.sub(lambda m: words[m[1]], text), encoding="utf-8")
            draft.rename(target)
    except OSError as error:
        raise ScaffoldRefused(f"{root} cannot be written: {error.strerror}; go to a folder of your own") from error
    return target


def _words(name: str, code: str, today: dt.date) -> dict[str, str]:
    country = code.upper()
    return {
        "name": name,
        "dist": f"portico-{name.replace('_', '-')}",
        "code": code,
        "country": country,
        "prefix": country,
        "land_en": Locale("en").territories.get(country, country),
        "land_fr": Locale("fr").territories.get(country, country),
        "today": today.isoformat(),
    }


def _place(relative: Path, name: str) -> Path:
    """`src/plugin/…` is the package; `.txt` keeps tools from reading templates as what they will be."""
    parts = [name if part == "plugin" else part for part in relative.parts]
    last = parts[-1].removesuffix(".txt")
    return Path(*parts[:-1], _NAMES.get(last, last).format(name=name))
