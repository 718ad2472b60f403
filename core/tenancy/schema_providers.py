"""The part of tenant.yaml that turns identity providers on: a plugin's by its code, or one of the portal's own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate, validates_schema

from core.tenancy.schema_fields import Strict, text, words

WELL_KNOWN = "/.well-known/openid-configuration"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
VARIABLE = re.compile(r"^PORTICO_OIDC_[A-Z0-9_]+\Z")
TRAITS = ("first_name", "last_name", "birth_date", "sex", "email", "email_verified", "phone")


def is_address(value: str) -> bool:
    """Whether an address may be called at all: https, or http on this machine (development only)."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        return False
    plain = parts.scheme == "http" and host in LOOPBACK
    return bool(host) and (parts.scheme == "https" or plain) and not parts.username and not parts.fragment


def _address(value: str) -> None:
    if not is_address(value):
        raise ValidationError("an https address is wanted")


def variable_prefix(slug: str) -> str:
    """How the names of a portal's secrets begin: no portal can name the secret of another, or of the installation."""
    return "PORTICO_OIDC_" + slug.upper().replace("-", "_") + "__"


def _variable(description: str, example: str) -> fields.String:
    return text(
        description,
        example,
        required=False,
        validate=validate.Regexp(VARIABLE, error="the name of a variable such as PORTICO_OIDC_FRONTALIA__ITSME"),
    )


class Claims(Strict):
    """In which claim of an own provider each trait of a person comes; absent: the standard claim."""


for _name in TRAITS:  # one field per trait, so that the list above alone names them
    Claims._declared_fields[_name] = text(f"Claim that holds `{_name}`", "given_name", required=False)


class TwoFactorLevel(Strict):
    """From a day on, these levels count as two factors; at all others the one-time code is asked."""

    since = fields.Date(required=True, metadata={"description": "Since when", "example": "2026-11-01"})
    acr = fields.List(
        fields.String(), required=True, metadata={"description": "Levels (acr)", "example": ["eidas2", "eidas3"]}
    )


class Provider(Strict):
    """One identity provider of the portal. Secrets stand in environment variables; only their names are here."""

    code = text(
        "Which provider: a plugin's code, or a new one for the portal's own",
        "pro_sante_connect",
        validate=validate.Regexp(r"^[a-z][a-z0-9_]{1,39}\Z", error="small letters, digits and _"),
    )
    client_id = text("Name of the portal at the provider", "portico-frontalia")
    environment = text(
        "Which of the provider's public sites",
        "production",
        required=False,
        load_default="production",
        validate=validate.OneOf(["production", "test"]),
    )
    discovery = text("Discovery address", "https://sso.example.org" + WELL_KNOWN, required=False, validate=_address)
    issuer = text(
        "Issuer that tokens carry, where it is not the beginning of the discovery address",
        "https://sso.example.org",
        required=False,
        validate=_address,
    )
    client_auth = text(
        "How the portal proves itself to the provider",
        "private_key_jwt",
        required=False,
        validate=validate.OneOf(["client_secret_post", "client_secret_basic", "private_key_jwt"]),
    )
    secret_env = _variable("Variable that holds the client secret", "PORTICO_OIDC_FRONTALIA__ITSME")
    key_env = _variable("Variable that holds the private keys, JWK set or PEM", "PORTICO_OIDC_FRONTALIA__ITSME_KEY")
    scopes = fields.List(
        fields.String(validate=validate.Regexp(r"^\S+\Z", error="a scope without spaces")),
        load_default=list,
        metadata={"description": "Scopes beside the provider's own", "example": ["service:FRONTALIA_LOGIN"]},
    )
    acr_asked = text("Level that is asked for", "eidas2", required=False)
    acr = fields.List(
        fields.String(), metadata={"description": "Levels that are accepted", "example": ["eidas2", "eidas3"]}
    )
    two_factors = fields.List(
        fields.Nested(TwoFactorLevel),
        metadata={"description": "Since when which levels count as two factors", "example": []},
    )
    userinfo = text("How the traits come", "json", required=False, validate=validate.OneOf(["none", "json", "signed"]))
    encrypted = fields.Boolean(metadata={"description": "Whether tokens come encrypted to the portal", "example": True})
    logout = fields.Boolean(
        load_default=True, metadata={"description": "Offer to sign out at the provider too", "example": True}
    )
    label = words("Name on the button (own provider)", "Espace adhérent")
    audience = text(
        "For whom (own provider)", "patient", required=False, validate=validate.OneOf(["patient", "professional"])
    )
    claims = fields.Nested(Claims, metadata={"description": "Claims by trait (own provider)", "example": {}})

    @validates_schema
    def _whole(self, data: dict[str, Any], **_kwargs: Any) -> None:
        found = data.get("discovery", "")
        if found and not data.get("issuer") and not found.endswith(WELL_KNOWN):
            raise ValidationError(f"needed where the discovery address does not end in {WELL_KNOWN}", "issuer")
        if data.get("issuer") and not found:
            raise ValidationError("an issuer is given together with its discovery address", "discovery")
        if data.get("encrypted") and not data.get("key_env"):
            raise ValidationError("encrypted tokens need the variable with the private keys", "key_env")
        if not data.get("secret_env") and not data.get("key_env"):
            raise ValidationError("the variable with the client secret is missing", "secret_env")
