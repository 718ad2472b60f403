"""Starting things: everything in one terminal, or each process on its own."""

from __future__ import annotations

import contextlib
import gc
import importlib.metadata
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli import environment
from core.cli.opening import DEMO, Opening
from core.embedded import EmbeddedPostgres, EmbeddedValkey
from core.embedded.supervisor import Child, Server, listens
from core.embedded.supervisor import up as supervise

if TYPE_CHECKING:
    from flask import Flask

DATABASE = "portico"
WEB_SECONDS = 20.0
LIVE_TRIES = 50


@click.command()
@click.option("--demo", is_flag=True, help="Load the example portals with people and agendas.")
@click.option("--port", default=8000, show_default=True, help="Port of the web server, on this machine only.")
def up(demo: bool, port: int) -> None:
    """Start everything that is not given by URL, and stop it all on Ctrl-C."""
    var = environment.var_folder()
    kept = environment.kept_secrets(var)
    live_port = int(os.environ.get("PORTICO_LIVE_PORT") or _free_after(port))
    postgres = None if os.environ.get("PORTICO_DATABASE_URL") else EmbeddedPostgres(var)
    valkey = None if os.environ.get("PORTICO_REDIS_URL") else EmbeddedValkey(var)
    welcome = var / "welcome.txt"
    loaded: list[Flask] = []
    opening = Opening(lambda: _settle(var, port, live_port, kept, postgres, valkey), postgres, demo=demo)
    servers: list[tuple[str, Server]] = []
    if postgres is not None:
        servers.append(("postgres", opening.server()))
    if valkey is not None:
        servers.append(("valkey", valkey))

    def meanwhile() -> None:
        # Until the children are forked: nearly all that is made now stays, so looking for garbage would be time lost.
        gc.disable()
        opening.load()

    def prepare() -> list[Child]:
        from core.cli.serving import let_go

        app = opening.app()
        # A folder that was used before has its portals: they are looked at once pages are answered.
        rest = _whole(welcome) if demo and opening.later else _open(app, welcome, demo)
        let_go(app)
        loaded.append(app)
        gc.freeze()
        gc.enable()
        if rest is None:
            return []
        run = forked(lambda app: _after_web(port, app, rest))
        # Ready once it has ended: only then is there somebody who can sign in, and everything to tell.
        return [Child("demo", _command("demo"), run=run, ready=lambda: False, restart=False)]

    def ready() -> None:
        _answers(port)
        click.echo(welcome.read_text(encoding="utf-8"))

    def forked(run: Callable[[Flask], None]) -> Callable[[], None]:
        return lambda: run(loaded[0])

    children = [
        Child("web", _command("serve", "--port", str(port)), run=forked(lambda app: _serve(app, port))),
        Child("worker", _command("worker"), run=forked(lambda app: _after_web(port, app, _work))),
        Child("scheduler", _command("scheduler"), run=forked(lambda app: _after_web(port, app, _schedule))),
        Child(
            "live", _command("live", "--port", str(live_port)), ready=listens("127.0.0.1", live_port),
            run=forked(lambda app: _after_web(port, app, lambda app: _live(app, "127.0.0.1", live_port))),
        ),
    ]  # fmt: skip
    sys.exit(
        supervise(var=var, children=children, servers=servers, on_ready=ready, prepare=prepare, meanwhile=meanwhile)
    )


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "core.cli", *words]


def _free_after(port: int) -> int:
    """The next port that nobody listens on, for the live channel: browsers reach it beside the web server's."""
    for candidate in range(port + 1, min(port + LIVE_TRIES, 65536)):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", candidate)):
            return candidate
    raise click.ClickException(f"no free port for the live channel after {port}: set PORTICO_LIVE_PORT")


def _settle(
    var: Path,
    port: int,
    live_port: int,
    kept: dict[str, str],
    postgres: EmbeddedPostgres | None,
    valkey: EmbeddedValkey | None,
) -> None:
    """Roles and database, and the settings of this run: in the environment, and in a file for commands beside it."""
    from core.db.rls import APP, OWNER
    from core.db.upgrade import create_roles

    env = {
        "PORTICO_ENV": os.environ.get("PORTICO_ENV", "development"),
        "PORTICO_VAR": str(var),
        "PORTICO_PORT": str(port),
        "PORTICO_LIVE_PORT": str(live_port),
        # No proxy stands before this: pages connect to the live process itself.
        "PORTICO_LIVE_URL": os.environ.get("PORTICO_LIVE_URL") or f"ws://{{host}}:{live_port}/live",
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
        create_roles(postgres.admin_url(), DATABASE, {OWNER: kept["OWNER_PASSWORD"], APP: kept["APP_PASSWORD"]})
    os.environ.update({k: v for k, v in env.items() if v})
    environment.write_env(var / environment.RUN_FILE, env)


def _answers(port: int, request: bytes = b"") -> None:
    """Wait until the web server takes connections, so that an address printed is an address that answers.

    With a request: until it answers that.
    """
    deadline = time.monotonic() + WEB_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=left) as client:
            client.sendall(request)
            if not request or client.recv(1):
                return
        time.sleep(0.05)


def _open(app: Flask, welcome: Path, demo: bool) -> Callable[[Flask], None] | None:
    """Open the console, load what the demo shows first; returns what is left to load once pages are answered.

    `welcome` is the file of what to print once all is there.
    """
    from core.console.service import ensure_console

    settings = environment.load()
    port = settings.public_port
    told: list[str] = []

    def write() -> None:
        text = "\n".join(["", *told, "", "  Stop everything with Ctrl-C.", ""])
        welcome.write_text(text, encoding="utf-8")

    with app.app_context():
        ensure_console()
        if not demo:
            from core.tenancy.service import list_tenants

            told.append(f"  Console        http://console.localhost:{port}/")
            told += [f"  {t.name:<14} http://{t.slug}.localhost:{port}/  ({t.state})" for t in list_tenants()]
            write()
            return None
        entries = importlib.metadata.entry_points(group=DEMO)
        loads = [entry.load()(settings.tenants_dir, port) for entry in entries]
        left = [load for load in loads if _goes_on(load, told)]
    if not left:
        write()
        return None

    def rest(app: Flask) -> None:
        with app.app_context():
            for load in left:
                while _goes_on(load, told):
                    pass
        write()

    return rest


def _whole(welcome: Path) -> Callable[[Flask], None]:
    """All of a demo's load, at once."""

    def load(app: Flask) -> None:
        rest = _open(app, welcome, True)
        if rest is not None:
            rest(app)

    return load


def _goes_on(load: Generator[None, None, list[str]], told: list[str]) -> bool:
    """Run a load to its next pause; at its end keep what it has to tell."""
    try:
        next(load)
    except StopIteration as end:
        told += end.value
        return False
    return True


@click.command(hidden=True)
def demo() -> None:
    """Load the demo: for systems where `portico up` cannot fork."""
    _whole(environment.var_folder() / "welcome.txt")(environment.application(wake=True))


def _serve(app: Flask, port: int) -> None:
    from core.app import wake_workers
    from core.cli.serving import Web, serve

    wake_workers(app)
    serve(Web(port), lambda: app)


def _after_web(port: int, app: Flask, run: Callable[[Flask], None]) -> None:
    """In a fork: pages come first, and on a small machine the others would keep the web server waiting."""
    from core.app import wake_workers

    _answers(port)
    wake_workers(app)
    run(app)


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--workers", default=2, show_default=True)
@click.option("--threads", default=4, show_default=True)
def serve(port: int, bind: str, workers: int, threads: int) -> None:
    """The web server (gunicorn)."""
    from core.cli import serving

    serving.serve(serving.Web(port, bind, workers, threads), lambda: environment.application(wake=True))


@click.command()
def worker() -> None:
    """An RQ worker: delivers what was announced."""
    _work(environment.application(wake=True))


def _work(app: Flask) -> None:
    from core.jobs.worker import run_worker

    with app.app_context():
        run_worker(environment.load().redis_url, forking=False)


@click.command()
def scheduler() -> None:
    """The relay of the outbox and the periodic jobs. Several may run: each job runs once all the same."""
    _schedule(environment.application(wake=True))


def _schedule(app: Flask) -> None:
    from core.jobs.worker import run_scheduler

    stopped = False

    def stop(*_args: Any) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with app.app_context():
        run_scheduler(environment.load().redis_url, lambda: stopped)


@click.command()
@click.option("--port", type=int, help="Port to listen on; default PORTICO_LIVE_PORT, else 8001.")
@click.option("--bind", default="127.0.0.1", show_default=True, help="Address to listen on.")
def live(port: int | None, bind: str) -> None:
    """The live channel: waiting rooms, calls, messages that appear by themselves. Several may run."""
    app = environment.application(wake=True)
    _live(app, bind, port or environment.load().live_port)


def _live(app: Flask, bind: str, port: int) -> None:
    from core.cli.serving import hosts
    from core.live.server import run

    run(app, hosts(bind), port)


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
