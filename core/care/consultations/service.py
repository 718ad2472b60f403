"""The machine of consultations: one guarded step at a time, with its money, its promise and its announcement.

Whoever moves a consultation holds its row; the money and the announcement are part of the same transaction, so that
nothing is half done (invariants 2 and 8). The other modules of this room are the use cases.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

from sqlalchemy import select, update

from core import audit, clock
from core.care.consultations import states
from core.care.consultations.models import Consultation, ConsultationOffer
from core.db import db
from core.directory import service as directory
from core.directory.models import Professional
from core.jobs import announce
from core.live import publish, topics
from core.messages import Message, _
from core.money import funds
from core.money import service as money
from core.promises import service as promises
from core.scheduling import times
from core.tenancy import keys
from core.tenancy.current import current_tenant
from core.web.frame import Refused

KIND = "consultation"
ANSWER, CALL_START, REPORT = "answer", "call_start", "report"
"""What is promised with a clock: the professional's answer, by video the call, then their report."""


TOLD = {states.IN_PROGRESS: "started"}
"""States whose announcement has another name than the state."""


class Moved(Refused):
    """The consultation is no longer where this step starts from: `state` is where it is now."""

    def __init__(self, state: str, message: Message) -> None:
        super().__init__(message, status=409)
        self.state = state


WORDS = {
    states.REQUESTED: _("This request is still waiting for an answer."),
    states.ACCEPTED: _("This request was accepted."),
    states.IN_PROGRESS: _("This consultation is under way."),
    states.AWAITING_REPORT: _("This consultation is over; the report is being written."),
    states.COMPLETED: _("This consultation is finished: its report was saved."),
    states.REFUNDED: _("This consultation is finished, and was refunded."),
    states.DECLINED: _("This request was declined."),
    states.EXPIRED: _("The time to answer this request is over."),
    states.CANCELLED: _("This request was cancelled."),
    states.NO_SHOW: _("This appointment was missed."),
}


def locked(consultation_id: uuid.UUID) -> Consultation:
    """The consultation, held by this transaction until it ends. Raises Refused (404) where there is none."""
    row = db.session.execute(
        select(Consultation)
        .where(Consultation.id == consultation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise Refused(_("There is no such consultation."), status=404)
    return row


def step(row: Consultation, target: str, by: str) -> None:
    """Move a held consultation one step. Raises Moved where the machine does not allow it; the database guards it too."""
    if not states.may_become(row.state, target):
        raise Moved(row.state, WORDS[row.state])
    moved = db.session.execute(
        update(Consultation)
        .where(Consultation.id == row.id, Consultation.state == row.state)
        .values(state=target)
        .returning(Consultation.id)
    ).first()
    if moved is None:
        raise Moved(row.state, WORDS[row.state])
    before, row.state = row.state, target
    audit.record(f"consultation.{target}", KIND, row.id, {"from": before, "by": by})
    publish.nudge(topics.name(KIND, row.id), "changed")
    announce(f"consultation_{TOLD.get(target, target)}", {"consultation_id": str(row.id), "by": by})


def close(row: Consultation, target: str, by: str) -> int:
    """End a consultation without a delivery: all that is held goes back at once. Answers how many cents."""
    step(row, target, by)
    row.closed_at, row.closed_by = clock.now(), by
    others_gone(row)
    for kind in (ANSWER, CALL_START, REPORT):
        promises.settle(kind, KIND, row.id)
    funds.give_back(row.fund, row.id)
    times.free_time(row.busy_id)
    return money.give_back(row.id, row.patient_account_id, row.currency)


def others_gone(row: Consultation, but: uuid.UUID | None = None) -> None:
    """The request is closed for all who have not answered, but for the one who took it (CB-158)."""
    db.session.execute(
        update(ConsultationOffer)
        .where(
            ConsultationOffer.consultation_id == row.id,
            ConsultationOffer.state == "open",
            ConsultationOffer.professional_id != (but or uuid.UUID(int=0)),
        )
        .values(state="gone", answered_at=clock.now())
    )


def owed_in(state: str) -> str:
    """Which promise counts down in a state: the answer, the call, then the report."""
    return {states.REQUESTED: ANSWER, states.ACCEPTED: CALL_START}.get(state, REPORT)


def due_of(rows: Iterable[Consultation]) -> dict[uuid.UUID, dt.datetime]:
    """Until when something is owed for each of these consultations, where something is."""
    found: dict[uuid.UUID, dt.datetime] = {}
    by_kind: dict[str, list[uuid.UUID]] = {}
    for row in rows:
        by_kind.setdefault(owed_in(row.state), []).append(row.id)
    for kind, ids in by_kind.items():
        owed = promises.due_of(kind, KIND, ids)
        found |= {id_: p.due_at for id_, p in owed.items() if p.state in ("open", "missed")}
    return found


def owe_report(row: Consultation) -> None:
    """From now on the professional owes the report (CB-023)."""
    due = clock.now() + dt.timedelta(hours=current_tenant().config["care"]["report_due_hours"])
    promises.promise(REPORT, KIND, row.id, due, warn=(due - clock.now()) / 4)


def access_consultation(consultation_id: uuid.UUID, account_id: uuid.UUID) -> Consultation | None:
    """The patient's own, or one that the professional was asked for; None for absent and not yours alike."""
    row: Consultation | None = Consultation.get(consultation_id)
    if row is None:
        return None
    if row.patient_account_id == account_id:
        return row
    me = directory.profile_of(account_id)
    if me is None or (row.professional_id != me.id and offer_of(row.id, me.id) is None):
        return None
    return row


def side_of(row: Consultation, account_id: uuid.UUID) -> str | None:
    """`patient` or `professional`: which of the two parties this account is; None for everybody else (CB-152, CB-169)."""
    if row.patient_account_id == account_id:
        return "patient"
    if row.professional_id is None:
        return None
    professional: Professional = Professional.get(row.professional_id)
    return "professional" if professional.account_id == account_id else None


def offer_of(consultation_id: uuid.UUID, professional_id: uuid.UUID) -> ConsultationOffer | None:
    """The request as this professional has it."""
    return db.session.execute(
        select(ConsultationOffer).where(
            ConsultationOffer.consultation_id == consultation_id, ConsultationOffer.professional_id == professional_id
        )
    ).scalar_one_or_none()


def offers_of(consultation_ids: Iterable[uuid.UUID]) -> list[ConsultationOffer]:
    """All offers of some consultations, in a fixed order."""
    o = ConsultationOffer
    return list(
        db.session.execute(
            select(o)
            .where(o.consultation_id.in_(list(consultation_ids)))
            .order_by(o.consultation_id, o.professional_id)
        ).scalars()
    )


def question_of(row: Consultation) -> str:
    """What the patient asked."""
    if row.question is None:
        return ""
    return keys.unseal(row.person_id, "consultations", "question", row.question).decode()


def cancel_by_operator(consultation_id: uuid.UUID, operator_id: str, reason: str) -> int:
    """A technical failure, or a report that never comes: cancelled, all money back (decision 14). Answers the cents."""
    if not reason.strip():
        raise Refused(_("Please give the reason: the person is told, and it is kept."), status=422)
    row = locked(consultation_id)
    back = close(row, states.CANCELLED, "operator")
    audit.record("consultation.cancelled_by_operator", KIND, row.id, {"operator": operator_id, "reason": reason})
    return back


def refund(consultation_id: uuid.UUID, professional: Professional) -> int:
    """The professional gives the price of a finished consultation back (CB-214). Answers the cents."""
    row = locked(consultation_id)
    if row.professional_id != professional.id:
        raise Refused(_("There is no such consultation."), status=404)
    step(row, states.REFUNDED, "professional")
    return money.refund(row.id, row.patient_account_id)
