"""`portico receipts`: kept decisions, taken out to be asked again under another law."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import click

from core import audit
from core.cli import environment
from core.db import db
from core.hooks import asking
from core.tenancy import receipts
from core.tenancy.current import TenantView, entered

DATE = click.DateTime(formats=["%Y-%m-%d"])


@contextmanager
def portal(slug: str) -> Iterator[TenantView]:
    """Work in the portal of a slug. Raises click.ClickException for one that is not there."""
    from sqlalchemy import select

    from core.db import global_scope
    from core.tenancy.models import Tenant

    with environment.working():
        with global_scope():
            tenant_id = db.session.execute(select(Tenant.id).where(Tenant.slug == slug)).scalar_one_or_none()
        if tenant_id is None:
            raise click.ClickException(f"there is no portal called {slug}")
        with entered(tenant_id) as view:
            yield view


@click.group("receipts")
def receipts_group() -> None:
    """Decisions that were kept with acts."""


@receipts_group.command("export")
@click.option("--tenant", "slug", required=True, help="The portal.")
@click.option("--since", type=DATE, help="The first day, in the portal's time zone.")
@click.option("--until", type=DATE, help="The last day, in the portal's time zone.")
def export(slug: str, since: dt.datetime | None, until: dt.datetime | None) -> None:
    """Write the kept decisions of a portal, a JSON object a line, for `portico decide --replay`.

    Facts, dates, effects and versions; never a name, an account or an act. The facts are health data: the export stands
    on the portal's audit trail. Decisions on people who were erased cannot be read and are counted only.
    """
    with portal(slug) as view:
        zone = ZoneInfo(view.time_zone)
        first = since.replace(tzinfo=zone) if since else None
        end = (until + dt.timedelta(days=1)).replace(tzinfo=zone) if until else None
        audit.record(
            "receipts.exported", "tenant", view.slug,
            {"since": since.date() if since else None, "until": until.date() if until else None},
        )  # fmt: skip
        db.session.commit()
        count = erased = 0
        for row in receipts.exported(first, end):
            if row is None:
                erased += 1
                continue
            count += 1
            click.echo(asking.written(row))
    click.echo(f"{count} receipts" + (f", {erased} of erased people left out" if erased else ""), err=True)
