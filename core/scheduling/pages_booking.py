"""Pages of patients: choose, hold and confirm a time."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, VisitReason
from core.identity import people as identity
from core.messages import _
from core.scheduling import booking, people, service, service_access, times
from core.scheduling.blueprint import bp, instant_of, shown_of, slot_gone, specialty_labels, uuid_of
from core.web.access import access
from core.web.frame import Refused
from core.web.language import language, say


@bp.route("/book/<professional_id>/<reason_id>/<practice_id>/<int:start>", methods=["GET", "POST"])
@access("patient")
def book(professional_id: str, reason_id: str, practice_id: str, start: int) -> Any:
    """Choose for whom, then hold the time while confirming (CB-137). A visitor is asked to sign in first (CB-134)."""
    pro = directory.access_professional(uuid_of(professional_id))
    reason = VisitReason.get(uuid_of(reason_id))
    practice = Practice.get(uuid_of(practice_id))
    if (
        pro is None
        or reason is None
        or practice is None
        or reason.professional_id != pro.id
        or practice.professional_id != pro.id
    ):
        abort(404)
    starts_at = instant_of(start)
    dependants = identity.dependants_of(g.account.id)
    error = None
    if request.method == "POST":
        chosen = request.form.get("beneficiary", "")
        choices = {"self": None, **{str(d.id): d.id for d in dependants}}
        note = request.form.get("note", "")
        if chosen not in choices:
            error = say(_("Please say for whom the appointment is."))
        elif len(note) > booking.NOTE_LIMIT:
            error = say(
                _(
                    "Your note has {found} characters; at most {limit} are possible.",
                    found=len(note),
                    limit=booking.NOTE_LIMIT,
                )
            )
        else:
            return _hold(pro.id, reason.id, practice.id, starts_at, choices[chosen], note)
    return render_template(
        "scheduling/book.html", pro=pro, reason=reason, practice=practice, starts_at=starts_at, dependants=dependants, error=error,
        offered=directory.service_of(reason.service), form=request.form, label=specialty_labels().get(pro.specialty, pro.specialty),
    ), (422 if error else 200)  # fmt: skip


def _hold(
    professional_id: uuid.UUID,
    reason_id: uuid.UUID,
    practice_id: uuid.UUID,
    starts_at: dt.datetime,
    dependant: uuid.UUID | None,
    note: str,
) -> Any:
    booker = people.booker(g.account.id, dependant)
    reason = VisitReason.get(reason_id)
    if reason is not None and not identity.may_use(g.account.id, reason.service):
        raise Refused(
            _("This service is closed to your account at the moment. Please write to our support."), status=403
        )
    try:
        row = booking.hold(
            booker,
            professional_id=professional_id,
            reason_id=reason_id,
            practice_id=practice_id,
            starts_at=starts_at,
            note=note,
        )
    except service_access.NotAllowed as refusal:
        db.session.commit()
        return render_template("scheduling/refused.html", decision=refusal.decision, receipt_id=refusal.receipt_id), 403
    except times.SlotGone as gone:
        db.session.rollback()
        return slot_gone(professional_id, reason_id, gone)
    db.session.commit()
    return redirect(url_for("scheduling.confirm", appointment_id=row.id))


@bp.route("/book/confirm/<appointment_id>", methods=["GET", "POST"])
@access("patient")
def confirm(appointment_id: str) -> Any:
    """Read it once more, then confirm; the terms that apply are kept with the appointment (CB-063)."""
    row = service.access_appointment(uuid_of(appointment_id), account_id=g.account.id)
    if row is None:
        abort(404)
    if row.state != "held":
        return redirect(url_for("scheduling.appointment", appointment_id=row.id))
    if request.method == "POST":
        if request.form.get("action") == "release":
            booking.release(g.account.id, row.id)
            db.session.commit()
            return redirect(url_for("scheduling.professional", professional_id=row.professional_id))
        try:
            version = consent.order_version(g.account.id, act_kind="appointment", act_id=row.id, language=language())
            booking.confirm(g.account.id, row.id, version)
        except times.SlotGone as gone:
            db.session.rollback()
            return slot_gone(row.professional_id, row.reason_id, gone)
        db.session.commit()
        return redirect(url_for("scheduling.appointment", appointment_id=row.id, done=1))
    return render_template("scheduling/confirm.html", **shown_of(row), left=row.hold_expires_at)
