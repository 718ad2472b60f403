"""A file of the insurer's list from its arrival to the list: read in the background, looked at, applied all or nothing.

Kept meanwhile: the file itself, sealed, until it was read; then digests and facts by line, no name, no number. A line
with a fault changes nothing and takes nobody off.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO

from sqlalchemy import delete, func, select, text, update

from core.plugin_api import Domain, Message
from core.plugin_api.pages import Refused
from core.plugin_api.people import person_of
from core.plugin_api.tables import Erased, blinder, current_tenant_id, db, new_id, now, record, seal, unseal
from plugins.insurer_assistance import applying, cases, members, reading
from plugins.insurer_assistance.listing import Listed
from plugins.insurer_assistance.models import Import, ImportLine, Member
from plugins.insurer_assistance.reading import FileRefused

_ = Domain("insurer_assistance")

RECEIVED, READING, READY, TO_APPLY = "received", "reading", "ready", "to_apply"
APPLIED, REFUSED, CANCELLED = "applied", "refused", "cancelled"
UNDER_WAY = (RECEIVED, READING, TO_APPLY)
BATCH = 5_000
WORK_SECONDS = 10
STALE = dt.timedelta(minutes=3)
KEPT_UNAPPLIED = dt.timedelta(days=7)
SHOWN_ERRORS = 200
STATES: dict[str, Message] = {
    RECEIVED: _("received, not read yet"),
    READING: _("being read"),
    READY: _("read: please look at it and apply it"),
    TO_APPLY: _("being applied"),
    APPLIED: _("applied"),
    REFUSED: _("refused"),
    CANCELLED: _("put aside"),
}


# -- receiving ---------------------------------------------------------------------------------------------------------


def receive(raw: BinaryIO, account_id: uuid.UUID, *, whole: bool) -> Import:
    """Take a file, CSV or CSV in gzip. `whole`: who is no longer in it is taken off the list.

    Raises Refused naming what is wrong with its columns, its encoding or its size. A file that waits is put aside by it.
    """
    try:
        reading.form_of(raw)
    except FileRefused as no:
        raise Refused(no.message, status=422) from no
    raw.seek(0)
    data = raw.read()
    if not data.startswith(reading.GZIP):
        data = gzip.compress(data, 5)
    for row in db.session.execute(select(Import).where(Import.state.in_((RECEIVED, READING, READY)))).scalars():
        _put_aside(row)
    made = Import(
        id=new_id(),
        account_id=account_id,
        state=RECEIVED,
        whole=whole,
        sealed=seal(person_of(account_id), "ia_imports", "sealed", data),
        created_at=now(),
        moved_at=now(),
    )
    db.session.add(made)
    db.session.flush()
    record("assistance.file_received", "import", made.id, {"whole": whole})
    return made


def access_import(import_id: uuid.UUID) -> Import | None:
    """A file of the portal; who may load members may see all of them."""
    found: Import | None = Import.get(import_id)
    return found


def last(count: int = 20) -> list[Import]:
    """The files received last, newest first."""
    return list(db.session.execute(select(Import).order_by(Import.created_at.desc()).limit(count)).scalars())


def _put_aside(row: Import) -> None:
    row.state, row.sealed, row.moved_at = CANCELLED, None, now()
    db.session.execute(delete(ImportLine).where(ImportLine.import_id == row.id))


def cancel(import_id: uuid.UUID) -> None:
    """Put a file aside. Raises Refused (409) where it is being applied or was."""
    row = _locked(import_id)
    if row.state not in (RECEIVED, READING, READY):
        raise Refused(_("This file can no longer be put aside."), status=409)
    _put_aside(row)
    record("assistance.file_cancelled", "import", row.id)


def _locked(import_id: uuid.UUID) -> Import:
    return db.session.execute(
        select(Import).where(Import.id == import_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


# -- in the background -------------------------------------------------------------------------------------------------


def work() -> None:
    """Read what was received, apply what was agreed to, forget what nobody applied. Two workers share nothing."""
    for row in db.session.execute(
        select(Import).where(Import.state.in_((RECEIVED, READING, READY)), Import.moved_at < now() - KEPT_UNAPPLIED)
    ).scalars():
        _put_aside(row)
    db.session.commit()
    while (taken := _take()) is not None:
        if taken.state == TO_APPLY:
            _apply(taken)
        else:
            _read(taken)


def _take() -> Import | None:
    waiting = (Import.state.in_((RECEIVED, TO_APPLY))) | ((Import.state == READING) & (Import.moved_at < now() - STALE))
    return db.session.execute(
        select(Import).where(waiting).order_by(Import.created_at).limit(1).with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()  # fmt: skip


def _read(row: Import) -> None:
    """Read the file in batches, each committed with the progress; a worker that dies is followed by another."""
    import_id, person_id = row.id, person_of(row.account_id)
    assert row.sealed is not None
    try:
        data = io.BytesIO(unseal(person_id, "ia_imports", "sealed", row.sealed))
    except Erased:  # who sent it is gone, and with them the key
        _put_aside(row)
        db.session.commit()
        return
    db.session.execute(delete(ImportLine).where(ImportLine.import_id == import_id))
    row.state, row.moved_at, row.lines = READING, now(), 0
    db.session.commit()
    try:
        for count, batch in _batches(data):
            _keep(import_id, batch)
            if not _progress(import_id, count):
                db.session.rollback()
                return  # put aside meanwhile
            db.session.commit()
    except FileRefused as no:
        db.session.rollback()
        row = _locked(import_id)
        if row.state == READING:
            _put_aside(row)
            row.state = REFUSED
            row.refusal = {"msgid": no.message.msgid, "params": dict(no.message.params)}
            record("assistance.file_refused", "import", row.id)
        db.session.commit()
        return
    row = _locked(import_id)
    if row.state == READING:
        applying.mark_doubles(import_id)
        row.state, row.sealed, row.moved_at = READY, None, now()
        row.counts = applying.preview(row)
        record("assistance.file_read", "import", row.id, {"lines": row.lines, **row.counts})
    db.session.commit()


def _progress(import_id: uuid.UUID, count: int) -> bool:
    done = db.session.execute(
        update(Import)
        .where(Import.id == import_id, Import.state == READING)
        .values(lines=Import.lines + count, moved_at=now())
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    ).first()
    return done is not None


def _batches(data: BinaryIO) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    form = reading.form_of(data)
    key, contract, person = (blinder(purpose) for purpose in (members.KEY, members.CONTRACT, members.PERSON))

    def digested(line: int, found: Listed | reading.Fault) -> tuple[Any, ...]:
        if isinstance(found, reading.Fault):
            readable = key(members.number_text(found.number)) if members.plain(found.number) else None
            return (line, found.code, readable, *[None] * 8)
        return (
            line, None, key(members.number_text(found.number)), contract(members.number_text(found.contract_number)),
            person(members.person_text(found.last_name, found.first_name, found.birth_date)), found.role, found.protected,
            found.residence, found.opens_on, found.closes_on, json.dumps(found.exclusions) if found.exclusions else "[]",
        )  # fmt: skip

    batch: list[tuple[Any, ...]] = []
    for line, found in reading.lines(data, form, members.local_day()):
        batch.append(digested(line, found))
        if len(batch) == BATCH:
            yield len(batch), batch
            batch = []
    yield len(batch), batch


_KEEP = text("""
    INSERT INTO ia_import_lines (tenant_id, id, import_id, line, code, key_blind, contract_blind, person_blind, role, protected,
        residence, opens_on, closes_on, exclusions)
    SELECT :tenant, gen_random_uuid(), :import_id, n.line, n.code, n.key_blind, n.contract_blind, n.person_blind, n.role, n.protected,
        n.residence, n.opens_on, n.closes_on, n.exclusions::jsonb
    FROM unnest(CAST(:line AS int[]), CAST(:code AS text[]), CAST(:key_blind AS bytea[]), CAST(:contract_blind AS bytea[]),
        CAST(:person_blind AS bytea[]), CAST(:role AS text[]), CAST(:protected AS bool[]), CAST(:residence AS text[]),
        CAST(:opens_on AS date[]), CAST(:closes_on AS date[]), CAST(:exclusions AS text[]))
        AS n (line, code, key_blind, contract_blind, person_blind, role, protected, residence, opens_on, closes_on, exclusions)
""")
_KEPT = (
    "line", "code", "key_blind", "contract_blind", "person_blind", "role", "protected", "residence", "opens_on", "closes_on",
    "exclusions",
)  # fmt: skip


def _keep(import_id: uuid.UUID, batch: list[tuple[Any, ...]]) -> None:
    if batch:
        columns = dict(zip(_KEPT, (list(c) for c in zip(*batch, strict=True)), strict=True))
        db.session.execute(_KEEP, {"tenant": current_tenant_id(), "import_id": import_id, **columns})


# -- applying ----------------------------------------------------------------------------------------------------------


def needs_confirmation(row: Import) -> bool:
    """Whether the file would take more people off the list than the portal lets pass without a second look."""
    percent = cases.settings("eligibility")["removal_confirm_percent"]
    return bool(row.counts.get("removed", 0) * 100 > percent * row.counts.get("listed", 0))


def agree(import_id: uuid.UUID, *, confirmed: bool) -> None:
    """Apply a file that was looked at; the worker does it. Raises Refused without the confirmation that it needs."""
    row = _locked(import_id)
    if row.state != READY:
        raise Refused(_("This file cannot be applied now. Please look at it again."), status=409)
    if needs_confirmation(row) and not confirmed:
        raise Refused(_("The file takes many people off the list. Please confirm that this is meant."), status=422)
    row.state, row.moved_at = TO_APPLY, now()
    record("assistance.file_agreed", "import", row.id, dict(row.counts))


def _apply(row: Import) -> None:
    """All of it in one transaction. More removals than were shown: it is shown again instead."""
    shown, import_id = row.counts, row.id
    applying.by_sets()
    fresh = applying.preview(row)
    if fresh["removed"] > shown["removed"]:
        row.state, row.counts, row.moved_at = READY, fresh, now()
        db.session.commit()
        return
    applying.write(import_id, removing=bool(fresh["removed"]))
    row.state, row.counts, row.applied_at, row.moved_at = APPLIED, fresh, now(), now()
    record("assistance.file_applied", "import", import_id, dict(fresh))
    db.session.commit()
    db.session.expire_all()  # members were written behind the session's back


# -- looking -----------------------------------------------------------------------------------------------------------


def faults(import_id: uuid.UUID, limit: int | None = SHOWN_ERRORS) -> Iterator[tuple[int, str]]:
    """(line, code) of the lines with a fault, by line: the first ones, or all with `limit` None."""
    query = (
        select(ImportLine.line, ImportLine.code)
        .where(ImportLine.import_id == import_id, ImportLine.code.is_not(None))
        .order_by(ImportLine.line)
    )
    for line, code in db.session.execute(query.limit(limit).execution_options(yield_per=BATCH)):
        yield line, str(code)


def by_source() -> dict[str, tuple[int, int]]:
    """How many people each source has on the list and took off it: source to (listed, removed)."""
    rows = db.session.execute(
        select(
            Member.source,
            func.count().filter(Member.removed_at.is_(None)),
            func.count().filter(Member.removed_at.is_not(None)),
        )
        .group_by(Member.source)
        .order_by(Member.source)
    )
    return {source: (listed, removed) for source, listed, removed in rows}
