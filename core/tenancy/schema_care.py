"""The parts of tenant.yaml on consultations and money: what the portal's contract fixes, never the law."""

from __future__ import annotations

from marshmallow import fields, validate

from core.tenancy.schema_fields import Strict, number, text

FILE_KINDS = ("photo", "document", "audio", "report", "prescription", "profile")
MOST_MEGABYTES = 11
"""A request holds 12 MB at most (`core.app`): the form around a file needs a little of it."""


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
    """Consultations, and the files that patients and professionals exchange in them."""

    report_due_hours = number("How long a professional has to write the report", 1, 720, 48)
    on_demand_minutes = number("Longest call of a video consultation without appointment", 5, 120, 30)
    most_professionals = number("To how many professionals a request goes at most", 1, 50, 10)
    reservation_days = number(
        "Days after the creation of a professional's account in which reservations can be expressed", 1, 365, 15
    )
    upload_max_mb = number("Largest file, MB", 1, MOST_MEGABYTES, 10)
    upload_max_mb_by_kind = fields.Dict(
        keys=fields.String(validate=validate.OneOf(FILE_KINDS)),
        values=fields.Integer(strict=True, validate=validate.Range(1, MOST_MEGABYTES)),
        load_default=dict,
        metadata={"description": "Largest file of a kind, MB, where it differs", "example": {"audio": 5}},
    )
    scanner = text(
        "What looks at files before anybody opens them: clamd (default), basic (a demo's, no virus scanner), a plugin's, "
        "or none (files wait and nobody opens them)",
        "clamd",
        required=False,
        load_default="clamd",
        validate=validate.Regexp(r"^[a-z][a-z0-9_.]*\Z", error="small letters, digits, dots and _"),
    )
