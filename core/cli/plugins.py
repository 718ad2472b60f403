"""`portico plugin`: a new plugin from a skeleton, those installed, and whether they keep the contract."""

from __future__ import annotations

import keyword
import re
import sys
import tempfile
from pathlib import Path

import click

from core import clock
from core.cli import environment
from core.hooks.manager import entry_points
from core.nearest import nearest

SKELETON = Path(__file__).parent / "plugin_skeleton"
_NAME = re.compile(r"[a-z][a-z0-9_]{2,39}\Z")
_COUNTRY = re.compile(r"jurisdiction_([a-z]{2})\Z")
_TOKEN = re.compile(r"@([a-z]+)@")
RESERVED = {"core", "plugins", "tests", "demo", "examples", "tools", "portico"}


@click.group("plugin")
def plugin_group() -> None:
    """Plugins. None of these commands needs a server or a database."""


@plugin_group.command("new")
@click.argument("name")
def plugin_new(name: str) -> None:
    """Make the folder of a new plugin here; it installs, and passes its own tests, at once."""
    made = new_plugin(name, Path.cwd())
    click.echo(f"{made.name} is ready. Next: cd {made.name}; pip install --no-build-isolation --no-deps -e .; pytest")


@plugin_group.command("list")
def plugin_list() -> None:
    """Installed plugins with their version and hooks."""
    runtime = environment.runtime()
    for name in runtime.names():
        click.echo(f"{name} {getattr(runtime.modules[name], 'version', '?')}: {', '.join(runtime.hooks_of(name))}")


@plugin_group.command("check")
@click.argument("names", nargs=-1)
def plugin_check(names: tuple[str, ...]) -> None:
    """Hold every plugin, or those named, against the contract; each problem with file and line, exit status 1 on any."""
    from core.testing import checks

    runtime = checks.everything()
    known = runtime.names()
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise click.ClickException(
                f"no such plugin is installed: {name}"
                + (f"; did you mean {near}?" if near else f"; installed: {', '.join(known)}")
            )
    wanted = [n for n in known if not names or n in names]
    found = [line for name in wanted for line in checks.problems(checks.subject(name, runtime))]
    for line in found:
        click.echo(line)
    click.echo(f"{len(wanted)} plugins, {len(found) or 'no'} {'problem' if len(found) < 2 else 'problems'}")
    sys.exit(1 if found else 0)


def new_plugin(name: str, root: Path) -> Path:
    """Write `root/name` from the skeleton and return it; a failure leaves nothing behind.

    Raises click.ClickException for a name that is malformed or taken.
    """
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise click.ClickException(
            f"“{name}” is no name for a plugin: small letters, digits and underscores, 3 to 40, beginning with a letter "
            "(jurisdiction_xx, care_circle)"
        )
    country = _COUNTRY.match(name)
    if name.startswith("jurisdiction_") and country is None:
        raise click.ClickException(f"“{name}”: a jurisdiction ends in the two letters of its country (jurisdiction_xx)")
    if name in RESERVED or name in sys.stdlib_module_names or name in {e.name for e in entry_points()}:
        raise click.ClickException(f"“{name}” is taken: choose another name")
    target = root / name
    if target.exists():
        raise click.ClickException(f"{name} exists already here: choose another name, or edit that folder")
    code = country.group(1) if country else name
    words = {
        "name": name,
        "dist": name.replace("_", "-"),
        "code": code,
        "country": code.upper() if country else "XX",
        "prefix": code.upper().replace("_", "-"),
        "today": clock.now().date().isoformat(),
    }
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=root) as made:
        draft = Path(made) / name
        for source in sorted(p for p in SKELETON.rglob("*.txt") if p.is_file()):
            place = draft / _place(source.relative_to(SKELETON), name)
            place.parent.mkdir(parents=True, exist_ok=True)
            text = source.read_text(encoding="utf-8")
            place.write_text(_TOKEN.sub(lambda m: words.get(m.group(1), m.group(0)), text), encoding="utf-8")
        try:
            draft.rename(target)
        except OSError as error:  # made by somebody else meanwhile
            raise click.ClickException(f"{name} exists already here: choose another name") from error
    return target


def _place(relative: Path, name: str) -> Path:
    """Where a file of the skeleton stands in the plugin: without `.txt`, under the plugin's name."""
    parts = [name if part == "plugin" else part for part in relative.with_suffix("").parts]
    parts[-1] = {"plugin.po": f"{name}.po", "gitignore": ".gitignore"}.get(parts[-1], parts[-1])
    return Path(*parts)
