"""What follows from elsewhere: consultations that end, promises that come near or are missed, doctors who do not come."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from core.plugin_api import Event
from core.plugin_api import acts as api
from core.plugin_api.people import tell
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance import cases, doctoring, team
from plugins.insurer_assistance.cases import KIND, NAME
from plugins.insurer_assistance.models import Case

WATCH_SECONDS = 60
HOME = f"/x/{NAME}/cases"
DESK = f"/x/{NAME}/desk"
PHONE = f"/x/{NAME}/phone"
TOLD = frozenset({"expired", "not_started", "not_reached", "redirected", "excluded"})
"""Outcomes of which the person is told where to read why, and that nothing was counted."""


def _case(event: Event) -> Case | None:
    found: Case | None = Case.get(uuid.UUID(event.payload["consultation_id"]))
    return found


def ended(event: Event) -> None:
    """The consultation ended by itself, by the person or with its report: so does the case. Told twice is told once."""
    case = _case(event)
    if case is None:
        return
    if event.name == "consultation_cancelled":
        outcome = "cancelled" if event.payload.get("by") == "patient" else "not_started"
    else:
        outcome = {
            "consultation_completed": "delivered",
            "consultation_expired": "expired",
            "consultation_no_show": "not_reached",
        }[event.name]
    case = cases.locked(case.id)
    cases.close(case, outcome, str(event.payload.get("by", "portal")))
    if case.outcome in TOLD:
        tell("insurer_assistance_ended", case.account_id, {}, f"{HOME}/{case.id}")


def started(event: Event) -> None:
    """A call began: the promise is kept."""
    case = _case(event)
    if case is not None:
        doctoring.called(cases.locked(case.id))


def accepted(event: Event) -> None:
    """Tell the person who will call."""
    case = _case(event)
    if case is None or case.state != cases.TO_DOCTOR:
        return
    tell("insurer_assistance_taken", case.account_id, {}, f"{HOME}/{case.id}")


def near(event: Event) -> None:
    """A call-back comes near its limit: all active doctors are told."""
    case = _promised(event)
    if case is None:
        return
    for account_id in team.accounts_in(team.DOCTOR):
        tell("insurer_assistance_near", account_id, {}, DESK)


def missed(event: Event) -> None:
    """A promise was missed: the case is marked, the agents and the doctors are told, it stays open."""
    case = _promised(event)
    if case is None:
        return
    case.escalated_at = case.escalated_at or now()
    record("assistance.overdue", KIND, case.id, {"kind": event.payload["kind"]})
    for role, page in ((team.AGENT, PHONE), (team.DOCTOR, DESK)):
        for account_id in team.accounts_in(role):
            tell("insurer_assistance_overdue", account_id, {}, page)


def _promised(event: Event) -> Case | None:
    if event.payload["subject_kind"] != KIND:
        return None
    case = cases.locked(uuid.UUID(event.payload["subject_id"]))
    return case if case.state in cases.OPEN else None


def watch() -> None:
    """A doctor who took a case and does not come: after the grace it goes back to the others, and is marked (IA-032)."""
    grace = dt.timedelta(minutes=cases.settings("access")["attempt_pause_minutes"])
    rows = db.session.execute(
        select(Case.id).where(Case.state == cases.TO_DOCTOR, Case.taken_at.is_not(None), Case.due_at <= now() - grace)
    ).scalars()
    for case_id in list(rows):
        row = api.locked(case_id)
        if row.state != "accepted" or cases.attempts_of(case_id):
            continue
        case = cases.locked(case_id)
        if case.taken_at is not None and case.taken_at > now() - grace:
            continue  # taken late: there is time to call
        api.back_to_pool(row, "portal")
        case.taken_at, case.escalated_at = None, case.escalated_at or now()
        record("assistance.not_called", KIND, case.id)
