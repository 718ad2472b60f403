"""The part of tenant.yaml that sets how care is given on a portal."""

from __future__ import annotations

from marshmallow import fields, validate

from core.tenancy.schema_fields import Strict, number, text

FILE_KINDS = ("photo", "document", "audio", "report", "prescription", "profile")
MOST_MEGABYTES = 11
"""A request holds 12 MB at most (`core.app`): the form around a file needs a little of it."""


class Care(Strict):
    """Files that patients and professionals exchange."""

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
