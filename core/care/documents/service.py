"""Files exchanged in care: kept sealed, scanned after the commit, read by whom their subject lets.

Nobody opens a file that the portal's scanner has not found clean: not the other side, and not its author either.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import exists, select
from werkzeug.exceptions import NotFound

from core import audit, clock
from core.care.documents.intake import (
    Upload,
    accepted,
    clean_name,
    most_megabytes,
    receive,
    settings,
    types_in_words,
)
from core.care.documents.models import CLEAN, INFECTED, KINDS, QUARANTINED, REMOVED, CareDocument
from core.db import db
from core.hooks.types import Event, FileScanner, ScannerAway, ScanVerdict
from core.identity import people
from core.identity.sessions import AccountView
from core.jobs import announce, consumer, periodic
from core.notifications.service import notify
from core.tenancy import keys
from core.tenancy.current import current_tenant

__all__ = [
    "CareDocument", "Listed", "NotOpen", "Upload", "accepted", "access_document", "content", "keep", "listed",
    "may_read", "most_megabytes", "name_of", "receive", "register_reader", "remove", "scan", "tell_refused",
    "types_in_words", "waiting_for_scanner",
]  # fmt: skip
log = logging.getLogger("portico.documents")

SCAN_EVERY_SECONDS = 60
SCAN_AT_ONCE = 50
NO_SCANNER = "none"
_TABLE = "care_documents"

Reader = Callable[[AccountView, CareDocument], bool]
Link = Callable[[CareDocument], str]
_readers: dict[str, Reader] = {}
_links: dict[str, Link] = {}


class NotOpen(Exception):
    """The file cannot be opened; `state` says why: quarantined, infected or removed."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in a list. `name` is None where the viewer may not know it: somebody else's, before it is found clean."""

    id: uuid.UUID
    kind: str
    mimetype: str
    size: int
    state: str
    created_at: dt.datetime
    name: str | None
    mine: bool


# -- who may read ----------------------------------------------------------------------------------------------------


def register_reader(subject_kind: str, reader: Reader, link: Link | None = None) -> None:
    """A room says who reads the files of its subjects; a kind that nobody registered is read by nobody.

    `reader` takes an account and a document; `link` gives the path of the page that a refusal's message leads to.
    """
    _readers[subject_kind] = reader
    if link is not None:
        _links[subject_kind] = link


def may_read(account: AccountView, document: CareDocument) -> bool:
    """Whether the room of the document's subject lets this account read it."""
    reader = _readers.get(document.subject_kind)
    return reader is not None and reader(account, document)


def access_document(document_id: uuid.UUID, *, may_read: Callable[[CareDocument], bool]) -> CareDocument:
    """A file, without its content. Raises NotFound: the same for absent, removed and not yours."""
    row: CareDocument | None = CareDocument.get(document_id)
    if row is None or row.state == REMOVED or not may_read(row):
        raise NotFound
    return row


# -- keeping and reading ---------------------------------------------------------------------------------------------


def keep(
    upload: Upload,
    *,
    person_id: uuid.UUID,
    subject_kind: str,
    subject_id: uuid.UUID,
    author_account_id: uuid.UUID,
    kind: str,
    name: str,
) -> CareDocument:
    """Keep a file in quarantine, sealed with the key of the person cared for; it is scanned after the commit.

    `person_id` is whose care it is, not whose file. Raises ValueError for an unknown kind, keys.Erased.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind of file: {kind}")
    row = CareDocument(
        person_id=person_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        author_account_id=author_account_id,
        kind=kind,
        mimetype=upload.mimetype,
        size=len(upload.data),
        name=keys.seal(person_id, _TABLE, "name", clean_name(name, upload.mimetype)),
        sealed=keys.seal(person_id, _TABLE, "sealed", upload.data),
        state=QUARANTINED,
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    audit.record("document.received", "care_document", row.id, {"kind": kind, "subject": str(subject_id)})
    announce("document_received", _ids(row))
    return row


def name_of(document: CareDocument) -> str:
    """What the file is called. Raises keys.Erased."""
    return keys.unseal(document.person_id, _TABLE, "name", document.name).decode()


def content(document: CareDocument) -> bytes:
    """The bytes of a file that was found clean; reading it goes on the trail. Raises NotOpen, keys.Erased."""
    if document.state != CLEAN or document.sealed is None:
        raise NotOpen(document.state)
    audit.record("document.read", "care_document", document.id, {"subject": str(document.subject_id)})
    return keys.unseal(document.person_id, _TABLE, "sealed", document.sealed)


def listed(subject_kind: str, subject_id: uuid.UUID, *, viewer: uuid.UUID | None = None) -> list[Listed]:
    """The files of a subject in the order of their arrival, without those removed.

    `viewer` is the account that looks: it sees the names of its own files at once, of the others' once they are clean.
    """
    d = CareDocument
    rows = db.session.execute(
        select(d)
        .where(d.subject_kind == subject_kind, d.subject_id == subject_id, d.state != REMOVED)
        .order_by(d.created_at, d.id)
    ).scalars()
    return [_listed(row, viewer) for row in rows]


def _listed(row: CareDocument, viewer: uuid.UUID | None) -> Listed:
    mine = row.author_account_id == viewer
    name = None
    if mine or row.state == CLEAN:
        try:
            name = name_of(row)
        except keys.Erased:
            pass
    return Listed(row.id, row.kind, row.mimetype, row.size, row.state, row.created_at, name, mine)


def remove(document: CareDocument) -> None:
    """Drop a file's content. Who may do so, and until when, the caller decides."""
    if document.state != REMOVED:
        document.state, document.sealed = REMOVED, None
        audit.record("document.removed", "care_document", document.id, {"subject": str(document.subject_id)})


def _ids(row: CareDocument) -> dict[str, str]:
    return {"document_id": str(row.id), "subject_kind": row.subject_kind, "subject_id": str(row.subject_id)}


# -- scanning --------------------------------------------------------------------------------------------------------


def scanner() -> FileScanner | None:
    """The scanner that the portal names; None where it names none, or one that is not there."""
    wanted = settings()["scanner"]
    if wanted == NO_SCANNER:
        return None
    offered = current_tenant().dispatcher.collect("file_scanners")
    return next((s for s in offered if s.code == wanted), None)


def waiting_for_scanner() -> bool:
    """Whether files wait longer than usual: there is no scanner, or it was asked in vain. Pages say so."""
    waits = exists().where(CareDocument.state == QUARANTINED, CareDocument.tried_at.is_not(None))
    return scanner() is None or bool(db.session.execute(select(waits)).scalar_one())


@consumer("document_received", "core.care.documents")
def received(event: Event) -> None:
    """Scan what has just come; where no scanner answers, it waits for the periodic job."""
    scan(uuid.UUID(event.payload["document_id"]))


@periodic.job("documents.scan", SCAN_EVERY_SECONDS)
def scan_waiting() -> None:
    """Scan what is still in quarantine, what was tried longest ago first; each verdict is committed by itself."""
    d = CareDocument
    ids = db.session.execute(
        select(d.id).where(d.state == QUARANTINED).order_by(d.tried_at.nulls_first(), d.created_at).limit(SCAN_AT_ONCE)
    ).scalars()
    for document_id in list(ids):
        answered = scan(document_id)
        db.session.commit()
        db.session.expunge_all()  # the contents would add up
        if not answered:
            return


def scan(document_id: uuid.UUID) -> bool:
    """Scan a file that is in quarantine; False when the scanner is away for all.

    The verdict, the message to the author and what is announced are one transaction: done again, it finds nothing to do.
    """
    row = db.session.execute(
        select(CareDocument)
        .where(CareDocument.id == document_id, CareDocument.state == QUARANTINED)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        return True
    asked = scanner()
    if asked is None:
        row.tried_at = clock.now()
        return False
    assert row.sealed is not None
    try:
        data = keys.unseal(row.person_id, _TABLE, "sealed", row.sealed)
    except keys.Erased:
        remove(row)
        return True
    try:
        verdict = asked.scan(data)
    except Exception as error:  # a scanner that fails is one that cannot tell
        row.tried_at = clock.now()
        away = isinstance(error, ScannerAway)
        log.warning("a file could not be scanned", exc_info=error, extra={"what": str(error) if away else asked.code})
        return not isinstance(error, ScannerAway) or error.this_file_only
    _judge(row, asked.code, verdict)
    return True


def _judge(row: CareDocument, scanner_code: str, verdict: ScanVerdict) -> None:
    row.scanned_at, row.scanner = clock.now(), scanner_code
    word = re.sub(r"[^A-Za-z0-9._-]+", "-", verdict.name or "")[:80]
    if verdict.clean:
        row.state, row.verdict = CLEAN, "clean"
    else:
        row.state, row.sealed, row.verdict = INFECTED, None, word or "refused"
    details = {"scanner": scanner_code, "verdict": row.verdict, "subject": str(row.subject_id)}
    audit.record("document.scanned", "care_document", row.id, details)
    announce("document_clean" if verdict.clean else "document_refused", _ids(row))
    if not verdict.clean:
        tell_refused(row, row.author_account_id)


def tell_refused(document: CareDocument, account_id: uuid.UUID) -> None:
    """Tell an account that a file was not passed on. The author is told by the scan itself.

    The room that knows the other side calls this for it when `document_refused` is announced. The message names neither
    the file nor what was found in it.
    """
    link = _links.get(document.subject_kind)
    notify(
        "document_refused",
        account_id=account_id,
        person_id=people.person_of(account_id),
        to=people.recipient(account_id),
        params={"when_at": document.created_at.isoformat(), "own": account_id == document.author_account_id},
        link=link(document) if link is not None else "/",
    )
