"""Valkey away: pages and bookings go on, messages go out, and whoever asks is told what is missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.faults.clients import Crowd, check
from tests.faults.installation import READY_SECONDS, Installation, eventually
from tests.faults.portal import ROOT
from tests.faults.test_kills import told_once


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_valkey_that_does_not_answer(installation: Callable[..., Installation]) -> None:
    here = installation()
    here.up()
    here.fill(professionals=1, patients=12)
    pid = here.valkey.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert here.get("/readyz") == (200, {"status": "degraded", "missing": ["valkey"]})
        assert here.get("/")[0] == 200
        doctor = subprocess.run(
            [sys.executable, "-m", "core.cli", "doctor"], cwd=ROOT, env=here.env, capture_output=True, text=True
        )
        assert doctor.returncode == 1
        bad = [line for line in doctor.stdout.splitlines() if line.startswith("BAD")]
        assert [line.split()[1] for line in bad] == ["valkey:"], doctor.stdout
        with Crowd(here) as crowd:
            crowd.wait_for(8)
        found = check(here, crowd)
        told_once(here, found["booked"])
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(here.ready, READY_SECONDS, "all is there again")
    with Crowd(here, seen=crowd) as more:
        more.wait_for(4)
    here.drained()
