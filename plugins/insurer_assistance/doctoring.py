"""What doctors do: take a case, call, hang up, say why it cannot be given, hand over to the emergency services.

The consultation's row is always held before the case's: two doctors, a nurse and the clock never wait in a ring.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from core.plugin_api import Domain
from core.plugin_api import acts as api
from core.plugin_api.acts import Consultation, Moved
from core.plugin_api.pages import Refused
from core.plugin_api.people import Professional, profile_of
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance import cases, team
from plugins.insurer_assistance.cases import APPOINTMENT, CALL_BACK, KIND
from plugins.insurer_assistance.models import CallAttempt, Case

_ = Domain("insurer_assistance")
NO_ANSWER, REACHED = "no_answer", "reached"


def take(doctor: Professional, case_id: uuid.UUID) -> Case:
    """Take a case: the first doctor of the team who does has it. Raises Moved, NotAllowed, Refused."""
    _active(doctor)
    api.take(doctor, case_id)
    case = cases.locked(case_id)
    if case.state != cases.TO_DOCTOR:
        raise Moved(case.state, _("This case has moved on meanwhile. Nothing was changed."))
    case.taken_at = now()
    record("assistance.taken", KIND, case.id, {"doctor": str(doctor.id)})
    return case


def _active(doctor: Professional) -> None:
    """A doctor whose agreement ended takes and carries on nothing (IA-012)."""
    if not team.active(doctor.account_id, team.DOCTOR):
        raise Refused(_("Your place in the care team is not recorded, or has ended."), status=403)


def _mine(doctor: Professional, case_id: uuid.UUID) -> tuple[Consultation, Case]:
    _active(doctor)
    row = api.locked(case_id)
    if row.professional_id != doctor.id:
        raise Refused(_("There is no such case."), status=404)
    return row, cases.locked(case_id)


def hand_back(doctor: Professional, case_id: uuid.UUID) -> Case:
    """The doctor cannot do it: another one may. The promise goes on."""
    row, case = _mine(doctor, case_id)
    api.back_to_pool(row, "professional")
    case.taken_at = None
    return case


def refuse_doctor(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The person would rather have another doctor than the one proposed (IA-110). Raises Moved once the call began."""
    row = api.locked(case_id)
    case = cases.locked(case_id)
    if case.account_id != account_id:
        raise Refused(_("There is no such case."), status=404)
    api.back_to_pool(row, "patient")
    case.taken_at = None
    return case


def attempt(doctor: Professional, case_id: uuid.UUID, result: str) -> Case:
    """Note a call: by telephone, reached starts the consultation; the last one without an answer ends the case.

    By video the call itself starts it, and no answer means that nobody came. The first attempt keeps the promise of a
    call-back. Raises Refused before the pause between two calls is over, and for no answer before the time agreed on.
    """
    row, case = _mine(doctor, case_id)
    if case.state != cases.TO_DOCTOR or row.state != "accepted":
        raise Moved(row.state, _("There is nobody to call in this case now."))
    if result not in (NO_ANSWER, REACHED) or (row.contact != "phone" and result == REACHED):
        raise Refused(_("Please say whether you reached the person."), status=422)
    if result == NO_ANSWER and case.wanted_at is not None and now() < case.wanted_at:
        at = case.wanted_at.astimezone(cases.zone()).strftime("%H:%M")
        raise Refused(
            _("The person asked for {time}: a call before does not count as unanswered.", time=at), status=409
        )
    access = cases.settings("access")
    before = cases.attempts_of(case.id)
    pause = dt.timedelta(minutes=access["attempt_pause_minutes"])
    if before and result == NO_ANSWER and now() < before[-1].at + pause:
        raise Refused(
            _("Please wait until {time} before you note another call.", time=(before[-1].at + pause).astimezone(cases.zone()).strftime("%H:%M")),
            status=409,
        )  # fmt: skip
    made = CallAttempt(case_id=case.id, n=len(before) + 1, at=now(), by_account_id=doctor.account_id, result=result)
    db.session.add(made)
    db.session.flush()
    record("assistance.called", KIND, case.id, {"n": made.n, "result": result})
    called(case)
    if result == REACHED:
        api.call(doctor, case.id)
    elif made.n >= access["call_attempts"]:
        api.missed(doctor, case.id)
        cases.close(case, "not_reached", "professional")
    return case


def called(case: Case) -> None:
    """Somebody called: what was promised is kept, or was late."""
    for kind in (CALL_BACK, APPOINTMENT):
        api.keep(kind, KIND, case.id)


def hang_up(doctor: Professional, case_id: uuid.UUID) -> Case:
    """The call by telephone is over; the report is owed (IA-068)."""
    _row, case = _mine(doctor, case_id)
    api.hang_up(doctor, case.id)
    return case


def decline(doctor: Professional, case_id: uuid.UUID, reason: str) -> Case:
    """A teleconsultation is not a right: it ends with a reason, and the way to one's own doctor (IA-006, IA-035, IA-077)."""
    if reason not in cases.DECLINE:
        raise Refused(_("Please choose the reason: the person reads it."), status=422)
    row, case = _mine(doctor, case_id)
    api.stop(row, "redirected", "professional")
    cases.close(case, "redirected", "professional", reason)
    return case


def exclude(doctor: Professional, case_id: uuid.UUID, reason: str) -> Case:
    """What is asked for is not part of the service: closed with the reason that the person reads (IA-086)."""
    if reason not in cases.EXCLUDED:
        raise Refused(_("Please choose the reason: the person reads it."), status=422)
    row, case = _mine(doctor, case_id)
    api.stop(row, "excluded", "professional")
    cases.close(case, "excluded", "professional", reason)
    return case


def emergency(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """Hand the call over to the emergency services, accompanied, at any step and without another question (IA-036).

    By the doctor who has the case, by a nurse, or by an agent to whom the person says that it is one. Raises Refused for
    anybody else.
    """
    role = team.demand(account_id, team.DOCTOR, team.NURSE, team.AGENT)
    row, case = held(case_id)
    if role == team.DOCTOR:
        me = profile_of(account_id)
        if row is None or me is None or row.professional_id not in (None, me.id):
            raise Refused(_("There is no such case."), status=404)
    if row is not None and row.state in ("requested", "accepted", "in_progress", "awaiting_report"):
        api.stop(row, "emergency", "professional")
    if role == team.NURSE and case.state in (cases.NURSE_QUEUE, cases.WITH_NURSE):
        case.nurse_account_id, case.nurse_outcome = account_id, "emergency_transfer"
    cases.close(case, "emergency", role)
    record("assistance.emergency", KIND, case.id, {"role": role, "by": str(account_id)})
    return case


def held(case_id: uuid.UUID) -> tuple[Consultation | None, Case]:
    """The case and its consultation (None before a doctor is asked), both held, the consultation first.

    Whether there is one is only certain while the case is held: where it came meanwhile, both are let go and held again.
    Raises Refused (404).
    """
    while True:
        point = db.session.begin_nested()
        sent = db.session.execute(select(Case.to_doctor_at).where(Case.id == case_id)).scalar_one_or_none() is not None
        row = api.locked(case_id) if sent else None
        case = cases.locked(case_id)
        if row is not None or case.to_doctor_at is None:
            point.commit()
            return row, case
        point.rollback()


def withdraw(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The person takes the request back, wherever it waits; the unit goes back. Raises Moved once the call began."""
    row, case = held(case_id)
    if case.account_id != account_id:
        raise Refused(_("There is no such case."), status=404)
    if case.state != cases.CLOSED:
        if row is not None:
            api.cancel(account_id, case_id)
        cases.close(case, "cancelled", "patient")
    return case


def by_phone(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The picture does not work at the person's: they are called by telephone instead (IA-049)."""
    row = api.locked(case_id)
    case = cases.locked(case_id)
    if case.account_id != account_id:
        raise Refused(_("There is no such case."), status=404)
    api.by_phone(row)
    case.contact = "phone"
    record("assistance.by_phone", KIND, case.id)
    return case
