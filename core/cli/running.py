"""Starting things: everything in one terminal, or each process on its own."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

import click

from core.cli import environment
from core.db.rls import APP, OWNER
from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.embedded.supervisor import Child
from core.embedded.supervisor import up as supervise

DATABASE = "portico"
WEB_SECONDS = 20.0


@click.command()
@click.option("--demo", is_flag=True, help="Load the example portals with people and agendas.")
@click.option("--port", default=8000, show_default=True, help="Port of the web server, on this machine only.")
def up(demo: bool, port: int) -> None:
    """Start everything that is not given by URL, and stop it all on Ctrl-C."""
    var = environment.var_folder()
    kept = environment.kept_secrets(var)
    postgres = None if os.environ.get("PORTICO_DATABASE_URL") else EmbeddedPostgres(var)
    valkey = None if os.environ.get("PORTICO_REDIS_URL") else EmbeddedValkey(var)
    servers: list[tuple[str, Any]] = [(n, s) for n, s in (("postgres", postgres), ("valkey", valkey)) if s is not None]
    env = {
        "PORTICO_ENV": os.environ.get("PORTICO_ENV", "development"),
        "PORTICO_VAR": str(var),
        "PORTICO_PORT": str(port),
        "PORTICO_TENANTS_DIR": str(Path(os.environ.get("PORTICO_TENANTS_DIR", "tenants")).resolve()),
        "PORTICO_SECRET_KEY": os.environ.get("PORTICO_SECRET_KEY") or kept["PORTICO_SECRET_KEY"],
        "PORTICO_MASTER_KEY": os.environ.get("PORTICO_MASTER_KEY") or kept["PORTICO_MASTER_KEY"],
        "PORTICO_DATABASE_URL": os.environ.get("PORTICO_DATABASE_URL", ""),
        "PORTICO_OWNER_DATABASE_URL": os.environ.get("PORTICO_OWNER_DATABASE_URL", ""),
        "PORTICO_REDIS_URL": valkey.url if valkey is not None else os.environ["PORTICO_REDIS_URL"],
    }
    if postgres is not None:
        env["PORTICO_DATABASE_URL"] = postgres.url(APP, kept["APP_PASSWORD"], DATABASE)
        env["PORTICO_OWNER_DATABASE_URL"] = postgres.url(OWNER, kept["OWNER_PASSWORD"], DATABASE)
    lines: list[str] = []

    def prepare() -> None:
        if postgres is not None:
            _create_roles(postgres.admin_url(), kept)
        os.environ.update({k: v for k, v in env.items() if v})
        environment.write_env(var / environment.RUN_FILE, env)
        lines.extend(_prepare(demo))

    def ready() -> None:
        _answers(port)
        for line in lines:
            click.echo(line)

    children = [
        Child("web", [sys.executable, "-m", "core.cli", "serve", "--port", str(port)]),
        Child("worker", [sys.executable, "-m", "core.cli", "worker"]),
        Child("scheduler", [sys.executable, "-m", "core.cli", "scheduler"]),
    ]
    sys.exit(supervise(var=var, children=children, servers=servers, on_ready=ready, prepare=prepare))


def _answers(port: int) -> None:
    """Wait until the web server takes connections, so that an address printed is an address that answers."""
    deadline = time.monotonic() + WEB_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)


def _create_roles(admin_url: str, kept: dict[str, str]) -> None:
    from core.db.upgrade import create_roles

    create_roles(admin_url, DATABASE, {OWNER: kept["OWNER_PASSWORD"], APP: kept["APP_PASSWORD"]})


def _prepare(demo: bool) -> list[str]:
    """Migrate, open the console, load the demo; returns what to print once all is up."""
    from core.app import create_app
    from core.console.service import ensure_console
    from core.db.upgrade import upgrade

    settings = environment.load()
    runtime = environment.runtime()
    if settings.owner_database_url:
        upgrade(settings.owner_database_url, runtime.modules)
    app = create_app(settings, runtime, wake=False)
    port = settings.public_port
    with app.app_context():
        ensure_console()
        lines = ["", f"  Console        http://console.localhost:{port}/"]
        if demo:
            entries = importlib.metadata.entry_points(group="portico.demo")
            lines = ["", *(line for entry in entries for line in entry.load()(settings.tenants_dir, port))]
        else:
            from core.tenancy.service import list_tenants

            lines += [f"  {t.name:<14} http://{t.slug}.localhost:{port}/  ({t.state})" for t in list_tenants()]
    return [*lines, "", "  Stop everything with Ctrl-C.", ""]


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--workers", default=2, show_default=True)
@click.option("--threads", default=4, show_default=True)
def serve(port: int, bind: str, workers: int, threads: int) -> None:
    """The web server (gunicorn)."""
    environment.load()
    binds = [f"{bind}:{port}"] + ([f"[::1]:{port}"] if bind == "127.0.0.1" and _has_ipv6() else [])
    command = [
        sys.executable, "-m", "gunicorn", "core.wsgi:app", "--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread",
        "--timeout", "60", "--graceful-timeout", "10", "--max-requests", "20000", "--max-requests-jitter", "2000", "--log-level", "warning",
    ]  # fmt: skip
    for address in binds:
        command += ["--bind", address]
    os.execv(sys.executable, command)


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@click.command()
def worker() -> None:
    """An RQ worker: delivers what was announced."""
    from core.jobs.worker import run_worker

    app = environment.application(wake=True)
    with app.app_context():
        run_worker(environment.load().redis_url, forking=False)


@click.command()
def scheduler() -> None:
    """The relay of the outbox and the periodic jobs. Several may run: each job runs once all the same."""
    from core.jobs.worker import run_scheduler

    stopped = False

    def stop(*_args: Any) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    app = environment.application(wake=True)
    with app.app_context():
        run_scheduler(environment.load().redis_url, lambda: stopped)


@click.command()
def doctor() -> None:
    """Say what is wrong here and how to mend it; exit status 1 when something is."""
    from core.cli.checks import all_checks

    bad = 0
    for check in all_checks():
        click.echo(f"{'ok ' if check.ok else 'BAD'}  {check.name}: {check.detail}")
        if not check.ok:
            bad += 1
            click.echo(f"     {check.remedy}")
    sys.exit(1 if bad else 0)


@click.command("secrets")
def secrets_() -> None:
    """Print fresh secrets for production, as KEY=value lines."""
    import secrets as source

    click.echo(f"PORTICO_SECRET_KEY={source.token_urlsafe(48)}")
    click.echo(f"PORTICO_MASTER_KEY={source.token_hex(32)}")
