"""The section `plugins.jurisdiction_de` of tenant.yaml."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from jurisdiction_de.rules.access import SERVICES


class Config(Schema):
    """What a portal may choose. Every field has words and an example."""

    class Meta:
        unknown = RAISE

    closed_services = fields.List(
        fields.String(validate=validate.OneOf(SERVICES)),
        load_default=list,
        metadata={
            "description": "Services that this portal does not offer; absent: all are open",
            "example": ["express_consultation"],
        },
    )
