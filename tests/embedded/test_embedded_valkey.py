"""The embedded Valkey: one server on its file, found again after kill -9."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from core.embedded import EmbeddedError, EmbeddedValkey, valkey
from core.embedded.processes import working_in

PROJECT = Path(__file__).resolve().parents[2]


def client(server: EmbeddedValkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def kill_hard(server: EmbeddedValkey) -> None:
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while server.running():
        assert time.monotonic() < deadline


@pytest.mark.faults
def test_start_adoption_and_stop(root: Path) -> None:
    server = EmbeddedValkey(root)
    assert not server.running()
    assert server.pid() is None
    server.start()
    first = server.pid()
    other = EmbeddedValkey(root)
    other.start()
    assert other.pid() == first
    with client(server) as c:
        assert c.config_get("port")["port"] == "0"
        assert c.config_get("appendfsync")["appendfsync"] == "everysec"
        c.set("kept", "7")
    assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
    other.stop()
    assert not server.running()
    assert not working_in(server.data)
    server.stop()
    server.start()
    with client(server) as c:
        assert c.get("kept") == "7"


@pytest.mark.faults
def test_server_outlives_the_process_that_started_it_without_a_complaint(root: Path) -> None:
    program = f"from pathlib import Path; from core.embedded import EmbeddedValkey; EmbeddedValkey(Path({str(root)!r})).start()"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert EmbeddedValkey(root).running()


@pytest.mark.faults
def test_file_outlives_kill_9(root: Path) -> None:
    server = EmbeddedValkey(root)
    server.start()
    with client(server) as c:
        for number in range(200):
            c.rpush("queue", number)
        # What is written goes to the file before the answer; only a fall of the machine may lose the last second.
        kill_hard(server)
    server.start()
    with client(server) as c:
        assert c.llen("queue") == 200


@pytest.mark.faults
def test_silent_server_is_never_joined_by_a_second_on_the_same_file(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedValkey(root)
    server.start()
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(valkey, "_START_SECONDS", 0.3)
    monkeypatch.setattr(valkey, "_ANSWER_SECONDS", 0.2)
    try:
        with pytest.raises(EmbeddedError, match=str(pid)):
            server.start()
        assert working_in(server.data) == [pid]
    finally:
        os.kill(pid, signal.SIGCONT)
    server.start()
    assert server.pid() == pid


def test_server_that_ends_at_once_is_told_at_once(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "find_binary", lambda: Path("/bin/false"))
    begun = time.monotonic()
    with pytest.raises(EmbeddedError, match="ended with 1"):
        EmbeddedValkey(root).start()
    assert time.monotonic() - begun < 5


def test_production_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ENV", "production")
    with pytest.raises(EmbeddedError, match="PORTICO_REDIS_URL"):
        EmbeddedValkey(root).start()
    assert not (root / "valkey").exists()


def test_order_of_choice_of_the_program(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert valkey.find_binary().is_relative_to(Path(redis.__file__).parents[1])
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(EmbeddedError, match="apt install"):
        valkey.find_binary()
    for name in ("redis-server", "valkey-server"):
        (root / name).touch(mode=0o755)
        assert valkey.find_binary() == root / name
