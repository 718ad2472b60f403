"""Where embedded servers keep data and sockets, and as whom they run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

SOCKET_PATH_LIMIT = 90


class EmbeddedError(RuntimeError):
    """An embedded server cannot be had; the text names the remedy."""


@dataclass(frozen=True)
class RunAs:
    """How to run a server that refuses root: a command prefix, or a user to change to."""

    prefix: tuple[str, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    uid: int | None = None
    gid: int | None = None


@lru_cache(maxsize=1)
def run_as() -> RunAs:
    """PostgreSQL refuses uid 0: a user namespace first (files stay root's), a system user second."""
    if os.geteuid() != 0:
        return RunAs()
    namespace = ("unshare", "--user", "--map-user=65534", "--map-group=65534")
    if shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True).returncode == 0:
        return RunAs(prefix=namespace)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(
            kwargs={"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"},
            uid=entry.pw_uid,
            gid=entry.pw_gid,
        )
    raise EmbeddedError("running as root without user namespaces and without a user to change to; start Portico as a normal user")


def reachable(path: Path, who: RunAs) -> bool:
    """Whether the server's user can use this folder."""
    if who.uid is None:
        return True
    return subprocess.run(["test", "-x", str(path)], **who.kwargs).returncode == 0


def private_folder(root: Path, label: str) -> Path:
    """A short 0700 folder outside `root`, remembered in `root` so that the next start finds the same one."""
    note = root / f"{label}.path"
    if note.is_file():
        kept = Path(note.read_text().strip())
        if kept.is_dir() and kept.stat().st_uid in (os.geteuid(), run_as().uid):
            return kept
    base = "/var/tmp" if os.access("/var/tmp", os.W_OK) else tempfile.gettempdir()  # noqa: S108
    made = Path(tempfile.mkdtemp(prefix="portico-", dir=base))
    who = run_as()
    if who.uid is not None and who.gid is not None:
        os.chown(made, who.uid, who.gid)
    root.mkdir(parents=True, exist_ok=True)
    note.write_text(str(made))
    return made


def socket_folder(root: Path) -> Path:
    """Inside `root` when the path is short enough and usable by the server's user, else a private folder."""
    wanted = (root / "run").resolve()
    if len(str(wanted)) < SOCKET_PATH_LIMIT and run_as().uid is None:
        wanted.mkdir(parents=True, exist_ok=True, mode=0o700)
        return wanted
    return private_folder(root, "run")


def data_folder(root: Path) -> Path:
    """Inside `root`, or, for a server that runs as another user which cannot reach it, a private folder."""
    root.mkdir(parents=True, exist_ok=True)
    who = run_as()
    if who.uid is not None:
        return private_folder(root, "data")
    return root.resolve()
