"""Images and documents of the health profile: kept by the patient, read by whom the record is open to (CB-198)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from werkzeug.datastructures import FileStorage

from core.care.documents import service as documents
from core.care.documents.models import CareDocument
from core.care.record import service
from core.care.record.people import Subject
from core.messages import Message, _

KIND = "profile"
MOST_FILES = 60


def owns(account_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Whether the record of this person is the account's own, or of one it acts for."""
    return any(person == person_id for _dependant, person, _name in service.subjects_of(account_id))


def add(
    subject: Subject, account_id: uuid.UUID, sent: Sequence[FileStorage]
) -> tuple[list[CareDocument], list[Message]]:
    """(files kept, what is wrong): where anything is wrong, the caller keeps nothing and rolls back."""
    if not sent:
        return [], [_("Please choose a file.")]
    if len(documents.listed(KIND, subject.person_id)) + len(sent) > MOST_FILES:
        return [], [_("A record holds {most} files at most; please remove some first.", most=MOST_FILES)]
    kept: list[CareDocument] = []
    problems: list[Message] = []
    for file in sent:
        upload, wrong = documents.receive(file, kind=KIND)
        if upload is None:
            problems.append(_("{file}: {problem}", file=(file.filename or "")[:80], problem=wrong))
            continue
        made = documents.keep(
            upload, person_id=subject.person_id, subject_kind=KIND, subject_id=subject.person_id,
            author_account_id=account_id, kind=KIND, name=upload.name or file.filename or "",
        )  # fmt: skip
        kept.append(made)
    return kept, problems


def remove(account_id: uuid.UUID, document_id: uuid.UUID) -> None:
    """Take a file out of the record; its content is gone. Raises NotFound: absent and not yours alike."""
    documents.remove(
        documents.access_document(
            document_id, may_read=lambda d: d.subject_kind == KIND and owns(account_id, d.person_id)
        )
    )
