"""Pages of professionals: the records that are open to them, and one person's record as far as they may see it."""

from __future__ import annotations

import uuid
from typing import Any, NoReturn

from flask import abort, make_response, redirect, render_template, request
from werkzeug.exceptions import NotFound

from core import audit
from core.care.record import service, shown
from core.care.record.blueprint import Where, bp, me, optional_id, professional_author
from core.care.record.entries import register_of
from core.care.record.looks import Access
from core.care.record.one_register import register_page
from core.care.record.people import Subject
from core.db import db
from core.hooks.types import HealthRegister
from core.identity import people as identity
from core.web.access import access


@bp.get("/records")
@access("professional")
def desk_records() -> str:
    """The persons who let me see their record now."""
    mine = me()
    people = []
    for row in service.open_to(mine.id):
        try:
            subject = service.subject_of(row.granted_by, row.dependant_id)
        except NotFound:
            continue
        people.append({"subject": subject, "grant": row, "url": Where("professional", subject).index()})
    return render_template("record/desk_records.html", people=people)


def _subject(account_id: uuid.UUID) -> Subject:
    """The person of the address, for a professional who has to do with them; the same 404 for all others (CB-073).

    That a stranger asked goes on the trail; the answer does not tell whether there is anybody.
    """
    mine = me()
    subject = service.subject_of(account_id, optional_id(request.values.get("for")))
    if not service.related(mine.id, subject):
        audit.record("record.refused", "person", subject.person_id, {"professional": str(mine.id), "why": "stranger"})
        db.session.commit()
        abort(404)
    return subject


def _access(subject: Subject) -> Access:
    author = professional_author()
    assert author.professional_id is not None
    return service.may_read(author.professional_id, subject.person_id, strong=author.strong)


@bp.get("/patients/<uuid:account_id>/record")
@access("professional")
def desk_index(account_id: uuid.UUID) -> Any:
    """A person's record: all of it where the person allowed it, else the consultations that I carried out, and why not more."""
    subject = _subject(account_id)
    found = _access(subject)
    where = Where("professional", subject)
    history = shown.history(service.history_for(found), where)
    # Who comes for their own consultations wanted nothing else: the closed profile is noted on the trail alone.
    if found.whole or not found.own.permitted:
        service.note_access(found, "profile")
    else:
        service.note_access(found, "history")
        audit.record(
            "record.refused", "person", subject.person_id, {"professional": str(found.professional_id), "why": found.profile.reasons[0].code}
        )  # fmt: skip
    profile = service.profile_of(subject) if found.whole else None
    page = render_template(
        "record/desk_record.html", subject=subject, where=where, access=found, history=history,
        profile=profile, registers=shown.profile(profile, where) if profile else [], people=_others(subject),
        saved=request.args.get("saved"),
    )  # fmt: skip
    db.session.commit()
    return page, 200 if found.whole or found.own.permitted else 403


def _others(subject: Subject) -> list[tuple[uuid.UUID | None, str, str]]:
    """The other persons of the same account with whom I have to do: (dependant, name, address)."""
    mine = me()
    found = []
    for dependant in (None, *(d.id for d in identity.dependants_of(subject.account_id))):
        other = service.subject_of(subject.account_id, dependant)
        if other.person_id == subject.person_id or service.related(mine.id, other):
            found.append((dependant, other.name, Where("professional", other).index()))
    return found


def _opened(account_id: uuid.UUID, code: str) -> tuple[Subject, HealthRegister, Access]:
    """The person and the register, for a professional who may see the profile; who may not gets the reasons (403)."""
    subject = _subject(account_id)
    found = _access(subject)
    if not found.whole:
        _refuse(subject, found, code)
    register = register_of(subject, code)
    if register.form == "documents":
        abort(404)
    return subject, register, found


def _refuse(subject: Subject, found: Access, code: str) -> NoReturn:
    """Say why not, the same words for every register that there may be; the attempt stands on the person's list."""
    known = {r.code for r in service.registers_for(subject)}
    service.note_access(found, "register", detail=code if code in known else "")
    page = render_template(
        "record/desk_record.html", subject=subject, where=Where("professional", subject), access=found, history=[],
        profile=None, registers=[], people=[], saved=None,
    )  # fmt: skip
    db.session.commit()
    abort(make_response(page, 403))


@bp.route("/patients/<uuid:account_id>/record/registers/<code>", methods=["GET", "POST"])
@access("professional")
def desk_register(account_id: uuid.UUID, code: str) -> Any:
    """A register, to read and to complete (CB-131, CB-202)."""
    subject, register, found = _opened(account_id, code)
    if register.edited_in == "account" and request.method == "POST":
        abort(404)
    if request.method == "GET":
        service.note_access(found, "register", detail=code)
    answer = register_page(
        Where("professional", subject), register, professional_author(), editable=register.edited_in == "profile"
    )
    db.session.commit()
    return answer


@bp.route("/patients/<uuid:account_id>/record/registers/<code>/<uuid:entry_id>", methods=["GET", "POST"])
@access("professional")
def desk_entry(account_id: uuid.UUID, code: str, entry_id: uuid.UUID) -> Any:
    """An entry of a list: correct it; the one before stays in the history."""
    subject, register, found = _opened(account_id, code)
    if register.edited_in == "account":
        abort(404)
    if request.method == "GET":
        service.note_access(found, "register", detail=code)
    answer = register_page(Where("professional", subject), register, professional_author(), entry_id=entry_id)
    db.session.commit()
    return answer


@bp.post("/patients/<uuid:account_id>/record/registers/<code>/none")
@access("professional")
def desk_none(account_id: uuid.UUID, code: str) -> Any:
    """There is none, says the professional."""
    subject, _register, _found = _opened(account_id, code)
    service.declare_none(subject, code, professional_author())
    db.session.commit()
    return redirect(Where("professional", subject).index(saved=code))


@bp.post("/patients/<uuid:account_id>/record/registers/<code>/<uuid:entry_id>/end")
@access("professional")
def desk_end(account_id: uuid.UUID, code: str, entry_id: uuid.UUID) -> Any:
    """Take an entry out; it stays in the history with its author."""
    subject, _register, _found = _opened(account_id, code)
    service.end_entry(subject, code, entry_id, professional_author())
    db.session.commit()
    return redirect(Where("professional", subject).register(code, saved="removed"))
