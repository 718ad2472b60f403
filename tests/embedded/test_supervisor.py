"""The supervisor: starts in order, restarts what dies, stops all, and clears up after one that was killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy.engine import make_url

from core.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey, processes, supervisor
from core.embedded.supervisor import MARK, Child, Supervisor, alone, listens

PROJECT = Path(supervisor.__file__).parents[2]


def eventually(condition: Callable[[], object], seconds: float = 15) -> object:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def shell(name: str, script: str, **options: object) -> Child:
    return Child(name, ["sh", "-c", script], **options)  # type: ignore[arg-type]


class Terminal:
    """A supervisor in a process of its own, as `portico up` runs it."""

    def __init__(self, var: Path, body: str) -> None:
        self.var, self.out = var, var / "out.txt"
        program = f"""
            import sys
            from pathlib import Path
            from core.embedded import EmbeddedPostgres, EmbeddedValkey
            from core.embedded.supervisor import Child, up
            var = Path({str(var)!r})
            def shell(name, script, **options):
                return Child(name, ["sh", "-c", script], **options)
            {textwrap.indent(textwrap.dedent(body), " " * 12).strip()}
            """
        self.handle = self.out.open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            cwd=PROJECT,
            stdout=self.handle,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

    def text(self) -> str:
        return self.out.read_text()

    def pid(self, name: str) -> int:
        """The process id that a child printed last, as `<name> is <number>`."""
        found = eventually(lambda: re.findall(rf"{name} is (\d+)", self.text()))
        assert isinstance(found, list)
        return int(found[-1])

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        self.handle.close()


@pytest.fixture
def terminal(root: Path) -> Iterator[Callable[[str], Terminal]]:
    made: list[Terminal] = []

    def make(body: str) -> Terminal:
        made.append(Terminal(root, body))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.faults
def test_killed_child_starts_again_and_sigterm_stops_all(terminal: Callable[[str], Terminal]) -> None:
    one = terminal("""
        a = shell("a", 'echo "a is $$"; exec sleep 100')
        b = shell("b", 'sleep 100 & echo "helper is $!"; echo "b is $$"; wait')
        sys.exit(up(var=var, children=[a, b], on_ready=lambda: print("all ready", flush=True)))
    """)
    first, b, helper = one.pid("a"), one.pid("b"), one.pid("helper")
    eventually(lambda: "all ready" in one.text())
    os.kill(first, signal.SIGKILL)
    eventually(lambda: one.pid("a") != first)
    assert "a │ ended with -9; starting it again" in one.text()
    assert one.pid("b") == b
    assert processes.alive(b)
    assert one.text().count("all ready") == 1
    one.process.terminate()
    assert one.process.wait(15) == 0
    assert not any(processes.alive(pid) for pid in (one.pid("a"), b, helper))
    assert not (one.var / "supervisor.json").exists()


@pytest.mark.faults
def test_group_of_a_killed_child_goes_before_it_starts_again(terminal: Callable[[str], Terminal]) -> None:
    """Workers of a killed web server still hold its port."""
    one = terminal("""
        web = shell("web", 'sleep 100 & echo "worker is $!"; echo "web is $$"; wait')
        up(var=var, children=[web])
    """)
    web, worker = one.pid("web"), one.pid("worker")
    os.kill(web, signal.SIGKILL)
    eventually(lambda: one.pid("web") != web)
    eventually(lambda: not processes.alive(worker))


@pytest.mark.faults
def test_children_of_a_supervisor_killed_with_9_are_gone_after_the_next_start(
    terminal: Callable[[str], Terminal],
) -> None:
    # The first is told of its parent's death and goes; the other hears nothing, as a stubborn or detached one would.
    body = """
        soft = shell("soft", 'echo "soft is $$"; exec sleep 100')
        hard = Child("hard", [sys.executable, "-u", "-c", "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('hard is', os.getpid()); time.sleep(100)"])
        from core.embedded import supervisor
        supervisor.GRACE_SECONDS = 0.5
        up(var=var, children=[soft, hard], on_ready=lambda: print("all ready", flush=True))
    """
    one = terminal(body)
    soft, hard = one.pid("soft"), one.pid("hard")
    eventually(lambda: "all ready" in one.text())
    one.process.kill()
    one.process.wait()
    eventually(lambda: not processes.alive(soft))
    assert processes.alive(hard)
    two = terminal(body)
    eventually(lambda: two.text().count("all ready") == 2)
    assert not processes.alive(hard)
    eventually(lambda: two.pid("hard") != hard)
    eventually(lambda: two.pid("soft") != soft)


@pytest.mark.faults
def test_servers_killed_with_9_come_back_with_their_data_and_stop_at_the_end(
    terminal: Callable[[str], Terminal], root: Path
) -> None:
    one = terminal("""
        servers = [("postgres", EmbeddedPostgres(var)), ("valkey", EmbeddedValkey(var))]
        web = shell("web", 'echo "web is $$"; exec sleep 100')
        sys.exit(up(var=var, children=[web], servers=servers, on_ready=lambda: print("all ready", flush=True)))
    """)
    eventually(lambda: "all ready" in one.text(), 30)
    postgres, valkey = EmbeddedPostgres(root), EmbeddedValkey(root)
    plain = make_url(postgres.admin_url()).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection, redis.Redis.from_url(valkey.url) as client:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS x")
        client.set("kept", "7")
    before = [postgres.pid(), valkey.pid()]
    for pid in before:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: one.text().count("postgres │ ready") == 2 and one.text().count("valkey │ ready") == 2, 30)
    assert [postgres.pid(), valkey.pid()] != before
    with psycopg.connect(plain) as connection, redis.Redis.from_url(valkey.url) as client:
        assert connection.execute("SELECT x FROM kept").fetchone() == (7,)
        assert client.get("kept") == b"7"
    one.process.send_signal(signal.SIGINT)
    assert one.process.wait(30) == 0
    assert not postgres.running()
    assert not valkey.running()
    stopped = [line for line in one.text().splitlines() if line.endswith("stopped")]
    assert [line.split()[0] for line in stopped] == ["valkey", "postgres"]


@pytest.mark.faults
def test_children_wait_for_what_they_need_and_stop_before_it(root: Path) -> None:
    gate, order = root / "gate", root / "order.txt"
    script = 'trap "echo {0} stops >> {1}; exit 0" TERM; echo {0} starts >> {1}; while :; do sleep 0.05; done'
    base = shell("base", script.format("base", order), ready=gate.exists)
    top = shell("top", script.format("top", order), needs=["base"])
    once = shell("once", f"echo once >> {order}", restart=False, needs=["top"])
    ready = threading.Event()
    one = Supervisor(root, [once, top, base], on_ready=ready.set)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        eventually(order.exists)
        time.sleep(0.4)
        assert order.read_text() == "base starts\n"
        assert not ready.is_set()
        gate.touch()
        assert ready.wait(10)
        assert order.read_text().splitlines() == ["base starts", "top starts", "once"]
    finally:
        one.stop()
        thread.join(30)
    assert order.read_text().splitlines() == ["base starts", "top starts", "once", "top stops", "base stops"]


@pytest.mark.faults
def test_child_that_keeps_dying_waits_longer_each_time_up_to_a_cap(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.8)
    times = root / "times.txt"
    one = Supervisor(root, [shell("bad", f"date +%s.%N >> {times}; exit 3")])
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        eventually(lambda: times.exists() and len(times.read_text().split()) >= 6)
    finally:
        one.stop()
        thread.join(30)
    at = [float(t) for t in times.read_text().split()]
    pauses = [b - a for a, b in zip(at, at[1:], strict=False)]
    # Lower bounds hold on any machine; that there were six tells that the cap held.
    assert all(pause >= least for pause, least in zip(pauses, [0.2, 0.4, 0.8, 0.8, 0.8], strict=False))


@pytest.mark.faults
def test_stubborn_child_is_killed_after_its_grace(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(supervisor, "GRACE_SECONDS", 0.3)
    note = root / "pid"
    one = Supervisor(root, [shell("deaf", f"trap '' TERM; echo $$ > {note}; while :; do sleep 0.1; done")])
    thread = threading.Thread(target=one.run)
    thread.start()
    pid = int(str(eventually(lambda: note.exists() and note.read_text().strip())))
    one.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert not processes.alive(pid)


def test_process_that_took_over_a_number_is_never_ended(root: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (root / "supervisor.json").write_text(json.dumps({"mark": "0123", "children": {"web": [stranger.pid, "1"]}}))
        one = Supervisor(root, [])
        one.stop()
        assert one.run() == 0
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("notes", ["", "[]", '{"children": 3}', '{"mark": "x", "children": {"a": 1}}'])
def test_spoilt_notes_hinder_nothing(root: Path, notes: str) -> None:
    (root / "supervisor.json").write_text(notes)
    one = Supervisor(root, [])
    one.stop()
    assert one.run() == 0
    assert not (root / "supervisor.json").exists()


def test_detached_descendant_is_found_by_its_mark() -> None:
    with subprocess.Popen(["sleep", "60"], env={**os.environ, MARK: "cafe"}, start_new_session=True) as child:
        eventually(lambda: processes.marked(MARK, "cafe") == [child.pid])
        assert processes.marked(MARK, "caf") == []
        processes.end([child.pid], 5)
        assert child.wait() == -signal.SIGTERM


def test_second_supervisor_on_the_same_folder_is_refused(root: Path) -> None:
    with alone(root), pytest.raises(EmbeddedError, match="already runs"):
        Supervisor(root, []).run()


def test_production_refuses_embedded_servers_only(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ENV", "production")
    with pytest.raises(EmbeddedError, match="PORTICO_DATABASE_URL"):
        Supervisor(root, [], [("valkey", EmbeddedValkey(root))])
    one = Supervisor(root, [])
    one.stop()
    assert one.run() == 0


@pytest.mark.parametrize(
    ("children", "told"),
    [
        ([shell("a", ":", needs=["b"])], r"a \(b\)"),
        ([shell("a", ":", needs=["b"]), shell("b", ":", needs=["a"])], r"a \(b\), b \(a\)"),
        ([shell("a", ":"), shell("a", ":")], "one name"),
    ],
)
def test_needs_that_cannot_be_met_are_refused(root: Path, children: list[Child], told: str) -> None:
    with pytest.raises(EmbeddedError, match=told):
        Supervisor(root, children)


def test_program_that_is_not_there_is_told(root: Path) -> None:
    with pytest.raises(EmbeddedError, match="web cannot be started"):
        Supervisor(root, [Child("web", [str(root / "nothing")])]).run()


class Noted:
    """A server that only notes what is asked of it."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def start(self) -> None:
        self.notes.append("server starts")

    def stop(self) -> None:
        self.notes.append("server stops")

    def running(self) -> bool:
        return True


def test_servers_stop_when_preparing_fails(root: Path) -> None:
    notes: list[str] = []

    def prepare() -> None:
        notes.append("prepared")
        raise RuntimeError("cannot migrate")

    child = shell("web", f"touch {root}/started; exec sleep 100")
    with pytest.raises(RuntimeError, match="cannot migrate"):
        Supervisor(root, [child], [("noted", Noted(notes))], prepare=prepare).run()
    assert notes == ["server starts", "prepared", "server stops"]
    assert not (root / "started").exists()


def test_stopped_while_preparing_starts_no_child_and_stops_the_servers(root: Path) -> None:
    """Ctrl-C in the first seconds: nothing may be left running."""
    notes: list[str] = []
    child = shell("web", f"touch {root}/started; exec sleep 100")
    one = Supervisor(root, [child], [("noted", Noted(notes))], prepare=lambda: os.kill(os.getpid(), signal.SIGINT))
    assert one.run() == 0
    assert notes == ["server starts", "server stops"]
    assert not (root / "started").exists()


def test_probe_of_a_port() -> None:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert not listens("127.0.0.1", port)()
        server.listen()
        assert listens("127.0.0.1", port)()
