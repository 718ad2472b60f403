"""The pytest plugin: fixtures for the application, two portals and their people, browsers, the inbox, the clock.

No test reaches the network or a mail server: see `core.testing.guards`.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from core import clock as clock_of_platform
from core.app import create_app
from core.db import db
from core.hooks.manager import PluginRuntime
from core.jobs import outbox
from core.jobs.models import OutboxDelivery, OutboxMessage
from core.notifications.inbox import latest
from core.notifications.models import InboxMessage
from core.settings import Settings
from core.tenancy import current, service
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import new_tenant
from core.testing import guards, makers, servers
from core.testing.broom import Broom
from core.testing.browser import Browser
from core.testing.guards import Clock
from core.testing.makers import Twin
from core.testing.stage import Stage

TENANTS = Path(__file__).resolve().parents[2] / "tenants"


def pytest_configure(config: pytest.Config) -> None:
    """The folder of the run is made by the first process and inherited by the workers."""
    if not hasattr(config, "workerinput"):
        os.environ.pop(servers.ROOT, None)
        servers.make_root()


def pytest_unconfigure(config: pytest.Config) -> None:
    """The first process stops what any worker started."""
    if not hasattr(config, "workerinput"):
        servers.stop_all()


@pytest.fixture(scope="session", autouse=True)
def offline() -> Iterator[None]:
    """Python's sockets reach this machine only, and no mail server: what tries further raises NetworkForbidden."""
    with guards.offline():
        yield


@pytest.fixture(scope="session")
def worker() -> str:
    """The name of this process among those of the run: `gw0` and so on under pytest-xdist, else `master`."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    """Playwright for the tests of a module. It runs an event loop in this thread: none of it is left for other modules."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as made:
        yield made


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The platform's clock: `clock.set(instant)`, `clock.move(days=1)`; put back at the end."""
    with guards.moving_clock() as made:
        yield made


@pytest.fixture(scope="session")
def runtime() -> PluginRuntime:
    """All installed plugins."""
    made = PluginRuntime()
    made.discover()
    return made


@pytest.fixture(scope="session")
def test_database(runtime: PluginRuntime, worker: str) -> servers.TestDatabase:
    """This worker's database."""
    return servers.database(worker, runtime)


@pytest.fixture(scope="session")
def settings(test_database: servers.TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the application under test."""
    return Settings(
        env="test",
        database_url=test_database.app_url,
        owner_database_url=test_database.owner_url,
        redis_url="unix:///nonexistent/valkey.sock",
        secret_keys=("t" * 64,),
        master_keys=(b"m" * 32,),
        var=tmp_path_factory.mktemp("var"),
        tenants_dir=TENANTS,
        log_level="ERROR",
    )


@pytest.fixture(scope="session")
def whole_app(settings: Settings, runtime: PluginRuntime) -> Iterator[Flask]:
    """The application, made once; use `app`, which leaves the database clean."""
    made = create_app(settings, runtime, wake=False)
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def _broom(test_database: servers.TestDatabase) -> Iterator[Broom]:
    made = Broom(test_database.admin_url)
    yield made
    made.close()


@pytest.fixture
def app(whole_app: Flask, _broom: Broom) -> Iterator[Flask]:
    """The application on an empty database, inside an application context."""
    with whole_app.app_context():
        yield whole_app
        db.session.remove()
    current.forget_views()
    _broom.sweep()


@pytest.fixture(scope="session")
def bundles(runtime: PluginRuntime) -> dict[str, dict[str, Any]]:
    """The bundles of the example portals, read once."""
    result = {}
    if not TENANTS.is_dir():
        pytest.skip("the two example portals stand in a checkout of Portico; `portal_with` makes one anywhere")
    for slug in ("frontalia", "rdv-confiance"):
        loaded = load_folder(TENANTS / slug, runtime)
        assert loaded.bundle is not None, loaded.problems
        assert not loaded.problems, [str(p) for p in loaded.problems]
        result[slug] = loaded.bundle
    return result


@pytest.fixture(scope="session")
def _stage(_broom: Broom) -> Stage:
    return Stage(_broom)


@pytest.fixture
def staged(app: Flask, _stage: Stage) -> Callable[[str, Callable[[], Any]], Any]:
    """Build a state once, have it in every test that asks: `staged("a mutual", build)`.

    `build` answers plain values, such as ids. It is built anew where something is written before it, and under another
    clock than the machine's.
    """

    def set_up(name: str, build: Callable[[], Any]) -> Any:
        if abs(clock_of_platform.now() - dt.datetime.now(dt.UTC)) > dt.timedelta(minutes=1):
            return build()
        return _stage.set_up(name, build)

    return set_up


@pytest.fixture
def portals(
    staged: Callable[[str, Callable[[], Any]], Any], bundles: dict[str, dict[str, Any]]
) -> dict[str, current.TenantView]:
    """Both example portals, live."""

    def build() -> dict[str, int]:
        made = {slug: service.store(bundle, "tests").tenant_id for slug, bundle in bundles.items()}
        for slug in made:
            service.go_live(slug, "tests")
        return made

    return {slug: current.view_by_id(tenant_id) for slug, tenant_id in staged("portals", build).items()}


@pytest.fixture
def portal_with(app: Flask, runtime: PluginRuntime, tmp_path: Path) -> Callable[..., current.TenantView]:
    """Make a portal on which these plugins are on and no others, as `portico tenant new` does: `portal_with("jurisdiction_lu")`.

    It is a draft; `core.tenancy.current.entered(view.id)` works inside of it.
    """

    def make(*plugins: str, slug: str = "own-portal") -> current.TenantView:
        loaded = load_folder(new_tenant(slug, tmp_path / "tenants", plugins=plugins), runtime)
        assert loaded.bundle is not None, [str(p) for p in loaded.problems]
        made = service.store(loaded.bundle, "tests")
        return current.view_by_id(made.tenant_id)

    return make


@pytest.fixture
def frontalia(portals: dict[str, current.TenantView]) -> current.TenantView:
    """The first portal."""
    return portals["frontalia"]


@pytest.fixture
def inside(frontalia: current.TenantView) -> Iterator[current.TenantView]:
    """Work inside the portal `frontalia`: scope and current tenant are set."""
    with current.entered(frontalia.id) as view:
        yield view


@pytest.fixture
def browse(app: Flask, portals: dict[str, current.TenantView]) -> Callable[..., Browser]:
    """Make a browser on a portal: `browse()`, `browse("rdv-confiance", "fr")`."""

    def make(slug: str = "frontalia", language: str = "en") -> Browser:
        return Browser(app, f"{slug}.localhost", language)

    return make


@pytest.fixture
def inbox(app: Flask, portals: dict[str, current.TenantView]) -> Callable[..., list[InboxMessage]]:
    """Deliver everything that waits, then the messages of a portal, newest first."""

    def read(slug: str = "frontalia") -> list[InboxMessage]:
        outbox.drain()
        with current.entered(portals[slug].id):
            found = latest()
            db.session.expunge_all()
            return found

    return read


@pytest.fixture
def twins(portals: dict[str, current.TenantView]) -> tuple[Twin, Twin]:
    """Both portals with people of every role who have the same names and addresses in each, and a professional who can be
    booked: what one portal shows of the other is seen at once."""
    first, second = (makers.make_twin(view) for view in portals.values())
    return first, second


@pytest.fixture
def drained(app: Flask, portals: dict[str, current.TenantView]) -> Iterator[Callable[[], int]]:
    """Deliver all that waits, now: `drained()` returns how many. At the end the rest is delivered, and nothing may be left
    that could not be."""
    yield outbox.drain
    outbox.drain()
    for slug, view in portals.items():
        with current.entered(view.id):
            left = _undelivered()
        assert not left, f"{slug}: not delivered: " + "; ".join(left)


def _undelivered() -> list[str]:
    """What of the present portal's announcements did not reach its consumer."""
    rows = db.session.execute(
        select(OutboxMessage.name, OutboxDelivery.consumer, OutboxDelivery.last_error)
        .join(
            OutboxDelivery,
            (OutboxMessage.tenant_id == OutboxDelivery.tenant_id) & (OutboxMessage.id == OutboxDelivery.message_id),
        )
        .where(OutboxDelivery.done_at.is_(None))
        .order_by(OutboxMessage.name, OutboxDelivery.consumer)
    ).all()
    db.session.rollback()
    return [f"{name} for {consumer} ({error or 'not tried'})" for name, consumer, error in rows]
