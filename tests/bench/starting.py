"""P14: `make demo` with everything installed, from the command to the first page, on an empty folder and again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.goals import Measured
from tests.bench.ground import HOST, PROJECT, free_port, wait_for
from tests.bench.load import Connection, get

COLD, WARM = 5, 5


def _start(var: Path) -> float:
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PORTICO_", "BENCH_"))}
    begun = time.perf_counter()
    with (var / "up.log").open("ab") as log:
        made = subprocess.Popen(
            [sys.executable, "-m", "core.cli", "up", "--demo", "--port", str(port)],
            cwd=PROJECT, env={**env, "PORTICO_VAR": str(var)}, stdout=log, stderr=log,
        )  # fmt: skip

    def first_page() -> bool:
        if made.poll() is not None:
            raise RuntimeError(f"it ended: {(var / 'up.log').read_text()[-300:]}")
        with contextlib.suppress(OSError):
            return Connection(port).send(get("/", HOST))[0] == 200
        return False

    try:
        wait_for(first_page, 150, 0.05)
        return time.perf_counter() - begun
    finally:
        made.send_signal(signal.SIGINT)
        made.wait(60)


def measure() -> list[Measured]:
    """Cold starts on a new folder each, warm starts on the last of them."""
    cold, warm, folders = [], [], []
    try:
        for _ in range(COLD):
            var = Path(tempfile.mkdtemp(prefix="portico-start-"))
            folders.append(var)
            cold.append(_start(var))
        warm = [_start(folders[-1]) for _ in range(WARM)]
    finally:
        for var in folders:
            for note in var.glob("*.path"):
                shutil.rmtree(note.read_text().strip(), ignore_errors=True)
            shutil.rmtree(var, ignore_errors=True)
    note = "two portals, people and weeks of agenda are loaded"
    return [
        Measured("P14 cold", statistics.median(cold), COLD, note=note),
        Measured("P14 warm", statistics.median(warm), WARM, note="data of the first start"),
    ]
