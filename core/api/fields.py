"""Schemas of the API: unknown members refused, every member described, values of the portal filled in per tenant."""

from __future__ import annotations

from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, fields, validate

from core.api.paging import DEFAULT_LIMIT, MOST

VALUES = "x-portico-values"


class Input(Schema):
    """What a caller sends."""

    class Meta:
        unknown = RAISE


class Output(Schema):
    """What the API answers."""


def told(description: str, *, values: str = "", **more: Any) -> dict[str, Any]:
    """Metadata of a member. `values` names a list of the portal that becomes the member's `enum` in its OpenAPI page."""
    return {"description": description, **({VALUES: values} if values else {}), **more}


def text(description: str, *, most: int = 200, required: bool = True, values: str = "", **more: Any) -> fields.String:
    """A text that is not blank."""
    return fields.String(
        required=required,
        validate=[validate.Length(min=1, max=most), validate.Regexp(r"(?s).*\S", error="must not be empty")],
        metadata=told(description, values=values),
        **more,
    )


def ident(description: str, **more: Any) -> fields.UUID:
    """An id."""
    return fields.UUID(metadata=told(description), **more)


class Paged(Input):
    """Query of a list."""

    limit = fields.Integer(
        load_default=DEFAULT_LIMIT, validate=validate.Range(1, MOST), metadata=told("How many at most")
    )
    cursor = fields.String(
        validate=validate.Length(max=1000), metadata=told("Where to go on: `next` of the last answer")
    )


class Empty(Input):
    """Nothing."""


class ProblemAnswer(Output):
    """Problem details (RFC 9457); a problem may say more, such as the next free times."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(metadata=told("Which problem: stable, `urn:portico:problem:<code>`"))
    title = fields.String(metadata=told("The code in words"))
    status = fields.Integer(metadata=told("HTTP status"))
    detail = fields.String(metadata=told("What happened and what to do, in the caller's language"))
    instance = fields.String(metadata=told("The number of this request, for support"))
    reasons = fields.List(fields.String(), metadata=told("All reasons of a refusal"))
    errors = fields.List(fields.Dict(), metadata=told("Wrong values: `pointer` or `parameter`, and `detail`"))
