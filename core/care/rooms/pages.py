"""Pages of rooms: the waiting room of the professional, the room of both, the check of devices and network."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

from flask import Flask, Response, abort, g, render_template, request

from core import clock
from core.care.rooms import panels, service, video
from core.care.rooms.blueprint import bp, done, other_name, own, role_of, state_of
from core.db import db
from core.identity import people as identity
from core.live import pages as live
from core.messages import _
from core.tenancy.schema_care import PEER
from core.web import frame
from core.web.access import access
from core.web.frame import Refused
from core.web.language import language
from core.web.navigation import add_navigation

AHEAD = dt.timedelta(hours=12)
"""How far ahead the waiting room lists who is due."""
LARGEST_SAMPLE_KB = 2048
_NOISE = os.urandom(1024 * 1024)  # nothing on the way can make it smaller


def install(app: Flask) -> None:
    """The waiting room's place in the navigation."""
    add_navigation(app, 15, ("professional",), "rooms.waiting", _("Waiting room"), "camera-video")


@bp.get("/rooms")
@access("professional")
def waiting() -> str:
    """The virtual waiting room: who is there, who is due (CB-096)."""
    live.listen()
    return render_template("rooms/waiting.html", **_waiting())


@bp.get("/rooms/list")
@access("professional")
def waiting_list() -> str:
    """The list alone, for a page that is told to look again."""
    return render_template("rooms/_list.html", **_waiting())


def _waiting() -> dict[str, Any]:
    now = clock.now()
    lines = service.waiting_room(g.account.id, now + AHEAD)
    names = identity.names([line.room.patient_account_id for line in lines])
    shown = []
    for line in lines:
        panel = panels.of(line.room, "professional")
        name = panel.person if panel is not None and panel.person else names.get(line.room.patient_account_id, "")
        shown.append({"room": line.room, "online": line.online, "name": name})
    return {"lines": shown, "now": now}


@bp.get("/rooms/<room_id>")
@access("patient", "professional")
def room(room_id: str) -> str:
    """The room: waiting, the call, what is said after it. The state stands in the page, so that it is right without script."""
    row = own(room_id)
    role, ways = role_of(row), []
    panel = panels.of(row, role)
    link, unusable = None, False
    if row.state == "in_call" and row.media in ("video", "audio"):
        try:
            link = video.join(row, g.account.id, language())
        except video.ProviderUnusable:
            unusable = True
    if link is not None and link.embed:
        try:
            frame.allow("frame-src", *link.frame_origins)
            frame.allow_devices(*link.frame_origins)
        except ValueError:
            link, unusable = None, True
    if row.state == "in_call":
        ways = list(service.FALL_BACK[row.media])
    live.listen()
    topics = [service.topic_of(row.id), *(panel.topics if panel is not None else ())]
    return render_template(
        "rooms/room.html", room=row, role=role, other=other_name(row, role, panel), panel=panel, state=state_of(row),
        topics=" ".join(topics), ways=ways, link=link, unusable=unusable, own_calls=video.settings()["provider"] == PEER,
        speeds=video.speeds(row.service), delivered=service.deliveries(row) if row.state == "ended" else [],
        base=f"layout/{role}.html", instead=panels.instead(row, role), warning_minutes=video.settings()["warning_minutes"],
    )  # fmt: skip


@bp.get("/rooms/<room_id>/state")
@access("patient", "professional")
def state(room_id: str) -> Any:
    """The room as it is now, for the page's script."""
    return state_of(own(room_id))


@bp.get("/rooms/<room_id>/check")
@access("patient", "professional")
def check(room_id: str) -> str:
    """Camera, microphone, loudspeaker, speed and way through the network, each with advice (CB-079)."""
    row = own(room_id)
    role = role_of(row)
    return render_template(
        "rooms/check.html", room=row, role=role, speeds=video.speeds(row.service), base=f"layout/{role}.html",
        instead=panels.instead(row, role),
    )  # fmt: skip


@bp.get("/rooms/<room_id>/check/sample/<int:kilobytes>")
@access("patient", "professional")
def sample(room_id: str, kilobytes: int) -> Response:
    """Noise of a size, to measure the speed towards the device."""
    own(room_id)
    if not 0 < kilobytes <= LARGEST_SAMPLE_KB:
        abort(404)
    size = kilobytes * 1024
    body = (_NOISE * -(-size // len(_NOISE)))[:size]
    return Response(body, mimetype="application/octet-stream", headers={"Cache-Control": "no-store"})


@bp.post("/rooms/<room_id>/check/sample")
@access("patient", "professional")
def take_sample(room_id: str) -> Any:
    """Noise from the device, to measure the speed away from it; nothing is kept."""
    own(room_id)
    if (request.content_length or 0) > LARGEST_SAMPLE_KB * 1024:
        abort(413)
    return {"bytes": len(request.get_data(cache=False))}


@bp.post("/rooms/<room_id>/ice")
@access("patient", "professional")
def ice(room_id: str) -> Any:
    """The portal's STUN and TURN servers with a password that is good for minutes."""
    row = own(room_id)
    if row.state == "ended":
        abort(404)
    return video.ice(row, g.account.id)


@bp.post("/rooms/<room_id>/start")
@access("patient", "professional")
def start(room_id: str) -> Any:
    """The professional calls (CB-173)."""
    row = own(room_id)
    service.start(row, g.account.id)
    db.session.commit()
    return done(row)


@bp.post("/rooms/<room_id>/media")
@access("patient", "professional")
def media(room_id: str) -> Any:
    """Go on by another way."""
    row = own(room_id)
    service.fall_back(row, request.form.get("to", ""), g.account.id)
    db.session.commit()
    return done(row)


@bp.post("/rooms/<room_id>/flowing")
@access("patient", "professional")
def flowing(room_id: str) -> Any:
    """The page sees or hears the other: part of what was delivered."""
    row = own(room_id)
    service.note_flowing(row, g.account.id, request.form.get("media", ""))
    db.session.commit()
    return {"noted": True}


@bp.post("/rooms/<room_id>/end")
@access("patient", "professional")
def end(room_id: str) -> Any:
    """The professional ends the call; asked once more where the page could not ask itself."""
    row = own(room_id)
    if row.state == "in_call" and not frame.wants_json() and request.form.get("confirmed") != "yes":
        if role_of(row) != "professional":
            raise Refused(_("Only the professional ends the call. You can leave at any time."), status=403)
        return render_template("rooms/end.html", room=row, base="layout/professional.html")
    service.end(row, "professional", g.account.id)
    db.session.commit()
    return done(row)
