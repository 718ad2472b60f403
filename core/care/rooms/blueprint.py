"""The blueprint of rooms, and what its pages share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, abort, g, redirect, url_for
from werkzeug.wrappers import Response

from core import clock
from core.care.rooms import panels, service, video
from core.care.rooms.models import Room
from core.directory import service as directory
from core.identity import people as identity
from core.web.frame import wants_json

bp = Blueprint("rooms", __name__, template_folder="templates")


def own(room_id: str) -> Room:
    """The room for one of its two. 404 for anybody else, and for what is no room."""
    try:
        room = service.access_room(uuid.UUID(room_id), g.account.id)
    except ValueError:
        room = None
    if room is None:
        abort(404)
    return room


def role_of(room: Room) -> str:
    """Which of the two the signed-in person is."""
    role = room.role_of(g.account.id)
    assert role is not None
    return role


def other_name(room: Room, role: str, panel: panels.Panel | None = None) -> str:
    """Who the other one is, in words."""
    if role == "professional":
        return panel.person if panel is not None and panel.person else identity.display_name(room.patient_account_id)
    profile = directory.profile_of(room.professional_account_id)
    return f"{profile.title} {profile.name}".strip() if profile else identity.display_name(room.professional_account_id)


def state_of(room: Room) -> dict[str, Any]:
    """What a page needs to show and do, as JSON; instants in UTC, with the server's clock beside them."""
    role, here = role_of(room), service.presence_of(room)
    in_call = room.state == "in_call"
    by_phone = role == "professional" and in_call and room.media == "phone"
    warns = video.warns_at(room)
    return {
        "state": room.state,
        "role": role,
        "media": room.media,
        "now": clock.now().isoformat(),
        "opens_at": room.opens_at.isoformat(),
        "ends_at": room.ends_at.isoformat() if room.ends_at else None,
        "warns_at": warns.isoformat() if warns else None,
        "end_reason": room.end_reason,
        "patient_online": here.patient_online,
        "professional_available": here.professional_available,
        "can_start": role == "professional" and room.state == "waiting" and room.opens_at <= clock.now(),
        "ways": list(service.FALL_BACK[room.media]) if in_call else [],
        "phone": identity.recipient(room.patient_account_id).phone if by_phone else None,
    }


def done(room: Room) -> Response | dict[str, Any]:
    """The answer to an act: the new state for a script, the page for a form."""
    if wants_json():
        return state_of(room)
    return redirect(url_for("rooms.room", room_id=room.id))
