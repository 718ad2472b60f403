"""Pages of patients: ask, follow, write, cancel, send again; the wallet."""

from __future__ import annotations

import dataclasses
from typing import Any

from flask import Flask, Response, abort, g, redirect, render_template, request, url_for

from core.care.consultations import (
    appointments,
    calling,
    files,
    forms,
    lists,
    messages,
    paper,
    requests,
    service,
    states,
)
from core.care.consultations.blueprint import bp, own, shown
from core.care.consultations.models import Consultation
from core.consent import service as consent
from core.db import db
from core.directory import service as directory
from core.identity import people as identity
from core.messages import Message, _
from core.money import ledger
from core.money import service as money
from core.scheduling import people
from core.scheduling.blueprint import specialty_labels
from core.scheduling.service_access import NotAllowed
from core.web.access import access
from core.web.frame import Refused
from core.web.language import language
from core.web.navigation import add_navigation, add_service_act

__all__ = ["bp", "install"]


def install(app: Flask) -> None:
    """Navigation of patients, and what they can do with a service that is asked for."""
    add_navigation(app, 25, ("patient",), "care.consultations", _("Consult"), "chat-dots", directory.asks)
    app.extensions["portico_consultation_pages"] = {
        "patient": "care.consultation",
        "professional": "care_desk.history_page",
    }
    add_service_act(app, ("message", "video"), "care.ask", _("Ask"))


@bp.get("/consultations")
@access("patient")
def consultations() -> str:
    """Open ones with what is waited for and until when; the past; what can be asked (CB-206)."""
    open_, past = lists.of_patient(g.account.id)
    rows = [e.row for e in (*open_, *past)]
    names = {
        r.dependant_id: identity.display_name(r.patient_account_id, r.dependant_id) for r in rows if r.dependant_id
    }
    return render_template(
        "consultations/index.html", open=open_, past=past, names=names, words=service.WORDS,
        services=[s for s in directory.offered_services() if s.channel in ("message", "video")],
        labels={s.code: s.label for s in directory.offered_services()}, wallet=money.wallet_cents(g.account.id),
    )  # fmt: skip


@bp.route("/ask/<service_code>", methods=["GET", "POST"])
@access("patient")
def ask(service_code: str) -> Any:
    """Ask one or several professionals at once: whoever accepts first answers (CB-158)."""
    offered = directory.service_of(service_code)
    if offered is None or offered.channel not in (requests.BY_MESSAGE, requests.BY_VIDEO):
        abort(404)
    typed = forms.read(request.form) if request.method == "POST" else _prefilled()
    problems: list[Message] = []
    status = 200
    incomplete = None
    sent = files.Received()
    if request.method == "POST":
        sent = files.received(request.form, request.files)
        try:
            return _send(service_code, typed, sent)
        except NotAllowed as refusal:
            db.session.commit()
            return render_template(
                "consultations/refused.html", decision=refusal.decision, receipt_id=refusal.receipt_id
            ), 403
        except Refused as refusal:
            db.session.rollback()
            if refusal.status == 404:
                raise
            problems, status = list(refusal.messages), refusal.status
            incomplete = refusal if isinstance(refusal, requests.ProfileIncomplete) else None
            sent = files.stash(sent)
            db.session.commit()
    booker = people.booker(g.account.id)
    everyone = requests.candidates(booker, service_code)
    labels, specialty = specialty_labels(), request.args.get("specialty", "")
    found = [
        c for c in everyone if not specialty or c.professional.specialty == specialty or c.key in typed.professionals
    ]
    return render_template(
        "consultations/ask.html", offered=offered, typed=typed, problems=problems, sent=sent, incomplete=incomplete, found=found, labels=labels,
        specialty=specialty, specialties=sorted(
            {(c.professional.specialty, labels.get(c.professional.specialty, c.professional.specialty)) for c in everyone if c.possible},
            key=lambda s: s[1].casefold(),
        ),
        obligations=requests.obligations_of([c.decision for c in found if c.possible]),
        dependants=identity.dependants_of(g.account.id), wallet=money.wallet_cents(g.account.id), currency=money.currency(),
        by_video=offered.channel == requests.BY_VIDEO, limit=requests.QUESTION_LIMIT,
    ), status  # fmt: skip


def _prefilled() -> forms.Typed:
    """An empty form; from a professional's page with that one chosen, sent again with what was asked (CB-157)."""
    typed = forms.Typed(professionals=tuple(request.args.getlist("professional")))
    if request.args.get("again"):
        before = own(request.args["again"])
        if before.patient_account_id != g.account.id or before.state not in states.AGAIN:
            abort(404)
        typed = dataclasses.replace(
            typed,
            professionals=tuple(str(o.professional_id) for o in service.offers_of([before.id])),
            question=service.question_of(before),
            beneficiary=str(before.dependant_id or "self"),
            previous=str(before.id),
        )
    return typed


def _send(service_code: str, typed: forms.Typed, sent: files.Received) -> Any:
    """Raises Refused with all that is wrong, NotAllowed for a decision."""
    allowed = {"self": None} | {str(d.id): d.id for d in identity.dependants_of(g.account.id)}
    dependant, wrong_person = forms.beneficiary_of(typed, allowed)
    highest, wrong_amount = forms.cents(typed.highest)
    wrong = [m for m in (wrong_person, wrong_amount) if m is not None]
    wrong += sent.problems
    if wrong:
        raise Refused(*wrong, status=422)
    ids = typed.professional_ids
    if highest is None:
        highest = max(money.tariffs_of(ids, service_code).values(), default=0)
    previous = own(typed.previous).id if typed.previous else None
    booker = dataclasses.replace(people.booker(g.account.id, dependant), on_health_card=typed.on_health_card)
    row = requests.request(
        booker,
        service=service_code,
        professional_ids=ids,
        question=typed.question,
        highest_cents=highest,
        acknowledged=typed.acknowledged,
        profile_confirmed=typed.profile_confirmed,
        previous_id=previous,
    )
    files.keep(row, g.account.id, sent)
    row.terms_version = consent.order_version(g.account.id, act_kind="consultation", act_id=row.id, language=language())
    db.session.commit()
    return redirect(url_for("care.consultation", consultation_id=row.id, done="sent"))


def _mine(consultation_id: str) -> Consultation:
    row = own(consultation_id)
    if row.patient_account_id != g.account.id:
        abort(404)
    return row


@bp.get("/consultations/<consultation_id>")
@access("patient")
def consultation(consultation_id: str) -> Any:
    """One consultation: where it stands, what is waited for, the messages, the report."""
    row = _mine(consultation_id)
    offered = directory.service_of(row.service)
    if offered is not None and offered.patient_page:
        return redirect(url_for(offered.patient_page, consultation_id=row.id))
    context = shown(row)
    reasons = {o.professional_id: _reason(row, o) for o, _pro in context["offers"] if o.reason is not None}
    db.session.commit()  # what was read counts as seen
    return render_template(
        "consultations/consultation.html", **context, reasons=reasons, done=request.args.get("done"),
        to_pay=row.form == "appointment" and row.state == states.ACCEPTED and not appointments.paid(row),
        can_cancel=row.state == states.REQUESTED or (row.state == states.ACCEPTED and row.form == "request"),
    )  # fmt: skip


def _reason(row: Consultation, offer: Any) -> str:
    from core.tenancy import keys

    return keys.unseal(row.person_id, "consultation_offers", "reason", offer.reason).decode()


@bp.post("/consultations/<consultation_id>/cancel")
@access("patient")
def cancel(consultation_id: str) -> Any:
    """Take a request back; the money is in the wallet again at once."""
    requests.cancel(g.account.id, _mine(consultation_id).id)
    db.session.commit()
    return redirect(url_for("care.consultation", consultation_id=consultation_id, done="cancelled"))


@bp.post("/consultations/<consultation_id>/pay")
@access("patient")
def pay(consultation_id: str) -> Any:
    """Put the price of an appointment by video aside, before it is used (CB-208)."""
    appointments.pay(g.account.id, _mine(consultation_id).id)
    db.session.commit()
    return redirect(url_for("care.consultation", consultation_id=consultation_id, done="paid"))


@bp.post("/consultations/<consultation_id>/messages")
@access("patient", "professional")
def post_message(consultation_id: str) -> Any:
    """Write to the other side; with a script, only the thread is drawn again."""
    row = own(consultation_id)
    sent = files.received(request.form, request.files)
    try:
        files.send(g.account.id, row.id, request.form.get("text", ""), request.form.get("key"), sent)
    except Refused as refusal:
        db.session.rollback()
        if refusal.status == 404:
            raise
        return _page_with(row, refusal), refusal.status
    db.session.commit()
    if request.headers.get("X-Fragment"):
        return thread(consultation_id)
    return redirect(_address(row) + "#thread")


def _address(row: Consultation) -> str:
    if row.patient_account_id == g.account.id:
        return url_for("care.consultation", consultation_id=row.id)
    return url_for("care_desk.request_page", consultation_id=row.id)


def _page_with(row: Consultation, refusal: Refused) -> str:
    template = "consultation" if row.patient_account_id == g.account.id else "request"
    return render_template(
        f"consultations/{template}.html", **shown(row), problems=refusal.messages, typed_text=request.form.get("text", ""),
        reasons={}, done=None, to_pay=False, can_cancel=False,
    )  # fmt: skip


@bp.get("/consultations/<consultation_id>/thread")
@access("patient", "professional")
def thread(consultation_id: str) -> Any:
    """The messages alone, for a page that is already open."""
    context = _thread(own(consultation_id))
    drawn = render_template("consultations/_lines.html", **context)
    db.session.commit()
    return drawn


def _thread(row: Consultation) -> dict[str, Any]:
    """What the messages alone need, and no more: they are drawn again at every word. What is drawn counts as seen."""
    side = service.side_of(row, g.account.id)
    if side is None:
        abort(404)
    context = calling.thread_of(row, g.account.id)
    if context["lines"]:
        messages.seen(row, side, context["lines"][-1].seq)
    return context


@bp.get("/consultations/<consultation_id>/report.pdf")
@access("patient", "professional")
def report_file(consultation_id: str) -> Response:
    """The newest version of the report on paper, in the portal's brand, sealed; for both parties."""
    row = own(consultation_id)
    if service.side_of(row, g.account.id) is None:
        abort(404)
    made = paper.report(row, language())
    if made is None:
        abort(404)
    db.session.commit()
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = "attachment; filename=report.pdf"
    return answer


@bp.get("/consultations/<consultation_id>/beside")
@access("patient", "professional")
def beside(consultation_id: str) -> str:
    """The messages beside a call, for a page that is open."""
    drawn = render_template("consultations/_beside.html", p=_thread(own(consultation_id)))
    db.session.commit()
    return drawn


@bp.get("/wallet")
@access("patient")
def wallet() -> str:
    """What is in the wallet, and every movement (CB-222)."""
    pot = ledger.wallet(g.account.id, money.currency())
    return render_template(
        "consultations/wallet.html", balance=ledger.balance(pot), movements=ledger.movements(pot), currency=pot.currency
    )
