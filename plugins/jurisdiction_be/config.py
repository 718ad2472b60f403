"""The section `plugins.jurisdiction_be` of tenant.yaml."""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

from plugins.jurisdiction_be.rules.common import CARE, VIDEO
from plugins.jurisdiction_be.rules.prescription import EXCLUDED_CLASSES
from plugins.jurisdiction_be.rules.reimbursement import OPENABLE


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
    reimbursable_services = fields.List(
        fields.String(validate=validate.OneOf(OPENABLE)),
        metadata={
            "description": "Services of physicians in Belgium whose reimbursement Belgian law decides; absent: none (CB-253)",
            "example": ["video_consultation"],
        },
    )
    electronic_prescription = fields.Boolean(
        metadata={
            "description": "Open the national electronic prescription to physicians in Belgium; absent: closed (CB-179)",
            "example": True,
        },
    )
    excluded_medicine_classes = fields.List(
        fields.String(validate=validate.OneOf(tuple(EXCLUDED_CLASSES))),
        metadata={
            "description": "Classes of medicines that are never prescribed here; absent: all of them (CB-182)",
            "example": ["narcotic"],
        },
    )
    taxable_services = fields.List(
        fields.String(validate=validate.OneOf(sorted(CARE - {VIDEO}))),
        metadata={
            "description": "Services of professionals in Belgium without therapeutic purpose, for VAT, video never being one; absent: none (CB-161)",
            "example": ["express_consultation"],
        },
    )
