"""Professionals: what they declare by country of practice, and the operator's validation (CB-110)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.hooks.types import PracticeCountry, Specialty
from core.identity import accounts, profile, uploads
from core.identity.accounts import Person
from core.identity.models import Account, ProfessionalProfile
from core.identity.uploads import Kept
from core.jobs import announce
from core.messages import Message, _
from core.notifications.service import notify
from core.tenancy.current import current_tenant
from core.web.frame import Refused


@dataclass(frozen=True, slots=True)
class ProfessionalView:
    """A professional as the operator and the rooms above see them. `register` is (country, number) or None (LU)."""

    account_id: uuid.UUID
    person_id: uuid.UUID
    name: str
    country: str
    specialty: str
    kind: str
    place: str
    state: str
    order_confirmed: bool
    practitioner_id: uuid.UUID | None
    decided_at: dt.datetime | None
    decided_by: str | None
    reason: str | None
    register: tuple[str, str] | None
    language: str


OnValidated = Callable[[ProfessionalView], uuid.UUID | None]
_on_validated: list[OnValidated] = []


def on_validated(callback: OnValidated) -> OnValidated:
    """Register what happens when a professional is validated; the directory answers with the practitioner's id."""
    _on_validated.append(callback)
    return callback


def practice_country(code: str) -> PracticeCountry | None:
    """The country of practice as an enabled jurisdiction declares it; None where nobody does (CB-055)."""
    return next((p for p in current_tenant().dispatcher.collect("practice_countries") if p.country == code), None)


def specialties(country: str, *, offered: bool = True) -> dict[str, Specialty]:
    """The specialties of a country by code; only those still on offer unless asked otherwise (CB-272)."""
    found: dict[str, Specialty] = {}
    for s in current_tenant().dispatcher.collect("specialties"):
        if s.country in (None, country) and not (offered and s.until is not None):
            found.setdefault(s.code, s)
    return found


def kind_of(specialty: Specialty) -> str:
    """`physician` or `allied`: the medical flag of the specialty alone decides (CB-037)."""
    return "physician" if specialty.medical else "allied"


def missing_proofs(account: Account, country: PracticeCountry) -> list[Message]:
    """What the country asks for and the account has not supplied (CB-091, CB-092), in words."""
    numbers = profile.identifiers(account)
    copies = {d.type for d in uploads.listed(account.id)}
    types = profile.identifier_types("professional")
    documents = {d.code: d for d in current_tenant().dispatcher.collect("document_types") if d.holder == "professional"}
    missing = [types[c].label for c in country.identifiers if c not in numbers and c in types]
    missing += [documents[c].label for c in country.documents if c not in copies and c in documents]
    return missing


def declare(account: Account, *, country: str, specialty: str, place: str) -> ProfessionalProfile:
    """Keep a professional's declaration, to be validated. Raises Refused for a country or specialty not on offer."""
    if practice_country(country) is None:
        raise Refused(_("This portal accepts no professionals of this country of practice."), status=422)
    chosen = specialties(country).get(specialty)
    if chosen is None:
        raise Refused(_("Please choose a specialty of the list."), status=422)
    row = ProfessionalProfile(
        id=account.id, country=country, specialty=specialty, kind=kind_of(chosen), place=place, state="pending"
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "professional.declared", "account", account.id, {"country": country, "specialty": specialty, "kind": row.kind}
    )
    return row


def view(account: Account, row: ProfessionalProfile, who: Person | None = None) -> ProfessionalView:
    """A professional unsealed."""
    country = practice_country(row.country)
    number = profile.identifiers(account).get(country.register) if country and country.register else None
    return ProfessionalView(
        account_id=account.id,
        person_id=account.person_id,
        name=(who or accounts.person(account)).name,
        country=row.country,
        specialty=row.specialty,
        kind=row.kind,
        place=row.place,
        state=row.state,
        order_confirmed=row.order_confirmed,
        practitioner_id=row.practitioner_id,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=row.reason,
        register=(row.country, number) if number else None,
        language=account.language,
    )


def _rows(account_id: uuid.UUID, *, lock: bool = False) -> tuple[Account, ProfessionalProfile]:
    account = accounts.by_id(account_id)
    query = select(ProfessionalProfile).where(ProfessionalProfile.id == account_id)
    row = db.session.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if row is None:
        raise accounts.UnknownAccount(str(account_id))
    return account, row


def professional(account_id: uuid.UUID) -> ProfessionalView:
    """A professional by account. Raises UnknownAccount."""
    return view(*_rows(account_id))


def waiting(state: str = "pending") -> list[ProfessionalView]:
    """Professionals in a state (pending: to be validated), oldest first; only those who confirmed their address."""
    rows = db.session.execute(
        select(Account, ProfessionalProfile)
        .join(
            ProfessionalProfile,
            (ProfessionalProfile.tenant_id == Account.tenant_id) & (ProfessionalProfile.id == Account.id),
        )
        .where(ProfessionalProfile.state == state, Account.state == "active")
        .order_by(Account.created_at)
    ).all()
    return [view(account, row) for account, row in rows]


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a professional declared, for the operator who decides: person, numbers with their labels, copies, gaps."""

    professional: ProfessionalView
    person: Person
    specialty_label: Message
    numbers: tuple[tuple[Message, str, Message | None], ...]
    documents: tuple[Kept, ...]
    missing: tuple[Message, ...]


def dossier(account_id: uuid.UUID) -> Dossier:
    """What the operator reads before deciding; each number with the warning of its check, if any. On the trail."""
    account, row = _rows(account_id)
    who = accounts.person(account)
    types = profile.identifier_types("professional")
    country = practice_country(row.country)
    specialty = specialties(row.country, offered=False).get(row.specialty)
    audit.record("professional.dossier_read", "account", account.id)
    return Dossier(
        view(account, row, who),
        who,
        specialty.label if specialty else Message(row.specialty),
        tuple(
            (
                types[code].label if code in types else Message(code),
                value,
                types[code].check(value).warning if code in types else None,
            )
            for code, value in profile.identifiers(account).items()
        ),
        tuple(uploads.listed(account.id)),
        tuple(missing_proofs(account, country)) if country else (),
    )


def validate_professional(
    account_id: uuid.UUID, operator_id: str, *, order_confirmed: bool, practitioner_id: uuid.UUID | None = None
) -> ProfessionalView:
    """Open a professional's account, with author and date (CB-110).

    `order_confirmed`: the operator saw the registration with the order of the country (CB-030); without it nobody is
    validated. `practitioner_id` links a person whom no register number makes unique (LU). Raises Refused.
    """
    account, row = _rows(account_id, lock=True)
    country = practice_country(row.country)
    reasons: list[Message] = []
    if row.state == "validated":
        reasons.append(_("This professional is validated already."))
    if account.state != "active":
        reasons.append(_("The address of this account is not confirmed yet, or access is closed."))
    if not order_confirmed:
        reasons.append(_("Confirm first that the registration with the professional order of the country was checked."))
    if country is None:
        reasons.append(_("No enabled plugin accepts professionals of this country any more."))
    else:
        lacking = missing_proofs(account, country)
        reasons += [_("Missing: {what}.", what=m) for m in lacking]
    if reasons:
        raise Refused(*reasons, status=409)
    row.state, row.order_confirmed, row.reason = "validated", True, None
    row.decided_at, row.decided_by = clock.now(), operator_id
    row.practitioner_id = practitioner_id or row.practitioner_id
    db.session.flush()
    for callback in _on_validated:
        row.practitioner_id = callback(view(account, row)) or row.practitioner_id
    document_types = current_tenant().dispatcher.collect("document_types")
    uploads.checked(account, kept={d.code for d in document_types if d.kept_after_check})
    audit.record(
        "professional.validated",
        "account",
        account.id,
        {"operator": operator_id, "practitioner": str(row.practitioner_id)},
    )
    announce(
        "professional_validated",
        {"account_id": str(account.id), "practitioner_id": str(row.practitioner_id) if row.practitioner_id else None},
    )
    notify(
        "account_validated",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        link="/",
    )
    return view(account, row)


def refuse_professional(account_id: uuid.UUID, operator_id: str, reason: str) -> ProfessionalView:
    """Refuse a professional, with a reason that they read. They may mend their data and ask again. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Please give the reason: the person is told, and it is kept."), status=422)
    account, row = _rows(account_id, lock=True)
    row.state, row.reason = "refused", reason.strip()[:1000]
    row.decided_at, row.decided_by = clock.now(), operator_id
    audit.record("professional.refused", "account", account.id, {"operator": operator_id, "reason": row.reason})
    notify(
        "account_refused",
        account_id=account.id,
        person_id=account.person_id,
        to=accounts.recipient(account),
        params={"reason": row.reason},
        link="/pages/help",
    )
    return view(account, row)


def ask_again(account_id: uuid.UUID) -> None:
    """A refused professional who mended something asks to be looked at again."""
    account, row = _rows(account_id, lock=True)
    if row.state != "refused":
        raise Refused(_("Your account is being looked at, or open already."), status=409)
    row.state, row.reason = "pending", None
    audit.record("professional.asked_again", "account", account.id)
