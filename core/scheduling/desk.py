"""Pages of professionals: today, agenda (day, week), profile, practices, reasons, hours, absences, calendar feed, patients."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from babel.core import get_global
from flask import Blueprint, Flask, Response, abort, g, redirect, render_template, request, url_for

from core import clock
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional, VisitReason
from core.hooks.types import AgendaEntry
from core.identity import people as identity
from core.messages import _
from core.notifications.service import base_url
from core.scheduling import calendars, hours, people, service, slots
from core.scheduling.models import Appointment
from core.scheduling.pages import specialty_labels
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import say, zone
from core.web.pages import add_navigation

bp = Blueprint("desk", __name__, template_folder="templates")
FIRST_HOUR, LAST_HOUR = 7, 21


def install(app: Flask) -> None:
    """Navigation and home of professionals."""
    add_navigation(app, 10, ("professional",), "desk.today", _("Today"), "sun")
    add_navigation(app, 20, ("professional",), "desk.agenda", _("Agenda"), "calendar-week")
    add_navigation(app, 30, ("professional",), "desk.patients", _("Patients"), "people")
    add_navigation(app, 40, ("professional",), "desk.hours_page", _("Hours"), "clock")
    add_navigation(app, 50, ("professional",), "desk.profile", _("Profile"), "person-badge")
    add_navigation(app, 60, ("professional",), "notifications.index", _("Messages"), "bell")
    add_navigation(app, 70, ("professional",), "identity.account", _("My account"), "gear")
    app.extensions.setdefault("portico_homes", {}).setdefault("professional", []).append("desk.today")


def _me() -> Professional:
    """The signed-in professional's profile; before validation the page says what is being waited for (CB-110)."""
    found = directory.profile_of(g.account.id)
    if found is None or not found.listed:
        raise Refused(
            _("Your account is being checked by our team. You will be told by e-mail as soon as it is open."),
            status=403,
        )
    return found


def _uuid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        abort(404)


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


@bp.get("/today")
@access("professional")
def today() -> str:
    """Today's appointments in order of time, one action each."""
    me = _me()
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
        "scheduling/today.html", me=me, day=day, rows=_rows(rows), ahead=len(ahead), steps=steps, now=clock.now()
    )


@bp.get("/agenda")
@access("professional")
def agenda() -> str:
    """The agenda by day or week, with what is taken on other portals shown as taken and nothing more."""
    me = _me()
    try:
        day = dt.date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        day = clock.now().astimezone(zone()).date()
    view = "day" if request.args.get("view") == "day" else "week"
    first = day if view == "day" else day - dt.timedelta(days=day.weekday())
    span = 1 if view == "day" else 7
    columns = []
    for offset in range(span):
        current = first + dt.timedelta(days=offset)
        start, end = hours.day_bounds(current, str(zone()))
        mine = service.of_professional(me.id, start, end)
        columns.append(
            {
                "day": current,
                "items": [_placed(i, current) for i in _rows(mine)],
                "elsewhere": _elsewhere(me, mine, start, end, current),
            }
        )
    return render_template(
        "scheduling/agenda.html", me=me, view=view, day=day, columns=columns, hours=range(FIRST_HOUR, LAST_HOUR),
        previous=first - dt.timedelta(days=span), following=first + dt.timedelta(days=span), today=clock.now().astimezone(zone()).date(),
        absences=hours.absences_of(me), formats=current_tenant().dispatcher.collect("agenda_formats"),
    )  # fmt: skip


def _placed(item: dict[str, Any], day: dt.date) -> dict[str, Any]:
    """Where an appointment stands in the grid: quarter hours from the first hour shown."""
    row = item["row"]
    return {**item, **_quarters(row.starts_at, row.ends_at, day)}


def _quarters(start: dt.datetime, end: dt.datetime, day: dt.date) -> dict[str, int]:
    origin = dt.datetime.combine(day, dt.time(FIRST_HOUR), zone())
    top = max(0, int((start - origin).total_seconds() // 900))
    length = max(1, -int(-(end - max(start, origin)).total_seconds() // 900))
    limit = (LAST_HOUR - FIRST_HOUR) * 4
    return {"top": min(top, limit - 1), "length": min(length, limit - min(top, limit - 1))}


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
    row = service.access_appointment(_uuid(appointment_id), professional_id=_me().id)
    if row is None:
        abort(404)
    return row


@bp.route("/agenda/<appointment_id>", methods=["GET"])
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


@bp.post("/agenda/<appointment_id>/cancel")
@access("professional")
def cancel(appointment_id: str) -> Any:
    """Cancel; the patient is told (CB-142)."""
    row = _own(appointment_id)
    day = row.starts_at
    service.cancel(row, "professional", request.form.get("reason", "")[:40])
    db.session.commit()
    return redirect(url_for("desk.agenda", day=day.astimezone(zone()).date().isoformat()))


@bp.post("/agenda/<appointment_id>/move")
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


@bp.post("/agenda/<appointment_id>/no-show")
@access("professional")
def no_show(appointment_id: str) -> Any:
    """The patient did not come."""
    service.mark_no_show(_own(appointment_id))
    db.session.commit()
    return redirect(url_for("desk.entry", appointment_id=appointment_id))


# -- profile ---------------------------------------------------------------------------------------------------------


@bp.route("/profile", methods=["GET", "POST"])
@access("professional")
def profile() -> Any:
    """Presentation, languages, services, practices, reasons."""
    me = _me()
    tenant = current_tenant()
    if request.method == "POST":
        texts = {code: request.form.get(f"presentation_{code}", "") for code in tenant.languages}
        directory.edit_profile(
            me,
            presentation=texts,
            languages=[x for x in request.form.getlist("languages") if len(x) == 2],
            services=request.form.getlist("services"),
            booking_open=request.form.get("booking_open") == "yes",
        )
        directory.refresh_search(me)
        db.session.commit()
        return redirect(url_for("desk.profile", saved=1))
    return render_template(
        "scheduling/profile.html", me=me, label=specialty_labels().get(me.specialty, me.specialty), practices=directory.practices_of(me.id),
        reasons=directory.reasons_of(me.id), services=directory.offered_services(), saved=request.args.get("saved"),
        names={s.code: say(s.label) for s in directory.offered_services()},
    )  # fmt: skip


def zone_of(country: str) -> str:
    """The country's zone where it has one only, else the portal's."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    return str(zones[0]) if len(zones) == 1 else current_tenant().time_zone


@bp.post("/profile/practices")
@access("professional")
def add_practice() -> Any:
    """A new place."""
    me = _me()
    form = request.form
    mode = "virtual" if form.get("mode") == "virtual" else "in_person"
    name = form.get("name", "").strip()[:120]
    if not name:
        raise Refused(_("Please give this practice a name, such as the street or “Video”."), status=422)
    directory.add_practice(
        me, mode=mode, name=name, street=form.get("street", "")[:200], postal_code=form.get("postal_code", "")[:12],
        city=form.get("city", "")[:80], country=me.country, access_note=form.get("access_note", ""),
        time_zone=zone_of(me.country),
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#practices")


@bp.post("/profile/practices/<practice_id>/archive")
@access("professional")
def archive_practice(practice_id: str) -> Any:
    """No new appointments there; those booked stay."""
    me = _me()
    row = Practice.get(_uuid(practice_id))
    if row is None or row.professional_id != me.id:
        abort(404)
    row.archived = True
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#practices")


@bp.post("/profile/reasons")
@access("professional")
def add_reason() -> Any:
    """A new visit reason."""
    me = _me()
    form = request.form
    label = form.get("label", "").strip()[:120]
    minutes = form.get("duration_minutes", type=int)
    if not label:
        raise Refused(_("Please give this reason a name, as patients would say it."), status=422)
    if minutes is None or not 5 <= minutes <= 240 or minutes % 5:
        raise Refused(
            _(
                "The duration is a number of minutes from 5 to 240, in steps of 5; “{found}” was typed.",
                found=form.get("duration_minutes", "")[:20],
            ),
            status=422,
        )
    directory.add_reason(
        me, label=label, service=form.get("service", ""), duration_minutes=minutes, price_cents=_cents(form.get("price", "")),
        known_patients_only=form.get("known_patients_only") == "yes",
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#reasons")


def _cents(typed: str) -> int | None:
    """“50”, “50,00” or “50.00” as cents; empty is no price."""
    text = typed.strip().replace("€", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    if not text:
        return None
    whole, _point, part = text.partition(".")
    if not whole.isdigit() or len(whole) > 5 or (part and not part.isdigit()) or len(part) > 2:
        raise Refused(
            _("“{found}” is not an amount in euros; one looks like 50 or 50.00.", found=typed[:20]), status=422
        )
    return int(whole) * 100 + int((part + "00")[:2])


@bp.post("/profile/reasons/<reason_id>/archive")
@access("professional")
def archive_reason(reason_id: str) -> Any:
    """No longer offered; appointments booked for it stay."""
    me = _me()
    row = VisitReason.get(_uuid(reason_id))
    if row is None or row.professional_id != me.id:
        abort(404)
    row.archived = True
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#reasons")


# -- hours -----------------------------------------------------------------------------------------------------------


@bp.get("/hours")
@access("professional")
def hours_page() -> str:
    """Weekly hours, days unlike the others, absences, holidays, the calendar feed."""
    me = _me()
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
    row: Practice | None = Practice.get(_uuid(request.form.get("practice")))
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


@bp.post("/hours/weekly")
@access("professional")
def add_hours() -> Any:
    """Open a span each week."""
    me = _me()
    practice = _practice(me)
    for weekday in request.form.getlist("weekday", type=int) or [0]:
        hours.add_hours(
            me, practice, weekday=weekday, opens=_time("opens"), closes=_time("closes"), grid_minutes=request.form.get("grid_minutes", 0, type=int),
            services=request.form.getlist("services"), known_patients_only=request.form.get("known_patients_only") == "yes",
        )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/weekly/<hours_id>/remove")
@access("professional")
def remove_hours(hours_id: str) -> Any:
    """Close a span."""
    hours.remove_hours(_me(), _uuid(hours_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/exceptions")
@access("professional")
def add_exception() -> Any:
    """Close a day, or open one beside the weekly hours."""
    me = _me()
    practice = _practice(me)
    kind = "open" if request.form.get("kind") == "open" else "closed"
    whole = kind == "closed" and not request.form.get("opens")
    hours.add_exception(
        me, practice, day=_day("day"), kind=kind, opens=dt.time(0) if whole else _time("opens"), closes=dt.time(0) if whole else _time("closes"),
        grid_minutes=request.form.get("grid_minutes", 15, type=int), services=request.form.getlist("services"),
    )  # fmt: skip
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/exceptions/<exception_id>/remove")
@access("professional")
def remove_exception(exception_id: str) -> Any:
    """Back to the weekly hours."""
    hours.remove_exception(_me(), _uuid(exception_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/absences")
@access("professional")
def add_absence() -> Any:
    """Be away from one day to another, both included."""
    me = _me()
    first, last = _day("first"), _day("last")
    start, _end = hours.day_bounds(first, str(zone()))
    _start, end = hours.day_bounds(last, str(zone()))
    hours.add_absence(me, start, end)
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/absences/<absence_id>/remove")
@access("professional")
def remove_absence(absence_id: str) -> Any:
    """Be back."""
    hours.remove_absence(_me(), _uuid(absence_id))
    db.session.commit()
    return redirect(url_for("desk.hours_page"))


@bp.post("/hours/feed")
@access("professional")
def new_feed() -> str:
    """A fresh secret calendar link: shown once."""
    me = _me()
    token = calendars.new_feed(me)
    db.session.commit()
    return render_template("scheduling/feed.html", url=f"{base_url(current_tenant())}/ics/{token}.ics")


@bp.get("/ics/<token>.ics")
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


@bp.get("/agenda/export/<code>")
@access("professional")
def export(code: str) -> Response:
    """The agenda in a format that a plugin contributes."""
    chosen = next((f for f in current_tenant().dispatcher.collect("agenda_formats") if f.code == code), None)
    if chosen is None:
        abort(404)
    headers = {"Content-Disposition": f"attachment; filename=agenda.{chosen.extension}"}
    return Response(chosen.write(_entries(_me())), mimetype=chosen.mimetype, headers=headers)


# -- patients --------------------------------------------------------------------------------------------------------


@bp.get("/patients")
@access("professional")
def patients() -> str:
    """The patients on my list; being on it opens no record (CB-130)."""
    me = _me()
    listed = [
        {"name": identity.display_name(a, None), "way": way, "since": since, "id": a}
        for a, way, since in directory.patients_of(me.id)
    ]
    return render_template("scheduling/patients.html", me=me, patients=listed)


@bp.route("/patients/<account_id>/book", methods=["GET", "POST"])
@access("professional")
def book_for(account_id: str) -> Any:
    """Book a time for a patient of my list, who is then told (CB-095)."""
    me = _me()
    patient = _uuid(account_id)
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
        row = service.book(
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
