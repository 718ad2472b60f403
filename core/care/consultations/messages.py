"""Messages of a consultation: between the two parties only, while it is under way; read by whoever was part of it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from core import clock
from core.care.consultations import states
from core.care.consultations.models import Consultation, ConsultationMessage
from core.care.consultations.service import WORDS, Moved, locked, side_of
from core.db import current_tenant_id, db, new_id
from core.jobs import announce
from core.live import publish, topics
from core.messages import _
from core.tenancy import keys
from core.web.frame import Refused

LIMIT = 5000
_SEALED = ("consultation_messages", "sealed")


@dataclass(frozen=True, slots=True)
class Line:
    """One message as both sides see it."""

    id: uuid.UUID
    seq: int
    author: str
    sent_at: dt.datetime
    text: str
    document_id: uuid.UUID | None
    seen_at: dt.datetime | None


def post(
    account_id: uuid.UUID,
    consultation_id: uuid.UUID,
    words: str,
    *,
    client_key: str | None = None,
    document_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write to the other side. The same `client_key` twice is one message. Raises Moved once it is over (CB-152)."""
    row = locked(consultation_id)
    side = side_of(row, account_id)
    if side is None:
        raise Refused(_("There is no such consultation."), status=404)
    if row.state not in states.UNDER_WAY:
        raise Moved(row.state, WORDS[row.state])
    if not words.strip() and document_id is None:
        raise Refused(_("Please write a message or add a file."), status=422)
    if len(words) > LIMIT:
        raise Refused(
            _("Your message has {found} characters; at most {limit} are possible.", found=len(words), limit=LIMIT),
            status=422,
        )
    m = ConsultationMessage
    made = db.session.execute(
        insert(m)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            consultation_id=row.id,
            author=side,
            sent_at=clock.now(),
            sealed=keys.seal(row.person_id, *_SEALED, words.strip()) if words.strip() else None,
            document_id=document_id,
            client_key=(client_key or "")[:64] or None,
        )
        .on_conflict_do_nothing()
        .returning(m.id)
    ).scalar_one_or_none()
    if made is None:
        found: uuid.UUID = db.session.execute(
            select(m.id).where(m.consultation_id == row.id, m.client_key == client_key)
        ).scalar_one()
        return found
    publish.nudge(topics.name("consultation", row.id), "message_arrived")
    announce("consultation_message", {"consultation_id": str(row.id), "message_id": str(made), "author": side})
    return made


def of(row: Consultation, after: int = 0) -> list[Line]:
    """The messages in order, those after a sequence number."""
    m = ConsultationMessage
    found = db.session.execute(select(m).where(m.consultation_id == row.id, m.seq > after).order_by(m.seq)).scalars()
    return [
        Line(
            r.id, r.seq, r.author, r.sent_at,
            keys.unseal(row.person_id, *_SEALED, r.sealed).decode() if r.sealed else "", r.document_id, r.seen_at,
        )
        for r in found
    ]  # fmt: skip


def seen(row: Consultation, side: str, until: int) -> bool:
    """The reader has the other side's messages up to a sequence number before their eyes. True where that is new."""
    m = ConsultationMessage
    marked = db.session.execute(
        update(m)
        .where(m.consultation_id == row.id, m.author != side, m.seq <= until, m.seen_at.is_(None))
        .values(seen_at=clock.now())
        .returning(m.id)
    ).first()
    if marked is not None:
        publish.nudge(topics.name("consultation", row.id), "message_seen")
    return marked is not None


def is_first_unseen(row: Consultation, message_id: uuid.UUID) -> bool:
    """Whether this message is the oldest of its author that the other side has not read: the one to tell of."""
    m = ConsultationMessage
    wanted: ConsultationMessage | None = m.get(message_id)
    if wanted is None or wanted.seen_at is not None:
        return False
    before = select(m.id).where(
        m.consultation_id == row.id, m.author == wanted.author, m.seen_at.is_(None), m.seq < wanted.seq
    )
    return db.session.execute(before.limit(1)).first() is None


def unseen(consultation_ids: list[uuid.UUID], side: str) -> dict[uuid.UUID, int]:
    """How many messages of the other side wait in each consultation."""
    m = ConsultationMessage
    rows = db.session.execute(
        select(m.consultation_id, func.count())
        .where(m.consultation_id.in_(consultation_ids), m.author != side, m.seen_at.is_(None))
        .group_by(m.consultation_id)
    ).all()
    return {r[0]: r[1] for r in rows}
