"""The live process under `portico up`: killed and back, and told of by the doctor."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Callable

import pytest

from core.cli.environment import read_env
from core.testing.live import LivePage
from tests.faults.installation import READY_SECONDS, Installation, eventually
from tests.faults.portal import ROOT, SLUG


def doctor(here: Installation) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "core.cli", "doctor"], cwd=ROOT, env=here.env, capture_output=True, text=True
    )
    return next(line for line in done.stdout.splitlines() if "live channel:" in line)


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_the_live_process_is_supervised(installation: Callable[..., Installation]) -> None:
    here = installation()
    here.up()
    here.fill(professionals=1, patients=1)
    port = int(read_env(here.var / "run.env")["PORTICO_LIVE_PORT"])

    def lives() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(lives, READY_SECONDS, "the live process answers")
    assert doctor(here).startswith("ok")
    took = here.kill("live")
    eventually(lives, READY_SECONDS, "the live process is back")
    page = LivePage(port, f"{SLUG}.localhost", origin=f"http://{SLUG}.localhost:{here.port}")
    page.close()
    print(f"\nready again after {took:.1f} s")
    here.close()
    assert not lives()
