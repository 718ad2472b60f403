"""What is written in the health profile: each entry sealed, with its author and its time; nothing is written over."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from werkzeug.exceptions import NotFound

from core import audit, clock
from core.care.record import looks, schemas
from core.care.record.models import HealthEntry, RecordSetting
from core.care.record.people import Author, Subject, subject_of
from core.db import current_tenant_id, db, new_id
from core.hooks.types import HealthRegister
from core.identity import people as identity
from core.identity.schemas import Errors
from core.messages import _
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

_SEALED = ("health_entries", "sealed")
MOST_ENTRIES = 200


class NotValid(Exception):
    """Answers that cannot be kept; `errors` says why, by field ("" for the form)."""

    def __init__(self, errors: Errors) -> None:
        super().__init__("answers are not valid")
        self.errors = errors


class Changed(Exception):
    """Somebody else changed or removed the entry while this form was open."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, opened. `none`: the answer “none” of a list."""

    id: uuid.UUID
    values: Mapping[str, str]
    none: bool
    author_kind: str
    author_account_id: uuid.UUID
    professional_id: uuid.UUID | None
    written_at: dt.datetime
    ended_at: dt.datetime | None = None
    ended_by: uuid.UUID | None = None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class RegisterState:
    """A register of a person: what holds now. `closed`: its plugin is off, what was written stays readable."""

    register: HealthRegister
    need: str
    entries: tuple[Entry, ...]
    missing: bool
    closed: bool = False

    @property
    def none(self) -> bool:
        return any(e.none for e in self.entries)

    @property
    def last(self) -> Entry | None:
        """The entry written last."""
        return max(self.entries, key=lambda e: e.written_at, default=None)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's health profile: its registers in order, and when it was last confirmed to be up to date (CB-201)."""

    subject: Subject
    registers: tuple[RegisterState, ...]
    confirmed_at: dt.datetime | None = None
    missing: tuple[HealthRegister, ...] = field(default=())


# -- which registers there are ----------------------------------------------------------------------------------------


def need_of(register: HealthRegister) -> str:
    """mandatory, asked or optional on this portal."""
    chosen = current_tenant().config.get("record", {}).get("mandatory_registers")
    if chosen is None:
        return register.need
    if register.code in chosen:
        return "mandatory"
    return "optional" if register.need == "mandatory" else register.need


def registers_for(subject: Subject) -> list[HealthRegister]:
    """The registers of this person, by sex and category, in order (CB-197 to CB-200)."""
    return _fitting(current_tenant().dispatcher.collect("health_registers"), subject)


def _fitting(registers: Iterable[HealthRegister], subject: Subject) -> list[HealthRegister]:
    found = [r for r in registers if r.only_for_sex in (None, subject.sex)]
    # The category is worked out only where a register asks for it: the home page asks for those that do not.
    category = subject.category if any(r.only_for_categories for r in found) else ""
    return [r for r in found if not r.only_for_categories or category in r.only_for_categories]


def register_of(subject: Subject, code: str) -> HealthRegister:
    """The person's register with this code. Raises NotFound: one of another sex or country does not exist for them."""
    found = next((r for r in registers_for(subject) if r.code == code), None)
    if found is None:
        raise NotFound
    return found


def _closed_registers(codes: Iterable[str]) -> list[HealthRegister]:
    installed = current_app.extensions["portico"].runtime.installed().collect("health_registers")
    wanted = set(codes)
    return [r for r in installed if r.code in wanted]


# -- reading ----------------------------------------------------------------------------------------------------------


def _opened(row: HealthEntry) -> Entry:
    body: dict[str, Any] = keys.unseal_json(row.person_id, *_SEALED, row.sealed)
    return Entry(
        row.id, body.get("values") or {}, bool(body.get("none")), row.author_kind, row.author_account_id, row.professional_id,
        row.written_at, row.ended_at, row.ended_by, row.replaced_by is not None,
    )  # fmt: skip


def _current(person_id: uuid.UUID, codes: Sequence[str] | None = None) -> dict[str, list[Entry]]:
    query = select(HealthEntry).where(HealthEntry.person_id == person_id, HealthEntry.ended_at.is_(None))
    if codes is not None:
        query = query.where(HealthEntry.register.in_(codes))
    found: dict[str, list[Entry]] = {}
    for row in db.session.execute(query.order_by(HealthEntry.written_at, HealthEntry.id)).scalars():
        found.setdefault(row.register, []).append(_opened(row))
    return found


def _answered(register: HealthRegister, subject: Subject, entries: Sequence[Entry]) -> bool:
    """Whether the register holds an answer: an entry, or “none”. Empty is none of these (CB-197)."""
    if any(e.none for e in entries):
        return True
    return any(_whole(register, subject, e.values) for e in entries)


def _whole(register: HealthRegister, subject: Subject, values: Mapping[str, str]) -> bool:
    return all(
        values.get(f.code)
        for f in schemas.asked_of(register, subject)
        if f.required and (f.only_when is None or values.get(f.only_when[0]) == f.only_when[1])
    )


def profile_of(subject: Subject) -> Profile:
    """The whole profile of a person. Raises keys.Erased after the person's erasure."""
    written = _current(subject.person_id)
    states = []
    for register in registers_for(subject):
        entries = with_statuses(register, subject, written.pop(register.code, []))
        need = need_of(register)
        missing = need != "optional" and not _answered(register, subject, entries)
        states.append(RegisterState(register, need, tuple(entries), missing))
    for register in _closed_registers(written):
        states.append(RegisterState(register, "optional", tuple(written[register.code]), False, closed=True))
    row = looks.setting(subject.person_id)
    missing_now = tuple(s.register for s in states if s.missing and s.need == "mandatory")
    return Profile(subject, tuple(states), row.confirmed_at if row else None, missing_now)


def state_of(subject: Subject, register: HealthRegister) -> RegisterState:
    """One register of a person, as it holds now."""
    entries = with_statuses(register, subject, _current(subject.person_id, [register.code]).get(register.code, []))
    need = need_of(register)
    return RegisterState(
        register, need, tuple(entries), need != "optional" and not _answered(register, subject, entries)
    )


def with_statuses(register: HealthRegister, subject: Subject, entries: Sequence[Entry]) -> list[Entry]:
    """The entries with the patient statuses as they are declared today: one declaration, wherever it was made."""
    tied = [f for f in register.fields if f.status]
    if not tied or subject.dependant_id is not None or not entries:
        return list(entries)
    declared = identity.declared(subject.account_id)
    said = {f.code: "yes" if f.status in declared else "no" for f in tied}
    return [_replace_values(e, {**e.values, **said}) for e in entries]


def _replace_values(entry: Entry, values: Mapping[str, str]) -> Entry:
    return Entry(
        entry.id, values, entry.none, entry.author_kind, entry.author_account_id, entry.professional_id, entry.written_at,
        entry.ended_at, entry.ended_by, entry.replaced,
    )  # fmt: skip


def past_of(subject: Subject, register: HealthRegister) -> list[Entry]:
    """What stood in a register before, newest first: each with its author, and when it ended (CB-202)."""
    query = select(HealthEntry).where(
        HealthEntry.person_id == subject.person_id,
        HealthEntry.register == register.code,
        HealthEntry.ended_at.is_not(None),
    )
    return [_opened(r) for r in db.session.execute(query.order_by(HealthEntry.ended_at.desc())).scalars()]


def complete(subject: Subject) -> list[HealthRegister]:
    """The mandatory registers that are still without an answer; empty: the profile opens the services (CB-072)."""
    every = current_tenant().dispatcher.collect("health_registers")
    wanted = _fitting((r for r in every if need_of(r) == "mandatory"), subject)
    written = _current(subject.person_id, [r.code for r in wanted])
    return [r for r in wanted if not _answered(r, subject, written.get(r.code, []))]


def missing_for(
    person_id: uuid.UUID, account_id: uuid.UUID, dependant_id: uuid.UUID | None = None
) -> list[HealthRegister]:
    """What must be answered before this person can have a consultation (CB-072): mandatory registers without an answer.

    Raises NotFound where the person is not the account's own nor this dependant.
    """
    subject = subject_of(account_id, dependant_id)
    if subject.person_id != person_id:
        raise NotFound
    return complete(subject)


def answer_of(subject: Subject, register: str, asked: str) -> str | None:
    """One answer that holds now, such as the attending physician; None where it was not given."""
    found = next((r for r in registers_for(subject) if r.code == register), None)
    if found is None:
        return None
    return next((e.values[asked] for e in state_of(subject, found).entries if e.values.get(asked)), None)


# -- writing ----------------------------------------------------------------------------------------------------------


def locked(person_id: uuid.UUID) -> RecordSetting:
    """The person's settings, locked: those who write in one record do so one after the other."""
    db.session.execute(
        insert(RecordSetting)
        .values(tenant_id=current_tenant_id(), id=new_id(), person_id=person_id)
        .on_conflict_do_nothing()
    )
    return db.session.execute(
        select(RecordSetting)
        .where(RecordSetting.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()


def _may_write(subject: Subject, register: HealthRegister, author: Author) -> str:
    """Why this author may write; "" for the person themself. Raises Refused."""
    if register.form == "documents":
        raise Refused(_("Images and documents are added on their own page."), status=409)
    if author.professional_id is None:
        return ""
    if register.edited_in == "account":
        raise Refused(_("Only the patient can change this, in their own data."), status=403)
    return looks.require_whole(author, subject.person_id).why


def _rows(subject: Subject, register: HealthRegister) -> list[HealthEntry]:
    query = select(HealthEntry).where(
        HealthEntry.person_id == subject.person_id,
        HealthEntry.register == register.code,
        HealthEntry.ended_at.is_(None),
    )
    return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())


def _store(
    subject: Subject, register: HealthRegister, body: Mapping[str, Any], author: Author, id_: uuid.UUID, why: str
) -> None:
    db.session.execute(
        insert(HealthEntry)
        .values(
            tenant_id=current_tenant_id(), id=id_, person_id=subject.person_id, register=register.code,
            sealed=keys.seal_json(subject.person_id, *_SEALED, body),
            author_kind="professional" if author.professional_id else "patient", author_account_id=author.account_id,
            professional_id=author.professional_id, written_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )  # fmt: skip
    _noted(subject, register, author, "entry", id_, why)


def _noted(subject: Subject, register: HealthRegister, author: Author, act: str, id_: uuid.UUID, why: str) -> None:
    by = {"professional": str(author.professional_id)} if author.professional_id else {}
    audit.record(f"record.{act}", "person", subject.person_id, {"entry": str(id_), **by})
    if author.professional_id:
        looks.note(
            subject.person_id,
            "register",
            why,
            professional_id=author.professional_id,
            detail=register.code,
            did="wrote",
        )


def _end(row: HealthEntry, author: Author, replaced_by: uuid.UUID | None = None) -> None:
    row.ended_at, row.ended_by, row.replaced_by = clock.now(), author.account_id, replaced_by


def write_entry(
    subject: Subject,
    code: str,
    typed: Mapping[str, Any],
    author: Author,
    *,
    base: uuid.UUID | None = None,
    entry_id: uuid.UUID | None = None,
) -> uuid.UUID:
    """Write answers: the one form of a single register, or an entry of a list (`base`: the entry that it corrects).

    `entry_id` is made with the form, so that a form sent twice writes once. Returns the id of the entry that holds.
    Raises NotValid, Changed (the entry of `base` does not hold any more), NotFound, Refused (CB-202, CB-203).
    """
    register = register_of(subject, code)
    why = _may_write(subject, register, author)
    values, errors = schemas.check(register, subject, typed)
    if errors:
        raise NotValid(errors)
    locked(subject.person_id)
    id_ = entry_id or new_id()
    rows = _rows(subject, register)
    if any(r.id == id_ for r in rows):
        return id_
    before = next((r for r in rows if r.id == base), None)
    if base is not None and before is None:
        raise Changed
    if register.form == "single":
        if base is None and rows:
            raise Changed
    elif before is None and len(rows) >= MOST_ENTRIES:
        raise Refused(_("No more than {count} entries are possible here.", count=MOST_ENTRIES))
    if before is not None and _opened(before).values == values:
        _declare(subject, register, values)
        return before.id
    _store(subject, register, {"values": values}, author, id_, why)
    for row in rows:
        if row is before or _opened(row).none:
            _end(row, author, id_)
    _declare(subject, register, values)
    return id_


def _declare(subject: Subject, register: HealthRegister, values: Mapping[str, str]) -> None:
    said = {f.status: values.get(f.code) == "yes" for f in register.fields if f.status}
    if said and subject.dependant_id is None:
        identity.declare(subject.account_id, said)


def declare_none(subject: Subject, code: str, author: Author) -> None:
    """Answer a list with “none” (CB-197). Raises Refused while entries stand there, NotFound."""
    register = register_of(subject, code)
    why = _may_write(subject, register, author)
    if register.form != "list" or register.none_label is None:
        raise NotFound
    locked(subject.person_id)
    rows = _rows(subject, register)
    if any(_opened(r).none for r in rows):
        return
    if rows:
        raise Refused(_("Something is written here. Please remove it first; then you can say that there is none."))
    _store(subject, register, {"none": True}, author, new_id(), why)


def access_entry(subject: Subject, register: HealthRegister, entry_id: uuid.UUID) -> Entry:
    """An entry that holds now in this person's register. Raises NotFound: absent, ended and another person's are the same."""
    row = next((r for r in _rows(subject, register) if r.id == entry_id), None)
    if row is None:
        raise NotFound
    return _opened(row)


def end_entry(subject: Subject, code: str, entry_id: uuid.UUID, author: Author) -> None:
    """Take an entry out: it ends, and stays in the history with its author. Raises NotFound, Refused."""
    register = register_of(subject, code)
    why = _may_write(subject, register, author)
    locked(subject.person_id)
    row = next((r for r in _rows(subject, register) if r.id == entry_id), None)
    if row is None:
        raise NotFound
    _end(row, author)
    _noted(subject, register, author, "entry_ended", entry_id, why)


def confirm_up_to_date(person_id: uuid.UUID) -> dt.datetime:
    """The person says that the whole profile is right today; returns when (CB-201)."""
    row = locked(person_id)
    row.confirmed_at = clock.now()
    audit.record("record.confirmed", "person", person_id)
    return row.confirmed_at
