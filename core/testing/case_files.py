"""The runner of case files, for a plugin's own tests. See `core.hooks.case_files`.

cases, problems = case_files.of_module(my_plugin)
failures = case_files.run(cases, case_files.asker(my_plugin))
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.hooks.case_files import (
    Case,
    Difference,
    Failure,
    asker,
    differences,
    name_of,
    question_of,
    read,
    run,
    unruled,
)
from core.hooks.parameters import FileProblem
from core.hooks.rulebook import Home, installed, read_cases

__all__ = [
    "Case",
    "Difference",
    "Failure",
    "FileProblem",
    "asker",
    "differences",
    "installed",
    "name_of",
    "of_module",
    "question_of",
    "read",
    "run",
    "unruled",
]


def of_module(module: Any) -> tuple[list[Case], list[FileProblem]]:
    """All cases under a plugin's `cases/`, and what is wrong in the files; every installed plugin counts as enabled."""
    return read_cases(Home(module.__name__, Path(module.__file__).parent), installed())
