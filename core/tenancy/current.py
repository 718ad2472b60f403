"""The tenant of a request or job: found by host, read with its revision, kept per process until the revision changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from flask import current_app, g
from sqlalchemy import select

from core.db import db, global_scope, tenant_scope
from core.hooks.manager import BUILTIN, Dispatcher
from core.tenancy.models import Tenant, TenantRevision

CONSOLE_SLUG = "console"


@dataclass(frozen=True, slots=True)
class TenantView:
    """One tenant at one revision: everything that a page needs to know of it. Immutable, shared between threads."""

    id: int
    slug: str
    state: str
    revision: int
    config: Mapping[str, Any]
    bundle: Mapping[str, Any]
    dispatcher: Dispatcher
    notice: str | None = None
    _memo: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.config["name"])

    @property
    def languages(self) -> list[str]:
        return list(self.config["languages"])

    @property
    def language(self) -> str:
        """The default language: the first of the list."""
        return self.languages[0]

    @property
    def time_zone(self) -> str:
        return str(self.config["time_zone"])

    @property
    def is_console(self) -> bool:
        return self.slug == CONSOLE_SLUG

    def words(self, language: str) -> Mapping[str, str]:
        """The tenant's own catalogue in a language."""
        found: Mapping[str, str] = self.bundle.get("catalogue", {}).get(language, {})
        return found

    def offered_services(self) -> list[Any]:
        """The services that this portal offers, in order: contributed by a plugin, enabled in the configuration."""
        chosen = self.config.get("services", {})
        return [s for s in self.dispatcher.collect("services") if chosen.get(s.code, {}).get("enabled", False)]

    def has_asset(self, name: str) -> bool:
        return name in self.bundle.get("branding", {})


@dataclass(frozen=True, slots=True)
class Found:
    """The answer of the host look-up: which tenant, in which state, at which revision."""

    id: int
    slug: str
    state: str
    revision: int
    notice: str | None


_LOOKUP = (
    "SELECT t.id, t.slug, t.state, t.revision, t.state_notice FROM tenant_hosts h JOIN tenants t ON t.id = h.tenant_id "
    "WHERE h.host = %s"
)
# A view holds a whole configuration with its texts and drawings: those of the portals asked for last are kept.
KEPT_VIEWS = 128
_views: OrderedDict[int, TenantView] = OrderedDict()
_lock = threading.Lock()


def find_host(host: str) -> Found | None:
    """The tenant of a host name (no port, lower case), read afresh: one round trip, outside of any transaction."""
    row = _first_question(_LOOKUP, (host,))
    return Found(*row) if row else None


def _first_question(sql: str, values: tuple[Any, ...]) -> Any:
    """One row, for a request that has asked nothing yet.

    When the database was restarted, the connections kept from before are dead. Here nothing is lost by asking again:
    all of them are let go, and only a database that is still away is an error.
    """
    for again in (True, False):
        connection = db.engine.raw_connection()
        driver: Any = connection.driver_connection
        try:
            return driver.execute(sql, values).fetchone()
        except psycopg.OperationalError:
            if not (again and driver.closed):
                raise
            connection.invalidate()
            db.engine.dispose()
        finally:
            connection.close()
    raise AssertionError("unreachable")


def view_of(found: Found) -> TenantView:
    """The view at the revision found; built once per process and revision while the portal is among those in use."""
    kept = _kept(found.id)
    if (
        kept is not None
        and kept.revision == found.revision
        and kept.state == found.state
        and kept.notice == found.notice
    ):
        return kept
    with global_scope():
        bundle = db.session.execute(
            select(TenantRevision.bundle).where(
                TenantRevision.tenant_id == found.id, TenantRevision.number == found.revision
            )
        ).scalar_one()
        db.session.rollback()
    view = make_view(found.id, found.slug, found.state, found.revision, bundle, found.notice)
    _keep(view)
    return view


def _kept(tenant_id: int) -> TenantView | None:
    with _lock:
        if tenant_id in _views:
            _views.move_to_end(tenant_id)
        return _views.get(tenant_id)


def _keep(view: TenantView) -> None:
    with _lock:
        _views[view.id] = view
        _views.move_to_end(view.id)
        while len(_views) > KEPT_VIEWS:
            _views.popitem(last=False)


def make_view(
    tenant_id: int, slug: str, state: str, revision: int, bundle: Mapping[str, Any], notice: str | None = None
) -> TenantView:
    """A view from a bundle, without database (`portico decide` uses it too)."""
    config = bundle["config"]
    sections: Mapping[str, Any] = config.get("plugins", {})
    runtime = current_app.extensions["portico"].runtime
    installed = set(runtime.names())
    dispatcher = runtime.dispatcher([p for p in sections if p in installed], settings_for(config))
    return TenantView(tenant_id, slug, state, revision, config, bundle, dispatcher, notice)


def view_by_id(tenant_id: int) -> TenantView:
    """The view of a tenant by id (jobs, CLI, console), at its present revision."""
    with global_scope():
        row = db.session.get(Tenant, tenant_id)
        if row is None:
            raise LookupError(f"no tenant {tenant_id}")
        found = Found(row.id, row.slug, row.state, row.revision, row.state_notice)
        db.session.rollback()
    return view_of(found)


def view_inside(tenant_id: int) -> TenantView:
    """As `view_by_id`, inside a tenant's open transaction: its session is left as it is."""
    connection = db.engine.raw_connection()
    try:
        row = connection.driver_connection.execute(  # type: ignore[union-attr]
            "SELECT id, slug, state, revision, state_notice FROM tenants WHERE id = %s", (tenant_id,)
        ).fetchone()
        if row is None:
            raise LookupError(f"no tenant {tenant_id}")
        found = Found(*row)
        kept = _kept(found.id)
        if kept is not None and kept.revision == found.revision:
            return kept
        (bundle,) = connection.driver_connection.execute(  # type: ignore[union-attr]
            "SELECT bundle FROM tenant_revisions WHERE tenant_id = %s AND number = %s", (found.id, found.revision)
        ).fetchone()
    finally:
        connection.close()
    return make_view(found.id, found.slug, found.state, found.revision, bundle, found.notice)


def settings_for(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What rules are told of a portal's configuration: each plugin its section, core what its own rules need."""
    own = {"dependant_max_age_years": config["booking"]["dependant_max_age_years"]} if "booking" in config else {}
    return {**config.get("plugins", {}), BUILTIN: own}


@contextmanager
def entered(tenant_id: int) -> Iterator[TenantView]:
    """Scope and current tenant together, for jobs and deliveries; put back afterwards."""
    view = view_by_id(tenant_id)
    before = g.get("tenant")
    with tenant_scope(tenant_id):
        g.tenant = view
        try:
            yield view
        finally:
            g.tenant = before


def tenant_ids(states: tuple[str, ...] = ("draft", "live", "suspended")) -> list[int]:
    """All tenants, for the loops of the scheduler and the console."""
    with global_scope():
        rows = db.session.execute(select(Tenant.id).where(Tenant.state.in_(states)).order_by(Tenant.id)).scalars().all()
        db.session.rollback()
        return list(rows)


def current_tenant() -> TenantView:
    """The tenant of the present request, job or `working_in` block. Raises LookupError where there is none."""
    view: TenantView | None = g.get("tenant")
    if view is None:
        raise LookupError("no tenant in this context")
    return view


def forget_views() -> None:
    """Drop all kept views (tests)."""
    with _lock:
        _views.clear()
