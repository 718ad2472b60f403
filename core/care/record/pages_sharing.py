"""Pages of patients: who may see the record, and who looked."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.care.record import service, sharing, shown
from core.care.record.blueprint import Where, bp, chosen
from core.care.record.people import Subject
from core.db import db
from core.directory import service as directory
from core.messages import _
from core.web.access import access
from core.web.frame import Refused
from core.web.parts import Part

OPEN = "open"


def _for(subject: Subject) -> dict[str, Any]:
    return {"for": subject.dependant_id} if subject.dependant_id else {}


def members_part() -> Part | None:
    """The switch of each person's sharing on the page of the people an account acts for (CB-279)."""
    people = [
        {
            "dependant_id": dependant_id,
            "name": name,
            "own": dependant_id is None,
            "switches": service.switches(person_id),
        }
        for dependant_id, person_id, name in service.subjects_of(g.account.id)
    ]
    return "record/_members.html", {"people": people}


def _days(typed: str) -> int | None:
    """For how long, as chosen: a number of days, or `open` for until it is taken back. Nothing chosen allows nothing."""
    if typed == OPEN:
        return None
    if typed.isascii() and typed.isdigit() and len(typed) < 6:
        return int(typed)
    raise Refused(_("Please choose for how long from the list."), status=422)


@bp.get("/record/sharing")
@access("patient")
def sharing_page() -> str:
    """Professional by professional: who may see the record, since when, until when (CB-128)."""
    subject = chosen()
    grants = service.grants_of(subject.person_id)
    allowed = {x.professional.id for x in grants if x.state == "open"}
    frequent = service.frequent(g.account.id)
    known = {p.id for p, _count in frequent}
    marked = [p for p in directory.favourites_of(g.account.id) if p.id not in known]
    return render_template(
        "record/sharing.html", subject=subject, where=Where("patient", subject), tab="sharing",
        people=service.subjects_of(g.account.id), switches=service.switches(subject.person_id),
        open=[x for x in grants if x.state == "open"], ended=[x for x in grants if x.state != "open"],
        frequent=[(p, n) for p, n in frequent if p.id not in allowed],
        marked=[p for p in marked if p.id not in allowed], saved=request.args.get("saved"), link=_for(subject),
    )  # fmt: skip


@bp.route("/record/sharing/professionals/<uuid:professional_id>", methods=["GET", "POST"])
@access("patient")
def allow(professional_id: uuid.UUID) -> Any:
    """Let one professional see the record of oneself or of a dependant, for a time (CB-040)."""
    professional = directory.access_professional(professional_id)
    if professional is None:
        abort(404)
    subject = chosen()
    if request.method == "POST":
        service.grant(subject, professional_id, days=_days(request.form.get("days", "")))
        db.session.commit()
        return redirect(url_for("record.sharing_page", saved="granted", **_for(subject)))
    return render_template(
        "record/allow.html", subject=subject, where=Where("patient", subject), professional=professional,
        people=service.subjects_of(g.account.id), days=sharing.grant_days(), switches=service.switches(subject.person_id),
    )  # fmt: skip


@bp.post("/record/sharing/grants/<uuid:grant_id>/withdraw")
@access("patient")
def withdraw(grant_id: uuid.UUID) -> Any:
    """Take an authorisation back; it holds no more from this instant (CB-205)."""
    service.withdraw(g.account.id, grant_id)
    db.session.commit()
    return redirect(url_for("record.sharing_page", saved="withdrawn", **_for(chosen())))


@bp.post("/record/sharing/objection")
@access("patient")
def objection() -> Any:
    """Close the record to every professional, or open it again to those who are allowed (CB-279)."""
    subject = chosen()
    service.object_to_sharing(subject.person_id, request.form.get("objects") == "yes")
    db.session.commit()
    if request.form.get("back") == "members":
        return redirect(url_for("identity.dependants", saved=1))
    return redirect(url_for("record.sharing_page", saved="1", **_for(subject)))


@bp.post("/record/sharing/tele-expertise")
@access("patient")
def tele_expertise() -> Any:
    """Whether professionals may show each other documents for advice (CB-132)."""
    subject = chosen()
    service.agree_to_tele_expertise(subject.person_id, request.form.get("agrees") == "yes")
    db.session.commit()
    return redirect(url_for("record.sharing_page", saved="1", **_for(subject)))


@bp.get("/record/accesses")
@access("patient")
def accesses() -> str:
    """Who looked at what, when and why, in plain words."""
    subject = chosen()
    return render_template(
        "record/accesses.html", subject=subject, where=Where("patient", subject), tab="accesses",
        people=service.subjects_of(g.account.id), looks=shown.looks(subject),
    )  # fmt: skip
