"""Files for programs: sent into quarantine, opened once the portal's scanner found them clean."""

from __future__ import annotations

import dataclasses
import io
import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, g
from werkzeug.datastructures import FileStorage

from core.api.operations import operation
from core.api.problems import Problem, invalid
from core.api.v1 import shared
from core.api.v1.record import access_of, closed, patient_of, subject_of
from core.api.v1.schemas_record import FileAnswer, FileList, RecordFileInput, SentFileInput, Whose
from core.care.consultations import files as sent_files
from core.care.consultations import service as consultations
from core.care.consultations.models import Consultation
from core.care.documents import pages, service
from core.care.documents.models import CareDocument
from core.care.record import files as own_files
from core.care.record import service as record
from core.care.record.files import KIND
from core.db import db
from core.messages import Message
from core.tenancy import keys
from core.web.language import say

topic = shared.topic(
    "files",
    "Images, documents and voice messages of records and consultations. What is sent waits in quarantine until the portal's "
    "scanner has looked at it; `state` tells. Sending wants an Idempotency-Key.",
)
NONE = {404: "No such file for you"}
BINARY = {"responses": {"200": {"description": "The bytes of the file", "content": {"application/octet-stream": {}}}}}


def _list(found: Sequence[service.Listed]) -> dict[str, Any]:
    return {"items": [dataclasses.asdict(f) for f in found], "waiting_for_scanner": service.waiting_for_scanner()}


def _listed(document: CareDocument) -> dict[str, Any]:
    rows = service.listed(document.subject_kind, document.subject_id, viewer=g.account.id)
    return next(dataclasses.asdict(f) for f in rows if f.id == document.id)


def _file(body: dict[str, Any]) -> FileStorage:
    return FileStorage(io.BytesIO(body["content"]), filename=body["name"])


def _wrong(problems: Sequence[Message]) -> Problem:
    return invalid([{"pointer": "#/content", "detail": say(m)} for m in problems])


@operation(
    topic,
    "GET",
    "/record/documents",
    roles=("patient",),
    query=Whose,
    answer=FileList,
    refusals={404: "No such dependant"},
)
def list_own(query: dict[str, Any]) -> dict[str, Any]:
    """The images and documents of the record of the patient or a dependant."""
    return _list(service.listed(KIND, subject_of(query).person_id, viewer=g.account.id))


@operation(
    topic, "POST", "/record/documents", roles=("patient",), body=RecordFileInput, answer=FileAnswer, status=201, repeatable=True,
    refusals={404: "No such dependant", 413: "Larger than the portal takes"},
)  # fmt: skip
def add_own(body: dict[str, Any]) -> dict[str, Any]:
    """Add an image or document to the record; it waits in quarantine until it is checked."""
    kept, problems = own_files.add(subject_of(body), g.account.id, [_file(body)])
    if problems:
        raise _wrong(problems)
    return _listed(kept[0])


@operation(
    topic, "DELETE", "/record/documents/<uuid:document_id>", roles=("patient",), answer=None, status=204, refusals=NONE
)
def remove_own(document_id: uuid.UUID) -> None:
    """Take a file out of the record; its content is gone."""
    own_files.remove(g.account.id, document_id)
    db.session.commit()


@operation(
    topic, "GET", "/patients/<uuid:account_id>/record/documents", roles=("professional",), query=Whose, answer=FileList,
    refusals={403: "The record is not open to you; all reasons are told", 404: "Nobody with whom you have to do"},
)  # fmt: skip
def list_of_patient(query: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
    """The images and documents of a person who allowed it; the look is on their list."""
    subject = patient_of(account_id, query)
    found = access_of(subject)
    if not found.whole:
        raise closed(found, "document")
    record.note_access(found, "document")
    answer = _list(service.listed(KIND, subject.person_id, viewer=g.account.id))
    db.session.commit()
    return answer


def _part_of(consultation_id: uuid.UUID) -> Consultation:
    row = consultations.access_consultation(consultation_id, g.account.id)
    if row is None or consultations.side_of(row, g.account.id) is None:
        raise shared.absent()
    return row


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>/documents", roles=("patient", "professional"), answer=FileList,
    refusals={404: "No such consultation of yours"},
)  # fmt: skip
def list_sent(consultation_id: uuid.UUID) -> dict[str, Any]:
    """The files of a consultation: those of the question and those of messages."""
    return _list(list(sent_files.of(_part_of(consultation_id), g.account.id).values()))


@operation(
    topic, "POST", "/consultations/<uuid:consultation_id>/documents", roles=("patient", "professional"), body=SentFileInput,
    answer=FileAnswer, status=201, repeatable=True,
    refusals={404: "No such consultation of yours", 409: "It is not under way", 413: "Larger than the portal takes"},
)  # fmt: skip
def send_file(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Send a file to the other side, as a message of its own; it waits in quarantine until it is checked."""
    row = _part_of(consultation_id)
    upload, wrong = service.receive(_file(body), kind=body["kind"])
    if upload is None:
        raise _wrong([wrong] if wrong is not None else [])
    named = dataclasses.replace(upload, name=upload.name or body["name"])
    found = sent_files.Received(((body["kind"], named),))
    kept = sent_files.send(g.account.id, row.id, "", None, found)
    return _listed(CareDocument.get(kept[0]))


def _readable(document_id: uuid.UUID) -> CareDocument:
    return service.access_document(document_id, may_read=lambda row: service.may_read(g.account, row))


@operation(
    topic, "GET", "/documents/<uuid:document_id>", roles=("patient", "professional"), answer=FileAnswer, refusals=NONE
)
def get_file(document_id: uuid.UUID) -> dict[str, Any]:
    """A file without its content: whether it was checked, and what came of it."""
    answer = _listed(_readable(document_id))
    db.session.commit()  # that a professional looked
    return answer


@operation(
    topic, "GET", "/documents/<uuid:document_id>/content", roles=("patient", "professional"), answer=None,
    refusals={**NONE, 409: "It is still being checked, or did not pass"},
)  # fmt: skip
@topic.doc(**BINARY)
def get_content(document_id: uuid.UUID) -> Response:
    """The bytes of a file that was found clean; the look is on the trail."""
    found = _readable(document_id)
    try:
        data, name = service.content(found), service.name_of(found)
    except service.NotOpen as error:
        raise Problem(409, f"file_{error.state}", pages.CLOSED[error.state], state=error.state) from error
    except keys.Erased:
        raise shared.absent() from None
    db.session.commit()
    return pages.answer(found, data, name)
