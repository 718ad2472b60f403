"""The parts of tenant.yaml that set how a portal behaves: accounts, services, appointments, messages."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.tenancy.schema_fields import Strict, email, number, text
from core.tenancy.schema_providers import Provider

PASSWORD_CHARACTERS = ("lower", "upper", "unaccented_upper", "digit", "special")
LEAST_STRENGTH = 2  # of a password that nothing but its strength protects


class Password(Strict):
    """What a password must be: length and strength (zxcvbn score 0 to 4); never a forced renewal.

    A partner whose contract asks for kinds of characters names them in `require`, and may then ask for less strength.
    """

    min_length = number("Fewest characters", 8, 64, 12)
    min_strength = fields.Integer(
        strict=True,
        load_default=3,
        validate=validate.Range(0, 4),
        metadata={"description": "Least strength, 0 to 4; under 2 only beside `require`", "example": 3},
    )
    require = fields.List(
        fields.String(validate=validate.OneOf(PASSWORD_CHARACTERS)),
        load_default=list,
        metadata={
            "description": "Kinds of characters, one of each at least (IA-060); better none: length is what protects",
            "example": ["lower", "unaccented_upper", "special"],
        },
    )

    @validates_schema
    def _protects(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data["min_strength"] < LEAST_STRENGTH and not data["require"]:
            raise ValidationError(f"at least {LEAST_STRENGTH} where `require` asks for no characters", "min_strength")


class SecondFactor(Strict):
    """The one-time code. The second factor itself cannot be switched off (CB-116)."""

    channels = fields.List(
        fields.String(validate=validate.OneOf(["email", "sms"])),
        load_default=lambda: ["email", "sms"],
        validate=validate.Length(min=1),
        metadata={"description": "Channels of the code", "example": ["email", "sms"]},
    )
    code_length = number("Digits of the code", 6, 10, 6)
    validity_minutes = number("How long a code is good", 1, 30, 10)
    resend_limit = number("How many codes per sign-in", 1, 10, 3)
    resend_pause_seconds = number("Pause between two codes", 10, 600, 30)
    attempts = number("Wrong codes before starting again", 3, 10, 5)


class Lockout(Strict):
    """Growing delay after wrong passwords: never a hard lock, so that nobody can lock a doctor out."""

    attempts = number("Wrong passwords before the delay starts", 3, 20, 5)
    window_minutes = number("After how long the count is forgotten", 5, 1440, 60)
    base_delay_seconds = number("First delay", 5, 600, 30)
    max_delay_seconds = number("Longest delay", 30, 86400, 3600)


class SessionPolicy(Strict):
    """How long a session lasts."""

    inactivity_minutes = number("Ends after this long without a click", 5, 1440, 30)
    lifetime_hours = number("Ends after this long in any case", 1, 72, 12)


class Identity(Strict):
    """Accounts: password, second factor, lock-out, sessions, ages."""

    password = fields.Nested(
        Password, load_default=lambda: Password().load({}), metadata={"description": "Password", "example": {}}
    )
    second_factor = fields.Nested(
        SecondFactor,
        load_default=lambda: SecondFactor().load({}),
        metadata={"description": "One-time code", "example": {}},
    )
    lockout = fields.Nested(
        Lockout, load_default=lambda: Lockout().load({}), metadata={"description": "Lock-out", "example": {}}
    )
    session = fields.Nested(
        SessionPolicy, load_default=lambda: SessionPolicy().load({}), metadata={"description": "Session", "example": {}}
    )
    confirmation_validity_hours = number("Life of the confirmation link", 1, 168, 48)
    reset_validity_minutes = number("Life of the reset link", 10, 1440, 60)
    residence_postcode = fields.Boolean(
        load_default=False,
        metadata={
            "description": "Whether patients give the postcode of their home when they register",
            "example": True,
        },
    )
    minimum_age_years = number("Least age of an account holder", 18, 21, 18)
    providers = fields.List(
        fields.Nested(Provider),
        load_default=list,
        metadata={"description": "Identity providers with which people sign in", "example": []},
    )


class ServiceSettings(Strict):
    """One service of the portal."""

    enabled = fields.Boolean(load_default=True, metadata={"description": "Offered on this portal", "example": True})
    duration_minutes = number("Usual duration", 5, 240, 20)
    price_cents = fields.Integer(
        strict=True,
        validate=validate.Range(0, 1_000_000),
        metadata={"description": "Price where the portal sets it, cents", "example": 3000},
    )
    currency = fields.String(
        validate=validate.Regexp(r"^[A-Z]{3}\Z", error="a currency as three capital letters, such as EUR"),
        metadata={"description": "Currency of the price", "example": "EUR"},
    )
    answer_minutes = number("How long a professional has to answer a request", 5, 20160, 1440)
    notes = text("Note for the partner, not shown to patients", "Agreed with the network in 2026", required=False)
    min_bandwidth_kbps = fields.Integer(
        strict=True, metadata={"description": "Recommended connection speed", "example": 512}
    )

    @validates_schema
    def _priced(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if "price_cents" in data and "currency" not in data:
            raise ValidationError("a price needs its currency", "currency")


class Booking(Strict):
    """Appointments."""

    hold_minutes = number("How long a slot is kept while confirming", 2, 60, 10)
    reminder_hours = fields.List(
        fields.Integer(strict=True, validate=validate.Range(1, 336)),
        load_default=lambda: [48, 2],
        metadata={"description": "Reminders, hours before", "example": [48, 2]},
    )
    cancel_until_hours = number("Until when a patient may cancel online, hours before", 0, 168, 0)
    horizon_days = number("How far ahead slots are shown", 7, 365, 90)
    minimum_notice_minutes = number("Shortest notice", 0, 10080, 60)
    dependant_max_age_years = number("A minor dependant is younger than this", 1, 21, 16)


class Prescriptions(Strict):
    """The pharmacist's space."""

    pharmacy_space_minutes = number("How long a pharmacist's space stays open", 5, 60, 15)


class Notifications(Strict):
    """Messages to people."""

    sender_name = text("Name of the sender", "Frontalia", required=False)
    sender_email = email("Address of the sender", required=False)
    channels = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String(validate=validate.OneOf(["in_app", "email", "sms"]))),
        load_default=dict,
        metadata={
            "description": "Channels by event, where they differ from the default",
            "example": {"appointment_booked": ["in_app", "email"]},
        },
    )
    providers = fields.Dict(
        keys=fields.String(validate=validate.OneOf(["email", "sms"])),
        values=fields.String(),
        load_default=dict,
        metadata={"description": "Provider by channel", "example": {"email": "smtp"}},
    )
