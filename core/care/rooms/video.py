"""What a portal set for calls, the relay's passwords, and who carries picture and sound where a plugin does."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from core import clock, crypto
from core.care.rooms.models import Room
from core.db import current_tenant_id
from core.hooks.types import JoinLink, RoomFacts, VideoProvider
from core.tenancy.current import current_tenant
from core.tenancy.schema_care import PEER, Care

TURN_SECONDS = 600
"""How long a password for the relay may be used to begin: a call asks anew whenever it connects again."""
_DEFAULTS: Mapping[str, Any] = Care().load({})["video"]


def settings() -> Mapping[str, Any]:
    """The portal's section `care.video`, with the defaults of what it does not say."""
    return {**_DEFAULTS, **(current_tenant().config.get("care") or {}).get("video", {})}


@dataclass(frozen=True, slots=True)
class Speeds:
    """The recommended speeds, kbit/s (CB-165)."""

    upload_kbps: int
    download_kbps: int


def speeds(service: str) -> Speeds:
    """What is recommended for a service: its own `min_bandwidth_kbps` where the portal set one."""
    own = current_tenant().config.get("services", {}).get(service, {}).get("min_bandwidth_kbps")
    set_ = settings()
    return Speeds(int(own or set_["min_upload_kbps"]), int(set_["min_download_kbps"]))


def limit_minutes(asked: int | None) -> int:
    """How long a call may last: as long as the appointment (CB-176), else the portal's limit on demand (CB-175)."""
    return int(settings()["on_demand_minutes"]) if asked is None else asked


def warns_at(room: Room) -> dt.datetime | None:
    """When both are warned that the end is near; None before the call began."""
    ends = room.ends_at
    if ends is None or room.started_at is None:
        return None
    # A call shorter than the warning would begin with it.
    return max(ends - dt.timedelta(minutes=int(settings()["warning_minutes"])), room.started_at)


def ice(room: Room, account_id: uuid.UUID) -> dict[str, Any]:
    """What RTCPeerConnection needs of the portal's STUN and TURN servers, for this room and person only.

    The password follows coturn's `use-auth-secret`: the name is the expiry and an opaque word, the password its
    HMAC-SHA1 under the shared secret. Without a secret in the environment no relay is offered.
    """
    set_ = settings()
    servers: list[dict[str, Any]] = [{"urls": list(set_["stun"])}] if set_["stun"] else []
    turn = set_.get("turn")
    secret = _secret(turn["secret_env"]) if turn else ""
    if turn and secret:
        ends = int(clock.now().timestamp()) + TURN_SECONDS
        name = f"{ends}:{_opaque(room.id, account_id)}"
        digest = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()
        servers.append({"urls": list(turn["urls"]), "username": name, "credential": base64.b64encode(digest).decode()})
    return {
        "iceServers": servers,
        "iceTransportPolicy": "relay" if set_["relay_only"] else "all",
        "seconds": TURN_SECONDS,
        "relay": bool(turn and secret),
    }


def _secret(name: str) -> str:
    found: str = current_app.extensions["portico"].settings.provider_secrets.get(name, "")
    return found


def _opaque(room_id: uuid.UUID, account_id: uuid.UUID) -> str:
    """A word for the relay's log that tells nobody who it is."""
    key: str = current_app.extensions["portico"].settings.secret_keys[0]
    body = f"{current_tenant_id()}|{room_id}|{account_id}"
    return hmac.new(crypto.derive(key.encode(), "turn-name"), body.encode(), hashlib.sha256).hexdigest()[:24]


class ProviderUnusable(Exception):
    """The provider that the portal chose is not there, or could not give a way in."""


def provider() -> VideoProvider | None:
    """The plugin's provider that the portal chose; None for core's own, from browser to browser.

    Raises ProviderUnusable where no enabled plugin offers it.
    """
    code = settings()["provider"]
    if code == PEER:
        return None
    found: VideoProvider | None = next(
        (p for p in current_tenant().dispatcher.collect("video_providers") if p.code == code), None
    )
    if found is None:
        raise ProviderUnusable(code)
    return found


def join(room: Room, account_id: uuid.UUID, language: str) -> JoinLink | None:
    """The way into the provider's room for one of the two; None where the portal uses core's own calls.

    Raises ProviderUnusable: the page then offers the other ways.
    """
    chosen, role, ends = provider(), room.role_of(account_id), room.ends_at
    if chosen is None:
        return None
    if role is None or ends is None:
        raise ProviderUnusable(chosen.code)
    facts = RoomFacts(_opaque(room.id, room.id), _opaque(room.id, account_id), role, language, room.media, ends)  # type: ignore[arg-type]
    try:
        link = chosen.join(facts)
    except Exception as error:
        raise ProviderUnusable(chosen.code) from error
    if not isinstance(link, JoinLink) or not link.url.startswith("https://"):
        raise ProviderUnusable(chosen.code)
    return link
