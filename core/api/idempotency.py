"""One effect for one key: the answer is written in the transaction of the effect and given again to every repeat."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from flask import Response, g, make_response, request
from sqlalchemy import delete, text

from core import clock
from core.api.models import IdempotencyKey
from core.api.problems import Problem
from core.db import current_tenant_id, db
from core.hooks.decisions import canonical
from core.jobs import periodic
from core.messages import _
from core.tenancy import keys

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = dt.timedelta(hours=48)
PURGE_SECONDS = 3600
_KEY = re.compile(r"^[\x21-\x7e]{8,255}\Z")
_KEPT_HEADERS = ("Location", "Content-Type")


def idempotent(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make an operation safe to repeat. The view must not commit: effect and answer are committed here, together.

    No key or a malformed one: 400. The same key with another request: 422. The first still running: 409 with
    Retry-After. A refusal is not kept: nothing happened, so the key may be used again.
    """

    @functools.wraps(view)
    def once(*args: Any, **kwargs: Any) -> Response:
        key, fingerprint = _key(), _fingerprint()
        if not _taken(key):
            raise Problem(
                409,
                "idempotency_running",
                _("The first request with this key is still running. Please ask again in a moment."),
                headers={"Retry-After": "1"},
            )
        kept = db.session.get(IdempotencyKey, (current_tenant_id(), key, g.account.id))
        if kept is not None:
            return _again(kept, fingerprint)
        response = make_response(view(*args, **kwargs))
        if response.status_code >= 400:
            db.session.rollback()
            return response
        db.session.add(_record(key, fingerprint, response))
        db.session.commit()
        return response

    return once


def _key() -> str:
    given = request.headers.get(HEADER, "")
    if not _KEY.match(given):
        raise Problem(
            400,
            "idempotency_key_missing",
            _("Please send the header {header}: 8 to 255 visible characters, new for each booking.", header=HEADER),
        )
    return given


def _fingerprint() -> bytes:
    body = request.get_json(silent=True)
    plain = canonical(body) if body is not None else request.get_data(cache=True).hex()
    return hashlib.sha256(f"{request.method} {request.path}\n{plain}".encode()).digest()


def lock_number(tenant_id: int, account_id: uuid.UUID, key: str) -> int:
    """The advisory lock of a key while its first request runs: 64 bits, signed."""
    name = hashlib.sha256(f"{tenant_id}|{account_id}|{key}".encode()).digest()
    return int.from_bytes(name[:8], "big", signed=True)


def _taken(key: str) -> bool:
    """Take the key for this transaction: a repeat that arrives meanwhile is told so, not kept waiting."""
    number = lock_number(current_tenant_id(), g.account.id, key)
    return bool(db.session.execute(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}).scalar_one())


def _record(key: str, fingerprint: bytes, response: Response) -> IdempotencyKey:
    answer = {
        "headers": {n: response.headers[n] for n in _KEPT_HEADERS if n in response.headers},
        "body": base64.b64encode(response.get_data()).decode(),
    }
    return IdempotencyKey(
        key=key,
        account_id=g.account.id,
        request_hash=fingerprint,
        status=response.status_code,
        sealed=keys.seal_json(g.account.person_id, "idempotency_keys", "sealed", answer),
        created_at=clock.now(),
    )


def _again(kept: IdempotencyKey, fingerprint: bytes) -> Response:
    if kept.request_hash != fingerprint:
        raise Problem(
            422,
            "idempotency_key_reused",
            _("This key was used for another request. Please send a new key for each booking."),
        )
    answer: dict[str, Any] = json.loads(keys.unseal(g.account.person_id, "idempotency_keys", "sealed", kept.sealed))
    db.session.rollback()
    response = Response(base64.b64decode(answer["body"]), kept.status)
    response.headers.update(answer["headers"])
    response.headers[REPLAYED] = "true"
    return response


@periodic.job("idempotency_purge", PURGE_SECONDS)
def purge() -> None:
    """Forget answers that are older than `KEPT`."""
    db.session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < clock.now() - KEPT))
