"""The kinds of values in tenant.yaml, shared by its schemas: texts, numbers, addresses, names of things."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

DOCUMENTS = ("legal_notice", "terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy")
CHANGE_MODES = ("published", "reaccept_sign_in", "reaccept_order", "tacit", "announced")
LANGUAGES = ("fr", "en", "de", "nl", "lb")
HOST = re.compile(r"^(?=.{1,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*\Z")
SLUG = re.compile(r"^[a-z][a-z0-9-]{1,38}[a-z0-9]\Z")
FOLDER = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")
COUNTRY = validate.Regexp(r"^[A-Z]{2}\Z", error="a country as two capital letters, such as FR")
TIME = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d\Z", error="a time of day such as 09:30")
ZONE = validate.OneOf(sorted(zoneinfo.available_timezones()), error="an IANA time zone is wanted")
NOT_BLANK = validate.Regexp(r"\s*\S", error="must not be empty")


class Strict(Schema):
    """Unknown keys are errors."""

    class Meta:
        unknown = RAISE


def text(description: str, example: str, *, required: bool = True, **more: Any) -> fields.String:
    """A text that is not blank."""
    return fields.String(
        required=required,
        validate=more.pop("validate", NOT_BLANK),
        metadata={"description": description, "example": example},
        **more,
    )


def number(description: str, low: int, high: int, default: int | None = None) -> fields.Integer:
    """A whole number within bounds (both included), with a default unless None."""
    extra: dict[str, Any] = {"required": True} if default is None else {"load_default": default}
    return fields.Integer(
        strict=True,
        validate=validate.Range(low, high),
        metadata={"description": description, "example": default or low},
        **extra,
    )


class Words(fields.Field[Any]):
    """A text for readers: one for all languages, or one for each (`{fr: ..., en: ...}`)."""

    default_error_messages = {
        "invalid": "a text, or a text for each language, is wanted",
        "blank": "must not be empty",
        "language": "a language is one of " + ", ".join(LANGUAGES),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str | dict[str, str]:
        texts = value if isinstance(value, dict) else {LANGUAGES[0]: value}
        if not texts or not all(isinstance(t, str) for t in texts.values()):
            raise self.make_error("invalid")
        if any(not t.strip() for t in texts.values()):
            raise self.make_error("blank")
        if not set(texts) <= set(LANGUAGES):
            raise self.make_error("language")
        return dict(value) if isinstance(value, dict) else str(value)


def words(description: str, example: str) -> Words:
    """An optional text for readers, in one or all languages."""
    return Words(metadata={"description": description, "example": example})


def email(description: str, *, required: bool = True) -> fields.Email:
    """An e-mail address."""
    return fields.Email(required=required, metadata={"description": description, "example": "contact@portal.example"})
