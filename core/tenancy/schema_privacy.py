"""The parts of tenant.yaml on data protection: who is entrusted with what, and how long each category of data is kept."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.tenancy.schema_fields import COUNTRY, Strict, text

TASKS = ("hosting", "operations", "messages", "payment", "telephone", "other")
REQUIRED_TASKS = ("hosting", "operations")
"""What users are told in any case: who hosts, and who runs the installation (CB-274)."""

CATEGORIES: dict[str, str] = {
    "accounts": "the account and what it holds of its person, after it was closed",
    "health_record": "the health profile and consultations, after the last entry",
    "appointments": "appointments, after their day",
    "files": "copies of documents and files, after they were sent",
    "notifications": "messages of the portal to people, after they were sent",
    "evidence": "proofs of agreements and their withdrawal, after the account was closed",
    "complaints": "complaints, after they were closed",
    "anomaly_reports": "reports of anomalies and misuse, after they were handled",
    "rights_requests": "requests of people about their data, after their answer",
    "invoices": "amounts and invoices, after the year they belong to",
    "audit_trail": "the trail of acts, after the act",
}
"""Categories of personal data, with what their period begins at (IA-095)."""
MOST_MONTHS = 1200


class Subcontractor(Strict):
    """A company entrusted with a part of the work, published to users (CB-274)."""

    name = text("Corporate name", "Hébergement Santé Exemple SA")
    task = text("What it is entrusted with", "hosting", validate=validate.OneOf(TASKS))
    country = fields.String(
        required=True, validate=COUNTRY, metadata={"description": "Country of its seat", "example": "FR"}
    )


class Period(Strict):
    """How long: a number of months, or as long as the law of the professional's country asks."""

    months = fields.Integer(
        strict=True,
        validate=validate.Range(1, MOST_MONTHS),
        metadata={"description": "Months", "example": 36},
    )
    law = fields.Boolean(
        metadata={"description": "As long as the law of the professional's country asks", "example": False}
    )

    @validates_schema
    def _one(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if ("months" in data) == bool(data.get("law")):
            raise ValidationError("give either `months` or `law: true`", "months")


class Retention(fields.Dict):
    """Periods by category. Where the section is there, every category is in it: one left out would be kept for ever."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            keys=fields.String(validate=validate.OneOf(sorted(CATEGORIES))),
            values=fields.Nested(Period),
            metadata={
                "description": "How long each category of personal data is kept",
                "example": {"anomaly_reports": {"months": 12}},
            },
            **more,
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        loaded = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        if loaded and (missing := [c for c in CATEGORIES if c not in loaded]):
            raise ValidationError("no period for " + ", ".join(missing) + ": every category of personal data has one")
        return loaded
