"""What a person allows: professional by professional, for a time, withdrawn at any moment; and the switches for all."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import or_, select
from werkzeug.exceptions import NotFound

from core import audit, clock
from core.care.record import looks
from core.care.record.entries import locked
from core.care.record.models import RecordGrant
from core.care.record.people import Subject, subjects_of
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.jobs import announce
from core.messages import _
from core.tenancy.current import current_tenant
from core.web.frame import Refused


@dataclass(frozen=True, slots=True)
class Grant:
    """A grant as pages show it. `state`: open, run_out, withdrawn."""

    id: uuid.UUID
    person_id: uuid.UUID
    professional: Professional
    since: dt.datetime
    until: dt.datetime | None
    ended_at: dt.datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Switches:
    """What holds for all professionals, with the moment since when; None: off."""

    objected_at: dt.datetime | None = None
    tele_expertise_at: dt.datetime | None = None


def switches(person_id: uuid.UUID) -> Switches:
    """The switches of a person: both off where nothing was ever said."""
    row = looks.setting(person_id)
    return Switches(row.objected_at, row.tele_expertise_at) if row else Switches()


def grant_days() -> list[int]:
    """For how many days a professional can be allowed, beside “until withdrawn”."""
    found: list[int] = sorted(set(current_tenant().config["record"]["grant_days"]))
    return found


def grant(subject: Subject, professional_id: uuid.UUID, *, days: int | None = None) -> uuid.UUID:
    """Let a professional see the person's profile and record from now on, for `days` or until it is withdrawn (CB-040).

    A grant that holds already gets the new end. Raises NotFound for a professional who is not listed, Refused (422) for a
    time that the portal does not offer.
    """
    professional = directory.access_professional(professional_id)
    if professional is None:
        raise NotFound
    if days is not None and days not in grant_days():
        raise Refused(_("Please choose for how long from the list."), status=422)
    locked(subject.person_id)
    now = clock.now()
    for row in _unclosed(subject.person_id, professional_id):
        row.replaced_at = now
    db.session.flush()
    made = RecordGrant(
        person_id=subject.person_id,
        dependant_id=subject.dependant_id,
        granted_by=subject.account_id,
        professional_id=professional_id,
        scope="profile",
        since=now,
        until=now + dt.timedelta(days=days) if days is not None else None,
    )
    db.session.add(made)
    db.session.flush()
    audit.record(
        "record.granted",
        "person",
        subject.person_id,
        {
            "professional": str(professional_id),
            "grant": str(made.id),
            "until": made.until.isoformat() if made.until else None,
        },
    )
    _announced("record_granted", made)
    return made.id


def _announced(name: str, row: RecordGrant) -> None:
    announce(name, {"grant_id": str(row.id), "professional_id": str(row.professional_id)})


def _unclosed(person_id: uuid.UUID, professional_id: uuid.UUID) -> list[RecordGrant]:
    query = select(RecordGrant).where(
        RecordGrant.person_id == person_id,
        RecordGrant.professional_id == professional_id,
        RecordGrant.withdrawn_at.is_(None),
        RecordGrant.replaced_at.is_(None),
    )
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def access_grant(account_id: uuid.UUID, grant_id: uuid.UUID) -> RecordGrant:
    """A grant on the record of the account's person or of one it acts for. Raises NotFound."""
    row: RecordGrant | None = RecordGrant.get(grant_id)
    if row is None or row.person_id not in {person for _dependant, person, _name in subjects_of(account_id)}:
        raise NotFound
    return row


def withdraw(account_id: uuid.UUID, grant_id: uuid.UUID) -> None:
    """Take an authorisation back: it holds no more from this instant (CB-205). Twice changes nothing. Raises NotFound."""
    row = access_grant(account_id, grant_id)
    locked(row.person_id)
    db.session.refresh(row)
    if row.withdrawn_at is not None or row.replaced_at is not None:
        return
    row.withdrawn_at = clock.now()
    audit.record(
        "record.withdrawn", "person", row.person_id, {"professional": str(row.professional_id), "grant": str(row.id)}
    )
    _announced("record_withdrawn", row)


def object_to_sharing(person_id: uuid.UUID, objects: bool) -> None:
    """Close the record to every professional at once, or lift that again (CB-279). Grants are kept and sleep meanwhile."""
    row = locked(person_id)
    if (row.objected_at is not None) != objects:
        row.objected_at = clock.now() if objects else None
        audit.record("record.objected" if objects else "record.objection_lifted", "person", person_id)


def agree_to_tele_expertise(person_id: uuid.UUID, agrees: bool) -> None:
    """Whether professionals may show each other documents of this person for advice (CB-132)."""
    row = locked(person_id)
    if (row.tele_expertise_at is not None) != agrees:
        row.tele_expertise_at = clock.now() if agrees else None
        audit.record("record.tele_expertise_agreed" if agrees else "record.tele_expertise_ended", "person", person_id)


def grants_of(person_id: uuid.UUID) -> list[Grant]:
    """What the person allowed: what holds first, then what ended, newest first (CB-128). Replaced ones are left out."""
    rows = db.session.execute(
        select(RecordGrant, Professional)
        .join(
            Professional,
            (Professional.tenant_id == RecordGrant.tenant_id) & (Professional.id == RecordGrant.professional_id),
        )
        .where(RecordGrant.person_id == person_id, RecordGrant.replaced_at.is_(None))
        .order_by(RecordGrant.since.desc())
    ).all()
    now = clock.now()
    shown = []
    for row, professional in rows:
        run_out = row.until is not None and row.until <= now
        state = "withdrawn" if row.withdrawn_at else "run_out" if run_out else "open"
        ended = row.withdrawn_at or (row.until if run_out else None)
        shown.append(Grant(row.id, person_id, professional, row.since, row.until, ended, state))
    return sorted(shown, key=lambda g: g.state != "open")


def open_to(professional_id: uuid.UUID) -> list[RecordGrant]:
    """The grants that a professional holds at this instant, newest first; objections are asked when a record is opened."""
    now = clock.now()
    rows = db.session.execute(
        select(RecordGrant)
        .where(
            RecordGrant.professional_id == professional_id,
            RecordGrant.withdrawn_at.is_(None),
            RecordGrant.replaced_at.is_(None),
            or_(RecordGrant.until.is_(None), RecordGrant.until > now),
        )
        .order_by(RecordGrant.since.desc())
    ).scalars()
    return [r for r in rows if identity.acts_for(r.granted_by, r.dependant_id)]
