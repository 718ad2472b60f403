"""`portico plugin`: what is installed, what is wrong with it, and the scaffold of a new country. Needs no database."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from core import clock
from core.cli import environment
from core.cli.plugin_scaffold import ScaffoldRefused, new_plugin
from core.hooks.manager import entry_points

if TYPE_CHECKING:
    from core.testing.checks import Finding, Place


@click.group("plugin")
def plugin_group() -> None:
    """Plugins: list them, check them, write a new one."""


@plugin_group.command("list")
def plugin_list() -> None:
    """Installed plugins with their version and hooks."""
    runtime = environment.runtime()
    for name in runtime.names():
        click.echo(f"{name} {getattr(runtime.modules[name], 'version', '?')}: {', '.join(runtime.hooks_of(name))}")


@plugin_group.command("new")
@click.argument("name")
def plugin_new(name: str) -> None:
    """Write a new jurisdiction, such as jurisdiction_xx, into the present folder; it passes the check as it is."""
    try:
        made = new_plugin(name, clock.now().date())
    except ScaffoldRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"{made.name}/ is ready. Next:")
    click.echo(f"  cd {made.name}")
    click.echo("  pip install --no-deps --no-build-isolation -e .")
    click.echo(f"  portico plugin check {made.name}")


@plugin_group.command("check")
@click.argument("targets", nargs=-1, metavar="[NAME|FOLDER]...")
@click.option(
    "--only", "names", multiple=True, metavar="CHECK", help="Run this check only; may be given several times."
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def plugin_check(targets: tuple[str, ...], names: tuple[str, ...], as_json: bool) -> None:
    """Hold plugins against the kit: all that are installed, or those named; exit status 1 when something is found.

    NAME is an installed plugin, FOLDER one that holds a plugin's pyproject.toml.
    """
    from core.testing.checks import CHECKS, NoSuchPlugin, places

    unknown = [n for n in names if n not in CHECKS]
    if unknown:
        raise click.ClickException(f"no such check: {', '.join(unknown)}; there are: {', '.join(CHECKS)}")
    try:
        every = [place for target in targets or _installed() for place in places(target)]
    except NoSuchPlugin as error:
        raise click.ClickException(str(error)) from error
    rows = [(place.name, f) for place in every for f in _checked(place, names or tuple(CHECKS), quiet=as_json)]
    if as_json:
        told = [
            {"plugin": name, "check": f.check, "where": f.where, "found": f.found, "fix": f.fix} for name, f in rows
        ]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    sys.exit(1 if rows else 0)


def _checked(place: Place, names: tuple[str, ...], *, quiet: bool) -> list[Finding]:
    """What is found in one plugin; told at once unless a program reads it all at the end."""
    from core.testing.checks import Finding, NoSuchPlugin, load, run

    started = time.monotonic()
    said = ""
    try:
        subject = load(place)
        findings = run(subject, names)
        if subject.runtime is None:
            said = ", those that its files can tell: it does not load"
        for other in subject.broken_others:
            click.echo(f"{place.name}: checked without a plugin that does not load: {other}", err=True)
    except NoSuchPlugin as error:  # the plugins after it are still looked at
        findings = [Finding("loads", place.module, str(error), "install it anew, or mend its entry point")]
    if not quiet:
        for finding in findings:
            click.echo(f"{place.name}: {finding}")
        told = f"{len(findings)} problems" if findings else "no problem"
        click.echo(f"{place.name}: {len(names)} checks{said}, {told} ({time.monotonic() - started:.1f} s)")
    return findings


def _installed() -> Iterable[str]:
    return [entry.name for entry in entry_points()]
