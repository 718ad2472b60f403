"""The blueprint of the room, and what its pages share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, g, request

from core import clock
from core.directory import service as directory
from core.directory.models import Professional
from core.messages import Message, _
from core.privacy import service
from core.privacy.models import RightsRequest
from core.web.frame import Refused

bp = Blueprint("privacy", __name__, template_folder="templates")


def own_request(request_id: uuid.UUID) -> RightsRequest:
    """One of the signed-in person's requests; 404 for absent and for somebody else's alike."""
    found = service.access_request(g.account.id, request_id)
    if found is None:
        abort(404)
    return found


def me() -> Professional:
    """The signed-in professional; before validation the page says what is being waited for (CB-110)."""
    found = directory.profile_of(g.account.id)
    if found is None or not found.listed:
        raise Refused(
            _("Your account is being checked by our team. You will be told by e-mail as soon as it is open."),
            status=403,
        )
    return found


def optional_id(text: str | None) -> uuid.UUID | None:
    """An id of a form; None where nothing, or nothing that is one, was chosen."""
    try:
        return uuid.UUID(text or "")
    except ValueError:
        return None


def words() -> str:
    """What was written in the form."""
    return request.form.get("words", "")


def left(row: RightsRequest) -> dict[str, Any]:
    """Until when the answer is due, and how near that is."""
    from core.privacy import policy

    due = policy.due_at(row.received_at)
    return {
        "day": policy.due_day(row.received_at),
        "flag": service.flag_of(row, due, clock.now()),
        "days": max(0, (due - clock.now()).days),
    }


def wrong(refusal: Refused) -> tuple[Message, ...]:
    """The reasons of a refusal."""
    return tuple(refusal.messages)
