"""Providers of identity and of video in a tenant.yaml against what the enabled plugins offer: told with path, nearest and allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.hooks.manager import Dispatcher
from core.hooks.types import IdentityProvider
from core.tenancy.problems import Path_, Tell, nearest
from core.tenancy.schema_care import PEER
from core.tenancy.schema_providers import variable_prefix

OWN = ("label", "audience")


def tell_problems(config: Mapping[str, Any], dispatcher: Dispatcher, tell: Tell) -> None:
    """Tell all that is wrong with `identity.providers`; what the schema refused already is left out."""
    identity = config.get("identity")
    entries = identity.get("providers") if isinstance(identity, Mapping) else None
    offered: dict[str, IdentityProvider] = {p.code: p for p in dispatcher.collect("identity_providers")}
    seen: set[str] = set()
    for index, entry in enumerate(entries or ()):
        if not isinstance(entry, Mapping) or not entry.get("code"):
            continue
        path: Path_ = ("identity", "providers", index)
        if entry["code"] in seen:
            tell((*path, "code"), "listed twice", found=repr(entry["code"]))
        seen.add(entry["code"])
        known = offered.get(entry["code"])
        if known is None:
            _own(entry, path, sorted(offered), config.get("languages") or (), tell)
        else:
            _public(entry, path, known, tell)
        _secrets(entry, path, known, str(config.get("slug") or ""), tell)


def tell_video_problem(config: Mapping[str, Any], dispatcher: Dispatcher, tell: Tell) -> None:
    """Tell where `care.video.provider` names nobody who is there."""
    care = config.get("care")
    code = care.get("video", {}).get("provider") if isinstance(care, Mapping) else None
    offered = [PEER, *sorted(p.code for p in dispatcher.collect("video_providers"))]
    if code and code not in offered:
        tell(
            ("care", "video", "provider"),
            "no enabled plugin offers this provider",
            found=repr(code),
            nearest=nearest(code, offered),
            allowed=", ".join(offered),
        )


def _own(entry: Mapping[str, Any], path: Path_, offered: list[str], languages: Any, tell: Tell) -> None:
    if not entry.get("discovery"):
        tell(
            (*path, "code"),
            "no enabled plugin offers this provider, and it has no discovery address of its own",
            found=repr(entry["code"]),
            nearest=nearest(entry["code"], offered),
            allowed=", ".join(offered) or "an own provider with `discovery`, `label` and `audience`",
        )
        return
    for key in OWN:
        if not entry.get(key):
            tell((*path, key), "a provider of the portal's own needs this key")
    label = entry.get("label")
    if isinstance(label, Mapping):
        for language in languages:
            if language not in label:
                tell((*path, "label"), f"no text in {language}", found=", ".join(label))


def _public(entry: Mapping[str, Any], path: Path_, known: IdentityProvider, tell: Tell) -> None:
    for key in (*OWN, "claims"):
        if key in entry:
            tell((*path, key), "the plugin that offers this provider says this; it is for an own provider only")
    if not entry.get("discovery") and entry.get("environment", "production") not in known.sites:
        tell(
            (*path, "discovery"),
            "this provider has no public address for this environment: give the one of your contract",
            allowed=", ".join(sorted(known.sites)) or "for example 'https://…/.well-known/openid-configuration'",
        )
    for beginning in known.wanted_scopes:
        if not any(str(s).startswith(beginning) for s in entry.get("scopes") or ()):
            tell((*path, "scopes"), f"this provider gives each portal a scope that begins with “{beginning}”")


def _secrets(entry: Mapping[str, Any], path: Path_, known: IdentityProvider | None, slug: str, tell: Tell) -> None:
    prefix = variable_prefix(slug)
    for key in ("secret_env", "key_env"):
        name = entry.get(key)
        rest = str(name or "").removeprefix(prefix)
        if name and (not str(name).startswith(prefix) or not rest or "__" in rest or rest.startswith("_")):
            tell((*path, key), "a portal reads secrets of its own only", found=repr(name), allowed=f"{prefix}… ")
    way = entry.get("client_auth") or (known.client_auth if known else "client_secret_post")
    wanted = "key_env" if way == "private_key_jwt" else "secret_env"
    if not entry.get(wanted):
        tell((*path, wanted), f"needed for {way}")
    if known is not None and known.encrypted and entry.get("encrypted", True) and not entry.get("key_env"):
        tell((*path, "key_env"), "this provider encrypts its tokens: the private keys are needed")
