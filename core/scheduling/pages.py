"""Pages of patients: search, a professional's page with slots, booking, appointments, why."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, Flask, Response, abort, g, redirect, render_template, request, url_for

from core import audit, clock
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, Professional, VisitReason
from core.hooks.decisions import ProfessionalFacts, Question
from core.hooks.types import AgendaEntry
from core.identity import people as identity
from core.messages import _
from core.notifications.service import Recipient, notify
from core.scheduling import calendars, lists, people, search, service, slots
from core.scheduling.models import Appointment
from core.tenancy import receipts
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import language, say, zone
from core.web.pages import add_navigation

bp = Blueprint("scheduling", __name__, template_folder="templates")
DAYS_SHOWN = 7


def install(app: Flask) -> None:
    """Navigation and homes of patients."""
    add_navigation(app, 10, ("patient",), "scheduling.patient_home", _("Home"), "house")
    add_navigation(app, 20, ("patient",), "scheduling.find", _("Book"), "calendar-plus")
    add_navigation(app, 30, ("patient",), "scheduling.appointments", _("Appointments"), "calendar-check")
    add_navigation(app, 40, ("patient",), "notifications.index", _("Messages"), "bell")
    add_navigation(app, 50, ("patient",), "identity.account", _("Me"), "person")
    app.extensions.setdefault("portico_homes", {}).setdefault("patient", []).append("scheduling.patient_home")


def _uuid(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError:
        abort(404)


def _viewer() -> service.Booker | None:
    """The signed-in patient as decisions see them; None for visitors and professionals."""
    account = g.get("account")
    return people.booker(account.id) if account is not None and account.role == "patient" else None


@bp.get("/home")
@access("patient")
def patient_home() -> str:
    """What is next, then what is possible for me and what is not, with why."""
    coming, _past = service.of_patient(g.account.id)
    booker = people.booker(g.account.id)
    return render_template(
        "scheduling/home.html",
        next_one=_shown(coming[0]) if coming else None,
        more=max(0, len(coming) - 1),
        offers=_offers(booker),
        category=identity.category_of(g.account.id),
        favourites=directory.favourites_of(g.account.id),
    )


def _offers(booker: service.Booker) -> list[dict[str, Any]]:
    """For each service of the portal: with whom it is possible, and the decision where it is not at all."""
    tenant = current_tenant()
    day = clock.today(tenant.time_zone)
    result = []
    for offered in directory.offered_services():
        answers = []
        for country in tenant.dispatcher.collect("practice_countries"):
            for kind in ("physician", "allied"):
                question = Question(
                    "service_access",
                    day,
                    offered.code,
                    booker.facts,
                    ProfessionalFacts(country.country, kind, None),
                    {"dependant": False},
                )
                answers.append((country, kind, tenant.dispatcher.decide(question)))
        possible = [(c, k) for c, k, d in answers if d.permitted]
        result.append(
            {
                "service": offered,
                "possible": possible,
                "decision": answers[0][2] if answers and not possible else None,
                "query": {"country": answers[0][0].country, "kind": answers[0][1]} if answers else {},
            }
        )
    return result


@bp.get("/professionals")
@access("public")
def find() -> str:
    """Search. Everyone may look; what is possible is told to whom is signed in."""
    args = request.args
    criteria = search.Criteria(
        text=args.get("q", "")[:80],
        specialty=args.get("specialty", "")[:60],
        place=args.get("place", "")[:60],
        service=args.get("service", "")[:40],
        country=args.get("country", "")[:2],
        soonest=args.get("sort", "soonest") == "soonest",
        page=args.get("page", 1, type=int),
    )
    booker = _viewer()
    found = search.find(criteria, booker)
    labels = specialty_labels()
    return render_template(
        "scheduling/search.html",
        criteria=criteria,
        found=found,
        labels=labels,
        specialties=sorted(((c, labels.get(c, c)) for c in search.specialties_in_use()), key=lambda p: p[1].casefold()),
        services=directory.offered_services(),
        countries=current_tenant().dispatcher.collect("practice_countries"),
        signed_in=booker is not None,
    )


def specialty_labels() -> dict[str, str]:
    """Code to name, in the visitor's language."""
    return {s.code: say(s.label) for s in current_tenant().dispatcher.collect("specialties")}


@bp.get("/professionals/<professional_id>")
@access("public")
def professional(professional_id: str) -> str:
    """A professional: presentation, practices, reasons, and the slots of the chosen reason."""
    row = directory.access_professional(_uuid(professional_id))
    if row is None:
        abort(404)
    booker = _viewer()
    reasons = [r for r in directory.reasons_of(row.id) if directory.service_of(r.service) is not None]
    possible = {r.id: (service.may_have(booker, row, r.service) if booker else None) for r in reasons}
    open_ = {r_id for r_id, d in possible.items() if d is None or d.permitted}
    chosen = next((r for r in reasons if str(r.id) == request.args.get("reason")), None)
    if chosen is None:
        chosen = next((r for r in reasons if r.id in open_), None)
    practices = directory.practices_of(row.id)
    context: dict[str, Any] = {"week": None}
    if chosen is not None and chosen.id in open_ and row.booking_open:
        context = _week(row.id, chosen, practices, booker)
    moving = None
    if request.args.get("move") and g.get("account") is not None:
        moving = service.access_appointment(_uuid(request.args.get("move")), account_id=g.account.id)
    return render_template(
        "scheduling/professional.html",
        pro=row,
        label=specialty_labels().get(row.specialty, row.specialty),
        practices=practices,
        reasons=reasons,
        possible=possible,
        chosen=chosen,
        moving=moving,
        presentation=row.presentation.get(language()) or next(iter(row.presentation.values()), ""),
        services={s.code: s for s in directory.offered_services()},
        favourite=g.get("account") is not None and row.id in {f.id for f in directory.favourites_of(g.account.id)},
        **context,
    )


def _week(
    professional_id: uuid.UUID, reason: VisitReason, practices: list[Practice], booker: service.Booker | None
) -> dict[str, Any]:
    """Days as columns with their slots; earlier and later; the first free one where the days shown have none."""
    known = booker is not None and directory.knows(professional_id, booker.account_id)
    today = clock.now().astimezone(zone()).date()
    try:
        first = max(dt.date.fromisoformat(request.args.get("from", "")), today)
    except ValueError:
        first = today
    found = slots.slots_of(professional_id, reason.service, reason.duration_minutes, first, DAYS_SHOWN + 1, known=known)
    ahead = None
    if not found:
        upcoming = slots.next_free(
            professional_id,
            reason.service,
            reason.duration_minutes,
            dt.datetime.combine(first, dt.time(0), zone()),
            count=1,
            known=known,
        )
        ahead = upcoming[0] if upcoming else None
        if ahead is not None and "from" not in request.args:
            first = ahead.starts_at.astimezone(zone()).date()
            found = slots.slots_of(
                professional_id, reason.service, reason.duration_minutes, first, DAYS_SHOWN + 1, known=known
            )
    days: dict[dt.date, list[slots.Slot]] = {first + dt.timedelta(days=i): [] for i in range(DAYS_SHOWN)}
    for slot in found:
        day = slot.starts_at.astimezone(zone()).date()
        if day in days:
            days[day].append(slot)
    earlier = first - dt.timedelta(days=DAYS_SHOWN)
    return {
        "week": list(days.items()),
        "first_free": ahead,
        "places": {p.id: p for p in practices},
        "earlier": max(earlier, today) if first > today else None,
        "later": first + dt.timedelta(days=DAYS_SHOWN)
        if first + dt.timedelta(days=DAYS_SHOWN) <= slots.horizon()
        else None,
    }


@bp.post("/professionals/<professional_id>/favourite")
@access("patient")
def favourite(professional_id: str) -> Any:
    """Mark or forget a professional (CB-039)."""
    row = directory.access_professional(_uuid(professional_id))
    if row is None:
        abort(404)
    if request.form.get("forget"):
        directory.unmark_favourite(g.account.id, row.id)
    else:
        directory.mark_favourite(g.account.id, row.id)
    db.session.commit()
    return redirect(url_for("scheduling.professional", professional_id=row.id))


# -- booking ---------------------------------------------------------------------------------------------------------


@bp.route("/book/<professional_id>/<reason_id>/<practice_id>/<int:start>", methods=["GET", "POST"])
@access("patient")
def book(professional_id: str, reason_id: str, practice_id: str, start: int) -> Any:
    """Choose for whom, then hold the time while confirming (CB-137). A visitor is asked to sign in first (CB-134)."""
    pro = directory.access_professional(_uuid(professional_id))
    reason = VisitReason.get(_uuid(reason_id))
    practice = Practice.get(_uuid(practice_id))
    if (
        pro is None
        or reason is None
        or practice is None
        or reason.professional_id != pro.id
        or practice.professional_id != pro.id
    ):
        abort(404)
    try:
        starts_at = dt.datetime.fromtimestamp(start, dt.UTC)
    except (OverflowError, ValueError, OSError):
        abort(404)
    dependants = identity.dependants_of(g.account.id)
    error = None
    if request.method == "POST":
        chosen = request.form.get("beneficiary", "")
        choices = {"self": None, **{str(d.id): d.id for d in dependants}}
        note = request.form.get("note", "")
        if chosen not in choices:
            error = say(_("Please say for whom the appointment is."))
        elif len(note) > service.NOTE_LIMIT:
            error = say(
                _(
                    "Your note has {found} characters; at most {limit} are possible.",
                    found=len(note),
                    limit=service.NOTE_LIMIT,
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
        row = service.hold(
            booker,
            professional_id=professional_id,
            reason_id=reason_id,
            practice_id=practice_id,
            starts_at=starts_at,
            note=note,
        )
    except service.NotAllowed as refusal:
        db.session.commit()
        return render_template("scheduling/refused.html", decision=refusal.decision, receipt_id=refusal.receipt_id), 403
    except service.SlotGone as gone:
        db.session.rollback()
        return _gone(professional_id, reason_id, gone)
    db.session.commit()
    return redirect(url_for("scheduling.confirm", appointment_id=row.id))


def _gone(professional_id: uuid.UUID, reason_id: uuid.UUID | None, gone: service.SlotGone) -> Any:
    pro = directory.access_professional(professional_id)
    places = {p.id: p for p in directory.practices_of(professional_id)}
    return render_template(
        "scheduling/gone.html", pro=pro, reason_id=reason_id, nearest=gone.nearest, places=places
    ), 409


@bp.route("/book/confirm/<appointment_id>", methods=["GET", "POST"])
@access("patient")
def confirm(appointment_id: str) -> Any:
    """Read it once more, then confirm; the terms that apply are kept with the appointment (CB-063)."""
    row = service.access_appointment(_uuid(appointment_id), account_id=g.account.id)
    if row is None:
        abort(404)
    if row.state != "held":
        return redirect(url_for("scheduling.appointment", appointment_id=row.id))
    if request.method == "POST":
        if request.form.get("action") == "release":
            service.release(g.account.id, row.id)
            db.session.commit()
            return redirect(url_for("scheduling.professional", professional_id=row.professional_id))
        try:
            version = consent.order_version(g.account.id, act_kind="appointment", act_id=row.id, language=language())
            service.confirm(g.account.id, row.id, version)
        except service.SlotGone as gone:
            db.session.rollback()
            return _gone(row.professional_id, row.reason_id, gone)
        db.session.commit()
        return redirect(url_for("scheduling.appointment", appointment_id=row.id, done=1))
    return render_template("scheduling/confirm.html", **_shown(row), left=row.hold_expires_at)


# -- appointments ----------------------------------------------------------------------------------------------------


def _shown(row: Appointment) -> dict[str, Any]:
    """What a page needs to show an appointment."""
    return {
        "row": row,
        "pro": Professional.get(row.professional_id),
        "practice": Practice.get(row.practice_id),
        "who": people.patient_name(row.patient_account_id, row.dependant_id),
        "for_self": row.dependant_id is None,
        "offered": directory.service_of(row.service),
    }


@bp.get("/appointments")
@access("patient")
def appointments() -> str:
    """Coming and past appointments (CB-140)."""
    coming, past = lists.of_patient(g.account.id)
    dependants = {line.dependant_id for line in (*coming, *past) if line.dependant_id is not None}
    names = {d: people.patient_name(g.account.id, d) for d in dependants}
    return render_template("scheduling/appointments.html", coming=coming, past=past, names=names)


def _own(appointment_id: str) -> Appointment:
    row = service.access_appointment(_uuid(appointment_id), account_id=g.account.id)
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
        "scheduling/appointment.html", **_shown(row), done=request.args.get("done"), receipts=kept, note=service.note_of(row),
        can_change=row.state == "booked" and row.starts_at > clock.now(),
    )  # fmt: skip


@bp.get("/appointments/<appointment_id>.ics")
@access("patient")
def calendar_file(appointment_id: str) -> Response:
    """The appointment for the patient's own calendar."""
    row = _own(appointment_id)
    shown = _shown(row)
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


@bp.post("/appointments/<appointment_id>/move/<int:start>")
@access("patient")
def move(appointment_id: str, start: int) -> Any:
    """Take another time; the old one is given back only when the new one is had."""
    row = _own(appointment_id)
    professional_id, reason_id = row.professional_id, row.reason_id
    try:
        service.move(row, dt.datetime.fromtimestamp(start, dt.UTC), "patient")
    except service.SlotGone as gone:
        return _gone(professional_id, reason_id, gone)
    db.session.commit()
    return redirect(url_for("scheduling.appointment", appointment_id=appointment_id, done=1))


# -- why, invitations ------------------------------------------------------------------------------------------------


@bp.get("/why")
@access("patient")
def why() -> str:
    """Why a service is possible or not: asked afresh, nothing is kept."""
    args = request.args
    booker = people.booker(g.account.id)
    if args.get("professional"):
        pro = directory.access_professional(_uuid(args.get("professional")))
        if pro is None:
            abort(404)
        facts = ProfessionalFacts(pro.country, pro.kind, pro.specialty)
    else:
        facts = ProfessionalFacts(args.get("country", "")[:2] or None, args.get("kind", "")[:20] or None)
    offered = directory.service_of(args.get("service", ""))
    if offered is None:
        abort(404)
    question = Question(
        "service_access",
        clock.today(current_tenant().time_zone),
        offered.code,
        booker.facts,
        facts,
        {"dependant": False},
    )
    decision = current_tenant().dispatcher.decide(question)
    return render_template(
        "scheduling/why.html",
        decision=decision,
        asked=receipts.question_data(question),
        act_day=question.at,
        offered=offered,
        receipt=None,
        category=identity.category_of(g.account.id),
    )


@bp.get("/decisions")
@access("signed_in")
def decisions() -> str:
    """The decisions kept about me."""
    return render_template("scheduling/decisions.html", receipts=receipts.of_account(g.account.id))


@bp.get("/decisions/<receipt_id>")
@access("signed_in")
def decision(receipt_id: str) -> str:
    """A decision that was kept: what was asked, all reasons, rule, citation, parameters and since when."""
    kept = receipts.access_receipt(_uuid(receipt_id), g.account.id)
    if kept is None:
        abort(404)
    audit.record("decision.read", "receipt", kept.id)
    db.session.commit()
    return render_template(
        "scheduling/why.html", decision=kept.decision, asked=kept.asked, receipt=kept, act_day=dt.date.fromisoformat(kept.asked["at"]),
        offered=next((s for s in current_tenant().dispatcher.collect("services") if s.code == kept.asked.get("service")), None),
        category=identity.category_of(g.account.id) if g.account.role == "patient" else None,
    )  # fmt: skip


@bp.route("/invite", methods=["GET", "POST"])
@access("patient", "professional")
def invite() -> Any:
    """A patient invites a professional (CB-127), a professional invites a patient (CB-130)."""
    role = "professional" if g.account.role == "patient" else "patient"
    sent = error = None
    if request.method == "POST":
        email = request.form.get("email", "").strip()
        if "@" not in email or len(email) > 254 or "." not in email.rpartition("@")[2]:
            error = say(_("“{found}” is not an e-mail address; one looks like name@example.org.", found=email[:80]))
        else:
            directory.invite(g.account.id, role, email)
            target = "/register/professional" if role == "professional" else "/register/patient"
            notify(
                "invitation", account_id=g.account.id, person_id=g.account.person_id, to=Recipient(email=email, language=language()),
                params={"inviter": g.account.display_name}, channels=("email",), link=target,
            )  # fmt: skip
            db.session.commit()
            sent = email
    return render_template("scheduling/invite.html", role=role, sent=sent, error=error, form=request.form), (
        422 if error else 200
    )
