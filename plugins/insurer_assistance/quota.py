"""The ledger of units: a quota of n gives n, whoever asks at the same instant (invariant 3; IA-040 to IA-043, IA-065)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.plugin_api import settings_of
from core.plugin_api.tables import current_tenant_id, db, new_id, now, record
from plugins.insurer_assistance.models import UnitEntry, Units

RESERVE, SPEND, GIVE_BACK = "reserve", "spend", "give_back"
FUND = "insurer_assistance"


class UsedUp(Exception):
    """No unit is left in that year."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a beneficiary has of a year: units allowed, waiting for a consultation to come, used."""

    year: int
    allowed: int
    reserved: int
    spent: int

    @property
    def left(self) -> int:
        """Units that can still be asked for; the contract may have been lowered below what was used."""
        return max(0, self.allowed - self.reserved - self.spent)

    @property
    def used(self) -> int:
        """Units taken, whether delivered or under way."""
        return self.reserved + self.spent


def allowed_units() -> int:
    """Units a calendar year, by the portal's configuration (IA-040)."""
    return int(settings_of("insurer_assistance")["quota"]["teleconsultations_per_calendar_year"])


def balance(member_id: uuid.UUID, year: int) -> Balance:
    """The balance of one beneficiary in one year; nothing is carried over from another (IA-042)."""
    found = db.session.execute(
        select(Units.reserved, Units.spent).where(Units.member_id == member_id, Units.year == year)
    ).first()
    return Balance(year, allowed_units(), *(found or (0, 0)))


def reserve(member_id: uuid.UUID, act_id: uuid.UUID, year: int) -> Balance:
    """Reserve one unit for an act; the same act again changes nothing. Raises UsedUp: nothing was reserved."""
    with db.session.begin_nested():
        return _reserved(member_id, act_id, year)


def _reserved(member_id: uuid.UUID, act_id: uuid.UUID, year: int) -> Balance:
    if not _entry(member_id, act_id, year, RESERVE):
        return balance(member_id, year)
    db.session.execute(
        insert(Units)
        .values(tenant_id=current_tenant_id(), id=new_id(), member_id=member_id, year=year, reserved=0, spent=0)
        .on_conflict_do_nothing()
    )
    allowed = allowed_units()
    row = db.session.execute(
        update(Units)
        .where(Units.member_id == member_id, Units.year == year, Units.reserved + Units.spent < allowed)
        .values(reserved=Units.reserved + 1)
        .returning(Units.reserved, Units.spent)
    ).first()
    if row is None:
        raise UsedUp(str(year))
    record("assistance.unit_reserved", "consultation", act_id, {"year": year})
    return Balance(year, allowed, row.reserved, row.spent)


def spend(act_id: uuid.UUID) -> None:
    """The consultation was delivered: its unit is used."""
    _settle(act_id, SPEND)


def give_back(act_id: uuid.UUID) -> None:
    """The consultation was not delivered: its unit goes back to the year it came from."""
    _settle(act_id, GIVE_BACK)


def _settle(act_id: uuid.UUID, step: str) -> None:
    reserved = db.session.execute(
        select(UnitEntry.member_id, UnitEntry.year).where(UnitEntry.act_id == act_id, UnitEntry.step == RESERVE)
    ).first()
    if reserved is None or not _entry(reserved.member_id, act_id, reserved.year, step):
        return
    changed = {"reserved": Units.reserved - 1}
    if step == SPEND:
        changed["spent"] = Units.spent + 1
    db.session.execute(
        update(Units).where(Units.member_id == reserved.member_id, Units.year == reserved.year).values(**changed)
    )
    record(
        f"assistance.unit_{'spent' if step == SPEND else 'given_back'}", "consultation", act_id, {"year": reserved.year}
    )


def _entry(member_id: uuid.UUID, act_id: uuid.UUID, year: int, step: str) -> bool:
    """Write one line of the ledger; False where it, or the other way to settle the unit, is written already."""
    made = db.session.execute(
        insert(UnitEntry)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            member_id=member_id,
            year=year,
            act_id=act_id,
            step=step,
            at=now(),
        )
        .on_conflict_do_nothing()
        .returning(UnitEntry.id)
    ).first()
    return made is not None
