"""What the rooms above may ask of identity: names, addresses, facts for decisions. Nothing else leaves it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core import clock
from core.hooks.decisions import PatientFacts
from core.identity import accounts, dependants, moderation, profile
from core.identity.categories import CategoryResult
from core.identity.policy import completed_years
from core.notifications.service import Recipient
from core.tenancy import keys
from core.tenancy.current import current_tenant


def person_of(account_id: uuid.UUID) -> uuid.UUID:
    """The person behind an account: whose key seals what is written about them."""
    return accounts.by_id(account_id).person_id


def cared_for(account_id: uuid.UUID, dependant_id: uuid.UUID | None) -> uuid.UUID:
    """The person whose care it is: the account's own, or the dependant's, whose key seals what is written about them.

    Raises NotFound for a dependant who is not the account's.
    """
    if dependant_id is None:
        return person_of(account_id)
    return dependants.access_dependant(account_id, dependant_id).person_id


def recipient(account_id: uuid.UUID) -> Recipient:
    """Where an account is reached."""
    return accounts.recipient_of(account_id)


def display_name(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> str:
    """The name of the account's person, or of the dependant."""
    if dependant_id is not None:
        return dependants.view(dependants.access_dependant(account_id, dependant_id)).name
    try:
        return accounts.person_of(account_id).name
    except (accounts.UnknownAccount, keys.Erased) as error:
        raise KeyError(str(account_id)) from error


def names(account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of several accounts in one query."""
    return accounts.names(account_ids)


def dependant_names(dependant_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of several dependants, in few queries whatever their number."""
    return dependants.names(dependant_ids)


def account_at(email: str) -> uuid.UUID | None:
    """The account with this address; None where there is none."""
    found = accounts.by_email(email)
    return found.id if found is not None else None


def patient_facts(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> tuple[PatientFacts, bool | None]:
    """(facts, whether the dependant is on the patient's health card: None where it was not said)."""
    return profile.patient_facts(account_id, dependant_id), None


def age_and_sex(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> tuple[int, str]:
    """(age in completed years today, sex as it was told) of the account's person, or of the dependant; no name.

    Raises NotFound for a dependant who is not the account's.
    """
    if dependant_id is not None:
        row = dependants.access_dependant(account_id, dependant_id)
        return dependants.view(row).age, dependants.sex(row)
    someone = accounts.person_of(account_id)
    return completed_years(someone.born, clock.today(current_tenant().time_zone)), someone.sex


def is_active(account_id: uuid.UUID) -> bool:
    """Whether somebody can sign in to the account: it is not suspended, blocked or closed."""
    return accounts.by_id(account_id).state == "active"


def is_closed(account_id: uuid.UUID) -> bool:
    """Whether the account was closed for good."""
    return accounts.by_id(account_id).state == "closed"


def opened_at(account_id: uuid.UUID) -> dt.datetime:
    """When the account was made."""
    return accounts.by_id(account_id).created_at


def category_of(account_id: uuid.UUID) -> CategoryResult:
    """The category, computed from what was told and supplied (CB-098)."""
    return profile.category_of(accounts.by_id(account_id))


def may_use(account_id: uuid.UUID, service: str) -> bool:
    """Whether the operator left this service open to the account (CB-078)."""
    return moderation.service_allowed(account_id, service)


def dependants_of(account_id: uuid.UUID) -> list[dependants.DependantView]:
    """The persons whom the account acts for."""
    return dependants.listed(account_id)


@dataclass(frozen=True, slots=True)
class Described:
    """A person as a record needs to know them: the account's own, or one of those it acts for. `sex` is one of SEXES."""

    account_id: uuid.UUID
    dependant_id: uuid.UUID | None
    person_id: uuid.UUID
    name: str
    born: dt.date
    sex: str
    first_name: str = ""
    last_name: str = ""


def has_password(account_id: uuid.UUID) -> bool:
    """Whether its person can sign in; who only ever called by telephone cannot."""
    return accounts.by_id(account_id).password_hash is not None


def described(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> Described:
    """The account's person, or the dependant. Raises NotFound for a dependant of somebody else, UnknownAccount, Erased."""
    if dependant_id is None:
        account = accounts.by_id(account_id)
        who = accounts.person(account)
        return Described(
            account_id, None, account.person_id, who.name, who.born, who.sex, who.first_name, who.last_name
        )
    row = dependants.access_dependant(account_id, dependant_id)
    shown = dependants.view(row)
    return Described(
        account_id, row.id, row.person_id, shown.name, shown.birth_date, shown.sex, shown.first_name, shown.last_name
    )


def acts_for(account_id: uuid.UUID, dependant_id: uuid.UUID | None) -> bool:
    """Whether the account is open and, of a dependant, still acts for them: what it allowed holds only then."""
    if accounts.by_id(account_id).state == "closed":
        return False
    return dependant_id is None or dependants.still_of(account_id, dependant_id)


def declared(account_id: uuid.UUID) -> frozenset[str]:
    """The patient statuses that the account declared, proven or not."""
    return frozenset(profile.read(accounts.by_id(account_id)).declared)


def declare(account_id: uuid.UUID, said: Mapping[str, bool]) -> None:
    """Declare patient statuses, or take the declaration back; what is not named stays."""
    account = accounts.by_id(account_id)
    now = profile.read(account)
    new = {c for c in now.declared if said.get(c, True)} | {c for c, yes in said.items() if yes}
    if new != set(now.declared):
        profile.write(account, replace(now, declared=tuple(sorted(new))))
