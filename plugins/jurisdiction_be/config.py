"""The section `plugins.jurisdiction_be` of tenant.yaml."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields


class Config(Schema):
    """Settings of jurisdiction_be."""

    class Meta:
        unknown = RAISE

    test_mode = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Accept national numbers with a wrong key, with a warning (official test data has them)",
            "example": False,
        },
    )
