"""Pages of professionals: today, agenda, patients; the other modules add theirs to the same blueprint."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask, abort, redirect, render_template, request, url_for

from core import clock
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.identity import people as identity
from core.messages import _
from core.scheduling import booking, desk_hours, desk_profile, hours, people, service, slots
from core.scheduling.blueprint import desk, signed_in_professional, uuid_of
from core.scheduling.models import Appointment
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import zone
from core.web.navigation import add_navigation

__all__ = ["bp", "desk_hours", "desk_profile", "install"]

bp = desk
FIRST_HOUR, LAST_HOUR = 7, 21


def install(app: Flask) -> None:
    """Navigation and home of professionals."""
    add_navigation(app, 10, ("professional",), "desk.today", _("Today"), "sun")
    add_navigation(app, 20, ("professional",), "desk.agenda", _("Agenda"), "calendar-week", directory.books)
    add_navigation(app, 30, ("professional",), "desk.patients", _("Patients"), "people")
    add_navigation(app, 40, ("professional",), "desk.hours_page", _("Hours"), "clock", directory.books)
    add_navigation(app, 50, ("professional",), "desk.profile", _("Profile"), "person-badge")
    add_navigation(app, 60, ("professional",), "notifications.index", _("Messages"), "bell")
    add_navigation(app, 70, ("professional",), "identity.account", _("My account"), "gear")
    app.extensions.setdefault("portico_homes", {}).setdefault("professional", []).append("desk.today")


def _rows(rows: list[Appointment]) -> list[dict[str, Any]]:
    places = {p.id: p for p in directory.practices_of(rows[0].professional_id)} if rows else {}
    return [
        {
            "row": r,
            "who": people.patient_name(r.patient_account_id, r.dependant_id),
            "place": places.get(r.practice_id) or Practice.get(r.practice_id),
            "note": service.note_of(r),
        }
        for r in rows
    ]


@desk.get("/today")
@access("professional")
def today() -> str:
    """Today's appointments in order of time, one action each."""
    me = signed_in_professional()
    day = clock.now().astimezone(zone()).date()
    start, end = hours.day_bounds(day, str(zone()))
    rows = service.of_professional(me.id, start, end)
    ahead = service.of_professional(me.id, end, end + dt.timedelta(days=7))
    steps = {
        "presentation": bool(me.presentation),
        "practices": bool(directory.practices_of(me.id)),
        "reasons": bool(directory.reasons_of(me.id)),
        "hours": bool(hours.hours_of(me.id)),
    }
    return render_template(
        "scheduling/today.html",
        me=me,
        day=day,
        rows=_rows(rows),
        ahead=len(ahead),
        steps=steps,
        now=clock.now(),
        books=directory.books(),
    )


@desk.get("/agenda")
@access("professional")
def agenda() -> str:
    """The agenda by day or week, with what is taken on other portals shown as taken and nothing more."""
    me = signed_in_professional()
    present = clock.now().astimezone(zone()).date()
    view = "day" if request.args.get("view") == "day" else "week"
    try:
        day = dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = present if view == "day" else _opening(me, present)
    first = day if view == "day" else day - dt.timedelta(days=day.weekday())
    span = 1 if view == "day" else 7
    columns = []
    for offset in range(span):
        current = first + dt.timedelta(days=offset)
        start, end = hours.day_bounds(current, str(zone()))
        mine = service.of_professional(me.id, start, end)
        items = [_placed(i, current) for i in _rows(mine)] + _elsewhere(me, mine, start, end, current)
        columns.append({"day": current, "items": sorted(items, key=lambda i: i["starts_at"])})
    return render_template(
        "scheduling/agenda.html", me=me, view=view, day=day, columns=columns, hours=range(FIRST_HOUR, LAST_HOUR),
        previous=first - dt.timedelta(days=span), following=first + dt.timedelta(days=span), today=present,
        absences=hours.absences_of(me), formats=current_tenant().dispatcher.collect("agenda_formats"),
    )  # fmt: skip


def _opening(me: Professional, present: dt.date) -> dt.date:
    """The day whose week is shown unasked: today, or the next appointment's when none is left this week."""
    start, end = hours.day_bounds(present, str(zone()))
    ahead = service.of_professional(me.id, start, end + dt.timedelta(days=14))
    if not ahead:
        return present
    nearest = ahead[0].starts_at.astimezone(zone()).date()
    return nearest if nearest - present >= dt.timedelta(days=7 - present.weekday()) else present


def _placed(item: dict[str, Any], day: dt.date) -> dict[str, Any]:
    """Where an appointment stands in the grid."""
    row = item["row"]
    return {**item, "starts_at": row.starts_at, "ends_at": row.ends_at, **_quarters(row.starts_at, row.ends_at, day)}


def _quarters(start: dt.datetime, end: dt.datetime, day: dt.date) -> dict[str, int]:
    """The quarter hours touched, from the first hour shown, and the minutes of them `before` and `after` that stay free."""
    origin = dt.datetime.combine(day, dt.time(FIRST_HOUR), zone())
    limit = (LAST_HOUR - FIRST_HOUR) * 60
    begin = min(max(0, int((start - origin).total_seconds() // 60)), limit - 15)
    finish = min(-int(-(end - origin).total_seconds() // 60), limit)
    if finish <= begin:  # it ends before the first hour shown: said there all the same
        finish = begin + 15
    top = begin // 15
    return {
        "top": top, "length": -(-finish // 15) - top, "before": begin % 15, "after": -finish % 15, "minutes": finish - begin,
    }  # fmt: skip


def _elsewhere(
    me: Professional, mine: list[Appointment], start: dt.datetime, end: dt.datetime, day: dt.date
) -> list[dict[str, Any]]:
    """Time taken on other portals or being held: not free, nothing more is known."""
    own = {r.busy_id for r in mine}
    return [
        {"starts_at": s, "ends_at": e, **_quarters(s, e, day)}
        for busy_id, s, e in hours.taken(me.practitioner_id, start, end)
        if busy_id not in own
    ]


def _own(appointment_id: str) -> Appointment:
    row = service.access_appointment(uuid_of(appointment_id), professional_id=signed_in_professional().id)
    if row is None:
        abort(404)
    return row


@desk.route("/agenda/<appointment_id>", methods=["GET"])
@access("professional")
def entry(appointment_id: str) -> str:
    """One appointment: who, why, and what can be done."""
    row = _own(appointment_id)
    free = []
    if row.state == "booked" and row.starts_at > clock.now():
        minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
        first = clock.now().astimezone(zone()).date()
        free = [
            s
            for s in slots.slots_of(row.professional_id, row.service, minutes, first, 14)
            if s.practice_id == row.practice_id
        ][:40]
    return render_template("scheduling/entry.html", item=_rows([row])[0], free=free, now=clock.now())


@desk.post("/agenda/<appointment_id>/cancel")
@access("professional")
def cancel(appointment_id: str) -> Any:
    """Cancel; the patient is told (CB-142)."""
    row = _own(appointment_id)
    day = row.starts_at
    service.cancel(row, "professional", request.form.get("reason", "")[:40])
    db.session.commit()
    return redirect(url_for("desk.agenda", day=day.astimezone(zone()).date().isoformat()))


@desk.post("/agenda/<appointment_id>/move")
@access("professional")
def move(appointment_id: str) -> Any:
    """Give another time; the patient is told."""
    row = _own(appointment_id)
    try:
        start = dt.datetime.fromtimestamp(int(request.form.get("start", "")), dt.UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused(_("Please choose one of the free times."), status=422) from None
    service.move(row, start, "professional")
    db.session.commit()
    return redirect(url_for("desk.entry", appointment_id=appointment_id))


@desk.post("/agenda/<appointment_id>/no-show")
@access("professional")
def no_show(appointment_id: str) -> Any:
    """The patient did not come."""
    service.mark_no_show(_own(appointment_id))
    db.session.commit()
    return redirect(url_for("desk.entry", appointment_id=appointment_id))


@desk.get("/patients")
@access("professional")
def patients() -> str:
    """The patients on my list; being on it opens no record (CB-130)."""
    me = signed_in_professional()
    listed = [
        {"name": identity.display_name(a, None), "way": way, "since": since, "id": a}
        for a, way, since in directory.patients_of(me.id)
    ]
    return render_template("scheduling/patients.html", me=me, patients=listed, books=directory.books())


@desk.route("/patients/<account_id>/book", methods=["GET", "POST"])
@access("professional")
def book_for(account_id: str) -> Any:
    """Book a time for a patient of my list, who is then told (CB-095)."""
    me = signed_in_professional()
    patient = uuid_of(account_id)
    if not directory.knows(me.id, patient):
        abort(404)
    reasons = [r for r in directory.reasons_of(me.id) if directory.service_of(r.service) is not None]
    chosen = next(
        (r for r in reasons if str(r.id) == (request.values.get("reason") or "")), reasons[0] if reasons else None
    )
    first = clock.now().astimezone(zone()).date()
    free = slots.slots_of(me.id, chosen.service, chosen.duration_minutes, first, 14)[:60] if chosen else []
    if request.method == "POST" and chosen is not None:
        picked = next(
            (s for s in free if f"{int(s.starts_at.timestamp())}|{s.practice_id}" == request.form.get("slot")), None
        )
        if picked is None:
            raise Refused(_("Please choose one of the free times."), status=422)
        row = booking.book(
            people.booker(patient),
            professional_id=me.id,
            reason_id=chosen.id,
            practice_id=picked.practice_id,
            starts_at=picked.starts_at,
            by="professional",
        )
        db.session.commit()
        return redirect(url_for("desk.entry", appointment_id=row.id))
    return render_template(
        "scheduling/book_for.html", name=identity.display_name(patient, None), reasons=reasons, chosen=chosen, free=free, account_id=patient,
        places={p.id: p for p in directory.practices_of(me.id)},
    )  # fmt: skip
