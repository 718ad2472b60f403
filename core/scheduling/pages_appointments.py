"""Pages of patients: their appointments, and what can be done with each."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for

from core import clock
from core.db import db
from core.hooks.types import AgendaEntry
from core.scheduling import calendars, lists, people, service, times
from core.scheduling.blueprint import bp, instant_of, shown_of, slot_gone, uuid_of
from core.scheduling.models import Appointment
from core.tenancy import receipts
from core.tenancy.current import current_tenant
from core.web.access import access


@bp.get("/appointments")
@access("patient")
def appointments() -> str:
    """Coming and past appointments (CB-140)."""
    coming, past = lists.of_patient(g.account.id)
    dependants = {line.dependant_id for line in (*coming, *past) if line.dependant_id is not None}
    names = {d: people.patient_name(g.account.id, d) for d in dependants}
    return render_template("scheduling/appointments.html", coming=coming, past=past, names=names)


def _own(appointment_id: str) -> Appointment:
    row = service.access_appointment(uuid_of(appointment_id), account_id=g.account.id)
    if row is None:
        abort(404)
    return row


@bp.get("/appointments/<appointment_id>")
@access("patient")
def appointment(appointment_id: str) -> str:
    """One appointment: when, where, with whom, and what can be done."""
    row = _own(appointment_id)
    kept = [r for r in receipts.of_account(g.account.id, 200) if r.act_id == row.id]
    return render_template(
        "scheduling/appointment.html", **shown_of(row), done=request.args.get("done"), receipts=kept, note=service.note_of(row),
        can_change=row.state == "booked" and row.starts_at > clock.now(),
    )  # fmt: skip


@bp.get("/appointments/<appointment_id>.ics")
@access("patient")
def calendar_file(appointment_id: str) -> Response:
    """The appointment for the patient's own calendar."""
    row = _own(appointment_id)
    shown = shown_of(row)
    place = shown["practice"]
    where = "" if place.mode == "virtual" else f"{place.street}, {place.postal_code} {place.city}"
    title = f"{current_tenant().name} · {shown['pro'].title} {shown['pro'].name}"
    entry = AgendaEntry(calendars.uid(row.id), row.starts_at, row.ends_at, title, where, row.state, row.sequence)
    return Response(
        calendars.write((entry,)),
        mimetype="text/calendar",
        headers={"Content-Disposition": "attachment; filename=appointment.ics"},
    )


@bp.post("/appointments/<appointment_id>/cancel")
@access("patient")
def cancel(appointment_id: str) -> Any:
    """Cancel; the professional is told, the time is free again."""
    service.cancel(_own(appointment_id), "patient")
    db.session.commit()
    return redirect(url_for("scheduling.appointment", appointment_id=appointment_id))


@bp.route("/appointments/<appointment_id>/move/<int:start>", methods=["GET", "POST"])
@access("patient")
def move(appointment_id: str, start: int) -> Any:
    """Both times side by side, then another time is taken; the old one is given back only when the new one is had."""
    row = _own(appointment_id)
    when = instant_of(start)
    if request.method == "GET":
        if row.state != "booked" or row.starts_at <= clock.now():
            return redirect(url_for("scheduling.appointment", appointment_id=row.id))
        return render_template("scheduling/move.html", start=when, **shown_of(row))
    professional_id, reason_id = row.professional_id, row.reason_id
    try:
        service.move(row, when, "patient")
    except times.SlotGone as gone:
        return slot_gone(professional_id, reason_id, gone)
    db.session.commit()
    return redirect(url_for("scheduling.appointment", appointment_id=appointment_id, done="moved"))
