"""Pages of patients: the health profile and its registers. Sharing, looks and the professional's pages stand beside."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for

from core.care.record import desk, pages_files, pages_sharing, service, shown
from core.care.record.blueprint import Where, bp, chosen, patient_author
from core.care.record.entries import register_of
from core.care.record.one_register import register_page
from core.care.record.people import Subject
from core.db import db
from core.hooks.types import HealthRegister
from core.messages import _
from core.web.access import access
from core.web.navigation import add_navigation
from core.web.parts import Part, add_part

__all__ = ["bp", "desk", "install", "pages_files", "pages_sharing"]


def install(app: Flask) -> None:
    """Navigation, the card on the home of patients, and the parts on the pages of accounts."""
    add_navigation(app, 35, ("patient",), "record.index", _("Health record"), "clipboard2-pulse")
    add_navigation(app, 35, ("professional",), "record.desk_records", _("Records"), "folder2-open")
    pages_files.install(app)
    add_part(app, "patient_home", 10, home_card)
    add_part(app, "account", 10, account_links)
    add_part(app, "members", 10, pages_sharing.members_part)
    add_part(app, "patient_line", 10, lambda patient: ("record/_patient_line.html", {"patient": patient}))


def home_card() -> Part | None:
    """The card “complete your health profile” for the home of the signed-in patient; None where nothing is missing (CB-072).

    Persons whom the account acts for are looked at too: the card leads to the first who lacks something.
    """
    for dependant_id, _person, name in service.subjects_of(g.account.id):
        subject = service.subject_of(g.account.id, dependant_id)
        missing = service.complete(subject)
        if missing:
            where = Where("patient", subject)
            data = {"missing": missing, "url": where.index(), "name": name, "own": dependant_id is None}
            return "record/_home_card.html", data
    return None


def account_links() -> Part | None:
    """Links to the registers that are filled in with one's own data (CB-200)."""
    if g.account.role != "patient":
        return None
    subject = service.subject_of(g.account.id)
    found = [r for r in service.registers_for(subject) if r.edited_in == "account"]
    return "record/_account_links.html", {"registers": found}


@bp.get("/record")
@access("patient")
def index() -> str:
    """The health profile: what is answered, what is missing, who wrote last; and the consultations done."""
    subject = chosen()
    where = Where("patient", subject)
    found = service.profile_of(subject)
    return render_template(
        "record/index.html", subject=subject, where=where, profile=found, registers=shown.profile(found, where),
        history=shown.history(service.history(subject.person_id), where), people=service.subjects_of(g.account.id),
        saved=request.args.get("saved"), tab="profile",
    )  # fmt: skip


@bp.post("/record/confirm")
@access("patient")
def confirm() -> Any:
    """Everything is still right today (CB-201)."""
    subject = chosen()
    service.confirm_up_to_date(subject.person_id)
    db.session.commit()
    return redirect(Where("patient", subject).index(saved="confirmed"))


def _edited_here(subject: Subject, code: str) -> HealthRegister:
    """A register that the profile's own pages fill in; others are shown there and changed with one's own data."""
    found = register_of(subject, code)
    if found.form == "documents":
        abort(404)
    if found.edited_in == "account" and request.method == "POST":
        abort(404)
    return found


@bp.route("/record/registers/<code>", methods=["GET", "POST"])
@access("patient")
def register(code: str) -> Any:
    """A register: what stands there, what stood there, and the form."""
    subject = chosen()
    found = _edited_here(subject, code)
    return register_page(Where("patient", subject), found, patient_author(), editable=found.edited_in == "profile")


@bp.route("/account/registers/<code>", methods=["GET", "POST"])
@access("patient")
def account_register(code: str) -> Any:
    """A register that is filled in with the patient's own data (CB-200)."""
    subject = chosen()
    found = register_of(subject, code)
    if found.edited_in != "account":
        abort(404)
    values: dict[str, Any] = {"for": subject.dependant_id} if subject.dependant_id else {}
    back = url_for("record.account_register", code=code, saved=1, **values)
    return register_page(Where("patient", subject), found, patient_author(), done=back)


@bp.route("/record/registers/<code>/<uuid:entry_id>", methods=["GET", "POST"])
@access("patient")
def entry(code: str, entry_id: uuid.UUID) -> Any:
    """An entry of a list: correct it."""
    subject = chosen()
    return register_page(Where("patient", subject), _edited_here(subject, code), patient_author(), entry_id=entry_id)


@bp.post("/record/registers/<code>/none")
@access("patient")
def none(code: str) -> Any:
    """There is none: an answer too (CB-197)."""
    subject = chosen()
    _edited_here(subject, code)
    service.declare_none(subject, code, patient_author())
    db.session.commit()
    return redirect(Where("patient", subject).index(saved=code))


@bp.post("/record/registers/<code>/<uuid:entry_id>/end")
@access("patient")
def end(code: str, entry_id: uuid.UUID) -> Any:
    """Take an entry out; it stays in the history."""
    subject = chosen()
    _edited_here(subject, code)
    service.end_entry(subject, code, entry_id, patient_author())
    db.session.commit()
    return redirect(Where("patient", subject).register(code, saved="removed"))
