"""A fresh virtual environment that sees this one's packages, so that nothing has to be fetched."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Environment:
    """A virtual environment; commands run with it alone on the path, and without an index."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def variables(self) -> dict[str, str]:
        """Nothing of the caller's Python and Portico settings."""
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("PYTHON", "PORTICO_", "PIP_", "PYTEST_", "VIRTUAL_ENV"))
        }
        return kept | {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(self.folder),
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }

    def run(self, *command: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a program of the environment."""
        return self._run([str(self.bin / command[0]), *command[1:]], cwd, stdin)

    def shell(self, line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a line as it is typed."""
        return self._run(["bash", "-c", line], cwd, "")

    def _run(self, words: list[str], cwd: Path, stdin: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=cwd, env=self.variables(), capture_output=True, text=True, input=stdin, timeout=100
        )


def make(folder: Path) -> Environment:
    """An empty environment, with the commands `portico` and `pytest` of its own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = Environment(folder)
    outer = sysconfig.get_path("purelib")
    inner = subprocess.run(
        [str(made.bin / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    # `addsitedir` reads the .pth files of that folder too: an editable installation is found as it is there.
    Path(inner, "outer.pth").write_text(f"import site; site.addsitedir({outer!r})\n", "utf-8")
    python = made.bin / "python"
    for name, module in (("portico", "core.cli"), ("pytest", "pytest")):
        _script(made.bin / name, f"#!{python}\nimport sys\nfrom {module} import main\nsys.exit(main())\n")
    # pip is this environment's, and installs into that one.
    _script(made.bin / "pip", f'#!/bin/sh\nexec "{sys.executable}" -m pip --python "{python}" "$@"\n')
    return made


def _script(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    path.chmod(0o755)
