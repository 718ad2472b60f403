"""Whose record it is: the person described, with the category on which registers depend."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from werkzeug.exceptions import NotFound

from core import clock
from core.identity import accounts
from core.identity import people as identity
from core.tenancy import keys
from core.tenancy.current import current_tenant


@dataclass(frozen=True, slots=True)
class Subject:
    """A person whose record it is: an account's own, or a dependant with a record apart."""

    account_id: uuid.UUID
    dependant_id: uuid.UUID | None
    person_id: uuid.UUID
    name: str
    born: dt.date
    sex: str

    @property
    def category(self) -> str:
        """The patient category of the holder, computed when it is asked for: a dependant is insured with the holder."""
        return identity.category_of(self.account_id).code

    @property
    def age(self) -> int:
        """Completed years today, in the portal's zone."""
        day = clock.today(current_tenant().time_zone)
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: the patient's account, or a professional with the way they signed in (CB-202)."""

    account_id: uuid.UUID
    professional_id: uuid.UUID | None = None
    strong: bool = False


def subject_of(account_id: uuid.UUID, dependant_id: uuid.UUID | None = None) -> Subject:
    """The record's person. Raises NotFound: absent, somebody else's dependant and erased are the same."""
    try:
        d = identity.described(account_id, dependant_id)
    except (accounts.UnknownAccount, keys.Erased) as error:
        raise NotFound from error
    return Subject(d.account_id, d.dependant_id, d.person_id, d.name, d.born, d.sex)


def subjects_of(account_id: uuid.UUID) -> list[tuple[uuid.UUID | None, uuid.UUID, str]]:
    """(dependant, person, name) of all persons whose record an account holds; its own first, dependants apart (CB-206)."""
    own = identity.described(account_id)
    others = identity.dependants_of(account_id)
    return [(None, own.person_id, own.name), *((d.id, d.person_id, d.name) for d in others)]
