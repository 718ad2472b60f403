"""The parts of tenant.yaml on consultations and money: what the portal's contract fixes, never the law."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.tenancy.schema_fields import Strict, number, text

FILE_KINDS = ("photo", "document", "audio", "report", "prescription", "profile")
MOST_MEGABYTES = 11
"""A request holds 12 MB at most (`core.app`): the form around a file needs a little of it."""


PEER = "peer"
"""The provider of core: from browser to browser, nothing in between but a relay that cannot read."""

TURN_VARIABLE = r"^PORTICO_TURN_[A-Z0-9_]{1,60}\Z"


def _never(_value: Any) -> None:
    raise ValidationError("a video consultation is never recorded (CB-164): take this key out")


class Turn(Strict):
    """The relay for those whose network lets no direct connection through: coturn with `use-auth-secret`."""

    urls = fields.List(
        fields.String(validate=validate.Regexp(r"^turns?:[^\s?]+(\?transport=(udp|tcp))?\Z", error="turn: or turns:")),
        required=True,
        validate=validate.Length(min=1, max=6),
        metadata={"description": "Addresses of the relay", "example": ["turns:turn.portal.example:443?transport=tcp"]},
    )
    secret_env = text(
        "Variable that holds the secret shared with the relay",
        "PORTICO_TURN_SECRET",
        validate=validate.Regexp(TURN_VARIABLE, error="a variable whose name begins with PORTICO_TURN_"),
    )


class Video(Strict):
    """Consultations by video (CB-164 to CB-177)."""

    provider = text(
        "Who carries picture and sound: `peer`, or the code of a plugin's provider",
        PEER,
        required=False,
        load_default=PEER,
        validate=validate.Regexp(r"^[a-z][a-z0-9_]{0,39}\Z", error="small letters, digits and _"),
    )
    on_demand_minutes = number("Longest call without an appointment, minutes (CB-175)", 5, 240, 30)
    warning_minutes = number("Both are warned so many minutes before the end", 1, 30, 5)
    min_upload_kbps = number("Recommended speed away from the device, kbit/s (CB-165)", 64, 100_000, 512)
    min_download_kbps = number("Recommended speed to the device, kbit/s (CB-165)", 64, 1_000_000, 5_000)
    stun = fields.List(
        fields.String(validate=validate.Regexp(r"^stuns?:\S+\Z", error="an address that begins with stun:")),
        load_default=list,
        validate=validate.Length(max=4),
        metadata={
            "description": "Servers that tell a device its public address",
            "example": ["stun:turn.portal.example:3478"],
        },
    )
    turn = fields.Nested(Turn, metadata={"description": "Relay", "example": {}})
    relay_only = fields.Boolean(
        load_default=False,
        metadata={"description": "Always go through the relay, so that neither side learns the other's network address", "example": False},
    )  # fmt: skip
    recording = fields.Raw(validate=_never, metadata={"description": "Not possible: refused", "example": None})

    @validates_schema
    def _relayed(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("relay_only") and "turn" not in data:
            raise ValidationError("needs a relay: give `turn`", "relay_only")
        if data.get("warning_minutes", 5) >= data.get("on_demand_minutes", 30):
            raise ValidationError("must be shorter than the call itself", "warning_minutes")


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
    call_within_hours = number("How long after accepting a request by video the professional may call", 1, 168, 24)
    most_professionals = number("To how many professionals a request goes at most", 1, 50, 10)
    reservation_days = number(
        "Days after the creation of a professional's account in which reservations can be expressed", 1, 365, 15
    )
    video = fields.Nested(
        Video, load_default=lambda: Video().load({}), metadata={"description": "Video", "example": {}}
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
