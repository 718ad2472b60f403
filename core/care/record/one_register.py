"""A register on a page: what stands there, what stood there, and its form; for patients and professionals alike."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, redirect, render_template, request

from core.care.record import forms, service, shown
from core.care.record.blueprint import Where
from core.care.record.entries import access_entry, need_of
from core.care.record.people import Author
from core.db import db, new_id
from core.hooks.types import HealthRegister
from core.identity.schemas import Errors
from core.messages import _
from core.web.language import say


def register_page(
    where: Where,
    found: HealthRegister,
    author: Author,
    *,
    editable: bool = True,
    entry_id: uuid.UUID | None = None,
    done: str | None = None,
) -> Any:
    """Show a register with its form, or take the form: for patients and professionals alike.

    What was typed comes back with what is wrong; a form sent twice writes once; when somebody else wrote meanwhile, that is
    told and nothing typed is lost (409).
    """
    subject = where.subject
    edited = access_entry(subject, found, entry_id) if entry_id is not None else None
    if edited is not None and (edited.none or found.form != "list"):
        abort(404)
    errors: Errors = {}
    status = 200
    if request.method == "POST":
        try:
            service.write_entry(
                subject, found.code, forms.typed(found), author,
                base=entry_id or forms.id_of(forms.BASE), entry_id=forms.id_of(forms.KEY),
            )  # fmt: skip
            db.session.commit()
            return redirect(done or _after(where, found))
        except service.NotValid as wrong:
            db.session.rollback()
            errors, status = wrong.errors, 422
        except service.Changed:
            db.session.rollback()
            errors, status = (
                {"": [_("This was changed meanwhile. Please look at what stands here now, then save again.")]},
                409,
            )
    state = service.state_of(subject, found)
    current = edited or (state.last if found.form == "single" else None)
    values: Any = forms.typed(found) if request.method == "POST" else (current.values if current else {})
    page = render_template(
        "record/register.html", subject=subject, where=where, register=found, state=state, editable=editable, edited=edited,
        need=need_of(found), fields=forms.fields_of(found, subject, values, errors),
        problems=[say(m) for m in forms.form_problems(errors)],
        entries=[shown.entry(found, e, subject) for e in state.entries], done=done,
        past=[shown.entry(found, e, subject) for e in service.past_of(subject, found)],
        key=new_id(), base=current.id if current else None, saved=request.args.get("saved"),
    )  # fmt: skip
    return page, status


def _after(where: Where, found: HealthRegister) -> str:
    """Where one goes after saving: back to the list to add more, or to the overview."""
    if found.form == "list":
        return where.register(found.code, saved="1")
    return where.index(saved=found.code)
