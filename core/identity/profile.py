"""A patient's profile: places, numbers, copies, declarations; and the category that follows from them (CB-098)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.db import current_tenant_id, db
from core.hooks.decisions import PatientFacts
from core.hooks.types import IdentifierType
from core.identity import accounts, categories
from core.identity.categories import CategoryResult, ProfileFacts, StatusResult
from core.identity.dependants import access_dependant, birth_date
from core.identity.models import Account, Identifier, PatientProfile, PersonDocument
from core.messages import Message, _
from core.tenancy import keys
from core.tenancy.current import current_tenant

IDENTIFIER_MAX = 40


@dataclass(frozen=True, slots=True)
class Declared:
    """What a patient declared: ISO countries, whether they confirmed them, codes of statuses, the postcode of the home."""

    residence: str = ""
    workplace: str = ""
    confirmed: bool = False
    declared: tuple[str, ...] = ()
    postcode: str = ""


def read(account: Account) -> Declared:
    """The declarations of an account; empty where none were made."""
    row: PatientProfile | None = PatientProfile.get(account.id)
    if row is None:
        return Declared()
    data = keys.unseal_json(account.person_id, "patient_profiles", "sealed", row.sealed)
    return Declared(
        data["residence"], data["workplace"], data["confirmed"], tuple(data["declared"]), data.get("postcode", "")
    )


def write(account: Account, new: Declared) -> None:
    """Keep declarations; a change of category that follows is put on the trail."""
    before = category_of(account).code
    body: dict[str, Any] = {
        "residence": new.residence,
        "workplace": new.workplace,
        "confirmed": new.confirmed and bool(new.residence),
        "declared": sorted(set(new.declared)),
        "postcode": new.postcode,
    }
    sealed = keys.seal_json(account.person_id, "patient_profiles", "sealed", body)
    row = {"tenant_id": current_tenant_id(), "id": account.id, "sealed": sealed, "updated_at": clock.now()}
    db.session.execute(
        insert(PatientProfile)
        .values(**row)
        .on_conflict_do_update(
            index_elements=["tenant_id", "id"], set_={"sealed": sealed, "updated_at": row["updated_at"]}
        )
    )
    db.session.get(PatientProfile, (current_tenant_id(), account.id), populate_existing=True)
    account.country = new.residence or None
    audit.record("profile.changed", "account", account.id)
    _note_category(account, before)


def _note_category(account: Account, before: str) -> None:
    after = category_of(account).code
    if after != before:
        audit.record("profile.category", "account", account.id, {"from": before, "to": after})


def identifier_types(holder: str) -> dict[str, IdentifierType]:
    """The identifier types of the portal for patients or professionals, by code."""
    return {t.code: t for t in current_tenant().dispatcher.collect("identifier_types") if t.holder == holder}


def set_identifier(account: Account, kind: IdentifierType, typed: str) -> Message | None:
    """Check and keep a number; returns what is wrong, or None. A number that must be unique is refused when taken."""
    if len(typed) > IDENTIFIER_MAX:
        return _("At most {count} characters are possible; {found} were typed.", count=IDENTIFIER_MAX, found=len(typed))
    checked = kind.check(typed)
    if checked.error is not None:
        return checked.error
    mark = keys.blind(checked.value, f"identifier-{kind.code}") if kind.unique else None
    if mark is not None:
        owner = db.session.execute(
            select(Identifier.account_id).where(Identifier.type == kind.code, Identifier.blind == mark)
        ).scalar_one_or_none()
        if owner is not None and owner != account.id:
            audit.record("identifier.taken", "account", account.id, {"type": kind.code})
            return _("This number cannot be used here. If it is yours, please write to our support.")
    sealed = keys.seal(account.person_id, "identifiers", "sealed", checked.value)
    row = db.session.execute(
        select(Identifier).where(Identifier.account_id == account.id, Identifier.type == kind.code).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        row = Identifier(account_id=account.id, type=kind.code, sealed=sealed, blind=mark, created_at=clock.now())
        db.session.add(row)
    else:
        row.sealed, row.blind = sealed, mark
    db.session.flush()
    audit.record("identifier.set", "account", account.id, {"type": kind.code})
    return None


def identifiers(account: Account) -> dict[str, str]:
    """The numbers of an account by type, unsealed, in order of type."""
    query = select(Identifier).where(Identifier.account_id == account.id).order_by(Identifier.type)
    rows = db.session.execute(query).scalars()
    return {r.type: keys.unseal(account.person_id, "identifiers", "sealed", r.sealed).decode() for r in rows}


def remove_identifier(account: Account, code: str) -> None:
    """Take a number away."""
    row = db.session.execute(
        select(Identifier).where(Identifier.account_id == account.id, Identifier.type == code)
    ).scalar_one_or_none()
    if row is not None:
        db.session.delete(row)
        db.session.flush()
        audit.record("identifier.removed", "account", account.id, {"type": code})


def masked(value: str) -> str:
    """A number for the eye of its owner: all but the last three characters are dots."""
    return "•" * max(0, len(value) - 3) + value[-3:]


def facts_of(account: Account) -> ProfileFacts:
    """What is known of a patient for the category, without any value."""
    declared = read(account)
    types = db.session.execute(select(Identifier.type).where(Identifier.account_id == account.id)).scalars()
    copies = db.session.execute(
        select(PersonDocument.type).where(PersonDocument.account_id == account.id).distinct()
    ).scalars()
    return ProfileFacts(
        residence=declared.residence or None,
        workplace=declared.workplace or None,
        confirmed=declared.confirmed,
        identifiers=frozenset(types),
        documents=frozenset(copies),
        declared=frozenset(declared.declared),
    )


def category_of(account: Account) -> CategoryResult:
    """The category that follows from the profile now."""
    return categories.resolve(facts_of(account), current_tenant().dispatcher)


def statuses_of(account: Account) -> list[StatusResult]:
    """The statuses of the account's category, each with what it lacks."""
    facts, dispatcher = facts_of(account), current_tenant().dispatcher
    return categories.statuses(facts, categories.resolve(facts, dispatcher).code, dispatcher)


def patient_facts(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> PatientFacts:
    """The patient of an act as decisions see them: the holder, or one of the holder's dependants.

    A dependant is insured with the holder, so the category and country are the holder's; statuses are a person's own.
    Raises UnknownAccount, and NotFound for a dependant of somebody else.
    """
    account = accounts.by_id(account_id)
    facts, dispatcher = facts_of(account), current_tenant().dispatcher
    category = categories.resolve(facts, dispatcher)
    active: Iterable[str] = ()
    if dependant_id is None:
        born = accounts.person(account).born
        active = (s.code for s in categories.statuses(facts, category.code, dispatcher) if s.active)
    else:
        born = birth_date(access_dependant(account_id, dependant_id))
    return PatientFacts(
        category=category.code,
        statuses=frozenset(active),
        birth_date=born,
        country=facts.residence,
        category_verified=category.verified,
    )
