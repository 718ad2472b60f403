"""Recordings of calls by telephone: after the notice, never after an objection, sealed, heard by few, erased in time.

The desk's browser and the telephone system hand them over by one function, `keep`. Calls by video are never recorded.
"""

from __future__ import annotations

import calendar
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import load_only

from core.plugin_api import Domain
from core.plugin_api.pages import Refused
from core.plugin_api.people import names
from core.plugin_api.tables import db, now, record, seal, unseal
from plugins.insurer_assistance import cases, team
from plugins.insurer_assistance.cases import KIND
from plugins.insurer_assistance.models import Case, Listening, Recording

_ = Domain("insurer_assistance")
TOLD, OBJECTED = "told", "objected"
MOST_BYTES = 64 * 1024 * 1024
PURGE_SECONDS = 3600
STARTS: dict[str, tuple[tuple[int, bytes], ...]] = {
    "audio/webm": ((0, b"\x1aE\xdf\xa3"),),
    "audio/ogg": ((0, b"OggS"),),
    "audio/wav": ((0, b"RIFF"), (8, b"WAVE")),
    "audio/mp4": ((4, b"ftyp"),),
    "audio/mpeg": ((0, b"ID3"),),
}
"""What a file of each kind begins with: (offset, bytes)."""
_MPEG_FRAME = (0xFF, 0xE0)


@dataclass(frozen=True, slots=True)
class Shown:
    """A recording as pages show it, without its sound; `heard`: (name, when) of who listened."""

    id: uuid.UUID
    at: dt.datetime
    until: dt.datetime
    size: int
    heard: Sequence[tuple[str, dt.datetime]] = ()


def enabled() -> bool:
    """Whether this portal records calls at all."""
    return bool(cases.settings("recording")["enabled"])


def until(at: dt.datetime) -> dt.datetime:
    """When a recording made at an instant is erased: so many calendar months later (IA-030)."""
    local = at.astimezone(cases.zone())
    month = local.month - 1 + cases.settings("recording")["retention_months"]
    year, month = local.year + month // 12, month % 12 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day).astimezone(dt.UTC)


def tell_notice(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """Note that the person was told of the recording (IA-029). Raises Refused after an objection."""
    case = _held(account_id, case_id)
    if case.recording == OBJECTED:
        raise Refused(_("The person objected: this call is not recorded."), status=409)
    case.recording = TOLD
    record("assistance.recording_told", KIND, case.id, {"by": str(account_id)})
    return case


def start(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """Begin to record. Raises Refused before the notice is noted, and after an objection (IA-029, IA-031)."""
    case = _held(account_id, case_id)
    _may(case)
    record("assistance.recording_started", KIND, case.id, {"by": str(account_id)})
    return case


def object_(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The person objects: noted at once, what was stored of the call is erased, the service goes on (IA-031)."""
    case = _held(account_id, case_id)
    case.recording = OBJECTED
    record("assistance.recording_objected", KIND, case.id, {"by": str(account_id)})
    _erase([r.id for r in _of(case.id)], "objection")
    return case


def _held(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    team.demand(account_id, team.AGENT, team.NURSE)
    return cases.locked(case_id)


def _may(case: Case) -> None:
    if not enabled():
        raise Refused(_("Calls are not recorded on this portal."), status=409)
    if case.recording == OBJECTED:
        raise Refused(_("The person objected: this call is not recorded."), status=409)
    if case.recording != TOLD:
        raise Refused(_("First tell the person that the call is recorded, and note it."), status=409)
    if case.contact == "video" and case.to_doctor_at is not None:
        raise Refused(_("Calls by video are never recorded."), status=409)


def kind_of(audio: bytes) -> str | None:
    """The kind of a sound by its first bytes; None where it is none that is taken."""
    for mimetype, marks in STARTS.items():
        if all(audio[at : at + len(mark)] == mark for at, mark in marks):
            return mimetype
    if len(audio) > 1 and audio[0] == _MPEG_FRAME[0] and audio[1] & _MPEG_FRAME[1] == _MPEG_FRAME[1]:
        return "audio/mpeg"
    return None


def keep(case_id: uuid.UUID, audio: bytes, mimetype: str, by: uuid.UUID | None = None) -> Recording:
    """Keep the sound of a call, sealed with the key of the person cared for.

    `by` is the account that handed it over, None for the telephone system. Raises Refused: no notice, an objection, a call
    by video, recording switched off, a file that is no sound, is empty or too large.
    """
    case = cases.locked(case_id)
    _may(case)
    if mimetype.startswith("video/"):
        raise Refused(_("Calls by video are never recorded."), status=422)
    found = kind_of(audio)
    if found is None or len(audio) > MOST_BYTES:
        raise Refused(_("This file is no sound that can be kept, or it is too large."), status=422)
    row = Recording(
        case_id=case.id,
        person_id=case.person_id,
        at=now(),
        mimetype=found,
        size=len(audio),
        by_account_id=by,
        sealed=seal(case.person_id, "ia_recordings", "sealed", audio),
    )
    db.session.add(row)
    db.session.flush()
    record("assistance.recorded", KIND, case.id, {"recording": str(row.id), "bytes": row.size})
    return row


def _of(case_id: uuid.UUID) -> list[Recording]:
    columns = load_only(Recording.id, Recording.case_id, Recording.at, Recording.size)
    query = select(Recording).options(columns).where(Recording.case_id == case_id).order_by(Recording.at)
    return list(db.session.execute(query).scalars())


def of_case(case_id: uuid.UUID) -> list[Shown]:
    """What was recorded of a case and who heard it; the sound stays where it is."""
    rows = _of(case_id)
    if not rows:
        return []
    heard = list(
        db.session.execute(
            select(Listening).where(Listening.recording_id.in_([r.id for r in rows])).order_by(Listening.at)
        ).scalars()
    )
    who = names({h.by_account_id for h in heard})
    return [
        Shown(r.id, r.at, until(r.at), r.size, [(who.get(h.by_account_id, "…"), h.at) for h in heard if h.recording_id == r.id])
        for r in rows
    ]  # fmt: skip


def listen(account_id: uuid.UUID, recording_id: uuid.UUID) -> tuple[str, bytes]:
    """(kind, sound) for a person named to listen; each time is on the trail and shown to the patient.

    Raises Refused (403) for anybody else, (404) where there is none, or its time is over.
    """
    if not team.listener(account_id):
        raise Refused(_("Only persons named by the operator listen to recordings."), status=403)
    row: Recording | None = Recording.get(recording_id)
    if row is None or until(row.at) <= now():
        raise Refused(_("There is no such recording."), status=404)
    db.session.add(Listening(recording_id=row.id, by_account_id=account_id, at=now()))
    record("assistance.recording_heard", KIND, row.case_id, {"recording": str(row.id), "by": str(account_id)})
    db.session.flush()
    return row.mimetype, unseal(row.person_id, "ia_recordings", "sealed", row.sealed)


def purge() -> None:
    """Erase what is older than the contract keeps, sound and entry, each on the trail (IA-030)."""
    # No month is shorter than 28 days: what is younger than that is not looked at.
    youngest = now() - dt.timedelta(days=28 * cases.settings("recording")["retention_months"])
    rows = db.session.execute(select(Recording.id, Recording.at).where(Recording.at <= youngest)).all()
    _erase([r.id for r in rows if until(r.at) <= now()], "retention")


def _erase(ids: Sequence[uuid.UUID], why: str) -> None:
    if not ids:
        return
    gone = db.session.execute(
        delete(Recording).where(Recording.id.in_(ids)).returning(Recording.id, Recording.case_id, Recording.at)
    ).all()
    for row in gone:
        details = {"recording": str(row.id), "made": row.at.isoformat(), "why": why}
        record("assistance.recording_erased", KIND, row.case_id, details)
