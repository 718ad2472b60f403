"""Embedded PostgreSQL and Valkey for demo and tests: real servers, sockets only, started by our own launcher."""

from core.embedded.checks import Check, checks
from core.embedded.paths import EmbeddedError
from core.embedded.postgres import EmbeddedPostgres
from core.embedded.valkey import EmbeddedValkey

__all__ = ["Check", "EmbeddedError", "EmbeddedPostgres", "EmbeddedValkey", "checks"]
