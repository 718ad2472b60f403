"""The identity providers of a portal: what a plugin offers, or the portal's own, joined with the portal's settings."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flask import current_app

from core import clock
from core.hooks.types import IdentityProvider, ProviderSite
from core.identity.policy import policy
from core.lazy import lazy
from core.messages import Message
from core.tenancy.current import TenantView, current_tenant
from core.tenancy.schema_providers import WELL_KNOWN, variable_prefix
from core.web.language import language, say

if TYPE_CHECKING:
    from joserfc import errors, jwk
else:
    errors, jwk = lazy("joserfc.errors"), lazy("joserfc.jwk")

log = logging.getLogger("portico.identity")
STANDARD: Mapping[str, tuple[str, ...]] = {
    "first_name": ("given_name",),
    "last_name": ("family_name",),
    "birth_date": ("birthdate",),
    "sex": ("gender",),
    "email": ("email",),
    "email_verified": ("email_verified",),
    "phone": ("phone_number",),
}


@dataclass(frozen=True, slots=True)
class Way:
    """One provider as this portal uses it. `secret` and `keys` come from the environment and are never shown."""

    provider: IdentityProvider
    site: ProviderSite
    client_id: str
    client_auth: str
    scope: str
    acr_asked: str
    acr: tuple[str, ...]
    levels: tuple[tuple[dt.date, tuple[str, ...]], ...]
    userinfo: str
    encrypted: bool
    logout: bool
    labels: Mapping[str, str]
    secret: str = field(repr=False)
    keys: jwk.KeySet | None = field(repr=False)

    @property
    def code(self) -> str:
        return self.provider.code

    @property
    def audience(self) -> str:
        return self.provider.audience

    @property
    def label(self) -> str:
        """The provider's name in the visitor's language."""
        if self.labels:
            return self.labels.get(language()) or next(iter(self.labels.values()))
        return say(self.provider.label)

    def is_two_factors(self, acr: str) -> bool:
        """Whether a sign-in at this level is two factors by itself, by the level in force today."""
        today = clock.today(current_tenant().time_zone)
        held = [values for since, values in self.levels if since <= today]
        return bool(acr) and bool(held) and acr in held[-1]


def offered(tenant: TenantView | None = None) -> list[Way]:
    """The providers that the portal enables and that can be used, in order of weight.

    One whose plugin is off or whose secret is missing in this process is left out and logged.
    """
    view = tenant or current_tenant()
    contributed = {p.code: p for p in view.dispatcher.collect("identity_providers")}
    found = [_way(view, entry, contributed) for entry in policy(view).get("providers") or ()]
    return sorted((w for w in found if w is not None), key=lambda w: (w.provider.weight, w.code))


def way(code: str) -> Way | None:
    """The provider with this code, where the portal offers it."""
    return next((w for w in offered() if w.code == code), None)


def _way(view: TenantView, entry: Mapping[str, Any], contributed: Mapping[str, IdentityProvider]) -> Way | None:
    provider = contributed.get(entry["code"]) or _own(entry)
    if provider is None:
        return None
    site = _site(entry, provider)
    client_auth = entry.get("client_auth") or provider.client_auth
    encrypted = bool(entry.get("encrypted", provider.encrypted))
    try:
        secret, keys = _secret(view, entry.get("secret_env")), keys_of(_secret(view, entry.get("key_env")))
    except ValueError:
        log.error("a key of an identity provider cannot be read", extra={"provider": provider.code})
        return None
    lacking = keys is None if client_auth == "private_key_jwt" else not secret
    if site is None or lacking or (encrypted and keys is None):
        log.warning("an identity provider is not ready: address or secret missing", extra={"provider": provider.code})
        return None
    levels = [(dt.date.fromisoformat(str(row["since"])), tuple(row["acr"])) for row in entry.get("two_factors") or ()]
    label = entry.get("label") or {}
    return Way(
        provider=provider,
        site=site,
        client_id=entry["client_id"],
        client_auth=client_auth,
        scope=" ".join(dict.fromkeys((*provider.scopes, *(entry.get("scopes") or ())))),
        acr_asked=entry.get("acr_asked") or provider.acr_asked,
        acr=tuple(entry["acr"]) if entry.get("acr") else provider.acr,
        levels=tuple(sorted(levels or provider.two_factors.items())),
        userinfo=entry.get("userinfo") or provider.userinfo,
        encrypted=encrypted,
        logout=bool(entry.get("logout", True)),
        labels={} if not label or provider.code in contributed else label if isinstance(label, dict) else {"": label},
        secret=secret,
        keys=keys,
    )


def _own(entry: Mapping[str, Any]) -> IdentityProvider | None:
    """A provider of the portal's own, such as an insurer's sign-on. None for a public one whose plugin is off."""
    if not entry.get("discovery") or not entry.get("audience"):
        return None
    claims = dict(STANDARD) | {trait: (name,) for trait, name in (entry.get("claims") or {}).items()}
    scopes = ("openid",) if entry.get("scopes") else ("openid", "profile", "email")
    return IdentityProvider(
        entry["code"], Message(entry["code"]), entry["audience"], {}, scopes=scopes, claims=claims, weight=200
    )


def _site(entry: Mapping[str, Any], provider: IdentityProvider) -> ProviderSite | None:
    discovery = entry.get("discovery")
    if discovery:
        return ProviderSite(entry.get("issuer") or str(discovery).removesuffix(WELL_KNOWN), discovery)
    return provider.sites.get(entry.get("environment") or "production")


def _secret(view: TenantView, name: str | None) -> str:
    """A secret of this portal; a name that is not of this portal reads nothing, whatever the stored revision says."""
    if not name or not name.startswith(variable_prefix(view.slug)):
        return ""
    found: Mapping[str, str] = current_app.extensions["portico"].settings.provider_secrets
    return found.get(name, "")


def keys_of(text: str) -> jwk.KeySet | None:
    """Private keys: a JWK set, one JWK, or PEM. None for no text. Raises ValueError for what is none of them."""
    if not text:
        return None
    try:
        if not text.lstrip().startswith("{"):
            return jwk.KeySet([_pem(text)])
        data = json.loads(text)
        return jwk.KeySet.import_key_set(data) if "keys" in data else jwk.KeySet([jwk.import_key(data)])
    except (errors.JoseError, KeyError, TypeError) as error:
        raise ValueError("not a private key") from error


def _pem(text: str) -> jwk.Key:
    plain = text.replace("\\n", "\n")
    for kind in (jwk.RSAKey, jwk.ECKey):
        try:
            return kind.import_key(plain)
        except (errors.JoseError, ValueError, TypeError):
            continue
    raise ValueError("not a private key")


def public_keys(found: Way) -> dict[str, Any]:
    """The portal's public keys for this provider, as it fetches them to check and to encrypt."""
    return dict(found.keys.as_dict(private=False)) if found.keys is not None else {"keys": []}
