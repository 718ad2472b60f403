"""Where embedded servers keep data and sockets, and as whom they run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

SOCKET_PATH_LIMIT = 90
"""Bytes of a sockets folder: the system allows 107 for a whole socket path, name included."""

_NAMESPACE = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
# The server's launcher passes its options through a shell, and a comma separates folders in its settings.
_PLAIN = re.compile(r"[\w./@+-]+", re.ASCII)
_UNUSABLE = re.compile(r"[\"'$`\\\n]")


class EmbeddedError(RuntimeError):
    """An embedded server cannot be had; the text names the remedy."""


@dataclass(frozen=True)
class RunAs:
    """How to run a server that refuses root: a command prefix, or a user to change to."""

    prefix: tuple[str, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    uid: int | None = None
    gid: int | None = None

    @property
    def route(self) -> str:
        """In words, for `portico doctor`."""
        if self.prefix:
            return "root, through a user namespace"
        return "root, changing to another user" if self.uid is not None else "this user"


def var_root() -> Path:
    """`PORTICO_VAR`, default `./var`."""
    return Path(os.environ.get("PORTICO_VAR") or "var").resolve()


def refuse_in_production() -> None:
    """Raises EmbeddedError where `PORTICO_ENV` is `production`: a portal in service has servers of its own."""
    if os.environ.get("PORTICO_ENV") == "production":
        raise EmbeddedError(
            "embedded servers are for demo and tests; in production set PORTICO_DATABASE_URL and PORTICO_REDIS_URL"
        )


def namespaces_work() -> bool:
    """Whether this machine lets us map root to another user without changing to it."""
    return (
        shutil.which("unshare") is not None
        and subprocess.run([*_NAMESPACE, "true"], capture_output=True).returncode == 0
    )


@lru_cache(maxsize=1)
def run_as() -> RunAs:
    """PostgreSQL refuses uid 0: a user namespace first (files stay root's), a system user second.

    Raises EmbeddedError when neither exists.
    """
    if os.geteuid() != 0:
        return RunAs()
    if namespaces_work():
        return RunAs(prefix=_NAMESPACE)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return as_user(pwd.getpwnam(name).pw_uid)
    raise EmbeddedError(
        "running as root without user namespaces and without a user to change to; start Portico as a normal user"
    )


def as_user(uid: int) -> RunAs:
    """Change to this user. Raises KeyError when the system does not know it."""
    entry = pwd.getpwuid(uid)
    return RunAs(kwargs={"user": uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}, uid=uid, gid=entry.pw_gid)


def reachable(path: Path, who: RunAs) -> bool:
    """Whether the server's user can use this folder or program."""
    if who.uid is None:
        return True
    return subprocess.run(["test", "-x", str(path)], **who.kwargs).returncode == 0


@dataclass(frozen=True)
class Place:
    """Where the servers of one data root live."""

    data: Path
    sockets: Path
    who: RunAs


def place(root: Path) -> Place:
    """Folders of the servers under `root`, made when missing; the same ones at each call.

    Raises EmbeddedError when data are there that the server could not use from here.
    """
    if _UNUSABLE.search(str(root)):
        raise EmbeddedError(
            f"the path {root} holds quotes or other signs the server cannot take; set PORTICO_VAR to a plainer one"
        )
    root.mkdir(parents=True, exist_ok=True)
    with locked(root / "paths.lock"):
        data, who = _data(root)
        return Place(data, _sockets(root, who), who)


def sockets_fit(root: Path) -> bool:
    """Whether the sockets can lie inside `root`: short enough, and spelled without special signs."""
    wanted = str(root / "run")
    return len(os.fsencode(wanted)) < SOCKET_PATH_LIMIT and _PLAIN.fullmatch(wanted) is not None


def noted_folder(root: Path, label: str) -> Path | None:
    """The folder outside `root` that an earlier start chose, whether it still exists or not."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return Path((root / f"{label}.path").read_text(encoding="utf-8").strip())
    return None


def forget(root: Path) -> None:
    """Remove the folders outside `root` that belong to it. The servers must have stopped; data kept there are gone."""
    for label in ("data", "run"):
        kept = noted_folder(root, label)
        if kept is not None and kept.name.startswith("portico-") and kept.is_dir() and not kept.is_symlink():
            shutil.rmtree(kept, ignore_errors=True)
        (root / f"{label}.path").unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold this lock file; it is free again as soon as its holder dies, however it dies."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _data(root: Path) -> tuple[Path, RunAs]:
    """Data stay where the first start put them, and their owner runs the server, whatever this machine allows today."""
    kept = noted_folder(root, "data")
    if kept is not None:
        if not kept.is_dir():
            raise EmbeddedError(
                f"the data were in {kept}, which is gone; bring it back, or remove {root / 'data.path'} to begin anew"
            )
        owner = kept.stat().st_uid
        return kept, as_user(owner) if os.geteuid() == 0 and owner != 0 else _owner_runs(kept)
    here = root / "pg"
    if here.exists():
        return root, _owner_runs(here)
    who = run_as()
    return (root, who) if who.uid is None else (_private_folder(root, "data", who), who)


def _owner_runs(data: Path) -> RunAs:
    owner, who = data.stat().st_uid, run_as()
    if owner != os.geteuid():
        raise EmbeddedError(
            f"{data} belongs to user {owner}; start Portico as that user, or set PORTICO_VAR to a folder of yours"
        )
    if who.uid is not None:
        raise EmbeddedError(
            f"{data} belongs to root, and user namespaces do not work any more; allow them, or give the folder to a normal user"
        )
    return who


def _sockets(root: Path, who: RunAs) -> Path:
    if who.uid is None and sockets_fit(root):
        wanted = root / "run"
        wanted.mkdir(exist_ok=True, mode=0o700)
        return wanted
    return _private_folder(root, "run", who)


def _private_folder(root: Path, label: str, who: RunAs) -> Path:
    """A short 0700 folder outside `root`, remembered in `root` so that the next start finds the same one."""
    kept = noted_folder(root, label)
    owner = os.geteuid() if who.uid is None else who.uid
    if kept is not None and _is_private(kept, owner):
        return kept
    base = "/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108
    made = Path(tempfile.mkdtemp(prefix="portico-", dir=base))
    if who.uid is not None and who.gid is not None:
        os.chown(made, who.uid, who.gid)
    (root / f"{label}.path").write_text(f"{made}\n", encoding="utf-8")
    return made


def _is_private(folder: Path, owner: int) -> bool:
    with contextlib.suppress(OSError):
        found = folder.lstat()
        return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and not found.st_mode & 0o077
    return False
