"""Use cases of rooms: opened for a consultation, entered by two, started by the professional, ended once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from core import audit, clock
from core.care.rooms import video
from core.care.rooms.models import Room, RoomDelivery
from core.db import current_tenant_id, db, new_id
from core.jobs import announce, periodic
from core.live import presence, publish, topics
from core.live.topics import Moment, Standing
from core.messages import _
from core.web.frame import Refused

SIDES = ("patient", "professional")
OVERDUE_EVERY_SECONDS = 30
"""The live process ends a call to the second; this job ends what no live process watched."""

FALL_BACK: Mapping[str, tuple[str, ...]] = {
    "video": ("audio", "phone", "message"),
    "audio": ("video", "phone", "message"),
    "phone": ("message",),
    "message": (),
}
"""From which way to which others: down to the telephone and to messages, and back to the picture from sound alone."""


Starting = Callable[[uuid.UUID], object]
Ended = Callable[[uuid.UUID, str], object]
_subjects: dict[str, tuple[Starting, Ended]] = {}


def connect(subject_kind: str, *, starting: Starting, ended: Ended) -> None:
    """A room above takes part in the transaction of a start (it may raise Refused) and of an end (given the reason)."""
    _subjects[subject_kind] = (starting, ended)


def topic_of(room_id: uuid.UUID) -> str:
    """The room's topic on the live channel."""
    return topics.name("room", room_id)


def open_room(
    *,
    subject_id: uuid.UUID,
    service: str,
    patient_account_id: uuid.UUID,
    professional_account_id: uuid.UUID,
    opens_at: dt.datetime,
    starts_by: dt.datetime | None = None,
    limit_minutes: int | None = None,
    subject_kind: str = "consultation",
) -> Room:
    """Open the room of a consultation in the present transaction; opened again, it is the same room.

    `limit_minutes` is the appointment's duration (CB-176); without one the portal's limit on demand holds (CB-175).
    `starts_by` is until when the professional may start; then the room ends by itself with the reason `not_started`.
    """
    made = db.session.execute(
        insert(Room)
        .values(
            tenant_id=current_tenant_id(), id=new_id(), subject_kind=subject_kind, subject_id=subject_id, service=service,
            patient_account_id=patient_account_id, professional_account_id=professional_account_id, opens_at=opens_at,
            starts_by=starts_by, limit_minutes=video.limit_minutes(limit_minutes), state="waiting", media="video",
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "subject_kind", "subject_id"])
        .returning(Room)
    ).scalar_one_or_none()  # fmt: skip
    if made is not None:
        publish.nudge(topics.name("account", patient_account_id), "room_opened")
        publish.nudge(topics.name("account", professional_account_id), "room_opened")
        return made
    found = of_subject(subject_id, subject_kind)
    assert found is not None
    return found


def move_room(subject_id: uuid.UUID, opens_at: dt.datetime, starts_by: dt.datetime | None) -> None:
    """An appointment has another time: its room opens and closes with it, while nobody has started."""
    db.session.execute(
        update(Room)
        .where(Room.tenant_id == current_tenant_id(), Room.subject_id == subject_id, Room.state == "waiting")
        .values(opens_at=opens_at, starts_by=starts_by)
    )


def give_to(
    room: Room, professional_account_id: uuid.UUID, opens_at: dt.datetime, starts_by: dt.datetime | None
) -> None:
    """Somebody else carries the consultation out: the room is theirs, open again until they start."""
    db.session.execute(
        update(Room)
        .where(_this(room), Room.state != "in_call", Room.started_at.is_(None))
        .values(
            professional_account_id=professional_account_id,
            opens_at=opens_at,
            starts_by=starts_by,
            state="waiting",
            ended_at=None,
            end_reason=None,
        )
    )
    db.session.refresh(room)


def of_subject(subject_id: uuid.UUID, subject_kind: str = "consultation") -> Room | None:
    """The room of a consultation, None where it has none."""
    return db.session.execute(
        select(Room)
        .where(Room.subject_kind == subject_kind, Room.subject_id == subject_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def access_room(room_id: uuid.UUID, account_id: uuid.UUID) -> Room | None:
    """The room for one of its two people; None for "absent" and "not yours" alike (CB-169)."""
    room: Room | None = db.session.get(Room, (current_tenant_id(), room_id), populate_existing=True)
    return room if room is not None and room.role_of(account_id) is not None else None


def start(room: Room, account_id: uuid.UUID) -> None:
    """The professional calls; nobody else can start (CB-173). Starting what has started changes nothing.

    Raises Refused for the patient, before the room opens, after it ended, and while another call of theirs is on.
    """
    if account_id != room.professional_account_id:
        raise Refused(_("Only the professional can start the call. Please wait here: you will be called."), status=403)
    now = clock.now()
    if room.state == "waiting" and now < room.opens_at:
        raise Refused(_("It is too early: this room is not open yet."))
    try:
        with db.session.begin_nested():
            taken = db.session.execute(
                update(Room)
                .where(_this(room), Room.state == "waiting", Room.opens_at <= now)
                .values(state="in_call", started_at=now, media="video")
                .returning(Room.id)
            ).scalar_one_or_none()
    except IntegrityError:
        raise Refused(_("You are in another call. End it first, then start this one.")) from None
    db.session.refresh(room)
    if taken is None:
        if room.state == "in_call":
            return
        raise Refused(_("This consultation is over."))
    if room.subject_kind in _subjects:
        _subjects[room.subject_kind][0](room.subject_id)
    _deliver(room, "video", "chosen", "professional")
    audit.record("room.started", "room", room.id)
    announce("room_started", _ids(room))
    _tell(room, "room_started")


def fall_back(room: Room, to: str, account_id: uuid.UUID) -> None:
    """Go on by another way: sound alone, the telephone, messages; what was delivered until then stays written.

    Either of the two may. Raises Refused where there is no way from here to there, or no call.
    """
    side = room.role_of(account_id)
    if side is None or to not in FALL_BACK.get(room.media, ()):
        raise Refused(_("This way is not possible from here."), status=409)
    sources = [media for media, targets in FALL_BACK.items() if to in targets]
    done = db.session.execute(
        update(Room).where(_this(room), Room.state == "in_call", Room.media.in_(sources)).values(media=to).returning(Room.id)
    ).scalar_one_or_none()  # fmt: skip
    db.session.refresh(room)
    if done is None:
        raise Refused(_("There is no call at the moment."))
    _deliver(room, to, "chosen", side)
    audit.record("room.media", "room", room.id, {"media": to, "side": side})
    _tell(room, "room_fallback")


def note_flowing(room: Room, account_id: uuid.UUID, media: str) -> None:
    """One side says that it sees or hears the other: written once a side and way. Ignored outside a call."""
    side = room.role_of(account_id)
    if side is None or room.state != "in_call" or media not in ("video", "audio"):
        return
    known = select(RoomDelivery.id).where(
        RoomDelivery.room_id == room.id, RoomDelivery.media == media, RoomDelivery.what == "flowing", RoomDelivery.side == side
    )  # fmt: skip
    if db.session.execute(known).first() is None:
        _deliver(room, media, "flowing", side)


def end(room: Room, reason: str, account_id: uuid.UUID | None = None) -> bool:
    """End the room; True when this ended it. `account_id` is who asked: of the two only the professional can.

    Reasons: `professional`, `limit`, `not_started`, or a code of the caller. Raises Refused for the patient, who leaves instead.
    """
    if account_id is not None and account_id != room.professional_account_id:
        raise Refused(_("Only the professional ends the call. You can leave at any time."), status=403)
    done = db.session.execute(
        update(Room)
        .where(_this(room), Room.state != "ended")
        .values(state="ended", ended_at=clock.now(), end_reason=reason)
        .returning(Room.id)
    ).scalar_one_or_none()
    db.session.refresh(room)
    if done is None:
        return False
    _ended(room)
    return True


@periodic.job("rooms_over", OVERDUE_EVERY_SECONDS)
def _watch() -> None:
    end_overdue()


def end_overdue() -> int:
    """End calls at their limit (CB-175, CB-177) and rooms that nobody started in time; each exactly once. Returns how many."""
    now = clock.now()
    limit = Room.started_at + func.make_interval(0, 0, 0, 0, 0, Room.limit_minutes)
    ended: list[Room] = []
    for state, over, reason in (
        ("in_call", limit <= now, "limit"),
        ("waiting", Room.starts_by <= now, "not_started"),
    ):
        ended += db.session.execute(
            update(Room)
            .where(Room.tenant_id == current_tenant_id(), Room.state == state, over)
            .values(state="ended", ended_at=now, end_reason=reason)
            .returning(Room)
            .execution_options(populate_existing=True)
        ).scalars().all()  # fmt: skip
    for room in ended:
        _ended(room)
    return len(ended)


def end_if_over(room: Room) -> bool:
    """End this room where its time is over, and commit; True when this did it."""
    now, ends = clock.now(), room.ends_at
    over = (room.state == "in_call" and ends is not None and ends <= now) or (
        room.state == "waiting" and room.starts_by is not None and room.starts_by <= now
    )
    if not over:
        return False
    done = end(room, "limit" if room.state == "in_call" else "not_started")
    db.session.commit()
    return done


def deliveries(room: Room) -> list[RoomDelivery]:
    """What was delivered, in order."""
    query = select(RoomDelivery).where(RoomDelivery.room_id == room.id).order_by(RoomDelivery.at, RoomDelivery.what)
    return list(db.session.execute(query).scalars())


def _this(room: Room) -> Any:
    return (Room.tenant_id == current_tenant_id()) & (Room.id == room.id)


def _ids(room: Room) -> dict[str, str]:
    return {"room_id": str(room.id), "subject_kind": room.subject_kind, "subject_id": str(room.subject_id)}


def _deliver(room: Room, media: str, what: str, side: str) -> None:
    db.session.add(RoomDelivery(room_id=room.id, media=media, what=what, side=side, at=clock.now()))
    db.session.flush()


def _ended(room: Room) -> None:
    if room.subject_kind in _subjects:
        _subjects[room.subject_kind][1](room.subject_id, room.end_reason or "")
    audit.record("room.ended", "room", room.id, {"reason": room.end_reason})
    announce("room_ended", {**_ids(room), "reason": room.end_reason})
    _tell(room, "room_ended")


def _tell(room: Room, what: str) -> None:
    """Open pages look again: of the two, and of those who wait for the same professional (CB-174)."""
    publish.nudge(topic_of(room.id), what)
    for account_id in (room.patient_account_id, room.professional_account_id):
        publish.nudge(topics.name("account", account_id), what)
    if what in ("room_started", "room_ended"):
        others = db.session.execute(
            select(Room.id).where(
                Room.professional_account_id == room.professional_account_id, Room.state == "waiting", Room.id != room.id
            )
        ).scalars()  # fmt: skip
        for other in others:
            publish.nudge(topic_of(other), "presence_changed")


# -- who is here


@topics.kind("room")
def _standing(room_id: uuid.UUID, account_id: uuid.UUID) -> Standing | None:
    room = access_room(room_id, account_id)
    role = room.role_of(account_id) if room is not None else None
    if room is None or role is None:
        return None
    end_if_over(room)
    if room.state == "ended":
        return Standing(role, SIDES)
    watchers = (topics.name("account", room.professional_account_id),)
    follows = (room.professional_account_id,) if role == "patient" else ()
    moments: list[Moment] = []
    ends, warns = room.ends_at, video.warns_at(room)
    if room.state == "in_call" and ends is not None and warns is not None:
        moments = [Moment(warns, "room_warning"), Moment(ends, "room_over")]
    elif room.starts_by is not None:
        moments = [Moment(room.starts_by, "room_over")]
    calling = room.state == "in_call" and room.media in ("video", "audio")
    return Standing(role, SIDES, calling, topics.ahead(moments), watchers, follows)


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is there, as each sees the other (CB-174): None where nobody knows at the moment."""

    patient_online: bool | None
    professional_available: bool | None


def presence_of(room: Room) -> Presence:
    """The patient is online when in the room; the professional available when there, or on the portal and in no other call."""
    seats = presence.here(topic_of(room.id), SIDES)
    if seats is None:
        return Presence(None, None)
    available: bool | None = seats["professional"]
    if not available:
        available = presence.is_online(room.professional_account_id)
    if available and in_other_call(room):
        available = False
    return Presence(seats["patient"], available)


def in_other_call(room: Room) -> bool:
    """Whether the professional is in the call of another room."""
    query = select(Room.id).where(
        Room.professional_account_id == room.professional_account_id, Room.state == "in_call", Room.id != room.id
    )
    return db.session.execute(query).first() is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the waiting room: the room, and whether the patient is there (None: nobody knows)."""

    room: Room
    online: bool | None


def waiting_room(professional_account_id: uuid.UUID, until: dt.datetime) -> list[Waiting]:
    """The professional's calls under way and due before `until`, in order of time, with presence (CB-096)."""
    rows: Sequence[Room] = db.session.execute(
        select(Room)
        .where(
            Room.professional_account_id == professional_account_id,
            (Room.state == "in_call") | ((Room.state == "waiting") & (Room.opens_at < until)),
        )
        .order_by(Room.state, Room.opens_at)
        .limit(200)
        .execution_options(populate_existing=True)
    ).scalars().all()  # fmt: skip
    seats = presence.seated([topic_of(room.id) for room in rows], "patient")
    return [Waiting(room, None if seats is None else seats[n]) for n, room in enumerate(rows)]
