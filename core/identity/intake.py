"""People who arrive by telephone: an account without a password, so that the record, its key and its proofs are theirs.

Nobody can sign in to it until its person chooses a password by the link for forgotten ones, which goes to the e-mail
address that they gave: an account is needed for the web, never for the telephone (IA-055).
"""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass

from core import audit, clock
from core.db import db, new_id
from core.identity import accounts
from core.identity.accounts import Person
from core.identity.models import Account
from core.tenancy import keys


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who arrived: `known` where the account was there before, `opened` where its person has a password."""

    account_id: uuid.UUID
    person_id: uuid.UUID
    known: bool
    opened: bool


def _same(account: Account, person: Person) -> bool:
    there = accounts.person(account)
    return (there.last_name.casefold(), there.first_name.casefold(), there.birth_date) == (
        person.last_name.casefold(),
        person.first_name.casefold(),
        person.birth_date,
    )


def arrive(person: Person, *, language: str, country: str | None) -> Arrival:
    """The account of who is on the telephone: theirs where the address, the name and the birth date agree, else a new one.

    An address that another person's account has stays that account's own: the new one is reached by it and not found by it.
    The caller has checked the fields and identified the person.
    """
    there = accounts.by_email(person.email)
    if there is not None and there.role == "patient" and there.state == "active" and _same(there, person):
        return Arrival(there.id, there.person_id, True, there.password_hash is not None)
    account = Account(
        person_id=new_id(),
        role="patient",
        state="active",
        email_blind=None if there is not None else accounts.email_blind(person.email),
        sealed=b"",
        language=language,
        country=country,
        password_hash=None,
        created_at=clock.now(),
        confirmed_at=None,
    )
    account.sealed = keys.seal_json(account.person_id, "accounts", "sealed", asdict(person))
    db.session.add(account)
    db.session.flush()
    audit.record("account.created", "account", account.id, {"role": "patient", "state": "active", "way": "telephone"})
    return Arrival(account.id, account.person_id, False, False)
