"""Minors and protected adults whom a patient account acts for."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from werkzeug.exceptions import NotFound

from core import audit, clock, i18n
from core.db import db, new_id
from core.identity import accounts
from core.identity.models import Dependant
from core.identity.policy import completed_years, policy
from core.identity.schemas import ADULT_RELATIONS, DECLARATION, MINOR_RELATIONS, Errors
from core.messages import _
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

MOST = 20


@dataclass(frozen=True, slots=True)
class DependantView:
    """A dependant as pages show them."""

    id: uuid.UUID
    person_id: uuid.UUID
    kind: str
    relation: str
    name: str
    birth_date: dt.date
    age: int
    sex: str
    first_name: str = ""
    last_name: str = ""


def problems(data: Mapping[str, str]) -> Errors:
    """What stands against adding this person: too old for a minor, too young for an account, a relation that does not fit."""
    tenant = current_tenant()
    age = completed_years(dt.date.fromisoformat(data["birth_date"]), clock.today(tenant.time_zone))
    limit = tenant.config["booking"]["dependant_max_age_years"]
    adult = policy()["minimum_age_years"]
    if age < limit:
        if data["relation"] not in MINOR_RELATIONS:
            return {"relation": [_("A minor is added by a parent or guardian.")]}
        return {}
    if age < adult:
        return {
            "birth_date": [
                _(
                    "On this portal a minor can be added until {limit}; at {age}, please contact the practice directly.",
                    limit=limit,
                    age=age,
                )
            ]
        }
    if data["relation"] not in ADULT_RELATIONS:
        return {"relation": [_("An adult is added by a guardian, a curator or a person with a mandate.")]}
    return {}


def add_dependant(account_id: uuid.UUID, data: Mapping[str, str]) -> Dependant:
    """Add a minor or a protected adult to an account; `data` are the fields of DependantForm.

    Only an adult patient can, with the declaration of being responsible, which is kept with its date (CB-034). Raises
    Refused: 403 for another account, 422 for the fields.
    """
    holder = accounts.by_id(account_id)
    today = clock.today(current_tenant().time_zone)
    if holder.role != "patient" or completed_years(accounts.person(holder).born, today) < policy()["minimum_age_years"]:
        raise Refused(_("Only an adult patient can add a person to their account."), status=403)
    if data.get("declared") != "yes":
        raise Refused(_("Without this declaration nobody can be added."), status=422)
    found = problems(data)
    if found:
        raise Refused(*(m for messages in found.values() for m in messages), status=422)
    if len(listed(account_id)) >= MOST:
        raise Refused(_("No more than {count} people can be added to an account.", count=MOST), status=409)
    tenant = current_tenant()
    age = completed_years(dt.date.fromisoformat(data["birth_date"]), clock.today(tenant.time_zone))
    minor = age < tenant.config["booking"]["dependant_max_age_years"]
    person_id = new_id()
    row = Dependant(
        account_id=account_id,
        person_id=person_id,
        kind="minor" if minor else "protected_adult",
        relation=data["relation"],
        sealed=keys.seal_json(
            person_id, "dependants", "sealed", {k: data[k] for k in ("first_name", "last_name", "birth_date", "sex")}
        ),
        created_at=clock.now(),
        declared_at=clock.now(),
        declaration=hashlib.sha256(_shown(holder.language).encode()).hexdigest(),
    )
    db.session.add(row)
    db.session.flush()
    details = {"dependant": str(row.id), "kind": row.kind, "relation": row.relation, "declaration": row.declaration}
    audit.record("dependant.added", "account", account_id, details)
    return row


def _shown(language: str) -> str:
    """The words of the declaration, as they stand on the page."""
    return i18n.render(DECLARATION, language, current_tenant().words(language))


def access_dependant(account_id: uuid.UUID, dependant_id: uuid.UUID) -> Dependant:
    """One of the account's own dependants. Raises NotFound: the same for absent and for somebody else's."""
    row = db.session.execute(
        select(Dependant).where(
            Dependant.account_id == account_id, Dependant.id == dependant_id, Dependant.removed_at.is_(None)
        )
    ).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def birth_date(row: Dependant) -> dt.date:
    """The birth date of a dependant."""
    return dt.date.fromisoformat(keys.unseal_json(row.person_id, "dependants", "sealed", row.sealed)["birth_date"])


def sex(row: Dependant) -> str:
    """The sex of a dependant as it was told."""
    return str(keys.unseal_json(row.person_id, "dependants", "sealed", row.sealed)["sex"])


def view(row: Dependant) -> DependantView:
    """A dependant unsealed."""
    data = keys.unseal_json(row.person_id, "dependants", "sealed", row.sealed)
    born = dt.date.fromisoformat(data["birth_date"])
    age = completed_years(born, clock.today(current_tenant().time_zone))
    name = f"{data['first_name']} {data['last_name']}"
    return DependantView(
        row.id,
        row.person_id,
        row.kind,
        row.relation,
        name,
        born,
        age,
        data["sex"],
        data["first_name"],
        data["last_name"],
    )


def named(dependant_id: uuid.UUID) -> str:
    """The name of a dependant, also of one who was taken off the account; empty where there is none."""
    row: Dependant | None = Dependant.get(dependant_id)
    return view(row).name if row is not None else ""


def names(dependant_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of several dependants, those taken off an account too; an erased person has none."""
    rows = list(db.session.execute(select(Dependant).where(Dependant.id.in_(set(dependant_ids)))).scalars())
    keys.learn_all(r.person_id for r in rows)
    result = {}
    for row in rows:
        try:
            result[row.id] = view(row).name
        except keys.Erased:
            continue
    return result


def still_of(account_id: uuid.UUID, dependant_id: uuid.UUID) -> bool:
    """Whether the account acts for this dependant today."""
    query = select(Dependant.id).where(
        Dependant.account_id == account_id, Dependant.id == dependant_id, Dependant.removed_at.is_(None)
    )
    return db.session.execute(query).first() is not None


def listed(account_id: uuid.UUID) -> list[DependantView]:
    """The account's dependants, in the order in which they were added."""
    query = select(Dependant).where(Dependant.account_id == account_id, Dependant.removed_at.is_(None))
    return [view(row) for row in db.session.execute(query.order_by(Dependant.created_at)).scalars()]


def remove(account_id: uuid.UUID, dependant_id: uuid.UUID) -> None:
    """Take a dependant off the account; past acts keep theirs. Raises NotFound."""
    row = access_dependant(account_id, dependant_id)
    row.removed_at = clock.now()
    audit.record("dependant.removed", "account", account_id, {"dependant": str(row.id)})
