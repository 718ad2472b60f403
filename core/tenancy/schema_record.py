"""The part of tenant.yaml on the health profile and who may see it."""

from __future__ import annotations

from marshmallow import fields, validate

from core.tenancy.schema_fields import Strict

CODE = validate.Regexp(r"^[a-z][a-z0-9_]*\Z", error="the code of a register, such as allergies")


class Record(Strict):
    """The health profile (CB-072, CB-128, CB-197)."""

    mandatory_registers = fields.List(
        fields.String(validate=CODE),
        load_default=None,
        allow_none=True,
        metadata={
            "description": "Registers that must be answered before any consultation; absent: those that core and plugins say",
            "example": ["biometrics", "personal_history", "family_history", "allergies", "medicines"],
        },
    )
    grant_days = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 3660)),
        load_default=lambda: [1, 30, 365],
        metadata={
            "description": "For how many days a patient can let a professional see the record, beside “until withdrawn”",
            "example": [1, 30, 365],
        },
    )
