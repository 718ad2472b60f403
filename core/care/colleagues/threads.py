"""Messages between two professionals of the portal: theirs alone, sealed, in order (CB-129)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.care.colleagues.models import ColleagueMessage, ColleagueThread
from core.db import current_tenant_id, db, new_id
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.jobs import announce
from core.messages import _
from core.scheduling import search
from core.tenancy import keys
from core.web.frame import Refused

LIMIT = 5000
KEY_LENGTH = 64
THREAD_LINES = 200
_SEALED = ("colleague_messages", "sealed")


@dataclass(frozen=True, slots=True)
class Line:
    """One message as both see it; `text` is None where its author's data were erased."""

    seq: int
    mine: bool
    sent_at: dt.datetime
    text: str | None
    seen_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A thread in the list: the other one, when the last message came, how many are unread."""

    id: uuid.UUID
    other: Professional
    last_at: dt.datetime
    unseen: int


def found(text: str, specialty: str, page: int = 1) -> search.Found:
    """Listed professionals by name without accents and specialty (CB-129); the searcher may be among them."""
    return search.find(search.Criteria(text=text[:100], specialty=specialty, soonest=False, page=page), None)


def colleague(me: Professional, professional_id: uuid.UUID) -> Professional | None:
    """A listed professional with an open account, other than oneself; None for absent, not listed and closed alike."""
    other = directory.access_professional(professional_id)
    if other is None or other.id == me.id or not identity.is_active(other.account_id):
        return None
    return other


def access_thread(thread_id: uuid.UUID, professional_id: uuid.UUID) -> ColleagueThread | None:
    """A thread of which this professional is one of the two; None for absent and not yours alike."""
    row: ColleagueThread | None = ColleagueThread.get(thread_id)
    return row if row is not None and professional_id in (row.first_id, row.second_id) else None


def thread_with(me: Professional, other_id: uuid.UUID) -> ColleagueThread | None:
    """The thread of the two, None before the first message."""
    first, second = sorted((me.id, other_id))
    return db.session.execute(
        select(ColleagueThread).where(ColleagueThread.first_id == first, ColleagueThread.second_id == second)
    ).scalar_one_or_none()


def other_of(row: ColleagueThread, me: Professional) -> Professional:
    """The other one of the two."""
    found: Professional = Professional.get(row.second_id if row.first_id == me.id else row.first_id)
    return found


def write(me: Professional, other_id: uuid.UUID, words: str, *, client_key: str | None = None) -> ColleagueThread:
    """Write to a colleague; the same `client_key` twice is one message.

    Raises Refused: 404 for nobody whom one could write to, 422 for what is wrong with the words.
    """
    other = colleague(me, other_id)
    if other is None:
        raise Refused(_("There is no such colleague on this portal."), status=404)
    words = words.strip()
    if not words:
        raise Refused(_("Please write a message."), status=422)
    if len(words) > LIMIT:
        raise Refused(
            _("Your message has {found} characters; at most {limit} are possible.", found=len(words), limit=LIMIT),
            status=422,
        )
    row = _thread(me, other)
    person_id = identity.person_of(me.account_id)
    m = ColleagueMessage
    made = db.session.execute(
        insert(m)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            thread_id=row.id,
            author_id=me.id,
            person_id=person_id,
            sent_at=clock.now(),
            sealed=keys.seal(person_id, *_SEALED, words),
            client_key=(client_key or "")[:KEY_LENGTH] or None,
        )
        .on_conflict_do_nothing()
        .returning(m.id)
    ).scalar_one_or_none()
    if made is not None:
        announce("colleague_message", {"thread_id": str(row.id), "message_id": str(made)})
    return row


def _thread(me: Professional, other: Professional) -> ColleagueThread:
    """The thread of the two, made on the first message; both may begin at the same instant."""
    first, second = sorted((me.id, other.id))
    made = db.session.execute(
        insert(ColleagueThread)
        .values(tenant_id=current_tenant_id(), id=new_id(), first_id=first, second_id=second, started_at=clock.now())
        .on_conflict_do_nothing()
        .returning(ColleagueThread.id)
    ).scalar_one_or_none()
    if made is not None:
        audit.record("colleagues.thread_started", "colleague_thread", made)
    row = thread_with(me, other.id)
    assert row is not None
    return row


def lines(row: ColleagueThread, me: Professional) -> list[Line]:
    """All messages of a thread in order."""
    m = ColleagueMessage
    rows = db.session.execute(select(m).where(m.thread_id == row.id).order_by(m.seq)).scalars()
    return [Line(r.seq, r.author_id == me.id, r.sent_at, _text(r), r.seen_at) for r in rows]


def _text(row: ColleagueMessage) -> str | None:
    try:
        return keys.unseal(row.person_id, *_SEALED, row.sealed).decode()
    except keys.Erased:
        return None


def seen(row: ColleagueThread, me: Professional, until: int) -> None:
    """The reader has the other's messages up to a sequence number before their eyes."""
    m = ColleagueMessage
    db.session.execute(
        update(m)
        .where(m.thread_id == row.id, m.author_id != me.id, m.seq <= until, m.seen_at.is_(None))
        .values(seen_at=clock.now())
    )


def of(me: Professional) -> list[Entry]:
    """The professional's threads, the last written first."""
    t, m = ColleagueThread, ColleagueMessage
    waits = func.count().filter(m.author_id != me.id, m.seen_at.is_(None))
    rows = db.session.execute(
        select(t, func.max(m.sent_at), waits)
        .join(m, (m.tenant_id == t.tenant_id) & (m.thread_id == t.id))
        .where(or_(t.first_id == me.id, t.second_id == me.id))
        .group_by(t.tenant_id, t.id)
        .order_by(func.max(m.seq).desc())
        .limit(THREAD_LINES)
    ).all()
    others = professionals(r[0].second_id if r[0].first_id == me.id else r[0].first_id for r in rows)
    return [
        Entry(r[0].id, others[r[0].second_id if r[0].first_id == me.id else r[0].first_id], r[1], r[2]) for r in rows
    ]


def professionals(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Professional]:
    """Several professionals by id, listed or not, in one query."""
    rows = db.session.execute(select(Professional).where(Professional.id.in_(set(ids)))).scalars()
    return {p.id: p for p in rows}


def first_unseen(message_id: uuid.UUID) -> tuple[ColleagueThread, uuid.UUID] | None:
    """(thread, who is to be told) of a message that is the oldest unread one of its author; None for all others."""
    row: ColleagueMessage | None = ColleagueMessage.get(message_id)
    if row is None or row.seen_at is not None:
        return None
    m = ColleagueMessage
    before = db.session.execute(
        select(m.id)
        .where(m.thread_id == row.thread_id, m.author_id == row.author_id, m.seen_at.is_(None), m.seq < row.seq)
        .limit(1)
    ).first()
    if before is not None:
        return None
    thread: ColleagueThread = ColleagueThread.get(row.thread_id)
    return thread, thread.second_id if thread.first_id == row.author_id else thread.first_id
