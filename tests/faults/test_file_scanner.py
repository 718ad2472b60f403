"""A real ClamAV daemon with two signatures of our own; and workers that die in the middle of a scan."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.care.documents import scanners
from core.care.documents.scanners import EICAR
from core.hooks.types import ScannerAway, ScanVerdict
from tests.care.documents.conftest import PDF, Daemon, pdf, picture, stream
from tests.faults.installation import READY_SECONDS, Installation, eventually
from tests.faults.portal import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
LETTER = b"a letter that a signature knows whole"


class Clamd:
    """clamd on a folder of its own, with the signatures that are written here: nothing is fetched."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.process = folder, None
        base = folder / "base"
        base.mkdir()
        (base / "trial.ndb").write_text(f"Trial.Eicar:0:*:{EICAR.hex()}\n")
        (base / "trial.hsb").write_text(f"{hashlib.sha256(LETTER).hexdigest()}:{len(LETTER)}:Trial.Letter:73\n")
        (folder / "clamd.conf").write_text(
            f"LocalSocket {folder}/clamd.ctl\nDatabaseDirectory {base}\nForeground yes\nStreamMaxLength 1M\n"
            f"LogFile {folder}/log\nConcurrentDatabaseReload no\n"
        )

    def start(self) -> None:
        with (self.folder / "out").open("ab") as out:
            command = [CLAMD, f"--config-file={self.folder}/clamd.conf"]
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        eventually(self.answers, 60, "clamd starts")

    def answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.folder / "out").read_text()
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
            line.connect(f"{self.folder}/clamd.ctl")
            line.sendall(b"zPING\0")
            return line.recv(16) == b"PONG\0"
        return False

    def end(self, how: int = signal.SIGTERM) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            self.process.wait(30)


@pytest.fixture
def clamd() -> Iterator[Clamd]:
    """A daemon that runs. Its socket's path is short: a socket's name may have 107 bytes."""
    if CLAMD is None:
        pytest.skip("no clamd here: apt-get install -y clamav-daemon")
    with tempfile.TemporaryDirectory(prefix="ptc-") as folder:
        made = Clamd(Path(folder))
        try:
            made.start()
            yield made
        finally:
            made.end()


def test_a_real_clamd_tells_what_its_signatures_know(clamd: Clamd) -> None:
    scan = scanners.clamd(f"unix://{clamd.folder}/clamd.ctl")
    for clean in (PDF, picture(), b"", b"a letter", os.urandom(900_000)):
        assert scan(clean) == ScanVerdict(True)
    for harmful in (EICAR, pdf(EICAR), pdf(stream(b"in a compressed part " + EICAR)), bytes(500_000) + EICAR):
        assert scan(harmful) == ScanVerdict(False, "Trial.Eicar.UNOFFICIAL")
    assert scan(LETTER) == ScanVerdict(False, "Trial.Letter.UNOFFICIAL")
    for size in (1024 * 1024 + 1, 9 * 1024 * 1024):
        with pytest.raises(ScannerAway, match="StreamMaxLength") as told:
            scan(os.urandom(size))
        assert told.value.this_file_only
    assert scan(PDF).clean, "it goes on after a file that was too large"


def test_a_real_clamd_that_hangs_dies_and_comes_back(clamd: Clamd) -> None:
    scan = scanners.clamd(f"unix://{clamd.folder}/clamd.ctl", seconds=1)
    assert clamd.process is not None
    clamd.process.send_signal(signal.SIGSTOP)
    with pytest.raises(ScannerAway, match="Timeout"):
        scan(pdf(EICAR))
    clamd.process.send_signal(signal.SIGCONT)
    assert eventually(lambda: not scan(pdf(EICAR)).clean, 10, "it goes on")
    clamd.end(signal.SIGKILL)
    with pytest.raises(ScannerAway, match="clamd: "):
        scan(pdf(EICAR))
    clamd.start()
    assert scan(pdf(EICAR)) == ScanVerdict(False, "Trial.Eicar.UNOFFICIAL")


class Deadly(Daemon):
    """A double of clamd that kills whoever asks, as often as `lives` says, before it answers."""

    def __init__(self, address: Any, lives: int) -> None:
        super().__init__(address)
        self.lives, self.killed = lives, []

    def _answer(self, line: socket.socket) -> None:
        if self.lives:
            self.lives -= 1
            pid, _uid, _gid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            os.kill(pid, signal.SIGKILL)
            self.killed.append(pid)
            return
        super()._answer(line)


def test_workers_that_die_in_a_scan_lose_no_file_and_tell_nobody_twice(
    installation: Callable[..., Installation],
) -> None:
    place = Path(tempfile.mkdtemp(prefix="ptc-")) / "clamd.ctl"
    daemon = Deadly(place, 3)
    daemon.start()
    try:
        here = installation(PORTICO_CLAMD=daemon.url)
        here.up()
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.documents", "6"],
            cwd=ROOT, env=here.env, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        waiting = "SELECT count(*) FROM care_documents WHERE state = 'quarantined'"
        eventually(lambda: here.count(waiting) == 0, 240, "all files are scanned")
        here.drained(120)
    finally:
        daemon.stop()
        shutil.rmtree(place.parent)
    assert len(daemon.killed) == 3
    eventually(here.ready, READY_SECONDS, "all is ready again")
    assert here.count("SELECT count(*) FROM care_documents WHERE state = 'clean'") == 3
    assert here.count("SELECT count(*) FROM care_documents WHERE state = 'infected' AND sealed IS NULL") == 3
    assert here.count("SELECT count(*) FROM audit_entries WHERE action = 'document.scanned'") == 6
    assert here.count("SELECT count(*) FROM notifications WHERE code = 'document_refused'") == 3
    assert here.count("SELECT count(*) FROM outbox_messages WHERE name IN ('document_clean', 'document_refused')") == 6
