"""Cases: what somebody came with, by the web or by telephone, until it is closed. The words and codes that all share."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.plugin_api import Domain, Message, settings_of
from core.plugin_api.acts import Moved, due_of, settle
from core.plugin_api.pages import Refused, current_tenant
from core.plugin_api.people import dependant_names, names
from core.plugin_api.tables import db, new_id, now, record, seal_json, unseal_json
from plugins.insurer_assistance.models import CallAttempt, Case, Score
from plugins.insurer_assistance.rules import contract
from plugins.insurer_assistance.rules import quota as quota_rules

_ = Domain("insurer_assistance")

NAME = "insurer_assistance"
SERVICE = contract.SERVICE
KIND = "assistance_case"
CALL_BACK, APPOINTMENT = "call_back", "assistance_appointment"
NURSE_QUEUE, WITH_NURSE, TO_DOCTOR, CLOSED = "nurse_queue", "with_nurse", "to_doctor", "closed"
OPEN = (NURSE_QUEUE, WITH_NURSE, TO_DOCTOR)
WEB, TELEPHONE = "web", "telephone"
NOW, LATER = "now", "appointment"

REASONS: dict[str, Message] = {
    "general": _("A new health problem or question"),
    "renewal": _("A treatment that runs out"),
    "chronic_follow_up": _("Follow-up of a long-lasting illness"),
    "pregnancy": _("Follow-up of a pregnancy"),
    "infant_follow_up": _("Follow-up of a baby"),
    "specialist": _("A specialist"),
    "sick_leave": _("Sick leave"),
    "certificate": _("A medical certificate"),
    "second_opinion": _("A second medical opinion"),
}
"""What somebody comes for, as they choose it; what the service does not cover is said before anything else is asked."""

OUTCOMES: dict[str, Message] = {
    "delivered": _("The consultation took place."),
    "orientation": _("Advice was given on where to turn; no consultation was needed."),
    "emergency": _("The call was handed over to the emergency services."),
    "redirected": _("A visit to one’s own doctor is needed."),
    "excluded": _("The service cannot be given for this."),
    "cancelled": _("The request was taken back."),
    "expired": _("Nobody could take the request in time. We are sorry."),
    "not_reached": _("Several calls found nobody."),
    "not_started": _("The call did not take place."),
}
DECLINE: dict[str, Message] = {
    "physical_examination_needed": _("A physical examination is needed"),
    "further_tests_needed": _("Further tests are needed"),
}
"""Why a doctor declines a teleconsultation (IA-006); the person is sent to their own doctor."""

EXCLUDED: dict[str, Message] = {
    "chronic_follow_up": _("Follow-up of a long-lasting illness is not part of this service"),
    "pregnancy": _("Follow-up of a pregnancy is not part of this service"),
    "infant_follow_up": _("Follow-up of a baby is not part of this service"),
    "specialist": _("Another specialty is needed; this service has general practitioners only"),
    "sick_leave": _("Sick leave cannot be issued by this service"),
    "certificate": _("Medical certificates cannot be issued by this service"),
    "second_opinion": _("A second medical opinion is not part of this service"),
    "renewal": _("Treatments are not renewed by this service"),
    "contract": _("Your contract leaves this out"),
}
"""Why a professional closes a case as excluded (IA-086); the person reads it."""

COMPANIONS: dict[str, Message] = {
    "parent": _("Parent, holder of parental authority"),
    "guardian": _("Guardian"),
    "curator": _("Curator"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a case keeps sealed: the telephone to call, the words, who accompanies, the nurse's note and what was advised."""

    phone: str
    words: str
    companion_name: str = ""
    companion_quality: str = ""
    note: str = ""
    summary: str = ""
    postcode: str = ""


def settings(part: str) -> dict[str, Any]:
    """One part of the portal's configuration of this service, the contract's defaults filled in."""
    return dict(contract.section(settings_of(NAME), part))


def zone() -> ZoneInfo:
    """The portal's zone: wall-clock rules are its own."""
    return ZoneInfo(current_tenant().time_zone)


def year_of(instant: dt.datetime) -> int:
    """The calendar year that an act counts in, in the portal's zone."""
    return quota_rules.year_of(instant, current_tenant().time_zone)


def seal_told(person_id: uuid.UUID, told: Told) -> bytes:
    """Sealed with the key of the person cared for: from here on it is under medical secrecy (IA-107)."""
    return seal_json(person_id, "ia_cases", "sealed", {f: getattr(told, f) for f in Told.__dataclass_fields__})


def told_of(case: Case) -> Told:
    """What was told. Raises Erased after the person's erasure."""
    return Told(**unseal_json(case.person_id, "ia_cases", "sealed", case.sealed))


def locked(case_id: uuid.UUID) -> Case:
    """The case, held by this transaction. Raises Refused (404)."""
    row = db.session.execute(
        select(Case).where(Case.id == case_id).with_for_update().execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise Refused(_("There is no such case."), status=404)
    return row


def step(case: Case, target: str, by: str, *sources: str) -> None:
    """Move a held case. Raises Moved where it is no longer in one of `sources`: somebody was faster."""
    moved = db.session.execute(
        update(Case).where(Case.id == case.id, Case.state.in_(sources)).values(state=target).returning(Case.id)
    ).first()
    if moved is None:
        raise Moved(case.state, _("This case has moved on meanwhile. Nothing was changed."))
    before, case.state = case.state, target
    record(f"assistance.{target}", KIND, case.id, {"from": before, "by": by})


def close(case: Case, outcome: str, by: str, reason: str = "") -> None:
    """Close a held case with what became of it; closing it again changes nothing."""
    if case.state == CLOSED:
        return
    done = db.session.execute(
        update(Case)
        .where(Case.id == case.id, Case.state != CLOSED)
        .values(state=CLOSED, outcome=outcome, outcome_reason=reason or None, closed_at=now())
        .returning(Case.id)
    ).first()
    if done is None:
        return
    before, case.state, case.outcome, case.outcome_reason, case.closed_at = (
        case.state, CLOSED, outcome, reason or None, now()
    )  # fmt: skip
    for kind in (CALL_BACK, APPOINTMENT):
        settle(kind, KIND, case.id)
    record("assistance.closed", KIND, case.id, {"from": before, "by": by, "outcome": outcome})


def access_case(case_id: uuid.UUID, account_id: uuid.UUID) -> Case | None:
    """The person's own case; None for absent and not yours alike."""
    row: Case | None = Case.get(case_id)
    return row if row is not None and row.account_id == account_id else None


def of_account(account_id: uuid.UUID, limit: int = 50) -> list[Case]:
    """An account's cases, the newest first."""
    return list(
        db.session.execute(
            select(Case).where(Case.account_id == account_id).order_by(Case.created_at.desc()).limit(limit)
        ).scalars()
    )


def in_state(*states: str, limit: int = 300) -> list[Case]:
    """Cases in some states, the soonest due first."""
    return list(
        db.session.execute(
            select(Case).where(Case.state.in_(states)).order_by(Case.due_at, Case.created_at).limit(limit)
        ).scalars()
    )


def due(cases: Sequence[Case]) -> dict[uuid.UUID, tuple[dt.datetime, bool]]:
    """Until when each open case is promised, and whether that was missed."""
    found: dict[uuid.UUID, tuple[dt.datetime, bool]] = {}
    ids = [c.id for c in cases]
    for kind in (CALL_BACK, APPOINTMENT):
        for case_id, promise in (due_of(kind, KIND, ids) if ids else {}).items():
            if promise.state in ("open", "paused", "missed") and promise.settled_at is None:
                found[case_id] = (promise.due_at, promise.state == "missed" or promise.due_at <= now())
    return found


def attempts_of(case_id: uuid.UUID) -> list[CallAttempt]:
    """The tries to reach somebody by telephone, in order."""
    return list(
        db.session.execute(select(CallAttempt).where(CallAttempt.case_id == case_id).order_by(CallAttempt.n)).scalars()
    )


def times(window: Mapping[str, Any]) -> list[str]:
    """The times of day at which an appointment can begin, as texts such as 09:30."""
    first, last = (t.hour * 60 + t.minute for t in (contract.clock_time(window[k]) for k in ("from", "to")))
    return [f"{m // 60:02}:{m % 60:02}" for m in range(first, last + 1, window["step_minutes"])]


def attempt_counts(cases: Sequence[Case]) -> dict[uuid.UUID, int]:
    """How often each of several persons was called, in one query."""
    rows = db.session.execute(
        select(CallAttempt.case_id, func.count())
        .where(CallAttempt.case_id.in_([c.id for c in cases]))
        .group_by(CallAttempt.case_id)
    )
    return {case_id: int(count) for case_id, count in rows}


def names_of(cases: Sequence[Case]) -> dict[uuid.UUID, str]:
    """Who each case is about, in few queries whatever their number; an erased person has no name any more."""
    accounts = names({c.account_id for c in cases if c.dependant_id is None})
    children = dependant_names({c.dependant_id for c in cases if c.dependant_id is not None})
    return {
        c.id: (children.get(c.dependant_id) if c.dependant_id else accounts.get(c.account_id)) or "…" for c in cases
    }


def retell(case: Case, **changed: str) -> None:
    """Change what a held case keeps sealed."""
    case.sealed = seal_told(case.person_id, replace(told_of(case), **changed))


SCORES = range(1, 6)


def rate(case: Case, score: int | None) -> None:
    """How it was, one to five, once, after it took place. Raises Refused (422)."""
    if case.outcome not in ("delivered", "orientation", "redirected") or score not in SCORES:
        raise Refused(_("Please choose between one and five, once the case is closed."), status=422)
    db.session.execute(
        insert(Score)
        .values(tenant_id=current_tenant().id, id=new_id(), case_id=case.id, score=score, at=now())
        .on_conflict_do_nothing()
    )


def rated(case: Case) -> bool:
    """Whether the person said how it was."""
    return db.session.execute(select(Score.id).where(Score.case_id == case.id)).first() is not None


def hold_place(case: Case, per_step: int) -> bool:
    """Whether this appointment can begin when it is wanted, beside the others of that instant.

    Held until the transaction ends, so that none is sold twice.
    """
    wanted_at = case.wanted_at
    assert wanted_at is not None
    key = f"ia-appointment|{current_tenant().id}|{wanted_at.isoformat()}"
    db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
    taken = db.session.execute(
        select(Case.id).where(Case.wanted_at == wanted_at, Case.state != CLOSED, Case.id != case.id).limit(per_step)
    ).all()
    return len(taken) < per_step
