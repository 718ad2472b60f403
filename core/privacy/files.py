"""Files of requests: proofs that people send, copies that are made for them; sealed whole with the person's key."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from flask import Response
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage

from core import clock
from core.db import db
from core.identity.uploads import Upload, receive
from core.messages import Message, _
from core.privacy.models import PrivacyFile
from core.tenancy import keys
from core.web.frame import Refused

__all__ = ["Upload", "content", "download", "keep", "listed", "optional"]

MOST = 6
"""How many proofs a request holds: a technical limit."""
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "application/zip": "zip"}


def optional(file: FileStorage | None) -> tuple[Upload | None, Message | None]:
    """(upload, None), (None, None) where nothing was chosen, or (None, what is wrong)."""
    if file is None or not file.filename:
        return None, None
    return receive(file)


def keep(subject_kind: str, subject_id: uuid.UUID, person_id: uuid.UUID, kind: str, upload: Upload) -> PrivacyFile:
    """Keep a file of a request, sealed with the person's key. Raises Refused (409) for too many, keys.Erased."""
    f = PrivacyFile
    count = select(func.count()).where(f.subject_kind == subject_kind, f.subject_id == subject_id, f.kind == kind)
    if kind != "export" and db.session.execute(count).scalar_one() >= MOST:
        raise Refused(_("{most} files are there already; more are not possible.", most=MOST))
    row = PrivacyFile(
        subject_kind=subject_kind, subject_id=subject_id, person_id=person_id, kind=kind, mimetype=upload.mimetype,
        size=len(upload.data), digest=hashlib.sha256(upload.data).hexdigest(), created_at=clock.now(),
        sealed=keys.seal(person_id, "privacy_files", "sealed", upload.data),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def listed(subject_kind: str, subject_id: uuid.UUID) -> list[PrivacyFile]:
    """The files of a request in the order of their arrival, without their content."""
    f = PrivacyFile
    query = select(f).where(f.subject_kind == subject_kind, f.subject_id == subject_id).order_by(f.created_at, f.id)
    return list(db.session.execute(query).scalars())


def content(row: PrivacyFile) -> bytes:
    """The bytes of a file. Raises keys.Erased."""
    return keys.unseal(row.person_id, "privacy_files", "sealed", row.sealed)


def download(row: PrivacyFile, name: str) -> Any:
    """The file as a download: never shown as a page of the portal, never kept by a browser."""
    data = content(row)
    answer = Response(data, mimetype=row.mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{EXTENSIONS.get(row.mimetype, "bin")}"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cache-Control"] = "no-store"
    return answer
