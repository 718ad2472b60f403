"""Children forked from the supervisor: as alone, as killable and as surely ended as those started by a command."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

from core.embedded import processes
from core.embedded.forking import CAN_FORK, fork
from tests.embedded.test_supervisor import Terminal, eventually, terminal

__all__ = ["terminal"]
pytestmark = pytest.mark.skipif(not CAN_FORK, reason="forks on Linux only")

BODY = """
    import os, signal, subprocess, time
    loaded = []
    def sleeper(name, stubborn=False, helper=False):
        def run():
            if stubborn:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
            if helper and os.fork() == 0:
                os.setsid()
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                print(f"helper is {os.getpid()}", flush=True)
                time.sleep(100)
            print(f"{name} is {os.getpid()}", flush=True)
            print(f"{name} has {loaded} {sys.argv}", flush=True)
            time.sleep(100)
        return Child(name, ["sh", "-c", f'echo "{name} is $$"; exec sleep 100'], run=run)
    from core.embedded import supervisor
    supervisor.GRACE_SECONDS = 0.5
    up(var=var, children=[CHILDREN], prepare=lambda: loaded.append("all"), on_ready=lambda: print("all ready", flush=True))
"""


def test_first_start_is_a_fork_and_later_ones_are_not(terminal: Callable[[str], Terminal]) -> None:
    one = terminal(BODY.replace("CHILDREN", "sleeper('a'), sleeper('b')"))
    a, b = one.pid("a"), one.pid("b")
    eventually(lambda: "all ready" in one.text())
    assert "a │ a has ['all'] ['-c'," in one.text()
    assert os.getsid(a) == a
    assert b != a
    os.kill(a, signal.SIGKILL)
    eventually(lambda: one.pid("a") != a)
    assert "a │ ended with -9; starting it again" in one.text()
    assert one.text().count("a has") == 1
    assert one.pid("b") == b
    one.process.terminate()
    assert one.process.wait(15) == 0
    assert not any(processes.alive(pid) for pid in (one.pid("a"), b))


def test_what_a_killed_supervisor_forked_is_gone_after_the_next_start(terminal: Callable[[str], Terminal]) -> None:
    """The fork does not hold the folder's lock, and what it forked itself and detached is found by its name."""
    body = BODY.replace("CHILDREN", "sleeper('soft'), sleeper('hard', stubborn=True, helper=True)")
    one = terminal(body)
    soft, hard, helper = one.pid("soft"), one.pid("hard"), one.pid("helper")
    eventually(lambda: "all ready" in one.text())
    one.process.kill()
    one.process.wait()
    eventually(lambda: not processes.alive(soft))
    assert processes.alive(hard)
    two = terminal(body)
    eventually(lambda: two.text().count("all ready") == 2)
    assert not processes.alive(hard)
    assert not processes.alive(helper)


@pytest.mark.parametrize(
    ("run", "code"),
    [(lambda: None, 0), (lambda: sys.exit(3), 3), (lambda: sys.exit("words"), 1), (lambda: 1 / 0, 1)],
    ids=["returns", "exits", "exits with words", "raises"],
)
def test_status_of_a_fork(run: Callable[[], object], code: int) -> None:
    child = fork(run, name="portico-test", arguments=["x"], close=[])
    with child.stdout:
        said = child.stdout.read().decode()
    assert child.wait() == code
    assert child.poll() == code
    assert ("ZeroDivisionError" in said) == (code == 1 and "division" in said)


def test_a_fork_that_is_killed_tells_the_signal() -> None:
    import time

    child = fork(lambda: time.sleep(100), name="portico-test", arguments=["x"], close=[])
    with child.stdout:
        assert child.poll() is None
        eventually(lambda: processes.named("portico-test") == [child.pid])
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait() == -9
