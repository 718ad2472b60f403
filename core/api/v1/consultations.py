"""Asking, answering, writing, reporting: consultations for programs of patients and of professionals."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any

from flask import g

from core.api.fields import Empty
from core.api.operations import need, operation
from core.api.problems import Problem
from core.api.v1 import shared
from core.api.v1.schemas_care import (
    ConsultationAnswer,
    ConsultationPage,
    ConsultationQuery,
    DeclineInput,
    MessageAnswer,
    MessageInput,
    MessageList,
    MessageQuery,
    ReportAnswer,
    ReportInput,
    ReportList,
    RequestInput,
    WalletAnswer,
)
from core.care.consultations import lists, messages, reports, requests, service, states
from core.care.consultations.models import Consultation
from core.consent import service as consent
from core.db import db
from core.directory.models import Professional
from core.identity import people as identity
from core.messages import _
from core.money import ledger
from core.money import service as money
from core.tenancy.current import TenantView
from core.web.language import language

topic = shared.topic(
    "consultations",
    "Ask one or several professionals, follow, write, read the report. Sending wants an Idempotency-Key.",
)
desk_topic = shared.topic("requests", "The signed-in professional's requests: accept, decline, write the report.")

NONE = {404: "No such consultation of yours"}
MOVED = {**NONE, 409: "It is no longer where this step starts from; the state is told"}


@need("consultations")
def offers_consultations(tenant: TenantView) -> bool:
    """Whether the portal offers a service that is asked for by message or video."""
    offered = tenant.config.get("services", {})
    asked = {s.code for s in tenant.dispatcher.collect("services") if s.channel in ("message", "video")}
    return any(section.get("enabled", True) and code in asked for code, section in offered.items())


def _answer(row: Consultation) -> dict[str, Any]:
    mine = row.patient_account_id == g.account.id
    offers = service.offers_of([row.id])
    if not mine:
        me = shared.own_professional()
        offers = [o for o in offers if o.professional_id == me.id]
    names = (
        "id", "service", "form", "state", "dependant_id", "professional_id", "appointment_id", "previous_id", "requested_at",
        "answer_by", "accepted_at", "started_at", "ended_at", "limit_minutes", "highest_cents", "agreed_cents", "currency",
    )  # fmt: skip
    return {
        **{n: getattr(row, n) for n in names},
        "patient": identity.display_name(row.patient_account_id, row.dependant_id),
        "question": service.question_of(row),
        "held_cents": money.held_cents(row.id, row.currency) if mine else 0,
        "offers": [
            {
                "professional_id": o.professional_id,
                "professional": _name(o.professional_id),
                "state": o.state,
                "tariff_cents": o.tariff_cents,
            }
            for o in offers
        ],
    }


def _name(professional_id: uuid.UUID) -> str:
    found: Professional = Professional.get(professional_id)
    return f"{found.title} {found.name}".strip()


def _own(consultation_id: uuid.UUID) -> Consultation:
    """The caller's: the patient's own, or one that the professional may still see."""
    row = service.access_consultation(consultation_id, g.account.id)
    if row is None:
        raise shared.absent()
    if row.patient_account_id != g.account.id:
        me = shared.own_professional()
        offer = service.offer_of(row.id, me.id)
        open_ = offer is not None and offer.state == "open" and row.state == states.REQUESTED
        if row.professional_id != me.id and not open_:
            raise Problem(409, "request_gone", _("This request is no longer open"))
    return row


@operation(
    topic, "POST", "/consultations", roles=("patient",), body=RequestInput, answer=ConsultationAnswer, status=201, repeatable=True,
    needs="consultations",
    refusals={402: "The wallet holds less than the price", 403: "A decision refuses it; all reasons are told", 404: "No such service"},
)  # fmt: skip
def ask(body: dict[str, Any]) -> dict[str, Any]:
    """Ask one or several professionals; the first who accepts has it.

    The highest price is held at once; what the one who accepts asks less comes back, all of it when nobody does. The
    obligations of the decision are shown to the patient first, their codes sent in `acknowledged`.
    """
    booker = dataclasses.replace(
        shared.patient(body.pop("dependant_id", None)), on_health_card=body.pop("on_health_card", None)
    )
    version = consent.order_version(g.account.id)
    previous = body.pop("previous_id", None)
    if previous is not None and _own(previous).patient_account_id != g.account.id:
        raise shared.absent()
    row = requests.request(booker, **body, terms_version=version, previous_id=previous)
    consent.order_version(g.account.id, act_kind="consultation", act_id=row.id, language=language(), checked=True)
    return _answer(row)


@operation(topic, "GET", "/consultations", roles=("patient",), query=ConsultationQuery, answer=ConsultationPage)
def list_consultations(query: dict[str, Any]) -> dict[str, Any]:
    """The patient's consultations, for self and dependants; the newest hundred."""
    open_, past = lists.of_patient(g.account.id)
    return {"items": [_answer(e.row) for e in (open_ if query["when"] == "open" else past)]}


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>", roles=("patient", "professional"), answer=ConsultationAnswer, refusals=MOVED
)  # fmt: skip
def get_consultation(consultation_id: uuid.UUID) -> dict[str, Any]:
    """A consultation, for its patient, for who accepted it, and for who is asked while it is open."""
    return _answer(_own(consultation_id))


@operation(
    topic, "POST", "/consultations/<uuid:consultation_id>/cancel", roles=("patient",), body=Empty, answer=ConsultationAnswer,
    repeatable=True, refusals=MOVED,
)  # fmt: skip
def cancel(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Take a request back: by message until it is accepted, by video until it starts. All money comes back."""
    if _own(consultation_id).patient_account_id != g.account.id:
        raise shared.absent()
    return _answer(requests.cancel(g.account.id, consultation_id))


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>/messages", roles=("patient", "professional"), query=MessageQuery,
    answer=MessageList, refusals=NONE,
)  # fmt: skip
def list_messages(query: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """The messages in order; what is read here counts as seen."""
    row = _own(consultation_id)
    side = service.side_of(row, g.account.id)
    if side is None:
        raise shared.absent()
    found = messages.of(row, query["after"])
    if found and messages.seen(row, side, found[-1].seq):
        db.session.commit()
    return {"items": [dataclasses.asdict(line) for line in found]}


@operation(
    topic, "POST", "/consultations/<uuid:consultation_id>/messages", roles=("patient", "professional"), body=MessageInput,
    answer=MessageAnswer, status=201, repeatable=True, refusals=MOVED,
)  # fmt: skip
def send_message(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Write to the other side, while the consultation is under way."""
    row = _own(consultation_id)
    made = messages.post(g.account.id, row.id, body["text"])
    return next(dataclasses.asdict(line) for line in messages.of(row) if line.id == made)


@operation(
    topic, "GET", "/consultations/<uuid:consultation_id>/reports", roles=("patient", "professional"), answer=ReportList, refusals=NONE
)  # fmt: skip
def list_reports(consultation_id: uuid.UUID) -> dict[str, Any]:
    """All versions of the report, newest first."""
    row = _own(consultation_id)
    if service.side_of(row, g.account.id) is None:
        raise shared.absent()
    return {"items": [_report(v) for v in reports.versions(row.id)]}


def _report(written: reports.Written) -> dict[str, Any]:
    return {**dataclasses.asdict(written), "parts": dict(written.parts)}


@operation(topic, "GET", "/wallet", roles=("patient",), answer=WalletAnswer)
def wallet() -> dict[str, Any]:
    """What the wallet holds, and its movements."""
    pot = ledger.wallet(g.account.id, money.currency())
    return {
        "balance_cents": ledger.balance(pot),
        "currency": pot.currency,
        "movements": [dataclasses.asdict(m) for m in ledger.movements(pot)],
    }


@operation(desk_topic, "GET", "/requests", roles=("professional",), answer=ConsultationPage)
def list_requests() -> dict[str, Any]:
    """What waits for the professional's answer, the soonest to lapse first; then what is under way."""
    me = shared.own_professional()
    return {"items": [_answer(e.row) for e in (*lists.requests_of(me.id), *lists.under_way(me.id))]}


@operation(
    desk_topic, "POST", "/consultations/<uuid:consultation_id>/accept", roles=("professional",), body=Empty, answer=ConsultationAnswer,
    repeatable=True, refusals=MOVED,
)  # fmt: skip
def accept(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Take a request; whoever is first has it."""
    return _answer(requests.accept(shared.own_professional(), consultation_id))


@operation(
    desk_topic, "POST", "/consultations/<uuid:consultation_id>/decline", roles=("professional",), body=DeclineInput,
    answer=ConsultationAnswer, repeatable=True, refusals=MOVED,
)  # fmt: skip
def decline(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Say no, with a word to the patient; when nobody is left, the money goes back."""
    return _answer(requests.decline(shared.own_professional(), consultation_id, body["reason"]))


@operation(
    desk_topic, "POST", "/consultations/<uuid:consultation_id>/reports", roles=("professional",), body=ReportInput, answer=ReportAnswer,
    status=201, repeatable=True, refusals=MOVED,
)  # fmt: skip
def write_report(body: dict[str, Any], consultation_id: uuid.UUID) -> dict[str, Any]:
    """Save the report: it ends the consultation and pays the professional. `corrects` adds a corrected version."""
    row = reports.save(
        shared.own_professional(),
        consultation_id,
        body["parts"],
        coverage=body.get("coverage"),
        rights_checked=body["rights_checked"],
        corrects=body.get("corrects"),
        signed_with=g.account.factors,
    )
    return _report(reports.opened(row))
