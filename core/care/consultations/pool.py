"""Requests to the pool: not to chosen professionals but to whoever of the portal takes them first, by telephone or video.

For services that a plugin runs: it decides who may ask, keeps the clock of its own promise, and may let a fund pay. The
machine, the money, the room, the report and the record are those of every consultation.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.care.consultations import calls, states
from core.care.consultations.models import Consultation, ConsultationOffer
from core.care.consultations.service import KIND, WORDS, Moved, close, locked, offer_of, step
from core.db import current_tenant_id, db, new_id
from core.directory import service as directory
from core.directory.models import Professional
from core.hooks.types import Event
from core.identity import people as identity
from core.jobs import announce, consumer
from core.live import publish, topics
from core.messages import _
from core.money import funds
from core.money import service as money
from core.scheduling import people, service_access, times
from core.tenancy import keys, receipts
from core.tenancy.current import current_tenant
from core.web.frame import Refused

PHONE, VIDEO = "phone", "video"
CONTACTS = (PHONE, VIDEO)
QUESTION_LIMIT = 5000


def ask(
    account_id: uuid.UUID,
    dependant_id: uuid.UUID | None,
    *,
    id_: uuid.UUID,
    service: str,
    contact: str,
    question: str,
    answer_by: dt.datetime,
    minutes: int,
    wanted_at: dt.datetime | None = None,
    fund: str | None = None,
    terms_version: str | None = None,
) -> Consultation:
    """Send a request to the pool. The caller has asked for all decisions and reserved what the fund pays, for act `id_`.

    Args: `answer_by`, when it lapses if nobody took it; `minutes`, how long a call may last; `wanted_at`, the time agreed,
        None for now. Raises Refused for what is wrong.
    """
    if contact not in CONTACTS:
        raise Refused(_("Please choose how you would like to be reached: by telephone or by video."), status=422)
    if not question.strip():
        raise Refused(_("Please say in a few words why you need a physician."), status=422)
    if len(question) > QUESTION_LIMIT:
        raise Refused(
            _(
                "Your words have {found} characters; at most {limit} are possible.",
                found=len(question),
                limit=QUESTION_LIMIT,
            ),
            status=422,
        )
    if fund is not None and not funds.exists(fund):
        raise ValueError(f"no such fund: {fund}")
    person_id = identity.cared_for(account_id, dependant_id)
    row = Consultation(
        tenant_id=current_tenant().id,
        id=id_,
        service=service,
        form="pool",
        state=states.REQUESTED,
        patient_account_id=account_id,
        person_id=person_id,
        dependant_id=dependant_id,
        requested_at=clock.now(),
        answer_by=answer_by,
        limit_minutes=minutes,
        highest_cents=0,
        currency=money.currency(),
        terms_version=terms_version,
        question=keys.seal(person_id, "consultations", "question", question.strip()),
        contact=contact,
        wanted_at=wanted_at,
        fund=fund,
    )
    db.session.add(row)
    db.session.flush()
    announce("consultation_requested", {"consultation_id": str(row.id), "by": "patient"})
    return row


def waiting(professional: Professional, service: str, limit: int = 200) -> list[Consultation]:
    """What this professional could take, the soonest due first; not what they handed back or a patient refused them."""
    c, o = Consultation, ConsultationOffer
    refused = (
        select(o.id)
        .where(o.consultation_id == c.id, o.professional_id == professional.id, o.state == "declined")
        .exists()
    )
    rows = db.session.execute(
        select(c)
        .where(c.form == "pool", c.state == states.REQUESTED, c.service == service, c.answer_by > clock.now(), ~refused)
        .order_by(c.wanted_at.is_not(None), c.wanted_at, c.requested_at)
        .limit(limit)
    ).scalars()
    return list(rows)


def take(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """Take a request of the pool: the first who does has it (CB-158). An agreed time is taken in their agenda too.

    Raises Moved when somebody was faster or it ended, NotAllowed for a decision (kept: the caller commits), Refused when
    they are not free at that time. Taking twice changes nothing.
    """
    row = locked(consultation_id)
    if row.form != "pool" or row.service not in professional.services:
        raise Refused(_("There is no such consultation."), status=404)
    if row.professional_id == professional.id and row.state in states.UNDER_WAY:
        return row
    if row.professional_id is not None:
        raise Moved(row.state, _("A colleague was faster: this request is taken. Nothing was changed."))
    if row.state != states.REQUESTED:
        raise Moved(row.state, WORDS[row.state])
    offer = offer_of(row.id, professional.id)
    if offer is not None and offer.state == "declined":
        raise Moved(row.state, _("Somebody else is to take this request."))
    _allowed(row, professional)
    if row.wanted_at is not None:
        end = row.wanted_at + dt.timedelta(minutes=row.limit_minutes or 0)
        row.busy_id = times.take_time(professional, row.wanted_at, end)
        if row.busy_id is None:
            raise Refused(_("You are not free at that time. Nothing was changed."), status=409)
    row.professional_id, row.accepted_at, row.agreed_cents = professional.id, clock.now(), 0
    _offer(row, professional, "accepted")
    step(row, states.ACCEPTED, "professional")
    directory.link_patient(professional.id, row.patient_account_id, "consultation")
    return row


def _allowed(row: Consultation, professional: Professional) -> None:
    booker = people.booker(row.patient_account_id, row.dependant_id)
    question = service_access.access_question(
        booker, professional, row.service, clock.today(current_tenant().time_zone)
    )
    decision = current_tenant().dispatcher.decide(question)
    kept = receipts.keep(
        question, decision, person_id=booker.person_id, account_id=booker.account_id, act_kind=KIND, act_id=row.id
    )
    if not decision.permitted:
        raise service_access.NotAllowed(decision, kept)


def _offer(row: Consultation, professional: Professional, state: str) -> None:
    values = {"state": state, "answered_at": clock.now(), "tariff_cents": 0}
    db.session.execute(
        insert(ConsultationOffer)
        .values(
            tenant_id=current_tenant_id(),
            id=new_id(),
            consultation_id=row.id,
            professional_id=professional.id,
            **values,
        )
        .on_conflict_do_update(index_elements=["tenant_id", "consultation_id", "professional_id"], set_=values)
    )
    db.session.flush()


def back_to_pool(row: Consultation, by: str) -> Consultation:
    """The one who took it does not carry it out: others may, they not (IA-110). `row` is held by the caller.

    `by`: patient (refused who was proposed), professional (handed it back), portal (did not come).
    """
    if row.form != "pool" or row.state != states.ACCEPTED or row.professional_id is None:
        raise Moved(row.state, WORDS[row.state])
    professional: Professional = Professional.get(row.professional_id)
    _offer(row, professional, "declined")
    times.free_time(row.busy_id)
    step(row, states.REQUESTED, by)  # first: a request taken has somebody who took it
    row.professional_id, row.accepted_at, row.agreed_cents, row.busy_id = None, None, None, None
    db.session.flush()
    return row


def call(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """The person was reached by telephone: the consultation starts."""
    _mine(professional, consultation_id, PHONE)
    return calls.started(consultation_id)


def hang_up(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """The call by telephone is over: the report is owed."""
    _mine(professional, consultation_id, PHONE)
    return calls.ended(consultation_id)


def missed(professional: Professional, consultation_id: uuid.UUID) -> Consultation:
    """The person could not be reached: nothing was delivered, the unit goes back."""
    row = _mine(professional, consultation_id)
    return calls.missed(professional, row.id)


def stop(row: Consultation, outcome: str, by: str) -> Consultation:
    """End a request without a delivery, saying why by a code of the service's own. `row` is held; the unit goes back."""
    row.outcome = outcome
    close(row, states.CANCELLED, by)
    audit.record("consultation.outcome", KIND, row.id, {"outcome": outcome, "by": by})
    return row


def by_phone(row: Consultation) -> Consultation:
    """The picture does not work: the call is made by telephone instead (IA-049). Possible until it starts."""
    if row.state not in (states.REQUESTED, states.ACCEPTED):
        raise Moved(row.state, WORDS[row.state])
    row.contact = PHONE
    publish.nudge(topics.name(KIND, row.id), "changed")
    announce("consultation_by_phone", {"consultation_id": str(row.id)})
    return row


def _mine(professional: Professional, consultation_id: uuid.UUID, contact: str | None = None) -> Consultation:
    row = locked(consultation_id)
    if row.form != "pool" or row.professional_id != professional.id or (contact and row.contact != contact):
        raise Refused(_("There is no such consultation."), status=404)
    return row


@consumer("consultation_by_phone", "core.care.pool")
def no_room(event: Event) -> None:
    """A call by telephone has no room."""
    from core.care.rooms import service as rooms

    room = rooms.of_subject(uuid.UUID(event.payload["consultation_id"]))
    if room is not None and room.state == "waiting":
        rooms.end(room, "by_phone")


def of_ids(ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Consultation]:
    """Some consultations by their id."""
    rows = db.session.execute(select(Consultation).where(Consultation.id.in_(list(ids)))).scalars()
    return {r.id: r for r in rows}
