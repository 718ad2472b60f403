"""Identity services of Luxembourg: LuxTrust, whose OpenID Connect addresses and levels follow from a contract."""

from __future__ import annotations

from core.plugin_api import Domain, IdentityProvider

_ = Domain("jurisdiction_lu")

PROVIDERS = (
    IdentityProvider(
        "luxtrust",
        _("LuxTrust"),
        "patient",
        # No public address: the portal gives `discovery` of its contract, and says which levels are two factors.
        {},
        scopes=("openid", "profile", "email"),
        client_auth="private_key_jwt",
        userinfo="json",
        claims={
            "first_name": ("given_name",),
            "last_name": ("family_name",),
            "birth_date": ("birthdate",),
            "sex": ("gender",),
            "email": ("email",),
            "email_verified": ("email_verified",),
            "phone": ("phone_number",),
        },
        weight=40,
    ),
)
