"""Use cases of booking: hold, confirm, give back, book at once. Time and all that goes with it are written together."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import update

from core import audit, clock
from core.audit.models import DecisionReceipt
from core.db import db, new_id
from core.directory import service as directory
from core.directory.models import Practice, Professional, VisitReason
from core.hooks.decisions import ProfessionalFacts, Question
from core.jobs import announce, outbox
from core.messages import _
from core.scheduling import offers, slots, times
from core.scheduling.models import Appointment, BusyRange
from core.scheduling.offers import Offer
from core.scheduling.service_access import Booker, NotAllowed, access_question
from core.scheduling.times import SlotGone
from core.tenancy import keys, receipts
from core.tenancy.current import current_tenant
from core.web.frame import Refused

NOTE_LIMIT = 1000


def hold(
    booker: Booker,
    *,
    professional_id: uuid.UUID,
    reason_id: uuid.UUID,
    practice_id: uuid.UUID,
    starts_at: dt.datetime,
    note: str = "",
) -> Appointment:
    """Take the time while the patient confirms (CB-135). Raises NotAllowed, SlotGone, Refused; the caller commits.

    A refusal by decision is kept as a receipt too: the caller commits before showing it.
    """
    offer = _offer(booker, professional_id, reason_id, practice_id, starts_at, "patient")
    row = _appointment(booker, offer, "held", note, "patient")
    row.hold_expires_at = clock.now() + dt.timedelta(minutes=current_tenant().config["booking"]["hold_minutes"])
    return _taken(row, offer, _decided(booker, offer, row.id))


def book(
    booker: Booker,
    *,
    professional_id: uuid.UUID,
    reason_id: uuid.UUID,
    practice_id: uuid.UUID,
    starts_at: dt.datetime,
    note: str = "",
    terms_version: str | None = None,
    by: str = "patient",
) -> Appointment:
    """Book at once, without a hold (the API, and a professional for a patient, CB-095). Raises as `hold`."""
    offer = _offer(booker, professional_id, reason_id, practice_id, starts_at, by)
    row = _appointment(booker, offer, "booked", note, by)
    row.confirmed_at, row.terms_version = row.created_at, terms_version
    kept = _decided(booker, offer, row.id)
    told = outbox.prepare("appointment_booked", {"appointment_id": str(row.id)})
    _taken(row, offer, kept, told)
    outbox.written(told)
    _on_the_trail(row)
    return row


def confirm(account_id: uuid.UUID, appointment_id: uuid.UUID, terms_version: str | None) -> Appointment:
    """Turn a hold into an appointment; confirming twice gives the same one. Raises SlotGone when the hold ran out."""
    row = times.locked(appointment_id)
    if row is None or row.patient_account_id != account_id:
        raise Refused(_("There is no such appointment."), status=404)
    if row.state == "booked":
        return row
    if row.state != "held":
        raise SlotGone(_near(row))
    kept = db.session.execute(
        update(BusyRange).where(BusyRange.id == row.busy_id).values(expires_at=None).returning(BusyRange.id)
    ).first()
    if kept is None:
        # The hold ran out and was cleared by somebody else's: try once more, another may not have taken it yet.
        again = times.take(row.practitioner_id, row.starts_at, row.ends_at, None)
        if again is None:
            row.state, row.ended_at = "expired", clock.now()
            db.session.commit()
            raise SlotGone(_near(row))
        row.busy_id = again
    row.state, row.hold_expires_at = "booked", None
    _confirmed(row, terms_version)
    return row


def release(account_id: uuid.UUID, appointment_id: uuid.UUID) -> None:
    """Give a hold back."""
    row = times.locked(appointment_id)
    if row is not None and row.patient_account_id == account_id and row.state == "held":
        times.give_back(row)
        row.state, row.ended_at = "expired", clock.now()


def _booking_question(
    booker: Booker,
    professional: Professional,
    service: str,
    start: dt.datetime,
    mode: str,
    *,
    known: bool,
    reserved: bool,
) -> Question:
    return Question(
        "booking",
        start.astimezone(dt.UTC).date(),
        service,
        booker.facts,
        ProfessionalFacts(professional.country, professional.kind, professional.specialty),
        {
            "starts_at": start.isoformat(),
            "mode": mode,
            "known_patient": known,
            "only_known_patients": reserved,
            "dependant": booker.dependant_id is not None,
        },
    )


def _choice(
    professional_id: uuid.UUID, reason_id: uuid.UUID, practice_id: uuid.UUID
) -> tuple[Professional, VisitReason, Practice]:
    professional = directory.access_professional(professional_id)
    reason = VisitReason.get(reason_id)
    practice = Practice.get(practice_id)
    if (
        professional is None
        or reason is None
        or practice is None
        or reason.professional_id != professional.id
        or practice.professional_id != professional.id
        or reason.archived
        or practice.archived
    ):
        raise Refused(_("This professional, reason or practice is not on this portal."), status=404)
    _check_choice(professional, reason, practice)
    return professional, reason, practice


def _check_choice(professional: Professional, reason: VisitReason, practice: Practice) -> None:
    """Raise Refused where the professional takes no such appointment, or reason and place do not go together."""
    offered = directory.service_of(reason.service)
    if not professional.booking_open or reason.service not in professional.services or offered is None:
        raise Refused(_("This professional takes no online appointment for this at the moment."))
    wanted = "in_person" if offered.channel == "in_person" else "virtual"
    if practice.mode != wanted:
        raise Refused(_("This reason and this place do not go together. Please choose again."), status=422)


def _offer(
    booker: Booker,
    professional_id: uuid.UUID,
    reason_id: uuid.UUID,
    practice_id: uuid.UUID,
    starts_at: dt.datetime,
    by: str,
) -> Offer:
    """What was chosen, with the published slot at that instant.

    One query where all is well; where it is not, each thing is asked for again, so that the refusal says what is wrong.
    """
    after = slots.earliest(notice=by == "patient")
    if starts_at > clock.now():
        offer = offers.find(professional_id, reason_id, practice_id, starts_at, after, booker.account_id)
        if offer is not None:
            _check_choice(offer.professional, offer.reason, offer.practice)
            if by == "professional" or offer.linked or not offer.reason.known_patients_only:
                return offer
    professional, reason, _practice = _choice(professional_id, reason_id, practice_id)
    if starts_at <= clock.now():
        raise Refused(_("This time has passed. Please choose a later one."), status=422)
    known = by == "professional" or directory.knows(professional.id, booker.account_id)
    if reason.known_patients_only and not known:
        raise Refused(_("This professional keeps this reason for patients already known."), status=403)
    raise SlotGone(slots.next_free(professional.id, reason.service, reason.duration_minutes, starts_at, known=known))


def _decided(booker: Booker, offer: Offer, act_id: uuid.UUID) -> list[DecisionReceipt]:
    """Ask both questions; answer the receipts, which are stored with the act. Raises NotAllowed, then they are kept."""
    dispatcher = current_tenant().dispatcher
    professional, service, slot = offer.professional, offer.reason.service, offer.slot
    day = slot.starts_at.astimezone(dt.UTC).date()
    mode, reserved = offer.practice.mode, slot.known_patients_only
    made: list[DecisionReceipt] = []
    for question in (
        access_question(booker, professional, service, day),
        _booking_question(booker, professional, service, slot.starts_at, mode, known=offer.linked, reserved=reserved),
    ):
        decision = dispatcher.decide(question)
        row = receipts.made(
            question,
            decision,
            person_id=booker.person_id,
            account_id=booker.account_id,
            act_kind="appointment",
            act_id=act_id,
        )
        made.append(row)
        if not decision.permitted:
            db.session.add_all(made)
            db.session.flush()
            for kept in made:
                receipts.note(kept)
            raise NotAllowed(decision, row.id)
    return made


def _taken(
    row: Appointment, offer: Offer, kept: list[DecisionReceipt], told: outbox.Announcement | None = None
) -> Appointment:
    """Take the time and write all that goes with it, in one round trip. Raises SlotGone: nothing was written then."""
    link = None if told is None or offer.linked else directory.link_values(row.professional_id, row.patient_account_id)
    if not offers.write(row, kept, link, told):
        known = offer.linked or row.booked_by == "professional"
        minutes = offer.reason.duration_minutes
        raise SlotGone(slots.next_free(row.professional_id, row.service, minutes, row.starts_at, known=known))
    for receipt in kept:
        receipts.note(receipt)
    return row


def _appointment(booker: Booker, offer: Offer, state: str, note: str, by: str) -> Appointment:
    """The row, not stored yet."""
    tenant = current_tenant()
    partner = tenant.config["partner"]
    professional, reason, slot = offer.professional, offer.reason, offer.slot
    return Appointment(
        tenant_id=tenant.id,
        id=new_id(),
        professional_id=professional.id,
        practitioner_id=professional.practitioner_id,
        practice_id=offer.practice.id,
        reason_id=reason.id,
        reason_label=reason.label,
        service=reason.service,
        patient_account_id=booker.account_id,
        dependant_id=booker.dependant_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=state,
        hold_expires_at=None,
        busy_id=new_id(),
        sequence=0,
        price_cents=reason.price_cents,
        currency=reason.currency,
        booked_by=by,
        terms_version=None,
        # The partner whose contract covers this service is recorded on the act (CB-035).
        partner=partner["name"] if reason.service in partner.get("services", ()) else None,
        note=keys.seal(booker.person_id, "appointments", "note", note[:NOTE_LIMIT]) if note.strip() else None,
        created_at=clock.now(),
        confirmed_at=None,
        ended_at=None,
    )


def _confirmed(row: Appointment, terms_version: str | None) -> None:
    row.confirmed_at, row.terms_version = clock.now(), terms_version
    directory.link_patient(row.professional_id, row.patient_account_id, "appointment")
    announce("appointment_booked", {"appointment_id": str(row.id)})
    _on_the_trail(row)


def _on_the_trail(row: Appointment) -> None:
    audit.record(
        "appointment.booked",
        "appointment",
        row.id,
        {"by": row.booked_by, "service": row.service, "terms": row.terms_version},
    )


def _near(row: Appointment) -> list[slots.Slot]:
    minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
    return slots.next_free(row.professional_id, row.service, minutes, row.starts_at)
