"""The health profile for programs: patients read and write their own and their dependants', professionals what is open."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g
from werkzeug.exceptions import NotFound

from core import audit
from core.api.operations import operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.api.v1.forms import errors_of
from core.api.v1.schemas_record import (
    ConfirmedAnswer,
    EntryAnswer,
    EntryInput,
    OneRegisterAnswer,
    ProfileAnswer,
    RecordList,
    Whose,
)
from core.care.record import entries, service, shown
from core.care.record import schemas as questions
from core.care.record.blueprint import me, professional_author
from core.care.record.entries import Entry, RegisterState
from core.care.record.looks import Access
from core.care.record.people import Author, Subject
from core.db import db
from core.hooks.types import RegisterField
from core.messages import _
from core.web.language import say

topic = shared.topic(
    "health_record",
    "The health profile with its registers, for the patient and each dependant; and for professionals whom they allowed.",
)
NONE = {404: "No such register or entry of this person"}
WRITES = {**NONE, 409: "It was changed meanwhile, or is not written here"}
CLOSED = {403: "The record is not open to you; all reasons are told", 404: "Nobody with whom you have to do"}


def _changed(_error: service.Changed) -> Problem:
    return Problem(
        409, "changed_meanwhile", _("This was changed meanwhile. Please look at what stands here now, then save again.")
    )


def subject_of(query: dict[str, Any]) -> Subject:
    """The patient, or the dependant that the call names; 404 for others'."""
    return service.subject_of(g.account.id, query.pop("dependant_id", None))


def _entry(one: Entry, subject: Subject) -> dict[str, Any]:
    names = ("id", "none", "author_kind", "written_at", "ended_at")
    return {
        **{n: getattr(one, n) for n in names},
        "values": dict(one.values),
        "author": shown.author_of(one, subject),
    }


def _question(asked: RegisterField) -> dict[str, Any]:
    options = questions.YES_NO if asked.kind == "yes_no" else asked.choices
    return {
        **{n: getattr(asked, n) for n in ("code", "kind", "required", "unit")},
        "label": say(asked.label),
        "choices": [{"code": code, "label": say(label)} for code, label in options],
    }


def _register(state: RegisterState, subject: Subject) -> dict[str, Any]:
    found = state.register
    return {
        "code": found.code,
        "label": say(found.label),
        "form": found.form,
        "need": state.need,
        "missing": state.missing,
        "editable": found.edited_in == "profile" and found.form != "documents" and not state.closed,
        "questions": [_question(f) for f in questions.asked_of(found, subject)],
        "entries": [_entry(e, subject) for e in state.entries],
    }


def _profile(subject: Subject) -> dict[str, Any]:
    found = service.profile_of(subject)
    return {
        "name": subject.name,
        "dependant_id": subject.dependant_id,
        "confirmed_at": found.confirmed_at,
        "whole": True,
        "reasons": [],
        "registers": [_register(s, subject) for s in found.registers],
        "history": service.history(subject.person_id),
    }


def _one(subject: Subject, code: str) -> dict[str, Any]:
    found = entries.register_of(subject, code)
    state = service.state_of(subject, found)
    return {**_register(state, subject), "past": [_entry(e, subject) for e in service.past_of(subject, found)]}


def _write(subject: Subject, code: str, body: dict[str, Any], author: Author) -> dict[str, Any]:
    """Write answers; what is wrong with them is told by question."""
    found = entries.register_of(subject, code)
    strange = sorted(set(body["values"]) - {f.code for f in questions.asked_of(found, subject)})
    if strange:
        raise errors_of({f"values/{name}": [_("This is not asked here.")] for name in strange})
    try:
        made = service.write_entry(subject, code, body["values"], author, base=body.get("replaces"))
    except service.NotValid as wrong:
        raise errors_of({f"values/{n}" if n else "values": m for n, m in wrong.errors.items()}) from wrong
    except service.Changed as error:
        raise _changed(error) from error
    return _entry(entries.access_entry(subject, found, made), subject)


# -- patients -----------------------------------------------------------------------------------------------------


@operation(
    topic, "GET", "/record", roles=("patient",), query=Whose, answer=ProfileAnswer, refusals={404: "No such dependant"}
)
def get_record(query: dict[str, Any]) -> dict[str, Any]:
    """The health profile of the patient or a dependant, and the consultations done."""
    return _profile(subject_of(query))


@operation(
    topic, "GET", "/record/registers/<code>", roles=("patient",), query=Whose, answer=OneRegisterAnswer, refusals=NONE
)
def get_register(query: dict[str, Any], code: str) -> dict[str, Any]:
    """A register: what stands there, and what stood there."""
    return _one(subject_of(query), code)


@operation(
    topic, "POST", "/record/registers/<code>/entries", roles=("patient",), body=EntryInput, answer=EntryAnswer, status=201,
    repeatable=True, refusals=WRITES,
)  # fmt: skip
def write_entry(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Write an entry, or correct one: the one before stays in the history."""
    return _write(subject_of(body), code, body, Author(g.account.id))


@operation(
    topic, "POST", "/record/registers/<code>/none", roles=("patient",), body=Whose, answer=OneRegisterAnswer, repeatable=True,
    refusals=WRITES,
)  # fmt: skip
def declare_none(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Answer a list with “none”."""
    subject = subject_of(body)
    service.declare_none(subject, code, Author(g.account.id))
    return _one(subject, code)


@operation(
    topic, "DELETE", "/record/registers/<code>/entries/<uuid:entry_id>", roles=("patient",), query=Whose, answer=None, status=204,
    refusals=WRITES,
)  # fmt: skip
def end_entry(query: dict[str, Any], code: str, entry_id: uuid.UUID) -> None:
    """Take an entry out; it stays in the history with its author."""
    service.end_entry(subject_of(query), code, entry_id, Author(g.account.id))
    db.session.commit()


@operation(
    topic,
    "POST",
    "/record/confirm",
    roles=("patient",),
    body=Whose,
    answer=ConfirmedAnswer,
    refusals={404: "No such dependant"},
)
def confirm(body: dict[str, Any]) -> dict[str, Any]:
    """Everything is still right today."""
    at = service.confirm_up_to_date(subject_of(body).person_id)
    db.session.commit()
    return {"confirmed_at": at}


# -- professionals ------------------------------------------------------------------------------------------------


@operation(topic, "GET", "/records", roles=("professional",), answer=RecordList)
def list_records() -> dict[str, Any]:
    """The persons who let the professional see their record now."""
    found = []
    for row in service.open_to(me().id):
        try:
            subject = service.subject_of(row.granted_by, row.dependant_id)
        except NotFound:
            continue
        found.append(
            {
                "account_id": subject.account_id,
                "dependant_id": subject.dependant_id,
                "name": subject.name,
                "since": row.since,
                "until": row.until,
            }
        )
    return {"items": found}


def patient_of(account_id: uuid.UUID, query: dict[str, Any]) -> Subject:
    """A person with whom the professional has to do; the same 404 for all others, and the attempt on the trail (CB-073)."""
    mine = me()
    try:
        subject = service.subject_of(account_id, query.pop("dependant_id", None))
    except NotFound:
        raise shared.absent() from None
    if not service.related(mine.id, subject):
        audit.record("record.refused", "person", subject.person_id, {"professional": str(mine.id), "why": "stranger"})
        db.session.commit()
        raise shared.absent()
    return subject


def access_of(subject: Subject) -> Access:
    """What the professional may see of the person's record now."""
    author = professional_author()
    assert author.professional_id is not None
    return service.may_read(author.professional_id, subject.person_id, strong=author.strong)


def closed(found: Access, what: str, detail: str = "") -> Problem:
    """Why not, with all reasons; the attempt stands on the person's list."""
    service.note_access(found, what, detail=detail)
    db.session.commit()
    reasons = [say(r.message) for r in found.profile.reasons]
    return Problem(403, "record_closed", found.profile.reasons[0].message, reasons=reasons)


def _opened(account_id: uuid.UUID, code: str, query: dict[str, Any]) -> tuple[Subject, Access]:
    """The person, where the whole record is open; who may not gets the same words for every register that there may be."""
    subject = patient_of(account_id, query)
    found = access_of(subject)
    if not found.whole:
        known = {r.code for r in service.registers_for(subject)}
        raise closed(found, "register", code if code in known else "")
    return subject, found


@operation(
    topic, "GET", "/patients/<uuid:account_id>/record", roles=("professional",), query=Whose, answer=ProfileAnswer, refusals=CLOSED
)  # fmt: skip
def patient_record(query: dict[str, Any], account_id: uuid.UUID) -> dict[str, Any]:
    """A person's record: all of it where they allowed it, else the consultations that the professional carried out."""
    subject = patient_of(account_id, query)
    found = access_of(subject)
    if not found.whole and not found.own.permitted:
        raise closed(found, "profile")
    service.note_access(found, "profile" if found.whole else "history")
    if not found.whole:
        told = {"professional": str(found.professional_id), "why": found.why}
        audit.record("record.refused", "person", subject.person_id, told)
    answer = (
        _profile(subject)
        if found.whole
        else {
            "name": subject.name,
            "dependant_id": subject.dependant_id,
            "confirmed_at": None,
            "whole": False,
            "reasons": [say(r.message) for r in found.profile.reasons],
            "registers": [],
            "history": service.history_for(found),
        }
    )
    db.session.commit()
    return answer


@operation(
    topic, "GET", "/patients/<uuid:account_id>/record/registers/<code>", roles=("professional",), query=Whose,
    answer=OneRegisterAnswer, refusals=CLOSED,
)  # fmt: skip
def patient_register(query: dict[str, Any], account_id: uuid.UUID, code: str) -> dict[str, Any]:
    """A register of a person who allowed it; the look is on their list."""
    subject, found = _opened(account_id, code, query)
    service.note_access(found, "register", detail=code)
    answer = _one(subject, code)
    db.session.commit()
    return answer


@operation(
    topic, "POST", "/patients/<uuid:account_id>/record/registers/<code>/entries", roles=("professional",), body=EntryInput,
    answer=EntryAnswer, status=201, repeatable=True, refusals={**CLOSED, **WRITES},
)  # fmt: skip
def complete_entry(body: dict[str, Any], account_id: uuid.UUID, code: str) -> dict[str, Any]:
    """Complete or correct a register of a person who allowed it; it says who wrote."""
    subject, _found = _opened(account_id, code, body)
    return _write(subject, code, body, professional_author())


@operation(
    topic, "POST", "/patients/<uuid:account_id>/record/registers/<code>/none", roles=("professional",), body=Whose,
    answer=OneRegisterAnswer, repeatable=True, refusals={**CLOSED, **WRITES},
)  # fmt: skip
def complete_none(body: dict[str, Any], account_id: uuid.UUID, code: str) -> dict[str, Any]:
    """There is none, says the professional."""
    subject, _found = _opened(account_id, code, body)
    service.declare_none(subject, code, professional_author())
    return _one(subject, code)


@operation(
    topic, "DELETE", "/patients/<uuid:account_id>/record/registers/<code>/entries/<uuid:entry_id>", roles=("professional",),
    query=Whose, answer=None, status=204, refusals={**CLOSED, **WRITES},
)  # fmt: skip
def take_out(query: dict[str, Any], account_id: uuid.UUID, code: str, entry_id: uuid.UUID) -> None:
    """Take an entry out; it stays in the history with its author."""
    subject, _found = _opened(account_id, code, query)
    service.end_entry(subject, code, entry_id, professional_author())
    db.session.commit()
