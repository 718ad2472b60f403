"""Copies of supporting documents: looked at by content, never by name; sealed whole; kept while a form is mended."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from core import audit, clock, crypto
from core.db import db
from core.identity.models import Account, DraftUpload, PersonDocument
from core.jobs import periodic
from core.messages import Message, _
from core.tenancy import keys

MOST_BYTES = 8 * 1024 * 1024
MOST_PER_TYPE = 4
DRAFT_LIFE = dt.timedelta(hours=2)
PURGE_SECONDS = 900
KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}
ACCEPT = ".pdf,.jpg,.jpeg,.png"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that passed: its sniffed type and its bytes."""

    mimetype: str
    data: bytes


def sniff(data: bytes) -> str | None:
    """The type of a file by its first and last bytes; None where it is none of those taken."""
    if data[:5] == b"%PDF-" and b"%%EOF" in data[-2048:]:
        return "application/pdf"
    if data[:3] == b"\xff\xd8\xff" and b"\xff\xd9" in data[-64:]:
        return "image/jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR" and b"IEND" in data[-32:]:
        return "image/png"
    return None


def receive(file: FileStorage | None) -> tuple[Upload | None, Message | None]:
    """(upload, None) or (None, what is wrong). Nothing chosen and an empty file are refused in words."""
    if file is None or not file.filename:
        return None, _("Please choose a file: PDF, JPEG or PNG.")
    data = file.stream.read(MOST_BYTES + 1)
    if not data:
        return None, _("This file is empty. Please choose another one.")
    if len(data) > MOST_BYTES:
        return None, _(
            "This file is larger than {size} MB. A photo of lower resolution will do.", size=MOST_BYTES // 1024**2
        )
    mimetype = sniff(data)
    if mimetype is None:
        return None, _("This file is neither a PDF nor a JPEG or PNG picture, or it is damaged.")
    return Upload(mimetype, data), None


def stash(type_: str, upload: Upload) -> str:
    """Keep a file while its form is being mended; the token goes into the form and is not stored."""
    token = crypto.new_token()
    key = crypto.derive(token.encode(), "draft-upload")
    head = json.dumps({"mimetype": upload.mimetype}).encode()
    db.session.add(
        DraftUpload(
            digest=crypto.token_digest(token),
            type=type_,
            sealed=crypto.seal(key, len(head).to_bytes(2) + head + upload.data, f"draft|{type_}"),
            expires_at=clock.now() + DRAFT_LIFE,
        )
    )
    db.session.flush()
    return token


def unstash(type_: str, token: str | None) -> Upload | None:
    """The file behind a form's token, while it is kept; of this type of document only."""
    if not token:
        return None
    row = db.session.execute(
        select(DraftUpload).where(
            DraftUpload.digest == crypto.token_digest(token),
            DraftUpload.type == type_,
            DraftUpload.expires_at > clock.now(),
        )
    ).scalar_one_or_none()
    if row is None:
        return None
    plain = crypto.unseal(crypto.derive(token.encode(), "draft-upload"), row.sealed, f"draft|{type_}")
    size = int.from_bytes(plain[:2])
    return Upload(str(json.loads(plain[2 : 2 + size])["mimetype"]), plain[2 + size :])


def unkeep(tokens: list[str]) -> None:
    """The form went through: what was kept for it goes."""
    digests = [crypto.token_digest(t) for t in tokens if t]
    if digests:
        db.session.execute(delete(DraftUpload).where(DraftUpload.digest.in_(digests)))


@periodic.job("identity.drafts", PURGE_SECONDS)
def purge() -> None:
    """Drop what nobody came back for: kept files, sign-ins that ran out, old counts."""
    from core.identity import sign_in, throttle  # late: only the job needs them

    db.session.execute(delete(DraftUpload).where(DraftUpload.expires_at <= clock.now()))
    sign_in.purge()
    throttle.purge(clock.now() - dt.timedelta(days=2))


def keep(account: Account, type_: str, upload: Upload) -> PersonDocument:
    """Keep a copy, sealed with the person's key; beyond the most of a type the oldest goes."""
    row = PersonDocument(
        account_id=account.id,
        type=type_,
        mimetype=upload.mimetype,
        size=len(upload.data),
        sealed=keys.seal(account.person_id, "person_documents", "sealed", upload.data),
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    ids = list(
        db.session.execute(
            select(PersonDocument.id)
            .where(PersonDocument.account_id == account.id, PersonDocument.type == type_)
            .order_by(PersonDocument.created_at.desc())
        ).scalars()
    )
    if len(ids) > MOST_PER_TYPE:
        db.session.execute(delete(PersonDocument).where(PersonDocument.id.in_(ids[MOST_PER_TYPE:])))
    audit.record("document.added", "account", account.id, {"type": type_, "document": str(row.id)})
    return row


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy in a list, without its content."""

    id: uuid.UUID
    type: str
    mimetype: str
    size: int
    created_at: dt.datetime
    checked_at: dt.datetime | None = None
    erased: bool = False


def listed(account_id: uuid.UUID) -> list[Kept]:
    """The account's copies, newest first, without their content."""
    d = PersonDocument
    rows = db.session.execute(
        select(d.id, d.type, d.mimetype, d.size, d.created_at, d.checked_at, d.sealed.is_(None))
        .where(d.account_id == account_id)
        .order_by(d.created_at.desc())
    )
    return [Kept(*row) for row in rows]


def access_document(account_id: uuid.UUID, document_id: uuid.UUID) -> PersonDocument:
    """One of the account's own copies. Raises NotFound: the same for absent and for somebody else's."""
    row = db.session.execute(
        select(PersonDocument).where(PersonDocument.account_id == account_id, PersonDocument.id == document_id)
    ).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def content(account: Account, row: PersonDocument) -> bytes:
    """The bytes of a copy; reading it goes on the trail. Raises NotFound for one that was erased after its check."""
    if row.sealed is None:
        raise NotFound
    audit.record("document.read", "account", account.id, {"document": str(row.id), "type": row.type})
    return keys.unseal(account.person_id, "person_documents", "sealed", row.sealed)


def checked(account: Account, *, kept: Collection[str]) -> None:
    """An operator decided on the account's copies: note it, and erase those of types that need not be kept."""
    now = clock.now()
    for row in db.session.execute(
        select(PersonDocument).where(PersonDocument.account_id == account.id, PersonDocument.checked_at.is_(None))
    ).scalars():
        row.checked_at = now
        if row.type not in kept:
            row.sealed = None
            audit.record(
                "document.erased_after_check", "account", account.id, {"document": str(row.id), "type": row.type}
            )


def remove(account_id: uuid.UUID, document_id: uuid.UUID) -> None:
    """Take one of the account's own copies away. Raises NotFound."""
    row = access_document(account_id, document_id)
    db.session.delete(row)
    audit.record("document.removed", "account", account_id, {"document": str(document_id), "type": row.type})
