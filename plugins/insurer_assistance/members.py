"""The insurer's list: who is in it is asked by digest; names and contract numbers are never kept (IA-009, IA-010, IA-091)."""

from __future__ import annotations

import datetime as dt
import unicodedata
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from core.plugin_api import Domain, Message
from core.plugin_api.pages import current_tenant
from core.plugin_api.people import described, has_password
from core.plugin_api.tables import blind, db, now, record, today
from plugins.insurer_assistance.models import Cover, Member

_ = Domain("insurer_assistance")

ELIGIBLE, NOT_ELIGIBLE, UNKNOWN = "eligible", "not_eligible", "unknown"

REASONS: dict[str, Message] = {
    "not_listed": _("The insurer's list has nobody of this name and date of birth under this contract."),
    "not_yet": _("This cover has not begun yet."),
    "ended": _("This cover has ended."),
    "removed": _("The insurer has taken this person off its list."),
    "ambiguous": _(
        "Several people of this name and date of birth are covered. Please call us: we will find the right one."
    ),
    "taken": _("This cover is already linked to another account. Please call us: we will put it right."),
    "unreachable": _("Your insurer's service does not answer at the moment. Please call us: we can help by telephone."),
}


def plain(text: str) -> str:
    """A name as it is compared: without accents, case, hyphens and spaces."""
    flat = text.casefold()
    if not flat.isascii():
        flat = unicodedata.normalize("NFKD", flat)
    return flat if flat.isalnum() and flat.isascii() else "".join(filter(str.isalnum, flat))


CONTRACT, PERSON, KEY = "ia-contract", "ia-person", "ia-member"


def number_text(number: str) -> str:
    """A number as it is compared: without spaces, in capitals."""
    return "".join(number.split()).upper()


def person_text(last_name: str, first_name: str, born: dt.date) -> str:
    """A person as they are compared."""
    return f"{plain(last_name)}|{plain(first_name)}|{born.isoformat()}"


def contract_mark(number: str) -> bytes:
    """The digest of a contract number."""
    return blind(number_text(number), CONTRACT)


def person_mark(last_name: str, first_name: str, born: dt.date) -> bytes:
    """The digest of a name and a date of birth."""
    return blind(person_text(last_name, first_name, born), PERSON)


def key_mark(number: str) -> bytes:
    """The digest of the insurer's own number of a person."""
    return blind(number_text(number), KEY)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom the eligibility is asked for. The closed list of what goes to the insurer is exactly this (IA-091)."""

    last_name: str
    first_name: str
    birth_date: dt.date
    contract_number: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`state` eligible, not_eligible or unknown; `code` a key of REASONS where it is not eligible."""

    state: str
    member: Member | None = None
    code: str = ""

    @property
    def ok(self) -> bool:
        """Whether somebody was found with open rights."""
        return self.state == ELIGIBLE

    @property
    def message(self) -> Message | None:
        """Why not, in words."""
        return REASONS[self.code] if self.code else None


def closed_because(member: Member, cover: Cover, day: dt.date) -> str:
    """Why rights are not open on a day; empty where they are."""
    if member.removed_at is not None:
        return "removed"
    if max(member.opens_on, cover.opens_on) > day:
        return "not_yet"
    ends = [d for d in (member.closes_on, cover.closes_on) if d is not None]
    return "ended" if ends and min(ends) < day else ""


def local_day() -> dt.date:
    """Today where the portal is."""
    return today(current_tenant().time_zone)


def in_list(asked: Asked, day: dt.date | None = None) -> Answer:
    """What the list of the portal says of somebody."""
    query = (
        select(Member, Cover)
        .join(Cover, (Cover.tenant_id == Member.tenant_id) & (Cover.id == Member.cover_id))
        .where(Member.person_blind == person_mark(asked.last_name, asked.first_name, asked.birth_date))
    )
    if asked.contract_number:
        query = query.where(Cover.contract_blind == contract_mark(asked.contract_number))
    rows = db.session.execute(query.limit(10)).all()
    open_ = [m for m, c in rows if not closed_because(m, c, day or local_day())]
    if len(open_) == 1:
        return Answer(ELIGIBLE, open_[0])
    if open_:
        return Answer(NOT_ELIGIBLE, None, "ambiguous")
    if rows:
        return Answer(NOT_ELIGIBLE, None, closed_because(*rows[0], day or local_day()))
    return Answer(NOT_ELIGIBLE, None, "not_listed")


def link(member: Member, account_id: uuid.UUID, dependant_id: uuid.UUID | None) -> str:
    """Remember whose cover this is; a code of REASONS where somebody else has it already.

    A person is looked for, not an account: the same person by another account (telephone first, web later) takes it over
    where name and date of birth agree, which is how the row was found.
    """
    held = db.session.execute(select(Member).where(Member.id == member.id).with_for_update()).scalar_one()
    mine = (account_id, dependant_id)
    there = (held.account_id, held.dependant_id)
    if held.account_id is not None and there != mine and _opened(held.account_id):
        return "taken"
    if there != mine:
        held.account_id, held.dependant_id, held.linked_at = account_id, dependant_id, now()
        record("assistance.cover_linked", "account", account_id, {"member": str(member.id), "role": held.role})
    return ""


def _opened(account_id: uuid.UUID) -> bool:
    return has_password(account_id)


def of_account(account_id: uuid.UUID) -> list[Member]:
    """The covers that an account's people were found to have."""
    return list(
        db.session.execute(select(Member).where(Member.account_id == account_id).order_by(Member.linked_at)).scalars()
    )


def of_person(account_id: uuid.UUID, dependant_id: uuid.UUID | None) -> Member | None:
    """The cover of one person, open or not; the newest where there are several."""
    same = Member.dependant_id == dependant_id if dependant_id else Member.dependant_id.is_(None)
    return db.session.execute(
        select(Member).where(Member.account_id == account_id, same).order_by(Member.linked_at.desc()).limit(1)
    ).scalar_one_or_none()


def standing(member: Member, day: dt.date | None = None) -> Answer:
    """Whether a linked cover is open on a day."""
    code = closed_because(member, cover_of(member), day or local_day())
    return Answer(NOT_ELIGIBLE, member, code) if code else Answer(ELIGIBLE, member)


def cover_of(member: Member) -> Cover:
    """The contract of a beneficiary."""
    found: Cover = Cover.get(member.cover_id)
    return found


def asked_of(account_id: uuid.UUID, dependant_id: uuid.UUID | None, contract_number: str) -> Asked:
    """What is asked of the insurer for the account's person or a dependant."""
    who = described(account_id, dependant_id)
    return Asked(who.last_name, who.first_name, who.born, contract_number)
