"""The factory: wires settings, database, plugins and pages into one application. The only module that knows all rooms."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Flask, abort, g
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from sqlalchemy import text
from werkzeug.middleware.proxy_fix import ProxyFix

from core import builtin, i18n, logs
from core.db import current_tenant_id, db, global_scope
from core.db.base import install_engine_events
from core.hooks.manager import BUILTIN, PluginRuntime
from core.identity import sessions
from core.jobs import outbox, periodic
from core.live import publish, topics
from core.metrics import Metrics
from core.money import funds
from core.settings import Settings
from core.tenancy import current, service, template_overrides
from core.web import access, compiled, csrf, frame, language, parts

log = logging.getLogger("portico.app")

# Rooms with pages, consumers or jobs, lowest layer first; importing one registers what it has.
ROOMS = (
    "core.web.pages",
    "core.web.health",
    "core.tenancy.anchoring",
    "core.promises.service",
    "core.live.pages",
    "core.notifications.pages",
    "core.consent.pages",
    "core.identity.pages",
    "core.directory.linking",
    "core.scheduling.messages",
    "core.scheduling.pages",
    "core.scheduling.desk",
    "core.care.documents.pages",
    "core.care.consultations.appointments",
    "core.care.consultations.files",
    "core.care.consultations.calling",
    "core.care.consultations.telling",
    "core.care.consultations.pages",
    "core.care.consultations.desk",
    "core.care.record.pages",
    "core.care.prescriptions.pages",
    "core.care.rooms.pages",
    "core.care.colleagues.telling",
    "core.care.colleagues.agreed",
    "core.care.colleagues.pages",
    "core.privacy.pages",
    "core.console.pages",
    "core.partner.pages",
    "core.api.v1",
)


# New objects before a collection of the young, and how many of those before the older ones: a page makes thousands.
COLLECT_EVERY = (10_000, 20, 50)


class UnsafeDatabaseRole(RuntimeError):
    """The application connects as a role that row security does not bind."""


@dataclass
class Portico:
    """What belongs to one application; found at `app.extensions["portico"]`."""

    settings: Settings
    runtime: PluginRuntime
    metrics: Metrics = field(default_factory=Metrics)
    request_openers: list[Callable[[], Any]] = field(default_factory=list)
    response_closers: list[Callable[[Any], None]] = field(default_factory=list)


def create_app(settings: Settings, runtime: PluginRuntime | None = None, *, wake: bool = True) -> Flask:
    """Make the application. `wake=False` leaves delivery to an explicit `outbox.drain` (tests and commands).

    Raises PluginProblem for plugins that cannot be used, UnsafeDatabaseRole for a role that bypasses row security.
    """
    if settings.env != "test":
        logs.install(settings.log_level)
    app = Flask("core", template_folder="web/templates", static_folder="web/static")
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8, "max_overflow": 8, "pool_timeout": 10},
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        BOOTSTRAP_SERVE_LOCAL=True,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000 if settings.env == "production" else 0,
        JSON_SORT_KEYS=False,
        TEMPLATES_AUTO_RELOAD=False,
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies)  # type: ignore[method-assign]
    if runtime is None:
        runtime = PluginRuntime()
        runtime.discover()
    if BUILTIN not in runtime.modules:
        runtime.register(builtin.CorePlugin(settings), BUILTIN)
    portico = Portico(settings, runtime)
    app.extensions["portico"] = portico
    runtime.on_error = lambda e: portico.metrics.plugin_error(e.plugin, e.hook)

    db.init_app(app)
    with app.app_context():
        install_engine_events(db.engine)
        _check_role()
    Babel(app, locale_selector=language.language)
    Bootstrap5(app)
    frame.install(app)
    language.install(app)
    parts.install(app)
    template_overrides.install(app, settings.templates_dir)
    compiled.install(app, settings.var)
    i18n.COMPILED.keep_in(settings.var / "words")
    app.jinja_env.globals["csrf_token"] = csrf.token
    portico.response_closers.append(csrf.set_cookie)
    access.install(app)
    for name in ROOMS:
        _room(app, name)
    portico.request_openers.append(csrf.check)
    portico.request_openers.append(access.enforce)
    _plugin_pages(app, runtime)
    funds.install(app, runtime)
    _connect(app, wake)
    for check in app.extensions.get("portico_checks", []):
        check(app)
    return app


def settle() -> None:
    """Once, when a server's process has loaded all: what is loaded stays, so the collector need not walk it again."""
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


def _room(app: Flask, name: str) -> None:
    spec = importlib.util.find_spec(name) if importlib.util.find_spec(name.rpartition(".")[0]) else None
    if spec is None:
        return
    module = importlib.import_module(name)
    install = getattr(module, "install", None)
    if install is not None:
        install(app)
    blueprint = getattr(module, "bp", None)
    if isinstance(blueprint, Blueprint):
        app.register_blueprint(blueprint)


def _check_role() -> None:
    """Refuse to start as a role that row security does not bind (engineering notes, A3.2)."""
    with global_scope():
        row = db.session.execute(
            text("SELECT rolsuper, rolbypassrls, rolname FROM pg_roles WHERE rolname = current_user")
        ).one()
        owns = db.session.execute(
            text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        ).scalar_one()
        db.session.rollback()
    if row.rolsuper or row.rolbypassrls or owns:
        raise UnsafeDatabaseRole(
            f"the role {row.rolname} is a superuser, bypasses row security or owns tables; "
            "PORTICO_DATABASE_URL must name the application role (portico_app)"
        )


def _plugin_pages(app: Flask, runtime: PluginRuntime) -> None:
    """Mount each plugin's blueprints under /x/<plugin>, guarded: 404 where the tenant has it off."""
    for plugin, blueprints in runtime.installed().by_plugin("blueprints"):
        for blueprint in blueprints:
            if not blueprint.name.startswith(plugin):
                raise ValueError(f"plugin {plugin}: the blueprint {blueprint.name} must start with the plugin's name")
            blueprint.before_request(_guard(plugin))
            app.register_blueprint(blueprint, url_prefix=f"/x/{plugin}{blueprint.url_prefix or ''}")


def _guard(plugin: str) -> Callable[[], None]:
    def guard() -> None:
        tenant = g.get("tenant")
        if tenant is None or not tenant.dispatcher.is_on(plugin):
            abort(404)

    return guard


def _connect(app: Flask, wake: bool) -> None:
    def listeners(event_name: str) -> tuple[str, ...]:
        tenant = g.get("tenant")
        if tenant is None or tenant.id != current_tenant_id():
            tenant = current.view_inside(current_tenant_id())
        return tuple(p for p in tenant.dispatcher.listeners(event_name) if p != BUILTIN)

    def tell(plugin: str, event: Any) -> None:
        view = g.get("tenant")
        # Off means off: a message announced before the plugin was switched off is not told after.
        if view is not None and view.dispatcher.is_on(plugin):
            view.dispatcher.tell(plugin, event)

    def plugin_jobs() -> list[periodic.Job]:
        view = g.tenant
        return [
            periodic.Job(job.code, job.every_seconds, job.run, plugin)
            for plugin, jobs in view.dispatcher.by_plugin("periodic_jobs")
            for job in jobs
        ]

    outbox.connect(plugin_listeners=listeners, tell_plugin=tell)
    if wake:
        wake_workers(app)
    outbox.connect_tenants(current.entered)
    topics.connect(sessions.alive)
    periodic.connect(lambda: current.tenant_ids(("draft", "live")), plugin_jobs, current.entered, service.resume_due)


def wake_workers(app: Flask) -> None:
    """From now on this process tells Valkey what it announced: what `create_app` does unless `wake=False`."""
    from core.jobs.worker import waker

    url = app.extensions["portico"].settings.redis_url
    outbox.connect(wake=waker(url))
    publish.connect(url)
