"""Asking for a doctor: the same steps by the web and by telephone, so that the evidence is the same.

Decisions first (access, cover), then one unit, one place where a time is wanted, the case, the request to the pool, the
promise: all in one transaction, or nothing.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from core.plugin_api import Domain, Message, PatientFacts, ProfessionalFacts, Question
from core.plugin_api.acts import ask, decided, promise
from core.plugin_api.pages import Refused
from core.plugin_api.people import cared_for as cared_for_by
from core.plugin_api.people import dependants_of, missing, patient_facts, person_of
from core.plugin_api.tables import db, new_id, now, record
from plugins.insurer_assistance import cases, members, quota
from plugins.insurer_assistance.cases import CALL_BACK, KIND, LATER, NOW, SERVICE, Told
from plugins.insurer_assistance.models import Case, Member
from plugins.insurer_assistance.rules import appointments

_ = Domain("insurer_assistance")
WORDS_LIMIT = 2000
COUNTRY = re.compile(r"[A-Z]{2}")
CALL_ROOM = 2
"""A call that goes well beyond the planned time is not cut off: its room closes after so many times that time."""

TIME_PROBLEMS: dict[str, Message] = {
    "in_the_past": _("That time has passed. Please choose a later one."),
    "too_far_ahead": _("Appointments are possible up to {days} days ahead."),
    "before_opening": _("Appointments are possible from {first} to {last}, every day."),
    "after_closing": _("Appointments are possible from {first} to {last}, every day."),
    "not_on_a_step": _("Appointments begin every {minutes} minutes."),
    "no_such_time": _("That time does not exist: the clocks change then. Please choose another."),
}


class Emergency(Refused):
    """The person says that it is an emergency: nothing is queued, the page shows the numbers to call (IA-047, IA-076)."""

    def __init__(self) -> None:
        super().__init__(_("This is an emergency: please call the emergency services now."), status=422)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for and declares. `wanted_at` is an instant for an appointment, None for now.

    `companion_name` and `companion_quality`: who accompanies a minor or a protected adult (IA-045, IA-046).
    """

    account_id: uuid.UUID
    dependant_id: uuid.UUID | None
    channel: str
    reason: str
    words: str
    contact: str
    kind: str
    country: str
    phone: str
    wanted_at: dt.datetime | None = None
    emergency: bool | None = None
    treating_doctor_unavailable: bool = False
    right_abroad: bool = False
    companion_name: str = ""
    companion_quality: str = ""
    declared: tuple[str, ...] = ()
    recording: str = "none"
    agent_account_id: uuid.UUID | None = None
    postcode: str = ""


def problems(wanted: Wanted, member: Member | None) -> list[Message]:
    """All that is wrong with what was typed, each in words that name it."""
    home = cases.settings("countries")["home"]
    found: list[Message] = []
    if wanted.emergency is None:
        found.append(_("Please say whether this is a medical emergency."))
    if not wanted.treating_doctor_unavailable:
        found.append(_("Please confirm that your own doctor is away or cannot see you in time."))
    if wanted.reason not in cases.REASONS:
        found.append(_("Please choose what it is about."))
    if not wanted.words.strip():
        found.append(_("Please say in a few words what it is about."))
    if len(wanted.words) > WORDS_LIMIT:
        found.append(
            _(
                "Your words have {found} characters; at most {most} are possible.",
                found=len(wanted.words),
                most=WORDS_LIMIT,
            )
        )
    if wanted.contact not in ("phone", "video"):
        found.append(_("Please choose how the doctor should reach you: by telephone or by video."))
    if wanted.kind not in (NOW, LATER):
        found.append(_("Please choose when: as soon as possible, or at a time of your choice."))
    if not COUNTRY.fullmatch(wanted.country):
        found.append(_("Please say in which country you are now."))
    elif wanted.country != home and not wanted.right_abroad:
        found.append(_("From abroad, please confirm that you may use the service under the rules of that country."))
    if wanted.kind == LATER:
        found += _time_problems(wanted.wanted_at)
    accompanied = wanted.companion_name.strip() and wanted.companion_quality in cases.COMPANIONS
    if wanted.dependant_id is not None and not accompanied:
        found.append(
            _("Please say who accompanies this person: a minor or protected adult never uses the service alone.")
        )
    if wanted.dependant_id is None and member is not None and member.protected and not accompanied:
        found.append(_("Please name the guardian or curator who accompanies you."))
    return found


def _time_problems(wanted_at: dt.datetime | None) -> list[Message]:
    window = cases.settings("appointments")
    if wanted_at is None:
        return [_("Please choose a time.")]
    code = appointments.problem(wanted_at.astimezone(cases.zone()), now().astimezone(cases.zone()), window)
    if code is None:
        return []
    words = TIME_PROBLEMS[code]
    params = {
        "days": window["days_ahead"],
        "first": window["from"],
        "last": window["to"],
        "minutes": window["step_minutes"],
    }
    return [Message(words.msgid, {k: v for k, v in params.items() if "{" + k + "}" in words.msgid}, words.domain)]


def member_for(account_id: uuid.UUID, dependant_id: uuid.UUID | None) -> Member:
    """The open cover of one person. Raises Refused saying why there is none."""
    member = members.of_person(account_id, dependant_id)
    if member is None:
        raise Refused(_("No cover of your insurer is linked to this person yet."), status=403)
    answer = members.standing(member)
    if not answer.ok:
        assert answer.message is not None
        raise Refused(answer.message, status=403)
    return member


def access_facts(wanted: Wanted, member: Member) -> Question:
    """May this person have the service from a general practitioner of the portal's country?"""
    patient = facts_of(wanted.account_id, wanted.dependant_id, member)
    return Question(
        "service_access",
        members.local_day(),
        SERVICE,
        patient,
        ProfessionalFacts(cases.settings("countries")["home"], "physician", "general_practice"),
        {
            "dependant": wanted.dependant_id is not None,
            "emergency": bool(wanted.emergency),
            "protected_adult": member.protected or _is_protected(wanted),
            "present_country": wanted.country,
        },
    )


def facts_of(account_id: uuid.UUID, dependant_id: uuid.UUID | None, member: Member) -> PatientFacts:
    """The facts of a person; where nobody declared where they live, the insurer's word counts."""
    found, _on_card = patient_facts(account_id, dependant_id)
    return PatientFacts(
        category=found.category,
        statuses=found.statuses,
        birth_date=found.birth_date,
        country=found.country or member.residence,
    )


def _is_protected(wanted: Wanted) -> bool:
    return any(d.id == wanted.dependant_id and d.kind == "protected_adult" for d in dependants_of(wanted.account_id))


def coverage_facts(wanted: Wanted, member: Member, used: int) -> Question:
    """Does the insurer pay for this act of this person?"""
    cover = members.cover_of(member)
    return Question(
        "coverage",
        members.local_day(),
        SERVICE,
        facts_of(wanted.account_id, wanted.dependant_id, member),
        ProfessionalFacts(cases.settings("countries")["home"], "physician", "general_practice"),
        {
            "used_this_year": used,
            "request_date": (wanted.wanted_at or now()).astimezone(cases.zone()).date(),
            "beneficiary_role": member.role,
            "reason": "emergency" if wanted.emergency else wanted.reason,
            "needs_physical_exam": False,
            "contract_exclusions": sorted(cover.exclusions),
            **({"duration_days": 1, "one_off": True} if wanted.reason == "renewal" else {}),
        },
    )


def from_web(wanted: Wanted) -> Case:
    """A request by the web: a doctor at once, no nurse (IA-064, IA-067).

    Raises Emergency, Refused for the form or the cover, NotAllowed for a decision (kept: the caller commits).
    """
    if wanted.emergency:
        raise Emergency
    member = member_for(wanted.account_id, wanted.dependant_id)
    found = problems(wanted, member)
    if found:
        raise Refused(*found, status=422)
    return straight_to_doctor(wanted, member, new_id())


def straight_to_doctor(wanted: Wanted, member: Member, case_id: uuid.UUID) -> Case:
    """Decisions and the unit first, then the case and the request: a refusal leaves its receipts and no case."""
    may_have(wanted, member, case_id)
    return send(new_case(wanted, member, cases.TO_DOCTOR, case_id))


def new_case(wanted: Wanted, member: Member, state: str, case_id: uuid.UUID) -> Case:
    """The case, stored; the caller has checked everything."""
    if missing(wanted.account_id):
        raise Refused(_("The terms and the consent to health data come first."), status=403)
    person_id = cared_for_by(wanted.account_id, wanted.dependant_id)
    told = Told(
        wanted.phone,
        wanted.words.strip(),
        wanted.companion_name.strip(),
        wanted.companion_quality,
        postcode=wanted.postcode,
    )
    case = Case(
        id=case_id,
        channel=wanted.channel,
        state=state,
        kind=wanted.kind,
        contact=wanted.contact,
        reason=wanted.reason,
        country=wanted.country,
        account_id=wanted.account_id,
        dependant_id=wanted.dependant_id,
        person_id=person_id,
        member_id=member.id,
        agent_account_id=wanted.agent_account_id,
        declared=sorted({"not_an_emergency", "attending_doctor_unavailable", *wanted.declared}),
        sealed=cases.seal_told(person_id, told),
        wanted_at=wanted.wanted_at if wanted.kind == LATER else None,
        created_at=now(),
        recording=wanted.recording,
    )
    db.session.add(case)
    db.session.flush()
    record("assistance.case", KIND, case.id, {"channel": case.channel, "kind": case.kind, "state": state})
    return case


def may_have(wanted: Wanted, member: Member, case_id: uuid.UUID) -> None:
    """Both decisions, kept as receipts of the case, and one unit. Raises NotAllowed (the caller commits), Refused."""
    may_come(wanted, member, case_id)
    year = cases.year_of(wanted.wanted_at or now())
    act = _act(wanted, case_id)
    decided(coverage_facts(wanted, member, quota.balance(member.id, year).used), **act)
    try:
        quota.reserve(member.id, case_id, year)
    except quota.UsedUp:  # somebody else took the last one between the look and the taking
        decided(coverage_facts(wanted, member, quota.balance(member.id, year).used), **act)
        raise Refused(_("Your teleconsultations of this year are used up."), status=403) from None


def may_come(wanted: Wanted, member: Member, case_id: uuid.UUID) -> None:
    """The decision on access alone: what a call to the nurse needs (IA-065). Raises NotAllowed (the caller commits)."""
    decided(access_facts(wanted, member), **_act(wanted, case_id))


def _act(wanted: Wanted, case_id: uuid.UUID) -> dict[str, Any]:
    return {
        "account_id": wanted.account_id,
        "person_id": person_of(wanted.account_id),
        "act_kind": KIND,
        "act_id": case_id,
    }


def send(case: Case) -> Case:
    """Ask the doctors: the place where a time is wanted, the request to the pool, the promise. Raises Refused."""
    window = cases.settings("appointments")
    if case.wanted_at is not None and not cases.hold_place(case, window["per_step"]):
        raise Refused(_("This time has just been taken. Please choose another."), status=409)
    access = cases.settings("access")
    minutes = access["call_back_minutes"]
    case.to_doctor_at = now()
    case.due_at = case.wanted_at or case.to_doctor_at + dt.timedelta(minutes=minutes)
    ask(
        case.account_id,
        case.dependant_id,
        id_=case.id,
        service=SERVICE,
        contact=case.contact,
        question=cases.told_of(case).words,
        answer_by=case.due_at + dt.timedelta(hours=access["lapses_after_hours"]),
        minutes=window["duration_minutes"] * CALL_ROOM,
        wanted_at=case.wanted_at,
        fund=quota.FUND,
    )
    if case.wanted_at is None:
        promise(CALL_BACK, KIND, case.id, case.due_at, warn=dt.timedelta(minutes=minutes) / 3)
    else:
        promise(cases.APPOINTMENT, KIND, case.id, case.due_at, warn=dt.timedelta(minutes=minutes))
    return case


def wanted_of(case: Case) -> Wanted:
    """What a stored case asks for, as the decisions need it."""
    told = cases.told_of(case)
    return Wanted(
        account_id=case.account_id,
        dependant_id=case.dependant_id,
        channel=case.channel,
        reason=case.reason,
        words=told.words,
        contact=case.contact,
        kind=case.kind,
        country=case.country,
        phone=told.phone,
        wanted_at=case.wanted_at,
        emergency=False,
        treating_doctor_unavailable=True,
        right_abroad=True,
        companion_name=told.companion_name,
        companion_quality=told.companion_quality,
    )


def free_steps(day: dt.date) -> list[dt.datetime]:
    """The instants of a day at which an appointment can still be asked for."""
    window = cases.settings("appointments")
    local_now = now().astimezone(cases.zone())
    wanted = [
        s.astimezone(dt.UTC)
        for s in appointments.steps(day, window, cases.zone())
        if appointments.problem(s, local_now, window) is None
    ]
    if not wanted:
        return []
    rows = db.session.execute(
        select(Case.wanted_at, func.count())
        .where(Case.wanted_at.in_(wanted), Case.state != cases.CLOSED)
        .group_by(Case.wanted_at)
    )
    taken = {at: int(count) for at, count in rows}
    return [s for s in wanted if taken.get(s, 0) < window["per_step"]]
