"""The insurer's own service: asked whether it covers somebody, in a closed form both ways (IA-091). It may be away."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from marshmallow import RAISE, Schema, ValidationError, validate
from marshmallow import fields as f

from core.plugin_api.pages import current_tenant
from core.plugin_api.tables import current_tenant_id
from plugins.insurer_assistance import reading
from plugins.insurer_assistance.listing import Listed
from plugins.insurer_assistance.members import Asked
from plugins.insurer_assistance.rules.contract import REASONS, ROLES

log = logging.getLogger("portico.plugins.insurer_assistance")
LARGEST = 64 * 1024
CONNECT_SECONDS = 3.0
FAILURES, PAUSE_SECONDS = 2, 15.0
SENT = tuple(field.name for field in fields(Asked))
_Text = validate.Length(min=1, max=reading.LONGEST_TEXT)


class Away(Exception):
    """No answer that can be used: the service is down, slow, or answers nonsense. `code` says which, for the log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Covered(Schema):
    """The closed list of what the insurer may answer: nothing else of a person is taken."""

    class Meta:
        unknown = RAISE

    covered = f.Boolean(required=True, truthy={True}, falsy={False})
    number = f.String(validate=_Text)
    contract_number = f.String(validate=_Text)
    role = f.String(validate=validate.OneOf(ROLES))
    opens_on = f.Date(format="iso")
    closes_on = f.Date(format="iso", allow_none=True)
    residence = f.String(validate=validate.Regexp(r"^[A-Z]{2}\Z"))
    protected = f.Boolean(truthy={True}, falsy={False})
    exclusions = f.List(f.String(validate=validate.OneOf(REASONS)))


NEEDED = ("number", "role", "opens_on", "residence")


@dataclass
class _Circuit:
    """After failures in a row the service is left alone for a while: nobody waits for what does not answer."""

    failures: int = 0
    open_until: float = 0.0


_circuits: dict[int, _Circuit] = {}
_lock = threading.Lock()


def forget() -> None:
    """Close all circuits (tests)."""
    with _lock:
        _circuits.clear()


def ask(asked: Asked, settings: Mapping[str, Any]) -> Listed | None:
    """What the insurer says of somebody: their line of the list, or None: not covered.

    `settings` is `eligibility.api`. Raises Away, and nothing else.
    """
    circuit = _circuits.setdefault(current_tenant_id(), _Circuit())
    if time.monotonic() < circuit.open_until:
        raise Away("paused")
    try:
        found = _listed(asked, _read(_asked(asked, settings)))
    except Away as away:
        with _lock:
            circuit.failures += 1
            if circuit.failures >= FAILURES:
                circuit.open_until = time.monotonic() + PAUSE_SECONDS
        log.warning("the insurer's service gave no answer", extra={"what": away.code})
        raise
    with _lock:
        circuit.failures = 0
    return found


def variable_prefix(slug: str) -> str:
    """How the variable of a portal's token begins: no portal can name the secret of another, or of the installation."""
    return "PORTICO_ELIGIBILITY_" + slug.upper().replace("-", "_") + "__"


def _asked(asked: Asked, settings: Mapping[str, Any]) -> bytes:
    import requests  # here: a start does not wait for it

    url, name = str(settings["url"]), str(settings["token_env"])
    token = os.environ.get(name, "") if name.startswith(variable_prefix(current_tenant().slug)) else ""
    plain = urlsplit(url).scheme != "https"
    if not token or (plain and current_app.extensions["portico"].settings.env == "production"):
        raise Away("not_ready")
    seconds = float(settings.get("timeout_seconds", 5))
    until = time.monotonic() + seconds
    body = {n: v.isoformat() if isinstance(v := getattr(asked, n), dt.date) else v for n in SENT}
    try:
        with (
            requests.Session() as session,
            session.post(
                url,
                json=body,
                headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                timeout=(min(seconds, CONNECT_SECONDS), seconds),
                allow_redirects=False,
                stream=True,
            ) as answer,
        ):
            if answer.status_code != 200:
                raise Away("status")
            if answer.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
                raise Away("not_json")
            found = b""
            for chunk in answer.iter_content(4096):
                found += chunk
                if len(found) > LARGEST:
                    raise Away("too_large")
                if time.monotonic() > until:
                    raise Away("slow")
            return found
    except requests.Timeout as error:
        raise Away("slow") from error
    except (requests.RequestException, OSError, ValueError) as error:
        raise Away("down") from error


def _read(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
        found: dict[str, Any] = Covered().load(data)
    except (ValueError, ValidationError, RecursionError) as error:
        raise Away("nonsense") from error
    return found


def _listed(asked: Asked, said: Mapping[str, Any]) -> Listed | None:
    if not said["covered"]:
        return None
    contract = said.get("contract_number") or asked.contract_number
    other = asked.contract_number and _same(contract) != _same(asked.contract_number)
    closes = said.get("closes_on")
    if other or not contract or any(n not in said for n in NEEDED) or (closes and closes < said["opens_on"]):
        raise Away("nonsense")
    return Listed(
        said["number"], contract, asked.last_name, asked.first_name, asked.birth_date, said["role"], said["opens_on"],
        closes, said["residence"], said.get("protected", False), tuple(sorted(set(said.get("exclusions", ())))),
    )  # fmt: skip


def _same(number: str) -> str:
    return "".join(number.split()).upper()
