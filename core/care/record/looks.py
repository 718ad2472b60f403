"""Who may look, decided each time anew, and who looked: a line for each look, and one for each refusal."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from core import audit, clock
from core.care.consultations import states
from core.care.consultations.models import Consultation
from core.care.record import rules
from core.care.record.models import RecordAccess, RecordGrant, RecordSetting
from core.care.record.people import Author, Subject
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.decisions import Decision, ProfessionalFacts, Question
from core.identity import people as identity
from core.scheduling.models import Appointment
from core.tenancy.current import current_tenant
from core.web.frame import Refused

CARRIED_OUT = (states.IN_PROGRESS, states.AWAITING_REPORT, states.COMPLETED, states.REFUNDED)
LINES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Access:
    """What a professional may see of a person's record now: the decision on the whole, and on the own part (CB-204)."""

    professional_id: uuid.UUID
    person_id: uuid.UUID
    profile: Decision
    own: Decision

    @property
    def whole(self) -> bool:
        """The profile and the whole history, to read and to complete."""
        return self.profile.permitted

    @property
    def why(self) -> str:
        """The code of the reason that opens or closes the whole."""
        return self.profile.reasons[0].code


@dataclass(frozen=True, slots=True)
class Look:
    """One line of the person's list of who looked. `times` and `last_at` of the same look on the same day."""

    at: dt.datetime
    professional_id: uuid.UUID | None
    account_id: uuid.UUID | None
    what: str
    detail: str
    did: str
    why: str
    times: int
    last_at: dt.datetime


def setting(person_id: uuid.UUID) -> RecordSetting | None:
    """What holds for the whole record; None where nothing was ever set."""
    return db.session.execute(select(RecordSetting).where(RecordSetting.person_id == person_id)).scalar_one_or_none()


def open_grant(professional_id: uuid.UUID, person_id: uuid.UUID) -> RecordGrant | None:
    """The grant in force at this instant: not withdrawn, not run out, and the one who gave it still acts for the person."""
    now = clock.now()
    row = db.session.execute(
        select(RecordGrant).where(
            RecordGrant.person_id == person_id,
            RecordGrant.professional_id == professional_id,
            RecordGrant.withdrawn_at.is_(None),
            RecordGrant.replaced_at.is_(None),
            RecordGrant.since <= now,
            or_(RecordGrant.until.is_(None), RecordGrant.until > now),
        )
    ).scalar_one_or_none()
    return row if row is not None and identity.acts_for(row.granted_by, row.dependant_id) else None


def carried_out(professional_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether the professional carried out a consultation with the person."""
    query = select(Consultation.id).where(
        Consultation.professional_id == professional_id,
        Consultation.person_id == person_id,
        Consultation.state.in_(CARRIED_OUT),
    )
    return db.session.execute(query.limit(1)).first() is not None


def _decide(professional_id: uuid.UUID, facts: Mapping[str, Any]) -> Decision:
    found: Professional | None = directory.access_professional(professional_id)
    tenant = current_tenant()
    who = ProfessionalFacts(found.country, found.kind, found.specialty) if found else ProfessionalFacts()
    question = Question("record_access", clock.today(tenant.time_zone), professional=who, facts=facts)
    return tenant.dispatcher.decide(question)


def may_read(professional_id: uuid.UUID, person_id: uuid.UUID, *, strong: bool) -> Access:
    """What the professional may see of the person's record at this instant (CB-074, CB-204, CB-205).

    `strong`: whether they signed in with two factors. Asked anew for each page: a withdrawal holds at once.
    """
    settings = setting(person_id)
    facts = {
        "own_consultation": carried_out(professional_id, person_id),
        "grant_in_force": open_grant(professional_id, person_id) is not None,
        "sharing_objected": settings is not None and settings.objected_at is not None,
        "strong_authentication": strong,
    }
    whole = _decide(professional_id, {**facts, "part": rules.PROFILE})
    own = _decide(professional_id, {**facts, "part": rules.OWN})
    return Access(professional_id, person_id, whole, own)


def may_receive(recipient_id: uuid.UUID, person_id: uuid.UUID, *, strong: bool) -> Decision:
    """May a document of this person be shown to this colleague for advice (CB-122, CB-132)?

    The person agreed that professionals advise each other, does not object to sharing, and allowed this colleague.
    """
    settings = setting(person_id)
    facts = {
        "part": rules.TELE_EXPERTISE,
        "tele_expertise_agreed": settings is not None and settings.tele_expertise_at is not None,
        "grant_in_force": open_grant(recipient_id, person_id) is not None,
        "sharing_objected": settings is not None and settings.objected_at is not None,
        "strong_authentication": strong,
        "own_consultation": carried_out(recipient_id, person_id),
    }
    return _decide(recipient_id, facts)


def require_whole(author: Author, person_id: uuid.UUID) -> Access:
    """The access of a professional who is about to write. Raises Refused (403) with the reasons (CB-202)."""
    assert author.professional_id is not None
    access = may_read(author.professional_id, person_id, strong=author.strong)
    if not access.whole:
        raise Refused(*(r.message for r in access.profile.reasons), status=403)
    return access


def related(professional_id: uuid.UUID, subject: Subject) -> bool:
    """Whether the professional has to do with this person at all: else the person is not there for them (404).

    Their patient by the list, an appointment or a consultation, or somebody who once allowed them to look.
    """
    if subject.dependant_id is None and directory.knows(professional_id, subject.account_id):
        return True
    ours = (
        select(RecordGrant.id).where(
            RecordGrant.professional_id == professional_id, RecordGrant.person_id == subject.person_id
        ),
        select(Consultation.id).where(
            Consultation.professional_id == professional_id, Consultation.person_id == subject.person_id
        ),
        select(Appointment.id).where(
            Appointment.professional_id == professional_id,
            Appointment.patient_account_id == subject.account_id,
            Appointment.dependant_id.is_not_distinct_from(subject.dependant_id),
            Appointment.state.not_in(("held", "expired")),
        ),
    )
    return any(db.session.execute(query.limit(1)).first() is not None for query in ours)


def note(
    person_id: uuid.UUID,
    what: str,
    why: str,
    *,
    professional_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None,
    detail: str = "",
    did: str = "read",
) -> None:
    """Put a look on the person's list and on the trail, in the present transaction; the caller commits.

    `what`: profile, register, history, consultation, document, tele_expertise; `detail` a code or an opaque id, never a word that
    somebody wrote; `did`: read, wrote, refused. Raises ValueError where nobody looked.
    """
    if professional_id is None and account_id is None:
        raise ValueError("somebody must have looked")
    db.session.add(
        RecordAccess(
            person_id=person_id, account_id=account_id, professional_id=professional_id, what=what, detail=detail, did=did, why=why,
            at=clock.now(),
        )
    )  # fmt: skip
    who = {"professional": str(professional_id)} if professional_id else {"account": str(account_id)}
    audit.record(f"record.{did}", "person", person_id, {**who, "what": what, "why": why})


def note_access(access: Access, what: str, *, detail: str = "") -> None:
    """Put what this access showed, or refused, on the list and on the trail."""
    own = not access.whole and what in ("history", "consultation") and access.own.permitted
    why = access.own.reasons[0].code if own else access.why
    did = "read" if access.whole or own else "refused"
    note(access.person_id, what, why, professional_id=access.professional_id, detail=detail, did=did)


def looks_of(person_id: uuid.UUID) -> list[Look]:
    """Who looked at the person's record, newest first; the same look on the same day is one line with its times."""
    rows = db.session.execute(
        select(RecordAccess)
        .where(RecordAccess.person_id == person_id)
        .order_by(RecordAccess.at.desc(), RecordAccess.id)
        .limit(LINES_SHOWN)
    ).scalars()
    from core.web.language import zone  # late: jobs have no visitor

    grouped: dict[tuple[Any, ...], list[RecordAccess]] = {}
    for row in rows:
        day = row.at.astimezone(zone()).date()
        key = (day, row.professional_id, row.account_id, row.what, row.detail, row.did, row.why)
        grouped.setdefault(key, []).append(row)
    return [_look(same) for same in grouped.values()]


def _look(same: Sequence[RecordAccess]) -> Look:
    last, first = same[0], same[-1]
    return Look(
        first.at, last.professional_id, last.account_id, last.what, last.detail, last.did, last.why, len(same), last.at
    )
