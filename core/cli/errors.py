"""What can go wrong with a command, each said with its remedy."""

from __future__ import annotations

import redis
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from core.app import UnsafeDatabaseRole
from core.embedded import EmbeddedError
from core.hooks.manager import PluginProblem
from core.hooks.parameters import ParameterProblem
from core.settings import SettingsError
from core.tenancy.scaffold import ScaffoldRefused
from core.tenancy.service import TenantRefused
from core.web.frame import Refused


def explain(error: Exception) -> list[str]:
    """The lines that a person needs to mend it. An error that nobody foresaw says how to see where it comes from."""
    if isinstance(error, TenantRefused):
        return [str(r) for r in error.reasons]
    if isinstance(error, Refused):
        return [str(m) for m in error.messages]
    if isinstance(error, PluginProblem):
        return error.problems
    if isinstance(error, (SettingsError, EmbeddedError, ParameterProblem, ScaffoldRefused, UnsafeDatabaseRole)):
        return str(error).splitlines()
    if isinstance(error, OperationalError):
        said = str(error.orig).strip().splitlines()
        return [
            f"the database does not answer: {said[0] if said else ''}",
            "is `portico up` running? `portico doctor` looks closer",
        ]
    if isinstance(error, ProgrammingError):
        return ["the database is not as this version wants it: run `portico db upgrade`", _short(error)]
    if isinstance(error, redis.RedisError):
        return [f"Valkey does not answer: {error}", "is `portico up` running? `portico doctor` looks closer"]
    if isinstance(error, OSError) and error.filename:
        return [f"{error.filename}: {error.strerror}"]
    return [
        f"{type(error).__name__}: {error}",
        "this was not foreseen; with PORTICO_DEBUG=1 the same command says where it happened",
    ]


def _short(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0] if lines else type(error.orig).__name__
