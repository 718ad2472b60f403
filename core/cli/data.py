"""Database, audit trail, operators."""

from __future__ import annotations

import json
import sys

import click

from core.cli import environment


@click.group("db")
def db_group() -> None:
    """The database."""


@db_group.command()
def upgrade() -> None:
    """Bring core and every installed plugin to its newest migration."""
    from core.db.upgrade import upgrade as run

    settings = environment.load()
    if not settings.owner_database_url:
        raise click.ClickException("PORTICO_OWNER_DATABASE_URL is not set: migrations run as the owner of the tables")
    for entry in run(settings.owner_database_url, environment.runtime().modules):
        click.echo(f"{entry.name}: {entry.current}")


@db_group.command()
def status() -> None:
    """Where core and each plugin stand; exit status 1 when one is behind."""
    from core.db.upgrade import status as run

    settings = environment.load()
    if not settings.owner_database_url:
        raise click.ClickException("PORTICO_OWNER_DATABASE_URL is not set: migrations run as the owner of the tables")
    behind = False
    for entry in run(settings.owner_database_url, environment.runtime().modules):
        behind = behind or not entry.up_to_date
        click.echo(
            f"{entry.name}: {entry.current or 'nothing yet'}"
            + ("" if entry.up_to_date else f", newest is {entry.head}")
        )
    sys.exit(1 if behind else 0)


@db_group.command()
@click.option("--admin-url", required=True, help="A role that may create roles and databases.")
@click.option("--database", default="portico", show_default=True)
def init(admin_url: str, database: str) -> None:
    """Create the roles and the database; prints the passwords once."""
    from core.db.upgrade import create_roles

    for role, password in create_roles(admin_url, database).items():
        click.echo(f"{role}: {password}")


@click.group("audit")
def audit_group() -> None:
    """The audit trail."""


@audit_group.command()
@click.option("--tenant", "slug", help="One portal; default: all, the console too.")
def verify(slug: str | None) -> None:
    """Check the chain of each portal end to end, against the heads kept outside the database too."""
    from sqlalchemy import select

    from core import audit
    from core.audit.anchors import read
    from core.db import db, global_scope
    from core.tenancy.current import entered
    from core.tenancy.models import Tenant

    broken = False
    with environment.working():
        with global_scope():
            known = [(t.id, t.slug) for t in db.session.execute(select(Tenant).order_by(Tenant.slug)).scalars()]
        if slug is not None and slug not in {s for _i, s in known}:
            raise click.ClickException(f"there is no portal called {slug}")
        for tenant_id, name in known:
            if slug in (None, name):
                with entered(tenant_id):
                    found = audit.verify(read(environment.var_folder(), name))
                broken = broken or found.problem is not None
                click.echo(f"{name}: {found.entries} entries, " + (found.problem or f"whole, head {found.head[:16]}"))
    sys.exit(1 if broken else 0)


@click.group("operator")
def operator_group() -> None:
    """Operators, who sign in at the console."""


@operator_group.command("add")
@click.argument("email")
@click.option("--first-name", required=True)
@click.option("--last-name", required=True)
@click.option("--phone", default="", help="For codes by SMS, such as +33612345678.")
@click.password_option("--password", help="At least 12 characters.")
def operator_add(email: str, first_name: str, last_name: str, phone: str, password: str) -> None:
    """Give somebody access to the console."""
    from core.console.service import ensure_console
    from core.db import db
    from core.identity import accounts
    from core.identity.policy import own_words, password_problems
    from core.tenancy.current import entered

    with environment.working():
        console = ensure_console()
        with entered(console.id):
            problems = password_problems(password, own_words(first_name, last_name, email))
            if problems:
                raise click.ClickException("; ".join(str(p) for p in problems))
            if accounts.by_email(email) is not None:
                raise click.ClickException(f"{email} is an operator already")
            person = accounts.Person(first_name, last_name, email, phone, "1970-01-01", "other")
            accounts.create_account("operator", person, password, language=console.language, state="active")
            db.session.commit()
    click.echo(json.dumps({"operator": email}))
