"""A million lines in bounded memory, through the command, as an operator would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.directory.test_registers import header, line, rpps

LINES = 1_000_000
MEGABYTES = 220
# A child begins with the mark of the process that forked it, however large that has grown: a small one stands between.
MEASURED = """
import pathlib, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
pathlib.Path(sys.argv[1]).write_text(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_million_lines_in_bounded_memory(app: Any, settings: Any, tmp_path: Path) -> None:
    file = tmp_path / "PS_LibreAcces_Personne_activite.txt"
    with file.open("wb") as out:
        out.write(header())
        for n in range(LINES):
            # Every person has two exercises, far apart in the file.
            out.write(line(rpps(n % (LINES // 2)), town=f"Town {n % 7}") if n % 250_000 else b"broken\n")
    env = {
        **os.environ,
        "PORTICO_ENV": "development",
        "PORTICO_DATABASE_URL": settings.database_url,
        "PORTICO_SECRET_KEY": "x" * 48,
        "PORTICO_MASTER_KEY": "00" * 32,
        "PORTICO_REDIS_URL": "redis://127.0.0.1:1/0",
    }
    said, wrong, used = tmp_path / "said.txt", tmp_path / "wrong.txt", tmp_path / "used.txt"
    command = [sys.executable, "-m", "core.cli", "directory", "import", str(file), "--format", "fr_activities"]
    with said.open("wb") as out, wrong.open("wb") as err:
        code = subprocess.call([sys.executable, "-c", MEASURED, str(used), *command], env=env, stdout=out, stderr=err)
    assert code == 1, wrong.read_text()[-2000:]
    assert f"{LINES} lines read, " in said.read_text()
    assert "4 lines left out" in said.read_text()
    assert f"{file}:2: " in wrong.read_text()
    megabytes = int(used.read_text()) // 1024
    assert 20 < megabytes < MEGABYTES
