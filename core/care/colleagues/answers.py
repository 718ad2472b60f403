"""Advice that was asked for: answered in words, declined, closed by the one who asked (CB-047)."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from core import audit, clock
from core.care.colleagues.expertise import ANSWER, KIND, LIMIT, answer_of
from core.care.colleagues.models import ANSWERED, ASKED, CLOSED, DECLINED, OPEN, Expertise, ExpertiseAnswer
from core.db import db
from core.directory.models import Professional
from core.jobs import announce
from core.messages import _
from core.tenancy import keys
from core.web.frame import Refused


def _asked(expertise_id: uuid.UUID, me: Professional) -> tuple[Expertise, ExpertiseAnswer]:
    """The request and one's own answer to it, both held. Raises Refused: 404 not asked, 409 not open any more."""
    row = _held(expertise_id)
    own = answer_of(row.id, me.id) if row is not None else None
    if row is None or own is None:
        raise Refused(_("There is no such request for advice."), status=404)
    if row.state != OPEN:
        raise Refused(_("Your colleague has closed this request. Thank you all the same."), status=409)
    if own.state != ASKED:
        raise Refused(_("You have already answered this request."), status=409)
    return row, own


def _held(expertise_id: uuid.UUID) -> Expertise | None:
    return db.session.execute(
        select(Expertise)
        .where(Expertise.id == expertise_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()


def answer(me: Professional, expertise_id: uuid.UUID, words: str) -> None:
    """Give advice in words; the colleague who asked is told. Raises Refused."""
    row, own = _asked(expertise_id, me)
    words = words.strip()
    if not words:
        raise Refused(_("Please write your answer."), status=422)
    if len(words) > LIMIT:
        raise Refused(
            _("Your answer has {found} characters; at most {limit} are possible.", found=len(words), limit=LIMIT),
            status=422,
        )
    sealed = keys.seal(row.person_id, *ANSWER, words)
    own.state, own.answered_at, own.sealed = ANSWERED, clock.now(), sealed
    _settled(row, own)


def decline(me: Professional, expertise_id: uuid.UUID) -> None:
    """Say that one cannot give this advice; the colleague who asked is told. Raises Refused."""
    row, own = _asked(expertise_id, me)
    own.state, own.answered_at = DECLINED, clock.now()
    _settled(row, own)


def _settled(row: Expertise, own: ExpertiseAnswer) -> None:
    db.session.flush()
    audit.record(f"expertise.{own.state}", KIND, row.id, {"professional": str(own.professional_id)})
    announce("expertise_answered", {"expertise_id": str(row.id), "professional_id": str(own.professional_id)})


def close(me: Professional, expertise_id: uuid.UUID) -> None:
    """The one who asked needs no more advice: files are closed to the others. Closing twice changes nothing."""
    row = _held(expertise_id)
    if row is None or row.asker_id != me.id:
        raise Refused(_("There is no such request for advice."), status=404)
    moved = db.session.execute(
        update(Expertise)
        .where(Expertise.id == row.id, Expertise.state == OPEN)
        .values(state=CLOSED, closed_at=clock.now())
        .returning(Expertise.id)
    ).first()
    if moved is not None:
        audit.record("expertise.closed", KIND, row.id)
