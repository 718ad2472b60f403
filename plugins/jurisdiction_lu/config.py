"""The section `plugins.jurisdiction_lu` of tenant.yaml."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from plugins.jurisdiction_lu.rules.access import CATEGORIES, OFFERED
from plugins.jurisdiction_lu.rules.common import CARE, VIDEO
from plugins.jurisdiction_lu.rules.prescription import EXCLUDED_CLASSES
from plugins.jurisdiction_lu.rules.reimbursement import OPENABLE


def _services(kind: str) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(OFFERED)),
        metadata={
            "description": f"Services from {kind} professionals in Luxembourg; absent keeps the default",
            "example": ["in_person", "express_consultation"],
        },
    )


class Cells(Schema):
    """What one category may have, by kind of professional."""

    class Meta:
        unknown = RAISE

    physician = _services("physician")
    allied = _services("allied")


class Config(Schema):
    """Settings of jurisdiction_lu."""

    class Meta:
        unknown = RAISE

    access = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CATEGORIES)),
        values=fields.Nested(Cells),
        load_default=dict,
        metadata={
            "description": "Changes to the access matrix (CB-115), by patient category and kind of professional",
            "example": {"other": {"allied": ["in_person"]}},
        },
    )
    reimbursable_services = fields.List(
        fields.String(validate=validate.OneOf(OPENABLE)),
        metadata={
            "description": "Services whose reimbursement by the CNS the law of the day decides; absent: none (CB-017)",
            "example": ["video_consultation"],
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
            "description": "Services of professionals in Luxembourg that are no care for VAT, video never being one of them; absent: none (CB-143, CB-161)",
            "example": ["express_consultation"],
        },
    )
