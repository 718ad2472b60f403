"""Images and documents of the health profile: the patient adds and removes them, an authorised professional reads them."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from core.care.documents import service as documents
from core.care.documents.models import CareDocument
from core.care.record import files as own_files
from core.care.record import service
from core.care.record.blueprint import DOCUMENTS, Where, bp, chosen, me, optional_id
from core.care.record.files import KIND
from core.care.record.people import Subject
from core.db import db
from core.directory import service as directory
from core.identity.sessions import AccountView
from core.messages import Message
from core.web.access import access


def install(app: Flask) -> None:
    """Tell the record where the documents are."""
    app.extensions[DOCUMENTS] = {"patient": "record.files", "professional": "record.desk_files"}


def _reads(account: AccountView, document: CareDocument) -> bool:
    """The patient and who acts for them; a professional while the record is open to them, which is noted."""
    if account.role == "patient":
        return own_files.owns(account.id, document.person_id)
    found = directory.profile_of(account.id)
    if found is None:
        return False
    seen = service.may_read(found.id, document.person_id, strong=account.two_factors)
    if seen.whole:
        service.note_access(seen, "document", detail=str(document.id))
    return seen.whole


documents.register_reader(KIND, _reads, lambda _document: "/record/documents")


@bp.route("/record/documents", methods=["GET", "POST"])
@access("patient")
def files() -> Any:
    """The images and documents of one's own record, or of a dependant's (CB-198)."""
    subject = chosen()
    problems: list[Message] = []
    if request.method == "POST":
        sent = [f for f in request.files.getlist("documents") if f.filename]
        _kept, problems = own_files.add(subject, g.account.id, sent)
        if not problems:
            db.session.commit()
            return redirect(url_for("record.files", **_for(subject), saved=1))
        db.session.rollback()
    kept = documents.listed(KIND, subject.person_id, viewer=g.account.id)
    return render_template(
        "record/files.html", subject=subject, people=service.subjects_of(g.account.id), files=kept, problems=problems,
        waiting=documents.waiting_for_scanner(), saved=request.args.get("saved"), where=Where("patient", subject),
    ), (422 if problems else 200)  # fmt: skip


def _for(subject: Subject) -> dict[str, Any]:
    """What keeps an address on the same person."""
    return {"for": subject.dependant_id} if subject.dependant_id is not None else {}


@bp.post("/record/documents/<uuid:document_id>/remove")
@access("patient")
def remove_file(document_id: uuid.UUID) -> Any:
    """Take a file out of the record; its content is gone."""
    own_files.remove(g.account.id, document_id)
    db.session.commit()
    chosen_for: dict[str, Any] = {"for": request.form["for"]} if request.form.get("for") else {}
    return redirect(url_for("record.files", **chosen_for))


@bp.get("/patients/<uuid:account_id>/record/documents")
@access("professional")
def desk_files(account_id: uuid.UUID) -> str:
    """The same, for a professional to whom the record is open; it is noted."""
    mine = me()
    try:
        subject = service.subject_of(account_id, optional_id(request.values.get("for")))
    except (NotFound, KeyError):
        abort(404)
    if not service.related(mine.id, subject):
        abort(404)
    seen = service.may_read(mine.id, subject.person_id, strong=g.account.two_factors)
    service.note_access(seen, "document")
    db.session.commit()
    if not seen.whole:
        abort(403)
    return render_template(
        "record/desk_files.html", subject=subject, files=documents.listed(KIND, subject.person_id, viewer=g.account.id),
        waiting=documents.waiting_for_scanner(), where=Where("professional", subject),
    )  # fmt: skip
