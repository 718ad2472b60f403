"""The section `plugins.jurisdiction_fr` of tenant.yaml."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from plugins.jurisdiction_fr.rules.access import CATEGORIES, FRENCH, SERVICES, TELECONSULTATION
from plugins.jurisdiction_fr.rules.prescription import CLASSES

_COUNTRY = validate.Regexp(r"^[A-Z]{2}$", error="a country as two capital letters, such as FR")
_BY_LAW = "the law keeps teleconsultation to physicians and to patients insured in France"


def _services(kind: str) -> fields.List[Any]:
    return fields.List(
        fields.String(validate=validate.OneOf(SERVICES)),
        metadata={
            "description": f"Services from {kind} professionals in France; absent keeps the default",
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
    """Settings of jurisdiction_fr."""

    class Meta:
        unknown = RAISE

    access = fields.Dict(
        keys=fields.String(validate=validate.OneOf(CATEGORIES)),
        values=fields.Nested(Cells),
        load_default=dict,
        metadata={
            "description": "Changes to the access matrix (CB-115), by patient category and kind of professional",
            "example": {"lu_resident": {"allied": ["in_person", "express_consultation"]}},
        },
    )
    local_holidays = fields.String(
        load_default="none",
        validate=validate.OneOf(["none", "alsace", "moselle"]),
        metadata={"description": "Local public holidays beside the national ones", "example": "moselle"},
    )
    host_countries = fields.List(
        fields.String(validate=_COUNTRY),
        load_default=list,
        metadata={
            "description": "Countries where this portal accepts its health data; empty means the whole EEA",
            "example": ["FR"],
        },
    )
    test_mode = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Accept RPPS numbers with a wrong check digit, with a warning (official test data has them)",
            "example": False,
        },
    )

    excluded_medicine_classes = fields.List(
        fields.String(validate=validate.OneOf(tuple(CLASSES))),
        load_default=lambda: list(CLASSES),
        metadata={
            "description": "Classes of medicines that no prescription may hold (CB-182)",
            "example": ["restricted", "exception", "narcotic"],
        },
    )
    third_party_payment = fields.List(
        fields.String(validate=validate.OneOf(("ald", "css", "pregnant_6m"))),
        load_default=lambda: ["ald", "css"],
        metadata={
            "description": "Statuses whose teleconsultation is not paid in advance, as far as the law entitles them (CB-105)",
            "example": ["ald", "css", "pregnant_6m"],
        },
    )
    express_fees_taxable = fields.Boolean(
        load_default=True,
        metadata={
            "description": "Treat fees of advice by message as within VAT (CB-144); false treats them as exempt care",
            "example": True,
        },
    )

    @validates_schema
    def _law_bounds_the_matrix(self, data: dict[str, Any], **_kwargs: Any) -> None:
        for category, cells in data.get("access", {}).items():
            for kind, services in cells.items():
                if TELECONSULTATION in services and not (kind == "physician" and category in FRENCH):
                    raise ValidationError({"access": {category: {"value": {kind: [_BY_LAW]}}}})
