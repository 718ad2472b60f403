"""Calls to providers: https only, no redirects, bounded in time and size; metadata and keys kept for a while."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import current_app

from core.identity.provider_failures import Failure
from core.identity.providers import Way
from core.lazy import lazy
from core.tenancy.schema_providers import is_address

if TYPE_CHECKING:
    import requests
    from joserfc import errors, jwk
else:
    requests, errors, jwk = lazy("requests"), lazy("joserfc.errors"), lazy("joserfc.jwk")

TIMEOUT = (3.0, 8.0)
LONGEST_SECONDS = 15.0
LARGEST = 256 * 1024
KEEP_SECONDS = 3600.0
# Keys are fetched anew for a signature that does not fit, but not more often than this: nobody makes us flood a provider.
RENEW_SECONDS = 10.0
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_kept: dict[str, tuple[float, Any]] = {}
_renewed: dict[str, float] = {}
_lock = threading.Lock()


def forget() -> None:
    """Drop what is kept (tests)."""
    with _lock:
        _kept.clear()
        _renewed.clear()


def may_call(url: Any) -> bool:
    """Whether this address may be called: https; http to this machine where it is not production."""
    if not isinstance(url, str) or not is_address(url):
        return False
    return urlsplit(url).scheme == "https" or current_app.extensions["portico"].settings.env != "production"


def get(url: str, headers: Mapping[str, str]) -> tuple[str, bytes]:
    """(media type, body) of an address. Raises Failure `provider_down`."""
    if not may_call(url):
        raise Failure("provider_down")
    until = time.monotonic() + LONGEST_SECONDS
    body = b""
    try:
        with (
            requests.Session() as session,
            session.get(url, headers=dict(headers), timeout=TIMEOUT, allow_redirects=False, stream=True) as answer,
        ):
            if answer.status_code != 200:
                raise Failure("provider_down")
            for chunk in answer.iter_content(16384):
                body += chunk
                if len(body) > LARGEST or time.monotonic() > until:
                    raise Failure("provider_down")
            return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower(), body
    except requests.RequestException as error:
        raise Failure("provider_down") from error


def get_json(url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object. Raises Failure `provider_down`."""
    _kind, body = get(url, {"Accept": "application/json", **(headers or {})})
    return as_object(body)


def as_object(body: bytes) -> dict[str, Any]:
    """A JSON object from its bytes. Raises Failure `provider_down`."""
    try:
        data = json.loads(body)
    except ValueError as error:
        raise Failure("provider_down") from error
    if not isinstance(data, dict):
        raise Failure("provider_down")
    return data


def metadata(way: Way) -> dict[str, Any]:
    """What the provider says of itself. Its issuer must be the one that the portal expects; hosts may differ from it.

    Raises Failure `provider_down`, `unknown_issuer`.
    """
    kept = _recent(way.site.discovery)
    if kept is None:
        kept = get_json(way.site.discovery)
        if kept.get("issuer") == way.site.issuer and all(may_call(kept.get(name)) for name in ENDPOINTS):
            _keep(way.site.discovery, kept)
    if kept.get("issuer") != way.site.issuer:
        raise Failure("unknown_issuer")
    if not all(may_call(kept.get(name)) for name in ENDPOINTS):
        raise Failure("provider_down")
    return dict(kept)


def key_set(uri: str, *, fresh: bool = False) -> jwk.KeySet:
    """The provider's public keys; `fresh` fetches them anew after a rotation. Raises Failure `provider_down`."""
    kept: jwk.KeySet | None = _recent(uri)
    if kept is not None and (not fresh or time.monotonic() - _renewed.get(uri, -RENEW_SECONDS) < RENEW_SECONDS):
        return kept
    try:
        found = jwk.KeySet.import_key_set(get_json(uri))  # type: ignore[arg-type]
    except (errors.JoseError, KeyError, ValueError, TypeError) as error:
        raise Failure("provider_down") from error
    _keep(uri, found)
    if fresh:
        _renewed[uri] = time.monotonic()
    return found


def _recent(url: str) -> Any:
    at, value = _kept.get(url, (0.0, None))
    return value if value is not None and time.monotonic() - at < KEEP_SECONDS else None


def _keep(url: str, value: Any) -> None:
    with _lock:
        _kept[url] = (time.monotonic(), value)
