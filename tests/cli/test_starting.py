"""Starting costs little and forks share nothing that they must not: what would otherwise creep back unseen."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from core.cli import COMMANDS, cli
from core.lazy import lazy

ROOT = Path(__file__).resolve().parents[2]
RARE = (
    "PIL", "alembic", "asn1crypto", "authlib.integrations", "fontTools", "fpdf", "holidays", "icalendar", "joserfc", "mako", "markdown_it", "phonenumbers", "pygments", "pyhanko", "pyotp", "redis",
    "requests", "rq", "segno", "webauthn", "websockets", "zxcvbn",
)  # fmt: skip
"""What no first page needs: each of these takes longer to load than the page to draw."""


def loaded(program: str) -> set[str]:
    """The modules that a program has imported at its end."""
    tail = "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program) + tail], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_the_application_does_not_load_what_no_first_page_needs() -> None:
    found = loaded("""
        from importlib import import_module
        from core.app import ROOMS
        from core.hooks.manager import PluginRuntime
        for room in ROOMS:
            import_module(room)
        PluginRuntime().discover()
    """)
    assert "core.identity.passkeys" in found
    assert sorted(found & set(RARE)) == []


def test_the_supervisor_starts_its_servers_before_it_loads_the_application() -> None:
    found = loaded("import core.cli.running, core.embedded.supervisor")
    assert sorted(found & {"flask", "sqlalchemy", "marshmallow", "redis", "core.app", "gunicorn"}) == []


def test_every_command_is_found_where_the_table_says() -> None:
    context = click.Context(cli)
    assert set(cli.list_commands(context)) == set(COMMANDS)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str()
    assert cli.get_command(context, "nothing") is None


def test_a_stand_in_is_the_module_itself_once_it_is_used() -> None:
    import colorsys

    stand_in = lazy("colorsys")
    assert stand_in.rgb_to_hsv is colorsys.rgb_to_hsv
    stand_in.of_this_test = 1
    assert colorsys.of_this_test == 1  # type: ignore[attr-defined]
    del stand_in.of_this_test
    assert not hasattr(colorsys, "of_this_test")
    with pytest.raises(ModuleNotFoundError):
        _ = lazy("no_such_module").name


WEB = """
    import os, random, sys
    from flask import Flask
    from sqlalchemy import text
    from core.cli import environment, serving
    from core.db import db, global_scope
    from core.web.access import access

    def load() -> Flask:
        app = environment.application()

        @app.get("/who")
        @access("public")
        def who():
            with global_scope():
                backend = db.session.execute(text("SELECT pg_backend_pid()")).scalar_one()
                db.session.rollback()
            return {"pid": os.getpid(), "parent": os.getppid(), "backend": backend, "dice": random.random()}

        with app.app_context(), global_scope():
            print(db.session.execute(text("SELECT pg_backend_pid()")).scalar_one(), flush=True)
        return app

    serving.serve(serving.Web(int(sys.argv[1])), load)
"""


class Served:
    """The web server on a port of its own, with a page that tells who answers."""

    def __init__(self, connected: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WEB), str(self.port)],
            cwd=ROOT, env={**os.environ, **connected}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.backend_of_loading = int(self.process.stdout.readline())

    def who(self) -> dict[str, float]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/who", headers={"Host": "frontalia.localhost"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, float] = json.load(answer)
            return found

    def both(self, without: float = 0, seconds: float = 20) -> dict[float, dict[str, float]]:
        """One answer of each of the two workers, by process id, once both serve."""
        found: dict[float, dict[str, float]] = {}
        deadline = time.monotonic() + seconds
        while len(found) < 2:
            assert time.monotonic() < deadline, found
            try:
                one = self.who()
            except OSError:
                time.sleep(0.05)
                continue
            if one["pid"] != without:
                found.setdefault(one["pid"], one)
        return found


@pytest.fixture
def served(connected: dict[str, str], portals: object) -> Iterator[Callable[[], Served]]:
    made: list[Served] = []

    def start() -> Served:
        made.append(Served(connected))
        return made[-1]

    yield start
    for one in made:
        one.process.terminate()
        one.process.wait(20)
        assert one.process.stdout is not None
        one.process.stdout.close()


def test_each_web_worker_has_database_connections_and_dice_of_its_own(served: Callable[[], Served]) -> None:
    one = served()
    first, second = one.both().values()
    assert first["parent"] == second["parent"] == one.process.pid
    assert len({first["backend"], second["backend"], one.backend_of_loading}) == 3
    assert first["dice"] != second["dice"]


def test_a_server_that_forks_after_loading_the_application_hands_no_connection_on(connected: dict[str, str]) -> None:
    program = """
        from core.wsgi import app
        from core.db import db
        with app.app_context():
            print(db.engine.pool.checkedin() + db.engine.pool.checkedout())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=ROOT, env={**os.environ, **connected}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["0"]


def test_a_killed_web_worker_is_forked_again_without_loading_anything(served: Callable[[], Served]) -> None:
    one = served()
    before = one.both()
    victim = min(before)
    os.kill(int(victim), signal.SIGKILL)
    begun = time.monotonic()
    after = one.both(without=victim)
    took = time.monotonic() - begun
    (fresh,) = set(after) - set(before)
    used = _seconds(int(fresh))
    assert used < 1.0, f"the new worker used {used} s of processor time; back after {took:.1f} s"
    assert after[fresh]["backend"] not in {w["backend"] for w in before.values()}


def _seconds(pid: int) -> float:
    """Processor time that a process has used since it was forked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
