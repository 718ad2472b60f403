"""The nurse on the telephone: who answers first, the queue, and the one outcome with which a call is closed (IA-026 to IA-028).

Orientation is no act of telemedicine: it makes no consultation, no report, no prescription, and uses no unit (IA-065).
Where both are held, the consultation's row is held before the case's.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import replace

from sqlalchemy import select

from core.plugin_api import Domain, Message
from core.plugin_api.acts import Moved, NotAllowed
from core.plugin_api.pages import Refused, current_tenant
from core.plugin_api.people import tell
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance import cases, doctoring, requesting, team
from plugins.insurer_assistance.cases import KIND, NURSE_QUEUE, WITH_NURSE
from plugins.insurer_assistance.models import Case
from plugins.insurer_assistance.rules import triage as rules

_ = Domain("insurer_assistance")
NOTE_LIMIT = 4000
ORIENTATION, CONNECT, CALL_BACK, EMERGENCY = rules.OUTCOMES
EXCLUDED = "excluded"
OUTCOMES: dict[str, Message] = {
    CONNECT: _("Connect to a doctor now"),
    CALL_BACK: _("A doctor calls back"),
    ORIENTATION: _("Orientation only"),
}
"""What a nurse chooses from; the transfer to emergency services and exclusion have a button of their own."""


def holidays(day: dt.date) -> set[dt.date]:
    """The public holidays of the year of a day in the country of the service, by its jurisdiction (IA-028)."""
    country = cases.settings("countries")["home"]
    found = current_tenant().dispatcher.collect("holidays", country=country, year=day.year)
    return {h.date for h in found}


def period(at: dt.datetime | None = None) -> str:
    """The part of the week in the portal's zone: `day` while a nurse answers, else night, saturday, sunday, public_holiday."""
    local = (at or now()).astimezone(cases.zone())
    return rules.period(local, cases.settings("nurse"), holidays(local.date()))


def first(channel: str, at: dt.datetime | None = None) -> str:
    """Who takes a request first now: nurse or doctor (IA-026, IA-028, IA-064)."""
    local = (at or now()).astimezone(cases.zone())
    return rules.route(channel, local, cases.settings("nurse"), holidays(local.date()))


def waiting() -> list[Case]:
    """Calls that wait for a nurse, the oldest first."""
    return cases.in_state(NURSE_QUEUE)


def mine(account_id: uuid.UUID, limit: int = 50) -> list[Case]:
    """A nurse's own calls: those in hand, then what became of the last ones."""
    return list(
        db.session.execute(
            select(Case)
            .where(Case.nurse_account_id == account_id)
            .order_by(Case.state != WITH_NURSE, Case.created_at.desc())
            .limit(limit)
        ).scalars()
    )


def access_case(account_id: uuid.UUID, case_id: uuid.UUID) -> Case | None:
    """A case that a nurse may see: one that waits, or one's own. None for absent and not yours alike."""
    row: Case | None = Case.get(case_id)
    if row is None or (row.state != NURSE_QUEUE and row.nurse_account_id != account_id):
        return None
    return row


def take(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """Take a call: the first nurse who does has it; taking twice changes nothing. Raises Moved, Refused."""
    team.demand(account_id, team.NURSE)
    case = cases.locked(case_id)
    if case.state == WITH_NURSE and case.nurse_account_id == account_id:
        return case
    if case.state == WITH_NURSE:
        raise Moved(case.state, _("A colleague was faster: this call is taken. Nothing was changed."))
    cases.step(case, WITH_NURSE, "nurse", NURSE_QUEUE)
    case.nurse_account_id = account_id
    return case


def _mine(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    team.demand(account_id, team.NURSE)
    case = cases.locked(case_id)
    if case.nurse_account_id != account_id:
        raise Refused(_("There is no such case."), status=404)
    if case.state != WITH_NURSE:
        raise Moved(case.state, _("This case has moved on meanwhile. Nothing was changed."))
    return case


def put_back(account_id: uuid.UUID, case_id: uuid.UUID) -> Case:
    """The nurse cannot go on: a colleague may."""
    case = _mine(account_id, case_id)
    cases.step(case, NURSE_QUEUE, "nurse", WITH_NURSE)
    case.nurse_account_id = None
    return case


def note(account_id: uuid.UUID, case_id: uuid.UUID, text: str) -> Case:
    """The nurse's note for the doctor, sealed with the key of the person cared for (IA-107)."""
    case = _mine(account_id, case_id)
    cases.retell(case, note=_within(text))
    record("assistance.noted", KIND, case.id, {"by": str(account_id)})
    return case


def _within(text: str) -> str:
    if len(text) > NOTE_LIMIT:
        raise Refused(
            _("Your words have {found} characters; at most {most} are possible.", found=len(text), most=NOTE_LIMIT),
            status=422,
        )
    return text.strip()


def close(account_id: uuid.UUID, case_id: uuid.UUID, outcome: str, summary: str = "") -> Case:
    """Close a call with exactly one outcome (IA-027): `summary` is what the person was told, wanted for an orientation.

    Both outcomes with a doctor make the doctors' task; one at once is no longer an appointment. Raises Moved where the case
    went on meanwhile, NotAllowed where a decision says no (the quota is used up: kept, the caller commits; the call stays
    with the nurse), Refused for an unknown outcome.
    """
    if rules.closing_problem(outcome) is not None:
        raise Refused(_("Please choose how the call ends."), status=422)
    if outcome == EMERGENCY:
        return doctoring.emergency(account_id, case_id)
    case = _mine(account_id, case_id)
    text = _within(summary)
    if outcome == ORIENTATION:
        if not text:
            raise Refused(_("Please write what you advised: the person reads it."), status=422)
        cases.retell(case, summary=text)
        case.nurse_outcome = outcome
        cases.close(case, "orientation", "nurse")
        return case
    _to_doctor(case, at_once=outcome == CONNECT)
    if text:
        cases.retell(case, summary=text)
    case.nurse_outcome = outcome
    cases.step(case, cases.TO_DOCTOR, "nurse", WITH_NURSE)
    return case


def _to_doctor(case: Case, *, at_once: bool) -> None:
    wanted = requesting.wanted_of(case)
    member = requesting.member_for(case.account_id, case.dependant_id)
    if at_once or (wanted.wanted_at is not None and wanted.wanted_at <= now()):
        wanted = replace(wanted, kind=cases.NOW, wanted_at=None)
    requesting.may_have(wanted, member, case.id)
    case.kind, case.wanted_at = wanted.kind, wanted.wanted_at
    requesting.send(case)


def exclude(account_id: uuid.UUID, case_id: uuid.UUID, reason: str) -> Case:
    """What is asked for is not part of the service: closed with the reason that the person reads (IA-086)."""
    if reason not in cases.EXCLUDED:
        raise Refused(_("Please choose the reason: the person reads it."), status=422)
    case = _mine(account_id, case_id)
    case.nurse_outcome = EXCLUDED
    cases.close(case, "excluded", "nurse", reason)
    return case


def follow() -> None:
    """Calls that no nurse took: outside a nurse's hours they go to the doctors, late ones are marked and told (IA-028).

    This moves a call to where it would have gone at this hour; it decides nothing. Where it may not go there (the units
    are used up), it stays for the agents, who are told.
    """
    rows = waiting()
    if not rows:
        return
    gone = first(cases.TELEPHONE) == rules.DOCTOR
    for row in rows:
        late = row.due_at is not None and row.due_at <= now()
        if row.escalated_at is None and (gone or late):
            _follow(row.id, gone)


def _follow(case_id: uuid.UUID, gone: bool) -> None:
    case = cases.locked(case_id)
    if case.state != NURSE_QUEUE:
        return
    if gone:
        try:
            with db.session.begin_nested():
                _to_doctor(case, at_once=False)
                cases.step(case, cases.TO_DOCTOR, "portal", NURSE_QUEUE)
            return
        except (NotAllowed, Refused):
            db.session.expire(case)
    case.escalated_at = now()
    record("assistance.overdue", KIND, case.id, {"kind": "nurse"})
    for account_id in team.accounts_in(team.AGENT):
        tell("insurer_assistance_overdue", account_id, {}, f"/x/{cases.NAME}/phone")
