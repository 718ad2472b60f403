"""Requests of the signed-in person: filing one, following it, giving what is asked, downloading the file; evidence of authority."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.db import db
from core.identity.blueprint import require
from core.identity.uploads import ACCEPT
from core.messages import Message, _
from core.privacy import answering, authority, files, service
from core.privacy.blueprint import bp, left, optional_id, own_request, words, wrong
from core.web.access import access
from core.web.frame import Refused

PEOPLE = ("patient", "professional")


@bp.route("/privacy/requests/new", methods=["GET", "POST"])
@access(*PEOPLE)
def new_request() -> Any:
    """File a request with the officer, or with a professional who served the person (CB-284)."""
    form = request.values
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST":
        kind = form.get("kind", "")
        if kind == "directives":
            return redirect(url_for("privacy.directives_page"))
        try:
            row = service.file(
                g.account.id, kind, words(), professional_id=optional_id(form.get("professional"))
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("privacy.request_page", request_id=row.id, done="filed"))
        except Refused as refusal:
            db.session.rollback()
            problems, status = wrong(refusal), refusal.status
    return render_template(
        "privacy/new.html", kinds=service.KINDS, form=form, problems=problems,
        professionals=service.served_by(g.account.id) if g.account.role == "patient" else [],
    ), status  # fmt: skip


def _page(request_id: uuid.UUID, problems: tuple[Message, ...] = ()) -> str:
    row = own_request(request_id)
    return render_template(
        "privacy/request.html", shown=service.shown(row), clock=left(row), kinds=service.KINDS, states=service.STATES,
        steps=service.STEPS, channels=service.CHANNELS, problems=problems, done=request.args.get("done"), accept=ACCEPT,
    )  # fmt: skip


@bp.get("/privacy/requests/<uuid:request_id>")
@access(*PEOPLE)
def request_page(request_id: uuid.UUID) -> str:
    """A request: where it stands, until when the answer is due, its file."""
    return _page(request_id)


@bp.post("/privacy/requests/<uuid:request_id>")
@access(*PEOPLE)
def give(request_id: uuid.UUID) -> Any:
    """Give what was asked for: words, or a proof of identity."""
    row = own_request(request_id)
    upload, problem = files.optional(request.files.get("proof"))
    try:
        if problem is not None:
            raise Refused(problem, status=422)
        service.give(row, "person", str(g.account.id), words(), upload)
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _page(request_id, wrong(refusal)), refusal.status
    return redirect(url_for("privacy.request_page", request_id=request_id, done="given"))


@bp.get("/privacy/requests/<uuid:request_id>/file")
@require(*PEOPLE, fresh=True)
def download(request_id: uuid.UUID) -> Any:
    """The file that was made for the person."""
    row = own_request(request_id)
    copy = service.shown(row).copy
    if copy is None:
        abort(404)
    answering.fetch(row, copy)
    answer = files.download(copy, f"{g.tenant.slug}-{row.kind}-{row.reference}")
    db.session.commit()
    return answer


# -- authority over somebody -----------------------------------------------------------------------------------------


@bp.route("/privacy/authority/<uuid:authority_id>", methods=["GET", "POST"])
@access("patient")
def authority_page(authority_id: uuid.UUID) -> Any:
    """What the operator asks about somebody whom the account acts for, and the document that answers it (CB-075)."""
    row = authority.access_authority(g.account.id, authority_id)
    if row is None:
        abort(404)
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST":
        upload, problem = files.optional(request.files.get("proof"))
        try:
            if upload is None:
                raise Refused(problem or _("Please choose a file."), status=422)
            authority.send(row, upload)
            db.session.commit()
            return redirect(url_for("privacy.authority_page", authority_id=authority_id, done=1))
        except Refused as refusal:
            db.session.rollback()
            problems, status = wrong(refusal), refusal.status
    return render_template(
        "privacy/authority.html", shown=authority.shown(row), states=authority.STATES, problems=problems, accept=ACCEPT,
        done=request.args.get("done"),
    ), status  # fmt: skip
