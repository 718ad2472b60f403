"""Compiled templates kept in the data folder: a start, or a web worker forked again, compiles none that another has compiled."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class _Kept(FileSystemBytecodeCache):
    """A page that cannot be kept (disk full, folder gone) is compiled each time, and shown."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def install(app: Flask, var: Path) -> None:
    """Once all extensions of the templates are there: what is kept is for these and this release of the library alone."""
    env = app.jinja_env
    made_by = (importlib.metadata.version("jinja2"), *sorted(env.extensions))
    folder = var / "templates" / hashlib.sha256("|".join(made_by).encode()).hexdigest()[:12]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return
    env.bytecode_cache = _Kept(str(folder))
