"""Pages of professionals: requests with their clock, the conversation, the report, reports owed, tariffs."""

from __future__ import annotations

from typing import Any

from flask import Flask, abort, g, redirect, render_template, request, url_for

from core.care.consultations import calls, forms, lists, reports, requests, service, states
from core.care.consultations.blueprint import desk, own, shown
from core.care.consultations.models import Consultation
from core.care.record import service as record
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.identity import people as identity
from core.messages import Message, _
from core.money import service as money
from core.scheduling.blueprint import signed_in_professional
from core.web.access import access
from core.web.frame import Refused
from core.web.navigation import add_navigation
from core.web.parts import Part, add_part

__all__ = ["bp", "install"]

bp = desk


def install(app: Flask) -> None:
    """Navigation of professionals, and what waits for them on the page of their day."""
    add_part(app, "desk_today", 10, waits)
    add_navigation(app, 15, ("professional",), "care_desk.requests_page", _("Requests"), "inbox", directory.asks)
    add_navigation(app, 25, ("professional",), "care_desk.reports_page", _("Reports"), "file-earmark-text")
    add_navigation(app, 55, ("professional",), "care_desk.tariffs", _("Tariffs"), "tag", directory.asks)


def waits() -> Part | None:
    """Requests to answer and reports owed of who is signed in; None where nothing waits."""
    me = signed_in_professional()
    requests, reports = lists.requests_of(me.id), lists.reports_owed(me.id)
    if not requests and not reports:
        return None
    due = [e.due_at for e in (*requests, *reports) if e.due_at is not None]
    data = {"requests": len(requests), "reports": len(reports), "soonest": min(due, default=None)}
    return "consultations/_today.html", data


def _named(entries: list[lists.Entry]) -> list[tuple[lists.Entry, str]]:
    return [(e, identity.display_name(e.row.patient_account_id, e.row.dependant_id)) for e in entries]


@desk.get("/requests")
@access("professional")
def requests_page() -> str:
    """What waits for an answer with the time left, what is under way, what was."""
    me = signed_in_professional()
    return render_template(
        "consultations/requests.html", waiting=_named(lists.requests_of(me.id)), running=_named(lists.under_way(me.id)),
        past=_named(lists.past_of(me.id)[:20]), labels={s.code: s.label for s in directory.offered_services()},
        words=service.WORDS, me=me, mine={c: money.tariff_of(me.id, c) for c in me.services},
    )  # fmt: skip


@desk.get("/requests/<consultation_id>")
@access("professional")
def request_page(consultation_id: str) -> Any:
    """One request or consultation; a request that somebody else took shows that, and nothing of what was asked."""
    row = own(consultation_id)
    offered = directory.service_of(row.service)
    if offered is not None and offered.professional_page:
        return redirect(url_for(offered.professional_page, consultation_id=row.id))
    return _page(row)


def _page(row: Consultation, **more: Any) -> str:
    me = signed_in_professional()
    offer = service.offer_of(row.id, me.id)
    if row.professional_id != me.id and (offer is None or offer.state != "open" or row.state != states.REQUESTED):
        return render_template("consultations/gone.html", row=row, offer=offer, word=service.WORDS[row.state])
    context = shown(row)
    db.session.commit()  # what was read counts as seen
    return render_template(
        "consultations/request.html", **{**context, "offer": offer, "done": request.args.get("done"), **more}
    )


@desk.post("/requests/<consultation_id>/accept")
@access("professional")
def accept(consultation_id: str) -> Any:
    """Take it."""
    try:
        requests.accept(signed_in_professional(), own(consultation_id).id)
    except service.Moved:
        db.session.rollback()
        return _page(own(consultation_id)), 409
    db.session.commit()
    return redirect(url_for("care_desk.request_page", consultation_id=consultation_id, done="accepted"))


@desk.post("/requests/<consultation_id>/decline")
@access("professional")
def decline(consultation_id: str) -> Any:
    """Say no, with a word to the patient."""
    try:
        requests.decline(signed_in_professional(), own(consultation_id).id, request.form.get("reason", ""))
    except service.Moved:
        db.session.rollback()
        return _page(own(consultation_id)), 409
    db.session.commit()
    return redirect(url_for("care_desk.requests_page"))


@desk.post("/requests/<consultation_id>/missed")
@access("professional")
def missed(consultation_id: str) -> Any:
    """The patient did not come to the call."""
    calls.missed(signed_in_professional(), own(consultation_id).id)
    db.session.commit()
    return redirect(url_for("care_desk.request_page", consultation_id=consultation_id))


@desk.post("/requests/<consultation_id>/refund")
@access("professional")
def refund(consultation_id: str) -> Any:
    """Give the price of a finished consultation back (CB-214)."""
    service.refund(own(consultation_id).id, signed_in_professional())
    db.session.commit()
    return redirect(url_for("care_desk.request_page", consultation_id=consultation_id, done="refunded"))


@desk.route("/requests/<consultation_id>/report", methods=["GET", "POST"])
@access("professional")
def report(consultation_id: str) -> Any:
    """Write the report; once saved it stands, a correction is a new version."""
    row = own(consultation_id)
    me = signed_in_professional()
    if row.professional_id != me.id:
        abort(404)
    written = reports.versions(row.id)
    problems: list[Message] = []
    typed: dict[str, str] = dict(written[0].parts) if written else {}
    if request.method == "POST":
        typed = {code: request.form.get(code, "") for code in reports.PARTS}
        try:
            reports.save(
                me, row.id, typed, coverage=request.form.get("coverage") or None, rights_checked=bool(request.form.get("rights_checked")),
                corrects=request.form.get("corrects", type=int), signed_with=g.account.factors,
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("care_desk.request_page", consultation_id=row.id, done="saved"))
        except Refused as refusal:
            db.session.rollback()
            problems = list(refusal.messages)
            row = own(consultation_id)
            written = reports.versions(row.id)
    return render_template(
        "consultations/report.html", row=row, me=me, parts=reports.PARTS, typed=typed, problems=problems, written=written,
        who=identity.display_name(row.patient_account_id, row.dependant_id), limit=reports.PART_LIMIT,
        question=service.question_of(row), teleconsultation=row.service == "teleconsultation",
        rights=reports.rights_to_check(row, me),
        coverage=request.form.get("coverage") or (written[0].coverage if written else None),
    ), (422 if problems else 200)  # fmt: skip


@desk.get("/history/<consultation_id>")
@access("professional")
def history_page(consultation_id: str) -> str:
    """A finished consultation of the record: one's own, or another's where the patient opened the record (CB-204, CB-205).

    The patient's list tells who looked.
    """
    me = signed_in_professional()
    wanted = forms.as_uuid(consultation_id)
    row: Consultation | None = Consultation.get(wanted) if wanted is not None else None
    if row is None or not record.may_read_consultation(me.id, row.id, strong=g.account.two_factors):
        abort(404)
    assert row.professional_id is not None
    found = record.may_read(me.id, row.person_id, strong=g.account.two_factors)
    record.note_access(found, "consultation", detail=str(row.id))
    db.session.commit()
    return render_template(
        "consultations/history.html", row=row, who=identity.display_name(row.patient_account_id, row.dependant_id),
        pro=Professional.get(row.professional_id), question=service.question_of(row), versions=reports.versions(row.id),
        parts=reports.PARTS, offered=directory.service_of(row.service), word=service.WORDS[row.state],
    )  # fmt: skip


@desk.get("/reports-owed")
@access("professional")
def reports_page() -> str:
    """Reports owed, the soonest due first."""
    me = signed_in_professional()
    return render_template(
        "consultations/reports.html", owed=_named(lists.reports_owed(me.id)),
        labels={s.code: s.label for s in directory.offered_services()},
    )  # fmt: skip


@desk.route("/tariffs", methods=["GET", "POST"])
@access("professional")
def tariffs() -> Any:
    """What each service by request costs; a service without tariff cannot be asked for (CB-094, CB-145)."""
    me = signed_in_professional()
    offered = [s for s in directory.offered_services() if s.channel in ("message", "video") and s.code in me.services]
    problems: list[tuple[str, Message]] = []
    typed = {s.code: request.form.get(s.code, "") for s in offered} if request.method == "POST" else {}
    if request.method == "POST":
        for s in offered:
            amount, wrong = forms.cents(typed[s.code])
            try:
                if wrong is not None:
                    raise Refused(wrong, status=422)
                if amount is not None and amount != money.tariff_of(me.id, s.code):
                    money.set_tariff(me.id, s.code, amount)
            except Refused as refusal:
                problems += [(s.code, m) for m in refusal.messages]
        if not problems:
            db.session.commit()
            return redirect(url_for("care_desk.tariffs", done=1))
        db.session.rollback()
    current = {s.code: money.tariff_of(me.id, s.code) for s in offered}
    return render_template(
        "consultations/tariffs.html", offered=offered, current=current, typed=typed, problems=problems, currency=money.currency(),
        done=request.args.get("done"),
    ), (422 if problems else 200)  # fmt: skip
