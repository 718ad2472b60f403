"""Pages of professionals: weekly hours, exceptions, absences, the calendar feed and the export."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, abort, redirect, render_template, request, url_for

from core import clock
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional
from core.hooks.types import AgendaEntry
from core.messages import _
from core.notifications.service import base_url
from core.scheduling import calendars, hours, service
from core.scheduling.blueprint import desk, signed_in_professional, uuid_of
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import say, zone


@desk.get("/hours")
@access("professional")
def hours_page() -> str:
    """Weekly hours, days unlike the others, absences, holidays, the calendar feed."""
    me = signed_in_professional()
    today = clock.now().astimezone(zone()).date()
    practices = directory.practices_of(me.id)
    countries = {p.country for p in practices} or {me.country}
    coming = [
        h
        for country in sorted(countries)
        for year in (today.year, today.year + 1)
        for h in current_tenant().dispatcher.collect("holidays", country=country, year=year)
        if today <= h.date <= today + dt.timedelta(days=120)
    ]
    return render_template(
        "scheduling/hours.html", me=me, practices=practices, places={p.id: p for p in practices}, weekly=hours.hours_of(me.id),
        exceptions=hours.exceptions_of(me.id), absences=hours.absences_of(me), holidays=coming, grids=hours.GRIDS,
        names={s.code: say(s.label) for s in directory.offered_services()}, feed=None, today=today,
    )  # fmt: skip


def _practice(me: Professional) -> Practice:
    row: Practice | None = Practice.get(uuid_of(request.form.get("practice")))
    if row is None or row.professional_id != me.id:
        abort(404)
    return row


def _time(name: str) -> dt.time:
    try:
        return dt.time.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Refused(
            _("“{found}” is not a time; one looks like 09:30.", found=request.form.get(name, "")[:20]), status=422
        ) from None


def _day(name: str) -> dt.date:
    try:
        return dt.date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Refused(
            _("“{found}” is not a date; one looks like 2026-12-24.", found=request.form.get(name, "")[:20]), status=422
        ) from None


@desk.post("/hours/weekly")
@access("professional")
def add_hours() -> Any:
    """Open a span each week."""
    me = signed_in_professional()
    practice = _practice(me)
    for weekday in request.form.getlist("weekday", type=int) or [0]:
        hours.add_hours(
            me, practice, weekday=weekday, opens=_time("opens"), closes=_time("closes"), grid_minutes=request.form.get("grid_minutes", 0, type=int),
            services=request.form.getlist("services"), known_patients_only=request.form.get("known_patients_only") == "yes",
        )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/weekly/<hours_id>/remove")
@access("professional")
def remove_hours(hours_id: str) -> Any:
    """Close a span."""
    hours.remove_hours(signed_in_professional(), uuid_of(hours_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/exceptions")
@access("professional")
def add_exception() -> Any:
    """Close a day, or open one beside the weekly hours."""
    me = signed_in_professional()
    practice = _practice(me)
    kind = "open" if request.form.get("kind") == "open" else "closed"
    whole = kind == "closed" and not request.form.get("opens")
    hours.add_exception(
        me, practice, day=_day("day"), kind=kind, opens=dt.time(0) if whole else _time("opens"), closes=dt.time(0) if whole else _time("closes"),
        grid_minutes=request.form.get("grid_minutes", 15, type=int), services=request.form.getlist("services"),
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/exceptions/<exception_id>/remove")
@access("professional")
def remove_exception(exception_id: str) -> Any:
    """Back to the weekly hours."""
    hours.remove_exception(signed_in_professional(), uuid_of(exception_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/absences")
@access("professional")
def add_absence() -> Any:
    """Be away from one day to another, both included."""
    me = signed_in_professional()
    first, last = _day("first"), _day("last")
    start, _end = hours.day_bounds(first, str(zone()))
    _start, end = hours.day_bounds(last, str(zone()))
    hours.add_absence(me, start, end)
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/absences/<absence_id>/remove")
@access("professional")
def remove_absence(absence_id: str) -> Any:
    """Be back."""
    hours.remove_absence(signed_in_professional(), uuid_of(absence_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@desk.post("/hours/feed")
@access("professional")
def new_feed() -> str:
    """A fresh secret calendar link: shown once."""
    me = signed_in_professional()
    token = calendars.new_feed(me)
    db.session.commit()
    return render_template("scheduling/feed.html", url=f"{base_url(current_tenant())}/ics/{token}.ics")


@desk.get("/ics/<token>.ics")
@access("public")
def feed(token: str) -> Response:
    """The agenda by secret link: times and places, no name of a patient."""
    found = calendars.professional_of_feed(token)
    if found is None:
        abort(404)
    return Response(calendars.write(_entries(found)), mimetype="text/calendar")


def _entries(me: Professional) -> tuple[AgendaEntry, ...]:
    rows = service.of_professional(me.id, *calendars.feed_span())
    places = {p.id: p for p in directory.practices_of(me.id)}
    title = say(_("Appointment"))
    return tuple(
        AgendaEntry(
            calendars.uid(r.id), r.starts_at, r.ends_at, f"{current_tenant().name} · {title}",
            places[r.practice_id].name if r.practice_id in places else "", r.state, r.sequence,
        )
        for r in rows
    )  # fmt: skip


@desk.get("/agenda/export/<code>")
@access("professional")
def export(code: str) -> Response:
    """The agenda in a format that a plugin contributes."""
    chosen = next((f for f in current_tenant().dispatcher.collect("agenda_formats") if f.code == code), None)
    if chosen is None:
        abort(404)
    headers = {"Content-Disposition": f"attachment; filename=agenda.{chosen.extension}"}
    return Response(chosen.write(_entries(signed_in_professional())), mimetype=chosen.mimetype, headers=headers)
