"""Pages of professionals: presentation, practices, visit reasons."""

from __future__ import annotations

from typing import Any

from babel.core import get_global
from flask import abort, redirect, render_template, request, url_for

from core.db import db
from core.directory import service as directory
from core.directory.models import Practice, VisitReason
from core.messages import _
from core.scheduling.blueprint import desk, signed_in_professional, specialty_labels, uuid_of
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.frame import Refused
from core.web.language import say


@desk.route("/profile", methods=["GET", "POST"])
@access("professional")
def profile() -> Any:
    """Presentation, languages, services, practices, reasons."""
    me = signed_in_professional()
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
        reasons=directory.reasons_of(me.id), services=[s for s in directory.offered_services() if s.care_class != "teleconsultation" or me.kind == "physician"], books=directory.books(), saved=request.args.get("saved"),
        names={s.code: say(s.label) for s in directory.offered_services()},
    )  # fmt: skip


def zone_of(country: str) -> str:
    """The country's zone where it has one only, else the portal's."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == country]
    return str(zones[0]) if len(zones) == 1 else current_tenant().time_zone


@desk.post("/profile/practices")
@access("professional")
def add_practice() -> Any:
    """A new place."""
    me = signed_in_professional()
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


@desk.post("/profile/practices/<practice_id>/archive")
@access("professional")
def archive_practice(practice_id: str) -> Any:
    """No new appointments there; those booked stay."""
    me = signed_in_professional()
    row = Practice.get(uuid_of(practice_id))
    if row is None or row.professional_id != me.id:
        abort(404)
    row.archived = True
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#practices")


@desk.post("/profile/reasons")
@access("professional")
def add_reason() -> Any:
    """A new visit reason."""
    me = signed_in_professional()
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


@desk.post("/profile/reasons/<reason_id>/archive")
@access("professional")
def archive_reason(reason_id: str) -> Any:
    """No longer offered; appointments booked for it stay."""
    me = signed_in_professional()
    row = VisitReason.get(uuid_of(reason_id))
    if row is None or row.professional_id != me.id:
        abort(404)
    row.archived = True
    db.session.commit()
    return redirect(url_for("desk.profile", saved=1) + "#reasons")
