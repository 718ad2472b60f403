"""Portals: from a folder to a live portal, and back."""

from __future__ import annotations

import datetime as dt
import getpass
import sys
from pathlib import Path

import click

from core.cli import environment


def _author() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


@click.group("tenant")
def tenant_group() -> None:
    """Portals."""


@tenant_group.command()
@click.argument("slug")
@click.option(
    "--into", default="tenants", show_default=True, type=click.Path(path_type=Path), help="Where the folder is made."
)
@click.option("--plugin", "plugins", multiple=True, help="Enable a plugin; may be given several times.")
@click.option("--like", help="Take everything from this portal but its identity: a slug beside it, or a folder.")
@click.option("--name", help="Name of the portal; default: made from the slug.")
def new(slug: str, into: Path, plugins: tuple[str, ...], like: str | None, name: str | None) -> None:
    """Make a folder for a new portal, which passes the check."""
    from core.tenancy.likeness import new_like
    from core.tenancy.scaffold import ScaffoldRefused, new_tenant

    if plugins and like:
        raise click.ClickException("--plugin and --like exclude each other: a portal like another has the same plugins")
    emptied: list[str] = []
    try:
        if like is None:
            made = new_tenant(slug, into, plugins=plugins, name=name)
        else:
            source = Path(like) if Path(like).is_dir() else into / like
            made, emptied = new_like(slug, source, into, environment.runtime(), name=name)
    except ScaffoldRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal
    for key in emptied:
        click.echo(f"  {key}: fill it in, it was the other portal's")
    click.echo(f"{made} is ready. Next: portico tenant check {made}, then portico tenant apply {made}")


@tenant_group.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def check(folder: Path) -> None:
    """Say everything that is wrong with a portal's folder; needs no database."""
    from core.tenancy.golive import advice_for_live
    from core.tenancy.loader import load_folder

    result = load_folder(folder, environment.runtime())
    for problem in result.problems:
        click.echo(str(problem), err=True)
    if result.problems:
        click.echo(f"{len(result.problems)} problems", err=True)
        sys.exit(1)
    for advice in advice_for_live(result.bundle["config"] if result.bundle else {}):
        click.echo(f"advice: {advice}", err=True)
    click.echo(f"{folder}: no problem")


@tenant_group.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--note", default="", help="Why, for the history.")
def apply(folder: Path, note: str) -> None:
    """Put a folder in force as a new revision, at once in every process."""
    from core.tenancy import service

    with environment.working() as app:
        done = service.apply(folder, _author(), note)
        port = app.extensions["portico"].settings.public_port
    for change in done.changes:
        click.echo(f"  {change}")
    click.echo(f"{done.slug}: revision {done.revision} in force, http://{done.slug}.localhost:{port}/")


@tenant_group.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def diff(folder: Path) -> None:
    """What applying a folder would change."""
    from core.tenancy import service

    with environment.working():
        for change in service.diff(folder):
            click.echo(str(change))


@tenant_group.command()
@click.argument("slug")
@click.option("--to", type=int, help="The revision to go back to; default: the one before.")
def rollback(slug: str, to: int | None) -> None:
    """Put an earlier revision back in force."""
    from core.tenancy import service

    with environment.working():
        done = service.rollback(slug, _author(), to)
    click.echo(f"{slug}: revision {done.revision} in force")


@tenant_group.command()
@click.argument("slug")
@click.option(
    "--into", default="tenants", show_default=True, type=click.Path(path_type=Path), help="Where the folder stands."
)
@click.option("--revision", type=int, help="Which revision; default: the one in force.")
def export(slug: str, into: Path, revision: int | None) -> None:
    """Write the configuration in force back as a folder: what a console published stays in your files too."""
    from core.tenancy import service

    with environment.working():
        changed = service.export(slug, into / slug, revision)
    for path in changed:
        click.echo(f"  {path}")
    click.echo(f"{into / slug}: " + (f"{len(changed)} files written or removed" if changed else "nothing to change"))


@tenant_group.command("list")
def list_() -> None:
    """All portals with state, revision and hosts."""
    from core.tenancy import service

    with environment.working():
        for row in service.list_tenants():
            click.echo(f"{row.slug:<24} {row.state:<10} revision {row.revision:<4} {', '.join(row.hosts)}")


@tenant_group.command()
@click.argument("slug")
def live(slug: str) -> None:
    """Open a portal to the public, or say all that is missing."""
    from core.tenancy import current, service
    from core.tenancy.golive import advice_for_live

    with environment.working():
        service.go_live(slug, _author())
        config = next(current.view_by_id(t.id).config for t in service.list_tenants() if t.slug == slug)
    for advice in advice_for_live(config):
        click.echo(f"advice: {advice}", err=True)
    click.echo(f"{slug} is live")


@tenant_group.command()
@click.argument("slug")
@click.option("--reason", required=True, type=click.Choice(["force_majeure", "technical", "regulatory"]))
@click.option("--notice", help="What visitors read.")
@click.option("--until", type=click.DateTime(), help="When it is expected back, UTC.")
def suspend(slug: str, reason: str, notice: str | None, until: dt.datetime | None) -> None:
    """Close a portal for a time; visitors read the notice."""
    from core.tenancy import service

    with environment.working():
        service.suspend(slug, _author(), reason, notice, until.replace(tzinfo=dt.UTC) if until else None)
    click.echo(f"{slug} is suspended")


@tenant_group.command()
@click.argument("slug")
def resume(slug: str) -> None:
    """Open a suspended portal again."""
    from core.tenancy import service

    with environment.working():
        service.resume(slug, _author())
    click.echo(f"{slug} is live")
