"""Pages between professionals: searching and writing to a colleague, asking and giving advice on a patient."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound

from core.care.colleagues import answers, expertise, pages_own, sharing, threads
from core.care.colleagues.blueprint import bp, finder, ids
from core.care.colleagues.models import ColleagueThread, Expertise
from core.care.documents import pages as document_pages
from core.care.documents import service as documents
from core.crypto import new_token
from core.db import db
from core.directory.models import Professional
from core.identity import people as identity
from core.messages import Message, _
from core.scheduling.blueprint import signed_in_professional, specialty_labels
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import say
from core.web.navigation import add_navigation

__all__ = ["bp", "install", "pages_own"]

SEXES = {"female": _("woman"), "male": _("man"), "other": _("other sex")}


def install(app: Flask) -> None:
    """Navigation of professionals, and what the page of a consultation needs to say that advice was asked."""
    add_navigation(app, 35, ("professional",), "colleagues.colleagues", _("Colleagues"), "people-fill")
    app.jinja_env.globals.update(advice_asked=expertise.asked_about, advice_from=expertise.FROM)


# -- messages --------------------------------------------------------------------------------------------------------


@bp.get("/colleagues")
@access("professional")
def colleagues() -> str:
    """One's threads, and a search by name and specialty."""
    me = signed_in_professional()
    looked = "q" in request.args
    found = finder(
        me, request.args.get("q", "").strip(), request.args.get("specialty", ""), request.args.get("page", 1, type=int)
    )
    return render_template("colleagues/index.html", threads=threads.of(me), found=found, looked=looked)


@bp.route("/colleagues/with/<uuid:professional_id>", methods=["GET", "POST"])
@access("professional")
def write_to(professional_id: uuid.UUID) -> Any:
    """The first message to a colleague; where there is a thread already, it opens."""
    me = signed_in_professional()
    other = threads.colleague(me, professional_id)
    if other is None:
        abort(404)
    if request.method == "POST":
        return _write(me, other, None)
    row = threads.thread_with(me, other.id)
    if row is not None:
        return redirect(url_for("colleagues.thread", thread_id=row.id))
    return _thread_page(me, other, None)


@bp.route("/colleagues/<uuid:thread_id>", methods=["GET", "POST"])
@access("professional")
def thread(thread_id: uuid.UUID) -> Any:
    """A thread; what was read counts as seen."""
    me = signed_in_professional()
    row = threads.access_thread(thread_id, me.id)
    if row is None:
        abort(404)
    other = threads.other_of(row, me)
    return _write(me, other, row) if request.method == "POST" else _thread_page(me, other, row)


def _write(me: Professional, other: Professional, row: ColleagueThread | None) -> Any:
    try:
        row = threads.write(me, other.id, request.form.get("text", ""), client_key=request.form.get("key"))
    except Refused as refusal:
        db.session.rollback()
        return _thread_page(me, other, row, refusal.messages), refusal.status
    db.session.commit()
    return redirect(url_for("colleagues.thread", thread_id=row.id) + "#end")


def _thread_page(
    me: Professional, other: Professional, row: ColleagueThread | None, problems: tuple[Message, ...] = ()
) -> str:
    lines = threads.lines(row, me) if row is not None else []
    if row is not None and lines:
        threads.seen(row, me, lines[-1].seq)
    shown = render_template(
        "colleagues/thread.html", row=row, other=other, lines=lines, problems=problems, key=new_token(),
        typed=request.form.get("text", "") if problems else "", label=specialty_labels().get(other.specialty, ""),
        limit=threads.LIMIT, reachable=threads.colleague(me, other.id) is not None,
    )  # fmt: skip
    db.session.commit()
    return shown


# -- advice ----------------------------------------------------------------------------------------------------------


@bp.get("/expertise")
@access("professional")
def advice() -> str:
    """What colleagues ask, and what one has asked."""
    me = signed_in_professional()
    return render_template("colleagues/advice.html", asked=expertise.asked_of(me), made=expertise.made_by(me))


@bp.route("/expertise/ask/<uuid:consultation_id>", methods=["GET", "POST"])
@access("professional")
def ask_advice(consultation_id: uuid.UUID) -> Any:
    """Ask colleagues for advice on the patient of one's own consultation (CB-047)."""
    me = signed_in_professional()
    row = expertise.access_own(consultation_id, me)
    if row is None:
        abort(404)
    form = request.form
    chosen = ids(form.getlist("colleague"))
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST" and "find" not in form:
        try:
            made = expertise.ask(
                me, row.id, chosen, form.get("question", ""), document_ids=ids(form.getlist("document")),
                client_key=form.get("key"),
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("colleagues.expertise_page", expertise_id=made.id, done="asked"))
        except Refused as refusal:
            db.session.rollback()
            if refusal.status == 404:
                raise
            if isinstance(refusal, expertise.SharingRefused):
                expertise.log_refusal(me, consultation_id, refusal)
                db.session.commit()
            problems, status = refusal.messages, refusal.status
            row = expertise.access_own(consultation_id, me)
            assert row is not None
    found = finder(me, form.get("q", "").strip(), form.get("specialty", ""))
    known = threads.professionals(chosen)
    age, sex = identity.age_and_sex(row.patient_account_id, row.dependant_id)
    return render_template(
        "colleagues/ask.html", row=row, found=found, problems=problems, typed=form,
        chosen=[known[c] for c in dict.fromkeys(chosen) if c in known and known[c].listed and c != me.id],
        files=expertise.files_of(row, me), agreed=sharing.consent_to_share(row.person_id), picked=form.getlist("document"),
        age=age, sex=SEXES[sex], named=sharing.consent_to_name(row.person_id), limit=expertise.LIMIT,
        who=identity.display_name(row.patient_account_id, row.dependant_id), key=form.get("key") or new_token(),
        most=current_tenant().config["care"]["most_professionals"],
    ), status  # fmt: skip


def _own(expertise_id: uuid.UUID) -> tuple[Professional, Expertise]:
    me = signed_in_professional()
    row = expertise.access_expertise(expertise_id, me)
    if row is None:
        abort(404)
    return me, row


def _expertise(me: Professional, row: Expertise, problems: tuple[Message, ...] = ()) -> str:
    shown = expertise.shown(row, me)
    return render_template(
        "colleagues/expertise.html", shown=shown, row=row, sexes=SEXES, problems=problems, limit=expertise.LIMIT,
        done=request.args.get("done"), typed=request.form.get("text", ""), labels=specialty_labels(),
    )  # fmt: skip


@bp.get("/expertise/<uuid:expertise_id>")
@access("professional")
def expertise_page(expertise_id: uuid.UUID) -> str:
    """A request for advice, as the one who asked or one who was asked may see it."""
    return _expertise(*_own(expertise_id))


@bp.post("/expertise/<uuid:expertise_id>/answer")
@access("professional")
def answer_advice(expertise_id: uuid.UUID) -> Any:
    """Give advice, or decline."""
    me, row = _own(expertise_id)
    try:
        if request.form.get("act") == "decline":
            answers.decline(me, row.id)
        else:
            answers.answer(me, row.id, request.form.get("text", ""))
    except Refused as refusal:
        db.session.rollback()
        if refusal.status == 404:
            raise
        me, row = _own(expertise_id)
        return _expertise(me, row, refusal.messages), refusal.status
    db.session.commit()
    return redirect(url_for("colleagues.expertise_page", expertise_id=row.id, done="answered"))


@bp.post("/expertise/<uuid:expertise_id>/close")
@access("professional")
def close_advice(expertise_id: uuid.UUID) -> Any:
    """No more advice is needed: files are closed to the colleagues."""
    me, row = _own(expertise_id)
    answers.close(me, row.id)
    db.session.commit()
    return redirect(url_for("colleagues.expertise_page", expertise_id=row.id, done="closed"))


@bp.get("/expertise/<uuid:expertise_id>/documents/<uuid:document_id>")
@access("professional")
def shared_document(expertise_id: uuid.UUID, document_id: uuid.UUID) -> Response:
    """A file shown for advice; under a name that tells nothing of the patient (CB-132)."""
    me = signed_in_professional()
    found = expertise.access_document(expertise_id, document_id, me)
    try:
        data = documents.content(found)
    except documents.NotOpen as closed:
        raise Refused(document_pages.CLOSED[closed.state]) from closed
    except keys.Erased:
        raise NotFound from None
    db.session.commit()
    ending = found.mimetype.rpartition("/")[2].partition("+")[0]
    return document_pages.answer(found, data, f"{say(_('file'))}.{ending}")
