"""Writing the list of the insurer: one beneficiary at a time, from whichever source. Whole files are `importing`'s."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.plugin_api.tables import current_tenant_id, db, new_id, now, record
from plugins.insurer_assistance import members
from plugins.insurer_assistance.models import Cover, Member

ADDED, CHANGED, UNCHANGED = "added", "changed", "unchanged"


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the insurer's list. `number` is the insurer's own of this person; days are inclusive.

    The contract's own exclusions come with the insured person; another role's count where the contract is new.
    """

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
    return put_told(line, source)[0]


def put_told(line: Listed, source: str, *, trail: bool = True) -> tuple[Member, str]:
    """As `put`, telling what it did: added, changed or unchanged. `trail` False: the caller records for many at once."""
    key = members.key_mark(line.number)
    cover, moved = _cover(line)
    values = {
        "cover_id": cover.id,
        "person_blind": members.person_mark(line.last_name, line.first_name, line.birth_date),
        "role": line.role,
        "protected": line.protected,
        "residence": line.residence,
        "opens_on": line.opens_on,
        "closes_on": line.closes_on,
        "removed_at": None,
        "source": source,
    }
    made = db.session.execute(
        insert(Member)
        .values(tenant_id=current_tenant_id(), id=new_id(), key_blind=key, updated_at=now(), **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "key_blind"])
        .returning(Member)
    ).scalar_one_or_none()
    row = made or db.session.execute(select(Member).where(Member.key_blind == key).with_for_update()).scalar_one()
    done = ADDED if made is not None else UNCHANGED
    if made is None and (moved or any(getattr(row, name) != value for name, value in values.items())):
        done = CHANGED
        for name, value in values.items():
            setattr(row, name, value)
        row.updated_at = now()
        db.session.flush()
    if trail and done != UNCHANGED:
        record("assistance.member", "member", row.id, {"source": source, "role": line.role, "done": done})
    return row, done


def _cover(line: Listed) -> tuple[Cover, bool]:
    """The contract of a line, and whether the line changed it. A person's own days are the person's: the contract opens
    with the first of its people."""
    mark, exclusions = members.contract_mark(line.contract_number), sorted(set(line.exclusions))
    made = db.session.execute(
        insert(Cover)
        .values(
            tenant_id=current_tenant_id(), id=new_id(), contract_blind=mark, opens_on=line.opens_on, closes_on=None,
            exclusions=exclusions, updated_at=now(),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "contract_blind"], index_where=Cover.contract_blind.is_not(None))
        .returning(Cover)
    ).scalar_one_or_none()  # fmt: skip
    if made is not None:
        return made, False
    row = db.session.execute(select(Cover).where(Cover.contract_blind == mark)).scalar_one()
    opens = min(row.opens_on, line.opens_on)
    wanted = exclusions if line.role == "insured" else row.exclusions
    if (row.opens_on, row.exclusions) == (opens, wanted):
        return row, False
    row.opens_on, row.exclusions, row.updated_at = opens, wanted, now()
    db.session.flush()
    return row, True


def take_off(number: str) -> bool:
    """The insurer takes somebody off its list: no new request; what is under way goes on to its end."""
    row = db.session.execute(select(Member).where(Member.key_blind == members.key_mark(number))).scalar_one_or_none()
    return row is not None and take_off_row(row.id)


def take_off_row(member_id: uuid.UUID, *, trail: bool = True) -> bool:
    """As `take_off`, by our id. False where nobody on the list has it."""
    row = db.session.execute(
        select(Member).where(Member.id == member_id, Member.removed_at.is_(None)).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        return False
    row.removed_at = row.updated_at = now()
    if trail:
        record("assistance.member_removed", "member", row.id)
    return True
