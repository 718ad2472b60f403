"""Use cases of requests: send to one or several professionals, accept, decline, cancel, let expire, send again.

The first who accepts wins, under any race: the consultation's row is held while one decides (CB-158, CB-172).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core import clock
from core.care.consultations import states
from core.care.consultations.clocks import owe_call
from core.care.consultations.models import Consultation, ConsultationOffer
from core.care.consultations.service import (
    ANSWER,
    KIND,
    WORDS,
    Moved,
    close,
    locked,
    offer_of,
    others_gone,
    owe_report,
    step,
)
from core.care.record import service as record
from core.db import db, new_id
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.decisions import Decision, Obligation
from core.identity import people as identity
from core.jobs import announce, periodic
from core.messages import Message, Money, _
from core.money import service as money
from core.promises import service as promises
from core.scheduling.service_access import Booker, NotAllowed, access_question
from core.tenancy import keys, receipts
from core.tenancy.current import current_tenant
from core.web.frame import Refused

QUESTION_LIMIT = 5000
REASON_LIMIT = 1000
EXPIRE_SECONDS = 15
BY_MESSAGE, BY_VIDEO = "message", "video"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A professional who could be asked: what they ask for it, and whether the rules allow it, with all reasons."""

    professional: Professional
    tariff_cents: int
    decision: Decision

    @property
    def key(self) -> str:
        """The professional's id as a form sends it."""
        return str(self.professional.id)

    @property
    def possible(self) -> bool:
        """Whether the rules allow it."""
        return self.decision.permitted


class ProfileIncomplete(Refused):
    """Mandatory registers of the health profile have no answer yet (CB-072): `labels` are theirs."""

    def __init__(self, labels: Sequence[Message], dependant_id: uuid.UUID | None) -> None:
        super().__init__(
            _("Before a consultation, a few questions of the health profile need an answer; “none” is one:"),
            *labels,
            status=422,
        )
        self.labels, self.dependant_id = tuple(labels), dependant_id


def candidates(booker: Booker, service: str) -> list[Candidate]:
    """All who offer a service by request, cheapest first; those whom the rules do not allow say why (CB-094, CB-166)."""
    rows = db.session.execute(
        select(Professional)
        .where(Professional.listed, Professional.services.contains([service]))
        .order_by(Professional.name, Professional.id)
    ).scalars()
    found = list(rows)
    asked = money.tariffs_of([p.id for p in found], service)
    day = clock.today(current_tenant().time_zone)
    decide = current_tenant().dispatcher.decide
    result = [
        Candidate(p, asked[p.id], decide(access_question(booker, p, service, day))) for p in found if p.id in asked
    ]
    return sorted(result, key=lambda c: (not c.possible, c.tariff_cents, c.professional.name))


def obligations_of(decisions: Collection[Decision]) -> list[Obligation]:
    """What must be shown and acknowledged before sending, each once, in a fixed order."""
    found = {(o.source, o.code, str(o.message)): o for d in decisions for o in d.obligations}
    return [found[k] for k in sorted(found)]


def request(
    booker: Booker,
    *,
    service: str,
    professional_ids: Sequence[uuid.UUID],
    question: str,
    highest_cents: int,
    acknowledged: Collection[str] = (),
    profile_confirmed: bool,
    terms_version: str | None = None,
    previous_id: uuid.UUID | None = None,
) -> Consultation:
    """Send a request; the highest tariff that the patient accepts is held at once (CB-151, CB-154, CB-159, CB-208).

    Raises Refused for what is wrong with the form, NotAllowed for a decision (kept: the caller commits), ledger.NotEnough.
    """
    offered = directory.service_of(service)
    if offered is None or offered.channel not in (BY_MESSAGE, BY_VIDEO):
        raise Refused(_("This service cannot be asked for by a request."), status=404)
    if not identity.may_use(booker.account_id, service):
        raise Refused(
            _("This service is closed to your account at the moment. Please write to our support."), status=403
        )
    chosen = _chosen(service, professional_ids)
    _check_form(question, highest_cents, chosen, profile_confirmed=profile_confirmed)
    person_id = identity.cared_for(booker.account_id, booker.dependant_id)
    lacking = record.missing_for(person_id, booker.account_id, booker.dependant_id)
    if lacking:
        raise ProfileIncomplete([register.label for register in lacking], booker.dependant_id)
    row = _row(booker, service, offered.channel, question, highest_cents)
    row.terms_version, row.previous_id = terms_version, previous_id
    record.confirm_up_to_date(person_id)
    decisions = _decided(booker, row, [p for p, _cents in chosen])
    missing = [o for o in obligations_of(decisions) if o.code not in acknowledged]
    if missing:
        raise Refused(_("Please read and confirm first:"), *(o.message for o in missing), status=422)
    db.session.add(row)
    db.session.flush()
    for professional, cents in chosen:
        db.session.add(
            ConsultationOffer(consultation_id=row.id, professional_id=professional.id, state="open", tariff_cents=cents)
        )
    db.session.flush()
    money.hold(row.id, row.patient_account_id, row.highest_cents, row.currency)
    promises.promise(ANSWER, KIND, row.id, row.answer_by, warn=(row.answer_by - row.requested_at) / 4)
    announce("consultation_requested", {"consultation_id": str(row.id), "by": "patient"})
    return row


def _chosen(service: str, professional_ids: Sequence[uuid.UUID]) -> list[tuple[Professional, int]]:
    """The professionals with their tariffs, in the order of their ids. Raises Refused naming who cannot be asked."""
    wanted = sorted(set(professional_ids))
    most = current_tenant().config["care"]["most_professionals"]
    if not wanted:
        raise Refused(_("Please choose at least one professional."), status=422)
    if len(wanted) > most:
        raise Refused(
            _("You chose {found} professionals; a request goes to {most} at most.", found=len(wanted), most=most),
            status=422,
        )
    tariffs = money.tariffs_of(wanted, service)
    found: list[tuple[Professional, int]] = []
    for professional_id in wanted:
        professional = directory.access_professional(professional_id)
        if professional is None:
            raise Refused(_("One of the professionals is no longer on this portal."), status=422)
        if service not in professional.services or professional_id not in tariffs:
            raise Refused(_("{name} does not offer this service.", name=_name(professional)), status=422)
        found.append((professional, tariffs[professional_id]))
    return found


def _name(professional: Professional) -> str:
    return f"{professional.title} {professional.name}".strip()


def _check_form(
    question: str, highest_cents: int, chosen: Sequence[tuple[Professional, int]], *, profile_confirmed: bool
) -> None:
    problems: list[Message] = []
    if not question.strip():
        problems.append(_("Please write what you would like to ask."))
    if len(question) > QUESTION_LIMIT:
        problems.append(
            _(
                "Your question has {found} characters; at most {limit} are possible.",
                found=len(question),
                limit=QUESTION_LIMIT,
            )
        )
    of = money.currency()
    dear = [(p, c) for p, c in chosen if c > highest_cents]
    problems += [
        _(
            "{name} asks {price}, more than the highest price that you accept ({highest}).",
            name=_name(p), price=Money(c, of), highest=Money(highest_cents, of),
        )
        for p, c in dear
    ]  # fmt: skip
    if highest_cents > int(current_tenant().config["money"]["highest_tariff_cents"]):
        problems.append(_("The highest price is above what any professional of this portal may ask."))
    if not profile_confirmed:
        problems.append(_("Please confirm that your health profile is up to date."))
    if problems:
        raise Refused(*problems, status=422)


def _row(booker: Booker, service: str, channel: str, question: str, highest_cents: int) -> Consultation:
    """The consultation, not stored yet."""
    now = clock.now()
    settings = current_tenant().config["services"].get(service, {})
    person_id = identity.cared_for(booker.account_id, booker.dependant_id)
    row = Consultation(
        tenant_id=current_tenant().id,
        id=new_id(),
        service=service,
        form="request",
        state=states.REQUESTED,
        patient_account_id=booker.account_id,
        person_id=person_id,
        dependant_id=booker.dependant_id,
        requested_at=now,
        answer_by=now + dt.timedelta(minutes=int(settings.get("answer_minutes", 1440))),
        highest_cents=highest_cents,
        currency=money.currency(),
        question=keys.seal(person_id, "consultations", "question", question.strip()),
    )
    if channel == BY_VIDEO:
        row.limit_minutes = int(current_tenant().config["care"]["video"]["on_demand_minutes"])
    return row


def _decided(booker: Booker, row: Consultation, chosen: Sequence[Professional]) -> list[Decision]:
    """Ask for each professional; the answers are kept with the act. Raises NotAllowed at the first that is a no."""
    day = clock.today(current_tenant().time_zone)
    decisions = []
    for professional in chosen:
        question = access_question(booker, professional, row.service, day)
        decision = current_tenant().dispatcher.decide(question)
        receipt = receipts.keep(
            question, decision, person_id=booker.person_id, account_id=booker.account_id, act_kind=KIND, act_id=row.id
        )
        if not decision.permitted:
            raise NotAllowed(decision, receipt)
        decisions.append(decision)
    return decisions


def accept(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """Take a request: the first who does has it; the rest of the money goes back; the others see it gone.

    Raises Moved when somebody was faster, the patient cancelled or the time is over; accepting twice changes nothing.
    """
    row = locked(consultation_id)
    offer = offer_of(row.id, professional.id)
    if offer is None:
        raise Refused(_("There is no such consultation."), status=404)
    if row.professional_id == professional.id and row.state in states.UNDER_WAY:
        return row
    if row.professional_id is not None:
        raise Moved(row.state, _("A colleague was faster: this request is taken. Nothing was changed."))
    if row.state != states.REQUESTED:
        raise Moved(row.state, WORDS[row.state])
    if offer.state != "open":
        raise Moved(row.state, _("You have declined this request."))
    if clock.now() >= row.answer_by:
        raise Moved(states.EXPIRED, WORDS[states.EXPIRED])
    row.professional_id, row.accepted_at, row.agreed_cents = professional.id, clock.now(), offer.tariff_cents
    offer.state, offer.answered_at = "accepted", row.accepted_at
    db.session.flush()
    step(row, states.ACCEPTED, "professional")
    others_gone(row, but=professional.id)
    money.lower(row.id, row.patient_account_id, offer.tariff_cents, row.currency)
    promises.keep(ANSWER, KIND, row.id)
    directory.link_patient(professional.id, row.patient_account_id, "consultation")
    if row.limit_minutes is None:  # by message: it is under way from this moment
        row.started_at = row.accepted_at
        step(row, states.IN_PROGRESS, "professional")
        owe_report(row)
    else:
        owe_call(row)
    return row


def decline(professional: Professional, consultation_id: uuid.UUID, reason: str = "") -> Consultation:
    """Say no, with a reason for the patient if one likes; when nobody is left, the money goes back at once (CB-155)."""
    if len(reason) > REASON_LIMIT:
        raise Refused(
            _(
                "Your reason has {found} characters; at most {limit} are possible.",
                found=len(reason),
                limit=REASON_LIMIT,
            ),
            status=422,
        )
    row = locked(consultation_id)
    offer = offer_of(row.id, professional.id)
    if offer is None:
        raise Refused(_("There is no such consultation."), status=404)
    if row.state != states.REQUESTED or offer.state == "gone":
        raise Moved(row.state, WORDS[row.state])
    if offer.state == "declined":
        return row
    offer.state, offer.answered_at = "declined", clock.now()
    if reason.strip():
        offer.reason = keys.seal(row.person_id, "consultation_offers", "reason", reason.strip())
    db.session.flush()
    if not _somebody_left(row.id):
        close(row, states.DECLINED, "professional")
    return row


def _somebody_left(consultation_id: uuid.UUID) -> bool:
    o = ConsultationOffer
    return (
        db.session.execute(select(o.id).where(o.consultation_id == consultation_id, o.state == "open").limit(1)).first()
        is not None
    )


def cancel(account_id: uuid.UUID, consultation_id: uuid.UUID) -> Consultation:
    """The patient takes a request back: by message until it is accepted (CB-156), by video until it starts (CB-171)."""
    row = locked(consultation_id)
    if row.patient_account_id != account_id:
        raise Refused(_("There is no such consultation."), status=404)
    if row.state == states.CANCELLED and row.closed_by == "patient":
        return row
    if row.state not in (states.REQUESTED, states.ACCEPTED):
        words = _("The professional has accepted: this consultation can no longer be cancelled.")
        raise Moved(row.state, words if row.state in states.UNDER_WAY else WORDS[row.state])
    close(row, states.CANCELLED, "patient")
    return row


@periodic.job("expire_requests", EXPIRE_SECONDS)
def expire() -> None:
    """Close requests whose time is over: each once, late but once, whatever died meanwhile (CB-154, CB-170)."""
    rows = db.session.execute(
        select(Consultation)
        .where(Consultation.state == states.REQUESTED, Consultation.answer_by <= clock.now())
        .order_by(Consultation.answer_by)
        .with_for_update(skip_locked=True)
        .limit(200)
        .execution_options(populate_existing=True)
    ).scalars()
    for row in list(rows):
        close(row, states.EXPIRED, "portal")


def withdraw_professional(professional_id: uuid.UUID) -> None:
    """A professional's access was closed: their open requests end, with the money back; others may still answer."""
    o = ConsultationOffer
    asked = list(
        db.session.execute(
            select(o.consultation_id)
            .where(o.professional_id == professional_id, o.state.in_(("open", "accepted")))
            .order_by(o.consultation_id)
        ).scalars()
    )
    for consultation_id in asked:
        row = locked(consultation_id)
        offer = offer_of(row.id, professional_id)
        if row.state == states.REQUESTED and offer is not None:
            offer.state, offer.answered_at = "gone", clock.now()
            db.session.flush()
            if not _somebody_left(row.id):
                close(row, states.CANCELLED, "portal")
        elif row.professional_id == professional_id and row.state in (states.ACCEPTED, states.IN_PROGRESS):
            close(row, states.CANCELLED, "portal")
