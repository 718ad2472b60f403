"""Files of consultations: who reads them, how they come with a question or a message, who is told of a refused one."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable

from werkzeug.datastructures import FileStorage, MultiDict

from core.care.consultations import messages, states
from core.care.consultations.models import Consultation
from core.care.consultations.service import KIND, access_consultation, offer_of, side_of
from core.care.documents import service as documents
from core.care.documents.models import CareDocument
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import uploads
from core.identity.sessions import AccountView
from core.jobs import consumer
from core.messages import Message, _
from core.web.frame import Refused

FIELDS = {"documents": "document", "voice": "audio"}
"""Form fields with the kind of file that each takes."""
MOST_FILES = 6
_DRAFT = "consultation_file"


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """Files of a form that passed, and what is wrong with the others. `tokens` bring them back when the form is mended."""

    files: tuple[tuple[str, documents.Upload], ...] = ()
    tokens: tuple[str, ...] = ()
    problems: tuple[Message, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """What the files are called."""
        return tuple(upload.name or kind for kind, upload in self.files)


def received(form: MultiDict[str, str], sent: MultiDict[str, FileStorage]) -> Received:
    """The files of a form: those kept from the try before, and those that come now."""
    files: list[tuple[str, documents.Upload]] = []
    tokens = [t for t in form.getlist("kept") if t][:MOST_FILES]
    for token in tokens:
        for kind in FIELDS.values():
            kept = uploads.unstash(f"{_DRAFT}:{kind}", token)
            if kept is not None:
                files.append((kind, documents.Upload(kept.mimetype, kept.data)))
    problems: list[Message] = []
    for field, kind in FIELDS.items():
        for file in sent.getlist(field):
            if not file.filename:
                continue
            upload, wrong = documents.receive(file, kind=kind)
            if upload is not None:
                files.append((kind, dataclasses.replace(upload, name=upload.name or file.filename)))
            elif wrong is not None:
                problems.append(_("{file}: {problem}", file=file.filename[:80], problem=wrong))
    if len(files) > MOST_FILES:
        problems.append(
            _("{found} files are too many at once; at most {most} are possible.", found=len(files), most=MOST_FILES)
        )
    return Received(tuple(files), tuple(tokens), tuple(problems))


def stash(found: Received) -> Received:
    """Keep what passed while the form is mended, so that nobody must choose it again."""
    made = [uploads.stash(f"{_DRAFT}:{kind}", uploads.Upload(u.mimetype, u.data)) for kind, u in found.files]
    uploads.unkeep(list(found.tokens))
    return dataclasses.replace(found, tokens=tuple(made))


def keep(row: Consultation, author_account_id: uuid.UUID, found: Received) -> list[uuid.UUID]:
    """Keep the files of a form with a consultation, in quarantine until they are found harmless."""
    kept = [
        documents.keep(
            upload,
            person_id=row.person_id,
            subject_kind=KIND,
            subject_id=row.id,
            author_account_id=author_account_id,
            kind=kind,
            name=upload.name,
        ).id
        for kind, upload in found.files
    ]
    uploads.unkeep(list(found.tokens))
    return kept


def send(
    account_id: uuid.UUID, consultation_id: uuid.UUID, words: str, key: str | None, found: Received
) -> list[uuid.UUID]:
    """Send words and files to the other side: each file is a line of its own. Raises as `messages.post`.

    Answers the ids of the files.
    """
    if found.problems:
        raise Refused(*found.problems, status=422)
    if words.strip() or not found.files:
        messages.post(account_id, consultation_id, words, client_key=key)
    if not found.files:
        return []
    row = access_consultation(consultation_id, account_id)
    assert row is not None
    if side_of(row, account_id) is None or row.state not in states.UNDER_WAY:
        messages.post(account_id, consultation_id, words, client_key=key)  # says why not
    kept = keep(row, account_id, found)
    for document_id in kept:
        messages.post(account_id, consultation_id, "", document_id=document_id)
    return kept


def of(row: Consultation, viewer: uuid.UUID) -> dict[uuid.UUID, documents.Listed]:
    """The files of a consultation by id, as the viewer may see them."""
    return {d.id: d for d in documents.listed(KIND, row.id, viewer=viewer)}


def beside(found: dict[uuid.UUID, documents.Listed], lines: Iterable[messages.Line]) -> list[documents.Listed]:
    """Those that came with the question, not with a message."""
    written = {line.document_id for line in lines}
    return [d for d in found.values() if d.id not in written]


def _reads(account: AccountView, document: CareDocument) -> bool:
    row = access_consultation(document.subject_id, account.id)
    if row is None:
        return False
    if side_of(row, account.id) is not None:
        return True
    me = directory.profile_of(account.id)
    offer = offer_of(row.id, me.id) if me is not None else None
    return offer is not None and offer.state == "open" and row.state == states.REQUESTED


def _page(document: CareDocument) -> str:
    row: Consultation = Consultation.get(document.subject_id)
    mine = document.author_account_id == row.patient_account_id
    return f"/consultations/{row.id}" if mine else f"/requests/{row.id}"


documents.register_reader(KIND, _reads, _page)


@consumer("document_refused", "core.care.consultations")
def refused(event: Event) -> None:
    """A file was not passed on: its author was told, now the other side."""
    if event.payload["subject_kind"] != KIND:
        return
    row: Consultation | None = Consultation.get(uuid.UUID(event.payload["subject_id"]))
    document: CareDocument | None = CareDocument.get(uuid.UUID(event.payload["document_id"]))
    if row is None or document is None or row.professional_id is None:
        return
    professional: Professional = Professional.get(row.professional_id)
    other = {row.patient_account_id, professional.account_id} - {document.author_account_id}
    for account_id in sorted(other):
        documents.tell_refused(document, account_id)
