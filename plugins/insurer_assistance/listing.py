"""Writing the list of the insurer: one beneficiary at a time, from whichever source. Sets of many are `importing`'s."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.plugin_api.tables import current_tenant_id, db, new_id, now, record
from plugins.insurer_assistance import members
from plugins.insurer_assistance.models import Cover, Member


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the insurer's list. `number` is the insurer's own of this person; days are inclusive."""

    number: str
    contract_number: str
    last_name: str
    first_name: str
    birth_date: dt.date
    role: str
    opens_on: dt.date
    closes_on: dt.date | None = None
    residence: str = "FR"
    protected: bool = False
    exclusions: Sequence[str] = ()


def put(line: Listed, source: str) -> Member:
    """Add somebody to the list, or bring them up to date; the same again changes nothing."""
    cover = db.session.execute(
        insert(Cover)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            contract_blind=members.contract_mark(line.contract_number),
            opens_on=line.opens_on,
            closes_on=None,
            exclusions=sorted(line.exclusions),
            updated_at=now(),
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "contract_blind"],
            set_={
                "exclusions": sorted(line.exclusions),
                "opens_on": line.opens_on if line.role == "insured" else Cover.opens_on,
                "updated_at": now(),
            },
        )
        .returning(Cover.id)
    ).scalar_one()
    values = {
        "cover_id": cover,
        "person_blind": members.person_mark(line.last_name, line.first_name, line.birth_date),
        "role": line.role,
        "protected": line.protected,
        "residence": line.residence,
        "opens_on": line.opens_on,
        "closes_on": line.closes_on,
        "removed_at": None,
        "source": source,
        "updated_at": now(),
    }
    found = db.session.execute(
        insert(Member)
        .values(tenant_id=current_tenant_id(), id=new_id(), key_blind=members.key_mark(line.number), **values)
        .on_conflict_do_update(index_elements=["tenant_id", "key_blind"], set_=values)
        .returning(Member)
        .execution_options(populate_existing=True)
    ).scalar_one()
    record("assistance.member", "member", found.id, {"source": source, "role": line.role})
    return found


def take_off(number: str) -> bool:
    """The insurer takes somebody off its list: no new request; what is under way goes on to its end."""
    row = db.session.execute(
        select(Member)
        .where(Member.key_blind == members.key_mark(number), Member.removed_at.is_(None))
        .with_for_update()
    ).scalar_one_or_none()
    if row is None:
        return False
    row.removed_at = now()
    record("assistance.member_removed", "member", row.id)
    return True
