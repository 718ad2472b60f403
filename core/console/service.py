"""The console itself, and what it shows of all portals at a glance."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import select, text, update

from core import audit
from core.console.bundle import console_bundle
from core.db import db, global_scope, tenant_scope
from core.hooks.manager import PluginError
from core.tenancy import current, service
from core.tenancy.models import Tenant

HOST_VARIABLE = "PORTICO_CONSOLE_HOST"
AUTHOR = "portico"


def ensure_console(host: str | None = None) -> current.TenantView:
    """Make the console's portal, or bring it up to date, and open it. Safe to call at each start.

    `host` is its name in production (default: the variable PORTICO_CONSOLE_HOST); console.localhost works in
    development in any case. Raises TenantRefused when the host opens another portal.
    """
    name = (host if host is not None else os.environ.get(HOST_VARIABLE, "")).strip().lower()
    made = service.store(console_bundle(name), AUTHOR, "console")
    with global_scope():
        opened = db.session.execute(
            update(Tenant).where(Tenant.id == made.tenant_id, Tenant.state != "live").values(state="live")
        )
        db.session.commit()
    if opened.rowcount:  # type: ignore[attr-defined]
        with tenant_scope(made.tenant_id):
            audit.record("tenant.state", "tenant", current.CONSOLE_SLUG, {"to": "live", "author": AUTHOR})
            db.session.commit()
    return current.view_by_id(made.tenant_id)


@dataclass(frozen=True, slots=True)
class PortalLine:
    """A portal on the overview. `oldest` is since when the oldest waiting delivery is due."""

    id: int
    slug: str
    name: str
    state: str
    revision: int
    hosts: tuple[str, ...]
    waiting: int
    dead: int
    oldest: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits and what died in a portal's outbox."""

    waiting: int = 0
    dead: int = 0
    oldest: dt.datetime | None = None


def outbox_counts() -> dict[int, Counts]:
    """Waiting and dead deliveries per portal, the console's own too."""
    with global_scope():
        rows = db.session.execute(text("SELECT tenant_id, waiting, dead, oldest FROM outbox_overview()")).all()
        db.session.rollback()
    return {r.tenant_id: Counts(r.waiting, r.dead, r.oldest) for r in rows}


def portals() -> list[PortalLine]:
    """Every portal with its state and what waits in it."""
    counts = outbox_counts()
    lines = []
    for t in service.list_tenants():
        c = counts.get(t.id, Counts())
        lines.append(PortalLine(t.id, t.slug, t.name, t.state, t.revision, t.hosts, c.waiting, c.dead, c.oldest))
    return lines


def portal_id(slug: str) -> int | None:
    """The id of a portal; None where there is none. The console is not one."""
    with global_scope():
        found = db.session.execute(
            select(Tenant.id).where(Tenant.slug == slug, Tenant.slug != current.CONSOLE_SLUG)
        ).scalar_one_or_none()
        db.session.rollback()
    return found


@dataclass(frozen=True, slots=True)
class PluginLine:
    """An installed plugin: what it implements, where it is on, how often it failed in this process."""

    name: str
    version: str
    api: str
    hooks: tuple[str, ...]
    portals: tuple[str, ...]
    errors: int
    last: PluginError | None


def plugins() -> list[PluginLine]:
    """Every installed plugin, core's own left out; failures are those of the process that answers."""
    runtime = current_app.extensions["portico"].runtime
    on: dict[str, list[str]] = {}
    for portal in service.list_tenants():
        for name in current.view_by_id(portal.id).config.get("plugins", {}):
            on.setdefault(name, []).append(portal.slug)
    lines = []
    for name in runtime.names():
        plugin = runtime.modules[name]
        failures = [e for e in runtime.errors if e.plugin == name]
        count = sum(n for (p, _hook), n in runtime.error_counts.items() if p == name)
        lines.append(
            PluginLine(
                name,
                str(plugin.version),
                str(plugin.portico_api),
                tuple(runtime.hooks_of(name)),
                tuple(on.get(name, ())),
                count,
                failures[-1] if failures else None,
            )
        )
    return lines


def plugin_errors() -> list[PluginError]:
    """The latest failures of plugins in this process, newest first."""
    return list(reversed(current_app.extensions["portico"].runtime.errors))
