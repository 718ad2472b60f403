"""Requests of patients that were addressed to a professional, and those that the professional passes on (CB-276, CB-284)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy import select

from core.care.consultations.models import Consultation
from core.db import db
from core.identity import people as identity
from core.messages import Message
from core.privacy import answering, service
from core.privacy.blueprint import bp, left, me, optional_id, words, wrong
from core.privacy.models import OPEN
from core.web.access import access
from core.web.frame import Refused


def _patients() -> list[tuple[uuid.UUID, str]]:
    """The patients whom the professional served, by name."""
    c = Consultation
    query = select(c.patient_account_id).where(c.professional_id == me().id, c.state.in_(service.SERVED)).distinct()
    names = identity.names(db.session.execute(query).scalars())
    return sorted(names.items(), key=lambda x: x[1])


@bp.get("/data-requests")
@access("professional")
def addressed() -> str:
    """Requests addressed to the signed-in professional, with their clock."""
    rows = [(r, left(r)) for r in service.addressed_to(me().id)]
    return render_template(
        "privacy/addressed.html", open=[x for x in rows if x[0].state == OPEN], past=[x for x in rows if x[0].state != OPEN],
        kinds=service.KINDS, states=service.STATES, done=request.args.get("done"), me=me(),
    )  # fmt: skip


@bp.route("/data-requests/new", methods=["GET", "POST"])
@access("professional")
def pass_on() -> Any:
    """Pass on what a patient asked in person or by letter; the officer sees to it (CB-276)."""
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST":
        form = request.form
        try:
            service.pass_on(me(), optional_id(form.get("patient")) or uuid.UUID(int=0), form.get("kind", ""), words())
            db.session.commit()
            return redirect(url_for("privacy.addressed", done="passed"))
        except Refused as refusal:
            db.session.rollback()
            problems, status = wrong(refusal), refusal.status
    return render_template(
        "privacy/pass_on.html", patients=_patients(), kinds=service.KINDS, form=request.form, problems=problems
    ), status


def _page(request_id: uuid.UUID, problems: tuple[Message, ...] = ()) -> str:
    row = service.access_addressed(me().id, request_id)
    if row is None:
        abort(404)
    return render_template(
        "privacy/addressed_one.html", shown=service.shown(row), clock=left(row), kinds=service.KINDS, states=service.STATES,
        steps=service.STEPS, channels=service.CHANNELS, problems=problems, releases=(*service.RELEASES, "closure"),
    )  # fmt: skip


@bp.get("/data-requests/<uuid:request_id>")
@access("professional")
def addressed_one(request_id: uuid.UUID) -> str:
    """One request: answer it, refuse it with reasons, or pass it on."""
    return _page(request_id)


@bp.post("/data-requests/<uuid:request_id>")
@access("professional")
def turn_addressed(request_id: uuid.UUID) -> Any:
    """Do what the button says."""
    mine = me()
    if service.access_addressed(mine.id, request_id) is None:
        abort(404)
    act = request.form.get("act", "")
    try:
        if act == "forward":
            service.forward(request_id, mine)
        else:
            answering.answer_as_professional(request_id, mine, act, words())
        db.session.commit()
    except Refused as refusal:
        db.session.rollback()
        return _page(request_id, wrong(refusal)), refusal.status
    return redirect(url_for("privacy.addressed", done="turned"))
