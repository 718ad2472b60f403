"""The plugin's section of tenant.yaml: strict, each field with a description and an example."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate


class Config(Schema):
    """`plugins.example`."""

    class Meta:
        unknown = RAISE

    welcome = fields.String(
        load_default="",
        validate=validate.Length(max=200),
        metadata={
            "description": "Words on the plugin's page; the portal cannot go live without them",
            "example": "Welcome to Examplia",
        },
    )
    quiet_hour = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, 23),
        metadata={"description": "An hour of the day, UTC, at which nothing can be booked", "example": 13},
    )
