"""Identity services of Belgium: itsme. The national number (NISS) is never asked for: that takes a law of its own."""

from __future__ import annotations

import datetime as dt

from core.plugin_api import Domain, IdentityProvider, ProviderSite

_ = Domain("jurisdiction_be")
_DOCUMENT = "/v2/.well-known/openid-configuration"
_CLAIM = "http://itsme.services/v2/claim/"  # names of claims and levels are URIs; nothing is called there
ADVANCED = _CLAIM + "acr_advanced"

PROVIDERS = (
    IdentityProvider(
        "itsme",
        _("itsme"),
        "patient",
        {
            "production": ProviderSite(
                "https://idp.prd.itsme.services/v2", f"https://idp.prd.itsme.services{_DOCUMENT}"
            ),
            "test": ProviderSite("https://idp.e2e.itsme.services/v2", f"https://idp.e2e.itsme.services{_DOCUMENT}"),
        },
        scopes=("openid", "profile", "email", "phone"),
        wanted_scopes=("service:",),
        acr_asked=ADVANCED,
        acr=(_CLAIM + "acr_basic", ADVANCED),
        two_factors={dt.date(2026, 1, 1): (ADVANCED,)},
        client_auth="private_key_jwt",
        userinfo="signed",
        encrypted=True,
        claims={
            "first_name": ("given_name",),
            "last_name": ("family_name",),
            "birth_date": ("birthdate", _CLAIM + "birthdate_as_string"),
            "sex": ("gender",),
            "email": ("email",),
            "email_verified": ("email_verified",),
            "phone": ("phone_number",),
        },
        weight=30,
    ),
)
