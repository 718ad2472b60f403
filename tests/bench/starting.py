"""P14: `make demo` with everything installed, from the command to the first page, on an empty folder and again."""

from __future__ import annotations

import compileall
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
BUDGET_SECONDS = 150


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
    """Cold starts on a new folder each, warm starts on the last of them; fewer where the machine is too busy for five."""
    cold: list[float] = []
    warm: list[float] = []
    folders: list[Path] = []
    # What installing does with every package: byte code is there before the first start.
    for folder in ("core", "plugins", "demo"):
        compileall.compile_dir(PROJECT / folder, quiet=1)
    begun = time.perf_counter()
    try:
        while len(cold) < COLD and time.perf_counter() - begun < BUDGET_SECONDS:
            folders.append(Path(tempfile.mkdtemp(prefix="portico-start-")))
            cold.append(_start(folders[-1]))
        begun = time.perf_counter()
        while len(warm) < WARM and time.perf_counter() - begun < BUDGET_SECONDS:
            warm.append(_start(folders[-1]))
    finally:
        for var in folders:
            for elsewhere in var.glob("*.path"):
                shutil.rmtree(elsewhere.read_text().strip(), ignore_errors=True)
            shutil.rmtree(var, ignore_errors=True)
    return [
        Measured(
            "P14 cold",
            statistics.median(cold),
            len(cold),
            note=_note("portals, professionals and opening hours; patients and their bookings follow behind it", cold),
        ),
        Measured("P14 warm", statistics.median(warm), len(warm), note=_note("data of the first start", warm)),
    ]


def _note(text: str, took: list[float]) -> str:
    few = "" if len(took) >= 5 else "; the machine was too busy for five rounds"
    return f"{text}; fastest {min(took):.1f} s{few}"
