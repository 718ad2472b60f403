"""Validating professionals of all portals: what waits, what was declared, copies one by one, the decision (CB-110)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.db import db
from core.directory import registers
from core.directory.models import Professional
from core.identity import accounts, professionals, uploads
from core.identity.models import Account, ProfessionalProfile
from core.identity.professionals import Dossier
from core.messages import Message
from core.tenancy import service
from core.tenancy.crossing import operating_on, working_in
from core.tenancy.current import current_tenant


@dataclass(frozen=True, slots=True)
class Pending:
    """A professional in the list: no name, no number."""

    portal: str
    account_id: uuid.UUID
    country: str
    kind: str
    specialty_label: Message
    state: str
    since: dt.datetime
    copies: int


def listed(state: str = "pending") -> list[Pending]:
    """Professionals of all portals in a state, oldest first; only those who confirmed their address."""
    lines = []
    for portal in service.list_tenants():
        with working_in(portal.id):
            rows = db.session.execute(
                select(Account, ProfessionalProfile)
                .join(
                    ProfessionalProfile,
                    (ProfessionalProfile.tenant_id == Account.tenant_id) & (ProfessionalProfile.id == Account.id),
                )
                .where(ProfessionalProfile.state == state, Account.state == "active")
            ).all()
            names = _specialties()
            lines += [
                Pending(
                    portal.slug,
                    a.id,
                    p.country,
                    p.kind,
                    names.get(p.specialty, Message(p.specialty)),
                    p.state,
                    a.created_at,
                    len(uploads.listed(a.id)),
                )
                for a, p in rows
            ]
    return sorted(lines, key=lambda p: p.since)


def _specialties() -> dict[str, Message]:
    """The specialties of the present portal by code."""
    return {s.code: s.label for s in current_tenant().dispatcher.collect("specialties")}


@dataclass(frozen=True, slots=True)
class SamePerson:
    """A listed professional who may be the same person: for countries that ask for no register number."""

    practitioner_id: uuid.UUID
    portal: str
    name: str
    specialty_label: Message


def dossier(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID) -> Dossier | None:
    """All that a professional declared; the reading is on the portal's trail. None where there is none."""
    with operating_on(tenant_id, str(operator_id), "professional.validate"):
        try:
            found = professionals.dossier(account_id)
        except accounts.UnknownAccount:
            return None
        db.session.commit()
    return found


def same_person(tenant_id: int, found: Dossier) -> Sequence[SamePerson]:
    """Professionals of other portals with the same name and country, where no number says who is who."""
    if found.professional.register is not None:
        return []
    name = found.professional.name.casefold()
    people: dict[uuid.UUID, SamePerson] = {}
    for portal in service.list_tenants():
        if portal.id == tenant_id:
            continue
        with working_in(portal.id):
            rows = db.session.execute(
                select(Professional).where(Professional.country == found.professional.country)
            ).scalars()
            names = _specialties()
            for row in rows:
                if row.name.casefold() == name:
                    label = names.get(row.specialty, Message(row.specialty))
                    person = SamePerson(row.practitioner_id, portal.slug, row.name, label)
                    people.setdefault(row.practitioner_id, person)
    return list(people.values())


def register_warnings(tenant_id: int, found: Dossier) -> Sequence[Message]:
    """What the imported register of the country says against the declaration; hints, never a refusal."""
    if found.professional.register is None:
        return ()
    country, number = found.professional.register
    with working_in(tenant_id):
        known = {s.code: s for s in current_tenant().dispatcher.collect("specialties")}
        specialty = known.get(found.professional.specialty)
        return registers.warnings(country, number, found.person.last_name, found.person.first_name, specialty)


def copy(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, document_id: uuid.UUID) -> tuple[str, bytes]:
    """(type, bytes) of one copy; each reading is an entry of the portal's trail. Raises NotFound, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "professional.document"):
        row = uploads.access_document(account_id, document_id)
        data = uploads.content(accounts.by_id(account_id), row)
        mimetype = row.mimetype
        db.session.commit()
    return mimetype, data


def validate(
    tenant_id: int,
    operator_id: uuid.UUID,
    account_id: uuid.UUID,
    *,
    order_confirmed: bool,
    practitioner_id: uuid.UUID | None,
) -> None:
    """Open a professional's account (CB-110, CB-030). Raises Refused, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "professional.validate"):
        professionals.validate_professional(
            account_id, str(operator_id), order_confirmed=order_confirmed, practitioner_id=practitioner_id
        )
        db.session.commit()


def refuse(tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, reason: str) -> None:
    """Refuse a professional with a reason that they read. Raises Refused, UnknownAccount."""
    with operating_on(tenant_id, str(operator_id), "professional.refuse"):
        professionals.refuse_professional(account_id, str(operator_id), reason)
        db.session.commit()
