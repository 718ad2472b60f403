"""`portico client`: the programs of partners that may call a portal's API."""

from __future__ import annotations

import json
import uuid

import click

from core.cli.receipts import portal
from core.db import db
from core.identity import clients


@click.group("client")
def client_group() -> None:
    """Partners' programs, which call the API with OAuth 2 client credentials."""


@client_group.command("add")
@click.option("--tenant", "slug", required=True, help="The portal.")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="What it may do; a wrong one tells all there are."
)
@click.option(
    "--cases-per-minute", type=click.IntRange(clients.MOST_CASES), default=clients.CASES_PER_MINUTE, show_default=True,
    help="How many cases it may ask in a minute.",
)  # fmt: skip
@click.argument("name")
def add(slug: str, scopes: tuple[str, ...], cases_per_minute: int, name: str) -> None:
    """Let a program call the portal; its secret is printed this once."""
    with portal(slug):
        offered = sorted(clients.scopes_offered())
        for wrong in sorted(set(scopes) - set(offered)):
            raise click.BadParameter(f"{wrong!r} is none of {', '.join(offered)}.", param_hint="--scope")
        row, secret = clients.add(name, list(scopes), cases_per_minute)
        db.session.commit()
        click.echo(json.dumps({"client_id": str(row.id), "client_secret": secret, "scopes": row.scopes}))
    click.echo("The secret is not shown again: only its digest is kept.", err=True)


@client_group.command("list")
@click.option("--tenant", "slug", required=True, help="The portal.")
def list_clients(slug: str) -> None:
    """The portal's clients."""
    with portal(slug):
        for row in clients.listed():
            state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else f"{row.cases_per_minute} cases a minute"
            click.echo(f"{row.id} {row.name}: {', '.join(row.scopes)}; {state}")


@client_group.command("revoke")
@click.option("--tenant", "slug", required=True, help="The portal.")
@click.argument("client_id", type=click.UUID)
def revoke(slug: str, client_id: uuid.UUID) -> None:
    """End a client; its tokens stop working at once."""
    with portal(slug):
        if not clients.revoke(client_id):
            raise click.ClickException(f"no client {client_id} that lives")
        db.session.commit()
        click.echo(f"{client_id} revoked")
