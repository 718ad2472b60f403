"""Is a value of the shape that its dataclass declares? For contributions of plugins, which nobody type-checks for us."""

from __future__ import annotations

import dataclasses
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Union

from core.messages import Message

PLACEHOLDER = re.compile(r"\{(\w+)\}")
CODE = re.compile(r"^[a-z][a-z0-9_.]*\Z")
COUNTRY = re.compile(r"^[A-Z]{2}\Z")


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what a type says; knows what the types of contributions use."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return value in inside
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in inside)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if len(inside) == 2 and inside[1] is Ellipsis:
            return all(fits(v, inside[0]) for v in value)
        return len(value) == len(inside) and all(fits(v, one) for v, one in zip(value, inside, strict=True))
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(fits(k, inside[0]) and fits(v, inside[1]) for k, v in value.items())
    if Callable in (hint, origin):
        return callable(value)
    if hint is None or hint is type(None):
        return value is None
    if isinstance(hint, type):
        return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    return origin is None


def wrong_fields(item: Any) -> Iterator[tuple[str, str]]:
    """(field, what is wrong) of a dataclass value."""
    hints = typing.get_type_hints(type(item))
    for one in dataclasses.fields(item):
        value = getattr(item, one.name)
        if not fits(value, hints[one.name]):
            yield one.name, f"{value!r} is no {told(hints[one.name])}"
        elif one.name == "code" and not CODE.match(value):
            yield one.name, f"{value!r} is no code: small letters, digits, dots, underscores"
        elif one.name == "country" and value and not COUNTRY.match(value):
            yield one.name, f"{value!r} is no country: two capitals of ISO 3166-1"


def told(hint: Any) -> str:
    """A type in words for people."""
    if typing.get_origin(hint) is Literal:
        return " or ".join(map(str, typing.get_args(hint)))
    return (
        hint.__name__
        if isinstance(hint, type) and typing.get_origin(hint) is None
        else str(hint).replace("typing.", "")
    )


def messages(value: Any, where: str = "") -> Iterator[tuple[str, Message]]:
    """Every message in a value and its fields, with the name of the field."""
    if isinstance(value, Message):
        yield where, value
        for key, inner in value.params.items():
            yield from messages(inner, f"{where}.{key}")
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield from messages(getattr(value, one.name), f"{where}.{one.name}" if where else one.name)
    elif isinstance(value, tuple):
        for inner in value:
            yield from messages(inner, where)


def wrong_words(message: Message, plugin: str) -> str:
    """What is wrong with a message of a plugin, or ""."""
    if not message.msgid.strip():
        return "an empty text"
    if message.domain not in (plugin, "core"):
        return f"the words belong to the domain {message.domain!r}; nobody translates them"
    open_ = sorted(set(PLACEHOLDER.findall(message.msgid)) - set(message.params))
    return f"no value for {', '.join('{' + n + '}' for n in open_)} in “{message.msgid}”" if open_ else ""
