"""What was worked out from files and is quicker read than made: kept in the data folder, and made again where it is not."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class KeptFiles:
    """Files in one folder. Without a folder, or where it cannot be written to, nothing is kept and nothing fails."""

    def __init__(self) -> None:
        self.folder: Path | None = None

    def keep_in(self, folder: Path) -> None:
        """Keep from here on in this folder, which is made for its owner alone."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError:
            return
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """A whole file that was kept, or None."""
        if self.folder is None:
            return None
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a file: whoever reads it beside finds the whole of it or none."""
        if self.folder is None:
            return
        with contextlib.suppress(OSError):
            number, path = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(content)
                os.replace(path, self.folder / name)
            except OSError:
                os.unlink(path)
