"""What is wrong with a tenant's folder, said so that it can be mended: file, line, key, found, allowed, nearest."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from core.nearest import nearest as nearest

Path_ = tuple[str | int, ...]
_FEW = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: where (file, line, key), what was found, what is allowed, the nearest name for a typo."""

    file: str
    line: int
    key: str
    message: str
    found: str = ""
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        text = (
            f"{self.file}:{self.line}: {self.key}: {self.message}"
            if self.key
            else f"{self.file}:{self.line}: {self.message}"
        )
        if self.found:
            text += f"; found {self.found}"
        if self.nearest:
            text += f"; did you mean `{self.nearest}`?"
        if self.allowed:
            text += f"{'' if text.endswith('?') else ';'} allowed: {self.allowed}"
        return text


Tell = Callable[..., None]  # (path, message, found="", allowed="", nearest="")


def explain(schema: Schema, messages: Mapping[Any, Any], path: Path_, data: Any, tell: Tell) -> None:
    """Turn the errors of a marshmallow schema into calls of `tell`, each with the exact path of the value."""
    by_key = {field.data_key or name: field for name, field in schema.fields.items()}
    for key, below in messages.items():
        if key == "_schema":
            for message in below:
                _one(None, path, str(message), data, tell, "a mapping of " + ", ".join(sorted(by_key)))
        elif key not in by_key:
            tell((*path, key), "unknown key", nearest=nearest(key, by_key), allowed=", ".join(sorted(by_key)))
        else:
            _descend(by_key[key], below, (*path, key), data.get(key) if isinstance(data, Mapping) else None, tell)


def _descend(field: fields.Field[Any], messages: Any, path: Path_, data: Any, tell: Tell) -> None:
    if isinstance(messages, list):
        for message in messages:
            _one(field, path, str(message), data, tell)
    elif isinstance(field, fields.Nested):
        explain(field.schema, messages, path, data, tell)
    elif isinstance(field, fields.List):
        for index, below in messages.items():
            _descend(field.inner, below, (*path, index), data[index], tell)
    elif isinstance(field, fields.Dict):
        for key, below in messages.items():
            if field.key_field is not None:
                for message in below.get("key", ()):
                    _one(field.key_field, (*path, key), str(message), key, tell)
            if field.value_field is not None and "value" in below:
                _descend(field.value_field, below["value"], (*path, key), data[key], tell)
    else:
        for below in messages.values():
            _descend(field, below, path, data, tell)


def _one(field: fields.Field[Any] | None, path: Path_, message: str, value: Any, tell: Tell, allowed: str = "") -> None:
    if message.startswith("Missing data"):
        tell(path, "this key is required and missing", allowed=allowed_of(field))
        return
    choices = choices_of(field)
    if message.startswith("Must be one of") and choices:
        message = "not one of the allowed values"
    elif message.startswith("Must be greater"):
        message = "out of bounds"
    near = nearest(value, choices) if isinstance(value, str) else ""
    tell(
        path,
        message.rstrip("."),
        found=_shown(value),
        allowed=allowed or allowed_of(field),
        nearest=near if near != value else "",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


def choices_of(field: fields.Field[Any] | None) -> list[str]:
    """The values that a field takes, where they can be counted."""
    for validator in field.validators if field is not None else ():
        choices = getattr(validator, "choices", None)
        if choices:
            return [str(c) for c in choices]
    return []


def allowed_of(field: fields.Field[Any] | None) -> str:
    """What a field takes, in words: its choices, its bounds, its kind, or an example."""
    if field is None:
        return ""
    choices = choices_of(field)
    if choices and len(choices) <= _FEW:
        return ", ".join(choices)
    for validator in field.validators:
        low, high = getattr(validator, "min", None), getattr(validator, "max", None)
        if isinstance(field, fields.Integer) and low is not None and high is not None:
            return f"a whole number from {low} to {high}"
    if isinstance(field, fields.Nested):
        return "a mapping of " + ", ".join(sorted(f.data_key or n for n, f in field.schema.fields.items()))
    kinds: tuple[tuple[type[fields.Field[Any]], str], ...] = (
        (fields.Integer, "a whole number"),
        (fields.Boolean, "true or false"),
        (fields.Date, "a date such as 2026-11-01"),
        (fields.Dict, "a mapping"),
    )
    for kind, words in kinds:
        if isinstance(field, kind):
            return words
    example = field.metadata.get("example")
    if isinstance(field, fields.List):
        return f"a list such as {example!r}" if example else "a list"
    return f"for example {example!r}" if example not in (None, "", {}, []) else ""


_PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_]*)\}")


def placeholders(text: str) -> set[str]:
    """The `{name}` placeholders of a translatable text."""
    return set(_PLACEHOLDER.findall(text))
