"""What passes between professionals is told without a word of it: only that something waits, and where."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from core.care.colleagues import threads
from core.care.colleagues.models import ASKED, OPEN, Expertise, ExpertiseAnswer
from core.db import db
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import consumer
from core.notifications.service import notify


def _tell(professional_id: uuid.UUID, code: str, path: str) -> None:
    who: Professional = Professional.get(professional_id)
    notify(
        code,
        account_id=who.account_id,
        person_id=identity.person_of(who.account_id),
        to=identity.recipient(who.account_id),
        link=path,
    )


@consumer("colleague_message", "core.care.colleagues")
def message(event: Event) -> None:
    """Tell the other one, once while earlier messages are unread (CB-129)."""
    found = threads.first_unseen(uuid.UUID(event.payload["message_id"]))
    if found is not None:
        thread, reader = found
        _tell(reader, "colleague_message", f"/colleagues/{thread.id}")


@consumer("expertise_asked", "core.care.colleagues")
def asked(event: Event) -> None:
    """Tell each colleague who was asked for advice (CB-047)."""
    row: Expertise | None = Expertise.get(uuid.UUID(event.payload["expertise_id"]))
    if row is None or row.state != OPEN:
        return
    a = ExpertiseAnswer
    waiting = select(a.professional_id).where(a.expertise_id == row.id, a.state == ASKED).order_by(a.professional_id)
    for professional_id in db.session.execute(waiting).scalars().all():
        _tell(professional_id, "expertise_asked", f"/expertise/{row.id}")


@consumer("expertise_answered", "core.care.colleagues")
def answered(event: Event) -> None:
    """Tell the one who asked."""
    row: Expertise | None = Expertise.get(uuid.UUID(event.payload["expertise_id"]))
    if row is not None:
        _tell(row.asker_id, "expertise_answered", f"/expertise/{row.id}")
