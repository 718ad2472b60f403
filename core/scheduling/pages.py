"""Pages of patients: their home, search, a professional with free times; the other modules add theirs to the same blueprint."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for

from core import clock
from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, VisitReason
from core.hooks.decisions import ProfessionalFacts, Question
from core.identity import people as identity
from core.messages import _
from core.scheduling import (
    pages_appointments,
    pages_booking,
    pages_decisions,
    people,
    search,
    service,
    service_access,
    slots,
)
from core.scheduling.blueprint import bp, shown_of, specialty_labels, uuid_of, viewer
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.language import language, zone
from core.web.navigation import add_navigation, service_acts

__all__ = ["bp", "install", "pages_appointments", "pages_booking", "pages_decisions"]

DAYS_SHOWN = 7


def install(app: Flask) -> None:
    """Navigation and homes of patients."""
    add_navigation(app, 10, ("patient",), "scheduling.patient_home", _("Home"), "house")
    add_navigation(app, 20, ("patient",), "scheduling.find", _("Book"), "calendar-plus", directory.books)
    add_navigation(
        app, 30, ("patient",), "scheduling.appointments", _("Appointments"), "calendar-check", directory.books
    )
    add_navigation(app, 40, ("patient",), "notifications.index", _("Messages"), "bell")
    add_navigation(app, 50, ("patient",), "identity.account", _("Me"), "person")
    app.extensions.setdefault("portico_homes", {}).setdefault("patient", []).append("scheduling.patient_home")


@bp.get("/home")
@access("patient")
def patient_home() -> Any:
    """What is next, then what is possible for me and what is not, with why; a portal of one service begins with that one."""
    offered = directory.offered_services()
    if len(offered) == 1 and offered[0].home_page:
        return redirect(url_for(offered[0].home_page))
    coming, _past = service.of_patient(g.account.id)
    booker = people.booker(g.account.id)
    return render_template(
        "scheduling/home.html",
        next_one=shown_of(coming[0]) if coming else None,
        more=max(0, len(coming) - 1),
        offers=_offers(booker),
        category=identity.category_of(g.account.id),
        favourites=directory.favourites_of(g.account.id),
    )


def _offers(booker: service_access.Booker) -> list[dict[str, Any]]:
    """For each service of the portal: with whom it is possible, and the decision where it is not at all."""
    tenant = current_tenant()
    day = clock.today(tenant.time_zone)
    result = []
    for offered in directory.offered_services():
        if offered.home_page:
            acts = [(url_for(offered.home_page), _("Open"))]
            result.append({"service": offered, "possible": True, "decision": None, "acts": acts, "query": {}})
            continue
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
                "acts": service_acts(offered),
                "query": {"country": answers[0][0].country, "kind": answers[0][1]} if answers else {},
            }
        )
    return result


@bp.get("/professionals")
@access("public")
def find() -> str:
    """Search. Everyone may look; what is possible is told to whom is signed in. Where nothing is booked, nobody is listed."""
    if not directory.books():
        abort(404)
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
    booker = viewer()
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


@bp.get("/professionals/<professional_id>")
@access("public")
def professional(professional_id: str) -> str:
    """A professional: presentation, practices, reasons, and the slots of the chosen reason."""
    row = directory.access_professional(uuid_of(professional_id))
    if row is None:
        abort(404)
    booker = viewer()
    reasons = [r for r in directory.reasons_of(row.id) if directory.service_of(r.service) is not None]
    possible = {r.id: (service_access.may_have(booker, row, r.service) if booker else None) for r in reasons}
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
        moving = service.access_appointment(uuid_of(request.args.get("move")), account_id=g.account.id)
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
    professional_id: uuid.UUID, reason: VisitReason, practices: list[Practice], booker: service_access.Booker | None
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
    row = directory.access_professional(uuid_of(professional_id))
    if row is None:
        abort(404)
    if request.form.get("forget"):
        directory.unmark_favourite(g.account.id, row.id)
    else:
        directory.mark_favourite(g.account.id, row.id)
    db.session.commit()
    return redirect(url_for("scheduling.professional", professional_id=row.id))
