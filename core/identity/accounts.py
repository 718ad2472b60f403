"""Accounts and the people behind them: making, finding, reading. Everything personal is sealed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select

from core import audit, clock
from core.db import db, new_id
from core.identity.models import Account
from core.identity.passwords import hash_password
from core.notifications.service import Recipient
from core.tenancy import keys
from core.tenancy.current import current_tenant

ROLES = ("patient", "professional", "operator", "partner")
SEXES = ("female", "male", "other")


class UnknownAccount(LookupError):
    """There is no such account in this portal."""


@dataclass(frozen=True, slots=True)
class Person:
    """The natural person of an account. `birth_date` is ISO text, `phone` E.164, `sex` one of SEXES."""

    first_name: str
    last_name: str
    email: str
    phone: str
    birth_date: str
    sex: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def born(self) -> dt.date:
        return dt.date.fromisoformat(self.birth_date)


def email_blind(email: str) -> bytes:
    """The blind index by which an address is found."""
    return keys.blind(email.strip().lower(), "email")


def create_account(
    role: str,
    person: Person,
    password: str,
    *,
    language: str,
    state: str = "pending_confirmation",
    country: str | None = None,
    hashed: str | None = None,
    party: str | None = None,
    party_rights: Sequence[str] = (),
) -> Account:
    """Make an account. The caller has checked the fields; demos and tests may give `state="active"`.

    `hashed` is a ready hash, for many accounts with one password. `party` and `party_rights` are for the role `partner`,
    which has a party, and for no other. Raises ValueError for a role that does not exist: accounts are for natural
    persons only (CB-077).
    """
    if role not in ROLES:
        raise ValueError(f"no such role: {role}")
    if (role == "partner") != (party is not None):
        raise ValueError("an account of the role partner belongs to one party, and no other account does")
    account = Account(
        person_id=new_id(),
        role=role,
        state=state,
        email_blind=email_blind(person.email),
        sealed=b"",
        language=language,
        country=country,
        password_hash=hashed or hash_password(password),
        party=party,
        party_rights=list(party_rights),
        created_at=clock.now(),
        confirmed_at=clock.now() if state == "active" else None,
    )
    account.sealed = keys.seal_json(account.person_id, "accounts", "sealed", asdict(person))
    db.session.add(account)
    db.session.flush()
    audit.record("account.created", "account", account.id, {"role": role, "state": state})
    return account


def by_id(account_id: uuid.UUID, *, lock: bool = False) -> Account:
    """The account with this id. Raises UnknownAccount."""
    found: Account | None
    if lock:
        found = db.session.execute(
            select(Account).where(Account.id == account_id).with_for_update()
        ).scalar_one_or_none()
    else:
        found = Account.get(account_id)
    if found is None:
        raise UnknownAccount(str(account_id))
    return found


def by_email(email: str) -> Account | None:
    """The account with this address, whatever its state; closed accounts have given theirs back."""
    return db.session.execute(select(Account).where(Account.email_blind == email_blind(email))).scalar_one_or_none()


def person(account: Account) -> Person:
    """The person of an account. Raises keys.Erased once the key is destroyed."""
    return Person(**keys.unseal_json(account.person_id, "accounts", "sealed", account.sealed))


def person_of(account_id: uuid.UUID) -> Person:
    """As `person`, by account id. Raises UnknownAccount."""
    return person(by_id(account_id))


def names(account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names by account id; an erased person has none."""
    rows = list(db.session.execute(select(Account).where(Account.id.in_(set(account_ids)))).scalars())
    keys.learn_all(r.person_id for r in rows)
    result = {}
    for row in rows:
        try:
            result[row.id] = person(row).name
        except keys.Erased:
            continue
    return result


def recipient(account: Account, who: Person | None = None) -> Recipient:
    """Where an account is reached, in its language and zone."""
    someone = who or person(account)
    zone = account.time_zone or current_tenant().time_zone
    return Recipient(someone.email, someone.phone, account.language, zone, someone.name)


def recipient_of(account_id: uuid.UUID) -> Recipient:
    """As `recipient`, by account id. Raises UnknownAccount."""
    return recipient(by_id(account_id))


def change_person(account: Account, **changed: str) -> Person:
    """Change personal data. Old and new birth dates go on the trail as sealed digests with author and time (CB-070)."""
    before = person(account)
    after = replace(before, **changed)
    if after == before:
        return before
    account.sealed = keys.seal_json(account.person_id, "accounts", "sealed", asdict(after))
    fields = sorted(k for k, v in asdict(after).items() if v != asdict(before)[k])
    audit.record("account.changed", "account", account.id, {"fields": fields})
    if "birth_date" in fields:
        note_birth_date(account, before.birth_date, after.birth_date)
    if "email" in fields:
        account.email_blind = email_blind(after.email)
    return after


def note_birth_date(account: Account, old: str, new: str) -> None:
    """Put both values on the trail, sealed with the person's key: readable to who may, gone with an erasure."""
    sealed = {
        name: keys.seal(account.person_id, "audit_entries", "birth_date", value).hex()
        for name, value in (("old", old), ("new", new))
    }
    audit.record("account.birth_date_changed", "account", account.id, sealed)


def read_birth_date(account: Account, sealed: str) -> str:
    """A birth date from the trail, for the operator's console."""
    return keys.unseal(account.person_id, "audit_entries", "birth_date", bytes.fromhex(sealed)).decode()
