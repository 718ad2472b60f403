"""Between professionals, for their programs: messages, and advice on a patient of one's own."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from flask import Response
from marshmallow import fields, validate

from core.api.fields import Empty, Input, Output, ident, told
from core.api.operations import operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.api.v1.files import BINARY
from core.api.v1.schemas import Instant
from core.api.v1.schemas_care import MOST
from core.api.v1.schemas_record import FileAnswer
from core.care.colleagues import answers, expertise, threads
from core.care.colleagues.models import ColleagueThread, Expertise
from core.care.documents import pages as document_pages
from core.care.documents import service as documents
from core.db import db
from core.directory.models import Professional
from core.messages import _
from core.scheduling.blueprint import signed_in_professional
from core.tenancy import keys
from core.web.language import say

topic = shared.topic(
    "peers",
    "Messages between professionals, and tele-expertise. Files of a patient are shown only where the patient agreed.",
)
NO_THREAD = {404: "No such exchange of yours"}
NO_ADVICE = {404: "No such request for advice that you made or were asked"}


class ColleagueAnswer(Output):
    """A colleague."""

    professional_id = ident("Id")
    name = fields.String(metadata=told("Name"))
    specialty = fields.String(metadata=told("Specialty"))


class ThreadAnswer(Output):
    """What is written with one colleague."""

    id = ident("Id")
    other = fields.Nested(ColleagueAnswer, metadata=told("The colleague"))
    last_at = Instant(metadata=told("When the last message came"))
    unseen = fields.Integer(metadata=told("Messages of the colleague that were not read"))


class ThreadList(Output):
    """Exchanges."""

    items = fields.List(fields.Nested(ThreadAnswer), metadata=told("The last written first"))


class LineAnswer(Output):
    """A message."""

    seq = fields.Integer(metadata=told("Its place in the order"))
    mine = fields.Boolean(metadata=told("Whether the caller wrote it"))
    sent_at = Instant(metadata=told("When it was sent"))
    text = fields.String(allow_none=True, metadata=told("The words; null where its author's data were erased"))
    seen_at = Instant(allow_none=True, metadata=told("When the other one read it"))


class LineList(Output):
    """Messages in order."""

    items = fields.List(fields.Nested(LineAnswer), metadata=told("Messages"))


class WrittenAnswer(Output):
    """A message that was sent."""

    thread_id = ident("The exchange")
    message = fields.Nested(LineAnswer, metadata=told("The message"))


class ColleagueMessageInput(Input):
    """A message to a colleague."""

    professional_id = fields.UUID(required=True, metadata=told("To whom"))
    text = fields.String(required=True, validate=validate.Length(1, threads.LIMIT), metadata=told("The words"))


class AdviceLine(Output):
    """A request for advice in a list."""

    id = ident("Id")
    mine = fields.Boolean(metadata=told("Whether the caller asked"))
    asker = fields.Nested(ColleagueAnswer, metadata=told("Who asks"))
    asked_at = Instant(metadata=told("When"))
    state = fields.String(metadata=told("open or closed"))
    own_state = fields.String(allow_none=True, metadata=told("Of one's own answer: asked, answered or declined"))
    answered = fields.Integer(allow_none=True, metadata=told("How many answered; told to who asked"))
    asked = fields.Integer(allow_none=True, metadata=told("How many were asked; told to who asked"))


class AdviceList(Output):
    """Requests for advice."""

    items = fields.List(fields.Nested(AdviceLine), metadata=told("What colleagues ask, then what one has asked"))


class GivenAnswer(Output):
    """What one colleague answered."""

    professional = fields.Nested(ColleagueAnswer, metadata=told("Who"))
    state = fields.String(metadata=told("asked, answered or declined"))
    answered_at = Instant(allow_none=True, metadata=told("When"))
    text = fields.String(allow_none=True, metadata=told("The advice"))


class AdviceAnswer(Output):
    """A request for advice, as the caller may see it."""

    id = ident("Id")
    consultation_id = fields.UUID(allow_none=True, metadata=told("Of which consultation; told to who asked"))
    mine = fields.Boolean(metadata=told("Whether the caller asked"))
    asker = fields.Nested(ColleagueAnswer, metadata=told("Who asks"))
    asked_at = Instant(metadata=told("When"))
    state = fields.String(metadata=told("open or closed"))
    question = fields.String(allow_none=True, metadata=told("The question; null to who declined"))
    age = fields.Integer(allow_none=True, metadata=told("The patient's age in years"))
    sex = fields.String(allow_none=True, metadata=told("The patient's sex"))
    name = fields.String(allow_none=True, metadata=told("The patient's name, only where the patient agreed"))
    answers = fields.List(fields.Nested(GivenAnswer), metadata=told("Answers that the caller may see"))
    files = fields.List(fields.Nested(FileAnswer), metadata=told("Files that can be opened now"))
    withheld = fields.Integer(metadata=told("Files held back because the patient does not agree any more"))


class AskInput(Input):
    """A question to colleagues."""

    consultation_id = fields.UUID(required=True, metadata=told("One's own consultation"))
    professional_ids = fields.List(
        fields.UUID(), required=True, validate=validate.Length(1, MOST), metadata=told("Whom to ask")
    )
    question = fields.String(
        required=True, validate=validate.Length(1, expertise.LIMIT), metadata=told("What is asked")
    )
    document_ids = fields.List(
        fields.UUID(),
        load_default=list,
        validate=validate.Length(max=MOST),
        metadata=told("Files of the consultation to show"),
    )


class AdviceInput(Input):
    """Advice."""

    text = fields.String(required=True, validate=validate.Length(1, expertise.LIMIT), metadata=told("The advice"))


def _person(found: Professional) -> dict[str, Any]:
    name = f"{found.title} {found.name}".strip()
    return {"professional_id": found.id, "name": name, "specialty": found.specialty}


# -- messages -----------------------------------------------------------------------------------------------------


@operation(topic, "GET", "/colleagues/threads", roles=("professional",), answer=ThreadList)
def list_threads() -> dict[str, Any]:
    """The professional's exchanges with colleagues."""
    found = threads.of(signed_in_professional())
    return {"items": [{**dataclasses.asdict(e), "other": _person(e.other)} for e in found]}


def _thread(thread_id: uuid.UUID) -> tuple[Professional, ColleagueThread]:
    me = signed_in_professional()
    row = threads.access_thread(thread_id, me.id)
    if row is None:
        raise shared.absent()
    return me, row


@operation(
    topic, "GET", "/colleagues/threads/<uuid:thread_id>/messages", roles=("professional",), answer=LineList, refusals=NO_THREAD
)  # fmt: skip
def read_thread(thread_id: uuid.UUID) -> dict[str, Any]:
    """The messages of an exchange in order; what is read here counts as seen."""
    me, row = _thread(thread_id)
    found = threads.lines(row, me)
    if found:
        threads.seen(row, me, found[-1].seq)
        db.session.commit()
    return {"items": [dataclasses.asdict(line) for line in found]}


@operation(
    topic, "POST", "/colleagues/messages", roles=("professional",), body=ColleagueMessageInput, answer=WrittenAnswer, status=201,
    repeatable=True, refusals={404: "Nobody on this portal whom one could write to"},
)  # fmt: skip
def write(body: dict[str, Any]) -> dict[str, Any]:
    """Write to a colleague of the portal; the first message begins the exchange."""
    me = signed_in_professional()
    row = threads.write(me, body["professional_id"], body["text"])
    last = [line for line in threads.lines(row, me) if line.mine][-1]
    return {"thread_id": row.id, "message": dataclasses.asdict(last)}


# -- advice -------------------------------------------------------------------------------------------------------


@operation(topic, "GET", "/expertise", roles=("professional",), answer=AdviceList)
def list_advice() -> dict[str, Any]:
    """What colleagues ask, open ones first; then what the professional has asked."""
    me = signed_in_professional()
    asked = [
        {"id": e.id, "mine": False, "asker": _person(who), "asked_at": e.asked_at, "state": e.state, "own_state": own}
        for e, who, own in expertise.asked_of(me)
    ]
    made = [
        {"id": e.id, "mine": True, "asker": _person(me), "asked_at": e.asked_at, "state": e.state, "answered": n, "asked": of}
        for e, n, of in expertise.made_by(me)
    ]  # fmt: skip
    return {"items": [*asked, *made]}


def _advice(row: Expertise, me: Professional) -> dict[str, Any]:
    shown = expertise.shown(row, me)
    return {
        **{n: getattr(shown, n) for n in ("mine", "question", "age", "sex", "name", "withheld")},
        **{n: getattr(row, n) for n in ("id", "asked_at", "state")},
        "consultation_id": row.consultation_id if shown.mine else None,
        "asker": _person(shown.asker),
        "answers": [
            {"professional": _person(a.professional), "state": a.state, "answered_at": a.answered_at, "text": a.text}
            for a in shown.answers
        ],
        "files": [dataclasses.asdict(f) for f in shown.files],
    }


def _own(expertise_id: uuid.UUID) -> tuple[Professional, Expertise]:
    me = signed_in_professional()
    row = expertise.access_expertise(expertise_id, me)
    if row is None:
        raise shared.absent()
    return me, row


@operation(
    topic, "POST", "/expertise", roles=("professional",), body=AskInput, answer=AdviceAnswer, status=201, repeatable=True,
    refusals={403: "The patient's authorisation does not reach so far; nothing was sent", 404: "No such consultation of yours"},
)  # fmt: skip
def ask(body: dict[str, Any]) -> dict[str, Any]:
    """Ask colleagues for advice on the patient of one's own consultation; files only where the patient agreed."""
    me = signed_in_professional()
    try:
        row = expertise.ask(
            me, body["consultation_id"], body["professional_ids"], body["question"], document_ids=body["document_ids"]
        )
    except expertise.SharingRefused as refusal:
        db.session.rollback()
        expertise.log_refusal(me, body["consultation_id"], refusal)
        db.session.commit()
        reasons = [say(m) for m in refusal.messages]
        raise Problem(403, "sharing_refused", refusal.messages[0], reasons=reasons) from refusal
    return _advice(row, me)


@operation(
    topic, "GET", "/expertise/<uuid:expertise_id>", roles=("professional",), answer=AdviceAnswer, refusals=NO_ADVICE
)
def get_advice(expertise_id: uuid.UUID) -> dict[str, Any]:
    """A request for advice, as the one who asked or one who was asked may see it."""
    me, row = _own(expertise_id)
    return _advice(row, me)


@operation(
    topic, "POST", "/expertise/<uuid:expertise_id>/answer", roles=("professional",), body=AdviceInput, answer=AdviceAnswer,
    repeatable=True, refusals={**NO_ADVICE, 409: "It was answered already, or is closed"},
)  # fmt: skip
def give_advice(body: dict[str, Any], expertise_id: uuid.UUID) -> dict[str, Any]:
    """Give advice; the colleague who asked is told."""
    me, row = _own(expertise_id)
    answers.answer(me, row.id, body["text"])
    return _advice(row, me)


@operation(
    topic, "POST", "/expertise/<uuid:expertise_id>/decline", roles=("professional",), body=Empty, answer=AdviceAnswer,
    repeatable=True, refusals={**NO_ADVICE, 409: "It was answered already, or is closed"},
)  # fmt: skip
def decline_advice(body: dict[str, Any], expertise_id: uuid.UUID) -> dict[str, Any]:
    """Say that one cannot give this advice; the colleague who asked is told."""
    me, row = _own(expertise_id)
    answers.decline(me, row.id)
    return _advice(row, me)


@operation(
    topic, "POST", "/expertise/<uuid:expertise_id>/close", roles=("professional",), body=Empty, answer=AdviceAnswer, repeatable=True,
    refusals=NO_ADVICE,
)  # fmt: skip
def close_advice(body: dict[str, Any], expertise_id: uuid.UUID) -> dict[str, Any]:
    """No more advice is needed: files are closed to the colleagues."""
    me, row = _own(expertise_id)
    answers.close(me, row.id)
    db.session.refresh(row)
    return _advice(row, me)


@operation(
    topic, "GET", "/expertise/<uuid:expertise_id>/documents/<uuid:document_id>", roles=("professional",), answer=None,
    refusals={404: "No file that you may open for this advice"},
)  # fmt: skip
@topic.doc(**BINARY)
def shared_file(expertise_id: uuid.UUID, document_id: uuid.UUID) -> Response:
    """A file shown for advice, under a name that tells nothing of the patient; the look is on the patient's list."""
    found = expertise.access_document(expertise_id, document_id, signed_in_professional())
    try:
        data = documents.content(found)
    except documents.NotOpen as error:
        raise Problem(409, f"file_{error.state}", document_pages.CLOSED[error.state], state=error.state) from error
    except keys.Erased:
        raise shared.absent() from None
    db.session.commit()
    ending = found.mimetype.rpartition("/")[2].partition("+")[0]
    return document_pages.answer(found, data, f"{say(_('file'))}.{ending}")
