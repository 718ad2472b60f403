"""Consultations as lists show them: a patient's, a professional's requests, work under way, reports owed, the past."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core import clock
from core.care.consultations import messages, states
from core.care.consultations.models import Consultation, ConsultationOffer
from core.care.consultations.service import due_of, offers_of
from core.db import db
from core.directory.models import Professional

PAST_LINES = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the consultation, who delivers or was asked, messages that wait, and until when something is owed."""

    row: Consultation
    professionals: tuple[Professional, ...]
    unseen: int
    due_at: dt.datetime | None
    late: bool = False


def of_patient(account_id: uuid.UUID) -> tuple[list[Entry], list[Entry]]:
    """(open ones, oldest first; the others, newest first) of a patient's account, dependants' included."""
    rows = list(
        db.session.execute(
            select(Consultation)
            .where(Consultation.patient_account_id == account_id)
            .order_by(Consultation.requested_at.desc())
            .limit(PAST_LINES)
        ).scalars()
    )
    entries = _entries(rows, "patient")
    return [e for e in reversed(entries) if e.row.state in states.OPEN], [
        e for e in entries if e.row.state not in states.OPEN
    ]


def requests_of(professional_id: uuid.UUID) -> list[Entry]:
    """Requests that wait for this professional's answer, the soonest to lapse first (CB-154)."""
    rows = db.session.execute(
        select(Consultation)
        .join(
            ConsultationOffer,
            (ConsultationOffer.tenant_id == Consultation.tenant_id)
            & (ConsultationOffer.consultation_id == Consultation.id),
        )
        .where(
            ConsultationOffer.professional_id == professional_id,
            ConsultationOffer.state == "open",
            Consultation.state == states.REQUESTED,
            Consultation.answer_by > clock.now(),
        )
        .order_by(Consultation.answer_by)
    ).scalars()
    return _entries(list(rows), "professional")


def under_way(professional_id: uuid.UUID) -> list[Entry]:
    """Accepted and running ones, the longest waiting first; those by appointment stand in the agenda."""
    return _of(professional_id, (states.ACCEPTED, states.IN_PROGRESS))


def reports_owed(professional_id: uuid.UUID) -> list[Entry]:
    """Consultations whose report is owed, the soonest due first."""
    found = _of(professional_id, (states.IN_PROGRESS, states.AWAITING_REPORT))
    owed = [e for e in found if e.row.state == states.AWAITING_REPORT or e.row.limit_minutes is None]
    return sorted(owed, key=lambda e: e.due_at or e.row.requested_at)


def past_of(professional_id: uuid.UUID) -> list[Entry]:
    """Finished ones, newest first."""
    return _of(professional_id, (states.COMPLETED, states.REFUNDED, states.NO_SHOW), newest=True)


def _of(professional_id: uuid.UUID, wanted: Sequence[str], *, newest: bool = False) -> list[Entry]:
    order = Consultation.accepted_at.desc() if newest else Consultation.accepted_at
    rows = db.session.execute(
        select(Consultation)
        .where(Consultation.professional_id == professional_id, Consultation.state.in_(wanted))
        .order_by(order)
        .limit(PAST_LINES)
    ).scalars()
    return _entries(list(rows), "professional")


def _entries(rows: list[Consultation], side: str) -> list[Entry]:
    ids = [r.id for r in rows]
    asked: dict[uuid.UUID, list[uuid.UUID]] = {}
    for offer in offers_of(ids) if ids else []:
        asked.setdefault(offer.consultation_id, []).append(offer.professional_id)
    wanted = {p for r in rows for p in ([r.professional_id] if r.professional_id else asked.get(r.id, []))}
    people = {p.id: p for p in _professionals(wanted)}
    waiting = messages.unseen(ids, side) if ids else {}
    owed = due_of(rows)
    result = []
    for row in rows:
        who = [row.professional_id] if row.professional_id else asked.get(row.id, [])
        due = owed.get(row.id)
        result.append(
            Entry(
                row,
                tuple(people[p] for p in who if p in people),
                waiting.get(row.id, 0),
                due,
                late=due is not None and due <= clock.now(),
            )
        )
    return result


def _professionals(ids: set[uuid.UUID]) -> list[Professional]:
    if not ids:
        return []
    return list(db.session.execute(select(Professional).where(Professional.id.in_(ids))).scalars())
