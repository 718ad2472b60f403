"""The parts of tenant.yaml on consultations and money: what the portal's contract fixes, never the law."""

from __future__ import annotations

from marshmallow import fields, validate

from core.tenancy.schema_fields import Strict, number


class MoneySettings(Strict):
    """Amounts of the contract between operator, professionals and patients."""

    currency = fields.String(
        load_default="EUR",
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error="a currency as three capital letters, such as EUR"),
        metadata={"description": "Currency of the portal", "example": "EUR"},
    )
    commission_percent = number("The operator's share of a professional's fees, percent", 0, 100, 0)
    highest_tariff_cents = number("Highest tariff a professional can set, cents", 0, 1_000_000, 50_000)


class Care(Strict):
    """Consultations."""

    report_due_hours = number("How long a professional has to write the report", 1, 720, 48)
    on_demand_minutes = number("Longest call of a video consultation without appointment", 5, 120, 30)
    most_professionals = number("To how many professionals a request goes at most", 1, 50, 10)
