"""The medical record: consultations that were carried out and have a report (CB-203); and who is seen often."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from core.care.consultations import states
from core.care.consultations.models import Consultation, Report
from core.care.record.looks import Access, may_read
from core.db import db
from core.directory.models import Professional
from core.scheduling.models import Appointment

DONE = (states.COMPLETED, states.REFUNDED)
MET = (states.ACCEPTED, states.IN_PROGRESS, states.AWAITING_REPORT, *DONE)
MOST_FREQUENT = 12


@dataclass(frozen=True, slots=True)
class Done:
    """A consultation of the record, with the head of its report: nothing that is sealed is opened for it."""

    consultation_id: uuid.UUID
    service: str
    professional_id: uuid.UUID
    professional: str
    at: dt.datetime
    report_id: uuid.UUID
    report_version: int
    saved_at: dt.datetime


def history(person_id: uuid.UUID, professional_id: uuid.UUID | None = None) -> list[Done]:
    """The consultations of this person that have a report, newest first; of one professional where given.

    A dependant's are under the dependant's own person, never under the holder's (CB-206).
    """
    newest = (
        select(Report.tenant_id, Report.consultation_id, func.max(Report.version).label("version"))
        .where(Report.person_id == person_id)
        .group_by(Report.tenant_id, Report.consultation_id)
        .subquery()
    )
    c = Consultation
    query = (
        select(c, Professional.id, Report.id, Report.version, Report.saved_at, Professional.title, Professional.name)
        .join(newest, (newest.c.tenant_id == c.tenant_id) & (newest.c.consultation_id == c.id))
        .join(
            Report,
            (Report.tenant_id == c.tenant_id) & (Report.consultation_id == c.id) & (Report.version == newest.c.version),
        )
        .join(Professional, (Professional.tenant_id == c.tenant_id) & (Professional.id == c.professional_id))
        .where(c.person_id == person_id, c.state.in_(DONE))
    )
    if professional_id is not None:
        query = query.where(c.professional_id == professional_id)
    found = []
    for row, by, report_id, version, saved_at, title, name in db.session.execute(query):
        at = row.started_at or row.accepted_at or row.requested_at
        who = f"{title} {name}".strip()
        found.append(Done(row.id, row.service, by, who, at, report_id, version, saved_at))
    return sorted(found, key=lambda d: (d.at, str(d.consultation_id)), reverse=True)


def own_history(professional_id: uuid.UUID, person_id: uuid.UUID) -> list[Done]:
    """What this professional carried out with the person: always theirs to see (CB-204)."""
    return history(person_id, professional_id)


def history_for(access: Access) -> list[Done]:
    """What an access opens: the whole history, the professional's own part, or nothing (CB-204, CB-205)."""
    if access.whole:
        return history(access.person_id)
    return own_history(access.professional_id, access.person_id) if access.own.permitted else []


def may_read_consultation(professional_id: uuid.UUID, consultation_id: uuid.UUID, *, strong: bool) -> bool:
    """Whether a professional may open a consultation of the record: their own, or another's with access to the profile."""
    row: Consultation | None = Consultation.get(consultation_id)
    if row is None:
        return False
    access = may_read(professional_id, row.person_id, strong=strong)
    if row.professional_id == professional_id:
        return access.own.permitted
    return access.whole and any(d.consultation_id == row.id for d in history(row.person_id))


def frequent(account_id: uuid.UUID) -> list[tuple[Professional, int]]:
    """The professionals whom an account met, for itself or those it acts for, with how often; most often first."""
    met: Counter[Any] = Counter()
    consultations = (
        select(Consultation.professional_id, func.count())
        .where(
            Consultation.patient_account_id == account_id,
            Consultation.state.in_(MET),
            # One that was made with an appointment is counted there.
            Consultation.appointment_id.is_(None),
        )
        .group_by(Consultation.professional_id)
    )
    appointments = (
        select(Appointment.professional_id, func.count())
        .where(Appointment.patient_account_id == account_id, Appointment.state.in_(("booked", "done")))
        .group_by(Appointment.professional_id)
    )
    for query in (consultations, appointments):
        for professional_id, count in db.session.execute(query):
            met[professional_id] += count
    rows = db.session.execute(select(Professional).where(Professional.id.in_(list(met)), Professional.listed)).scalars()
    ranked = sorted(((p, met[p.id]) for p in rows), key=lambda r: (-r[1], r[0].name))
    return ranked[:MOST_FREQUENT]
