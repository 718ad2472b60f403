"""Rooms of calls for programs: how a call stands, who is there, the way in. Picture and sound pass between browsers."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g
from marshmallow import fields

from core import clock
from core.api.fields import Output, ident, told
from core.api.operations import operation
from core.api.v1 import shared
from core.api.v1.schemas import Instant
from core.care.consultations import service as consultations
from core.care.rooms import service, video
from core.care.rooms.models import Room
from core.care.rooms.pages import AHEAD
from core.notifications.service import base_url
from core.web.language import language

topic = shared.topic("calls", "The room of a consultation by video: its state, who is there, the way in.")
NONE = {404: "No such room of yours"}


class RoomAnswer(Output):
    """A room."""

    id = ident("Id")
    consultation_id = ident("Of which consultation")
    service = fields.String(metadata=told("Which service", values="services"))
    role = fields.String(metadata=told("Which of the two the caller is: patient or professional"))
    state = fields.String(metadata=told("waiting, in_call or ended"))
    media = fields.String(metadata=told("The way in force: video, audio, phone or message"))
    opens_at = Instant(metadata=told("From when the call can be started"))
    starts_by = Instant(allow_none=True, metadata=told("Until when the professional must have called"))
    started_at = Instant(allow_none=True, metadata=told("When the professional called"))
    ends_at = Instant(allow_none=True, metadata=told("When it is over at the latest; null before it began"))
    warns_at = Instant(allow_none=True, metadata=told("When both are warned of the end"))
    ended_at = Instant(allow_none=True, metadata=told("When it ended"))
    end_reason = fields.String(allow_none=True, metadata=told("professional, limit, not_started or cancelled"))
    limit_minutes = fields.Integer(metadata=told("Longest call in minutes"))
    patient_online = fields.Boolean(allow_none=True, metadata=told("Whether the patient is in the room; null: unknown"))
    professional_available = fields.Boolean(
        allow_none=True, metadata=told("Whether the professional is there and in no other call; null: unknown")
    )
    can_start = fields.Boolean(metadata=told("Whether the caller can start the call now"))
    page = fields.String(metadata=told("The page of the room, for the caller's browser"))
    join_link = fields.String(
        allow_none=True, metadata=told("The caller's own way into the call, where a plugin carries it and it has begun")
    )


class RoomList(Output):
    """Rooms."""

    items = fields.List(fields.Nested(RoomAnswer), metadata=told("Rooms, calls under way first, then in order of time"))


def _answer(row: Room) -> dict[str, Any]:
    here, role = service.presence_of(row), row.role_of(g.account.id)
    names = (
        "id", "service", "state", "media", "opens_at", "starts_by", "started_at", "ends_at", "ended_at", "end_reason", "limit_minutes",
    )  # fmt: skip
    return {
        **{n: getattr(row, n) for n in names},
        "consultation_id": row.subject_id,
        "role": role,
        "warns_at": video.warns_at(row),
        "patient_online": here.patient_online,
        "professional_available": here.professional_available,
        "can_start": role == "professional" and row.state == "waiting" and row.opens_at <= clock.now(),
        "page": f"{base_url(g.tenant)}/rooms/{row.id}",
        "join_link": _way_in(row),
    }


def _way_in(row: Room) -> str | None:
    """As on the page: while picture or sound is the way, and a plugin carries it."""
    if row.state != "in_call" or row.media not in ("video", "audio"):
        return None
    try:
        link = video.join(row, g.account.id, language())
    except video.ProviderUnusable:
        return None
    return link.url if link is not None else None


@operation(topic, "GET", "/rooms", roles=("professional",), answer=RoomList)
def list_rooms() -> dict[str, Any]:
    """The professional's waiting room: calls under way, and those due in the next hours."""
    lines = service.waiting_room(g.account.id, clock.now() + AHEAD)
    return {"items": [_answer(line.room) for line in lines]}


@operation(topic, "GET", "/rooms/<uuid:room_id>", roles=("patient", "professional"), answer=RoomAnswer, refusals=NONE)
def get_room(room_id: uuid.UUID) -> dict[str, Any]:
    """How a call stands, and who is there: for its two people."""
    row = service.access_room(room_id, g.account.id)
    if row is None:
        raise shared.absent()
    return _answer(row)


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>/room", roles=("patient", "professional"), answer=RoomAnswer,
    refusals={404: "No such consultation of yours, or it has no room"},
)  # fmt: skip
def room_of(consultation_id: uuid.UUID) -> dict[str, Any]:
    """The room of a consultation by video."""
    found = service.of_subject(consultation_id, consultations.KIND)
    if found is None or found.role_of(g.account.id) is None:
        raise shared.absent()
    return _answer(found)
