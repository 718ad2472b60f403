"""What registration and account share: typed members, the person, errors by place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from core.api.fields import Input, told
from core.api.problems import Problem, invalid
from core.messages import Message
from core.web.language import say


def typed(description: str, *, required: bool = True, most: int = 254, values: str = "") -> fields.String:
    """A text as the person types it; identity checks it."""
    more: dict[str, Any] = {} if required else {"load_default": ""}
    return fields.String(
        required=required, validate=validate.Length(max=most), metadata=told(description, values=values), **more
    )


class PersonInput(Input):
    """Who a person is."""

    first_name = typed("First name as on the identity document")
    last_name = typed("Last name as on the identity document")
    birth_date = typed("Birth date, ISO", most=20)
    sex = typed("female, male or other", most=10)


def errors_of(found: Mapping[str, list[Message]]) -> Problem:
    """Errors by field as one problem, each with its place."""

    def pointer(name: str) -> str:
        return f"#/accept/{name.removeprefix('accept_')}" if name.startswith("accept_") else f"#/{name}"

    rows = [{"pointer": pointer(name), "detail": say(m)} for name, messages in found.items() for m in messages]
    return invalid(rows)
