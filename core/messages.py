"""Translatable text as a value: made anywhere, rendered where a language is known.

A rule, a schema or a job has no visitor and therefore no language. It returns a `Message`; whoever shows it
calls `core.i18n.render`. The source language of every message id is English.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A message id of one gettext domain with its named parameters (`{name}` placeholders).

    `domain` is "core" or the plugin's name. Parameters may be strings, numbers, dates, `Money` or other messages.
    """

    msgid: str
    params: Mapping[str, Any] = field(default_factory=dict)
    domain: str = "core"
    context: str | None = None

    def __str__(self) -> str:
        """The English text, for logs and tests; pages use `core.i18n.render`."""
        return fill(self.msgid, {k: str(v) for k, v in self.params.items()})


@dataclass(frozen=True, slots=True)
class Money:
    """An amount among a message's parameters: whole cents with their currency, written as the reader writes money."""

    cents: int
    currency: str

    def __str__(self) -> str:
        return f"{self.cents / 100:.2f} {self.currency}"


class _Keep(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


_FORMATTER = string.Formatter()


def fill(text: str, params: Mapping[str, str]) -> str:
    """Replace `{name}` by its value; an unknown placeholder stays visible rather than raising."""
    return _FORMATTER.vformat(text, (), _Keep(params)) if "{" in text or "}" in text else text


class Domain:
    """The bound `_` of one plugin: `_ = Domain("jurisdiction_fr")`, then `_("Health card")`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, msgid: str, /, **params: Any) -> Message:
        return Message(msgid, params, self.name)

    def context(self, context: str, msgid: str, /, **params: Any) -> Message:
        """For short words that mean two things: the context is part of the key."""
        return Message(msgid, params, self.name, context)


_ = Domain("core")
