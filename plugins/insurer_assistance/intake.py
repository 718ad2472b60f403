"""The request by telephone: who calls and for whom, are they covered, told and consenting; then the nurse or the doctors.

The agent types what the person says. Nothing is stored before all of it stands: identity, cover, information, consent. The
decisions, units, promises and receipts are those of the web (`requesting`).
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.exc import IntegrityError

from core.plugin_api import Domain, Message
from core.plugin_api import forms as api
from core.plugin_api.pages import Refused
from core.plugin_api.people import Person, accept_by_telephone, add_dependant, arrive, dependants_of
from core.plugin_api.tables import db, new_id, now, record
from plugins.insurer_assistance import cases, eligibility, members, recordings, requesting, team, triage
from plugins.insurer_assistance.cases import LATER, TELEPHONE
from plugins.insurer_assistance.members import Answer, Asked
from plugins.insurer_assistance.models import Case
from plugins.insurer_assistance.rules import triage as rules
from plugins.insurer_assistance.rules.common import years

_ = Domain("insurer_assistance")
SELF, FOR_ANOTHER = "self", "other"
_POSTCODE = re.compile(r"^[0-9A-Za-z][0-9A-Za-z \-]{2,9}\Z")
DECLARED = ("informed_by_voice", "consent_by_voice", "emergency_warning_read", "notices_read")
QUALITIES = {"parent": "parent", "guardian": "guardian", "curator": "curator", "mandate": "guardian"}


class Postcode(api.Typed):
    """A postcode of any country."""

    def check(self, text: str) -> str:
        if not _POSTCODE.match(text):
            raise api.refuse(_("A postcode such as 57000 is expected; “{found}” was typed.", found=text[:20]))
        return text.upper()


class CallerForm(api.Form):
    """Who is on the telephone: six fields, none of which can be left out (IA-052)."""

    last_name = api.Name(_("Last name"))
    first_name = api.Name(_("First name"))
    birth_date = api.BirthDate(_("Date of birth"), help=_("Day, month, year, such as 17/05/1985."))
    phone = api.Mobile(
        _("Mobile number"), help=_("It must receive text messages: codes for documents go there. No landline.")
    )
    postcode = Postcode(_("Postcode"), most=10)
    email = api.Email(_("E-mail address"), help=_("Please have it spelt: reports go there."))


class BeneficiaryForm(api.Form):
    """The child or protected adult for whom somebody calls (IA-045, IA-046)."""

    for_last_name = api.Name(_("Last name of the person cared for"))
    for_first_name = api.Name(_("First name of the person cared for"))
    for_birth_date = api.BirthDate(
        _("Date of birth of the person cared for"), help=_("Day, month, year, such as 17/05/2019.")
    )
    relation = api.Choice(_("The caller is"), lambda: list(api.RELATIONS.items()))


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, checked: `data` by field, `errors` by field. `who`: the caller, or another person."""

    data: Mapping[str, Any]
    errors: Mapping[str, list[Message]]
    who: str
    form: Mapping[str, str]

    @property
    def whole(self) -> bool:
        """Whether the identity is complete: the cover can be asked for."""
        return not self.errors


def read(form: Mapping[str, str]) -> Typed:
    """Check the identity that was typed: the six fields, and those of the person cared for where that is another."""
    who = FOR_ANOTHER if form.get("who") == FOR_ANOTHER else SELF
    data, errors = api.check(CallerForm(), form)
    if "birth_date" in data and _minor(dt.date.fromisoformat(data["birth_date"])):
        errors["birth_date"] = [
            _("A minor never calls alone: a parent or guardian calls, and the request is for the child.")
        ]
    if who == FOR_ANOTHER:
        more, wrong = api.check(BeneficiaryForm(), form)
        data, errors = {**data, **more}, {**errors, **wrong}
    return Typed(data, errors, who, form)


def _minor(born: dt.date) -> bool:
    from plugins.insurer_assistance import PARAMETERS

    day = members.local_day()
    return bool(years(born, day) < PARAMETERS.at("age_of_majority", day).value)


def fields(typed: Typed) -> tuple[list[api.Field], list[api.Field]]:
    """The fields of the page: the caller's, the other person's. Days are one field each: quick to type."""
    errors = dict(typed.errors)
    caller = api.fields_of(CallerForm(), typed.form, errors)
    other = api.fields_of(BeneficiaryForm(), typed.form, errors)
    for field in (*caller, *other):
        field.autocomplete = "off"
        if field.type == "date":
            field.type, field.inputmode = "text", "numeric"
    return caller, other


def cover(typed: Typed) -> Answer:
    """Whether the insurer covers the person cared for; only once the identity is complete (IA-052)."""
    prefix = "for_" if typed.who == FOR_ANOTHER else ""
    born = dt.date.fromisoformat(typed.data[f"{prefix}birth_date"])
    return eligibility.check(
        Asked(
            typed.data[f"{prefix}last_name"], typed.data[f"{prefix}first_name"], born, typed.form.get("contract", "").strip()[:40]
        )
    )  # fmt: skip


def emergency(agent: uuid.UUID) -> None:
    """The person says that it is an emergency: nothing is queued, the accompanied transfer is noted (IA-047, IA-076)."""
    team.demand(agent, team.AGENT)
    record("assistance.emergency", "assistance_call", new_id(), {"role": team.AGENT, "by": str(agent)})


def save(typed: Typed, agent: uuid.UUID, call_id: uuid.UUID, *, language: str) -> Case:
    """Register the request; the same call again is the same case. All or nothing, but for a decision's receipts.

    Raises Emergency; Refused for identity, cover, words, or information and consent not noted (IA-025); NotAllowed for a
    decision, which is kept: the caller commits.
    """
    team.demand(agent, team.AGENT)
    there: Case | None = Case.get(call_id)
    if there is not None:
        if there.agent_account_id != agent:
            raise Refused(_("There is no such case."), status=404)
        return there
    if typed.form.get("emergency") == "yes":
        raise requesting.Emergency
    if not typed.whole:
        raise Refused(_("Identity comes first: all six fields are needed."), status=422)
    problems = _noted(typed)
    answer = cover(typed)
    if not answer.ok:
        problems.append(answer.message or members.REASONS["not_listed"])
    if problems:
        raise Refused(*problems, status=422)
    assert answer.member is not None
    account_id, dependant_id = _people(typed, language)
    code = members.link(answer.member, account_id, dependant_id)
    if code:
        raise Refused(members.REASONS[code], status=409)
    wanted = _wanted(typed, account_id, dependant_id, agent)
    problems = requesting.problems(wanted, answer.member)
    if problems:
        raise Refused(*problems, status=422)
    accept_by_telephone(account_id, language=language, noted_by=agent)
    try:
        return _send(wanted, answer, call_id)
    except IntegrityError:  # the same call twice at the same instant
        db.session.rollback()
        raise Refused(_("This request was saved already."), status=409) from None


def _send(wanted: requesting.Wanted, answer: Answer, call_id: uuid.UUID) -> Case:
    """To the nurse by day; else straight to the doctors, without a step between (IA-026, IA-028)."""
    assert answer.member is not None
    part = triage.period()
    if triage.first(TELEPHONE) == rules.NURSE:
        requesting.may_come(wanted, answer.member, call_id)
        case = requesting.new_case(wanted, answer.member, cases.NURSE_QUEUE, call_id)
        case.due_at = now() + dt.timedelta(minutes=cases.settings("access")["call_back_minutes"])
    else:
        case = requesting.straight_to_doctor(wanted, answer.member, call_id)
    record("assistance.call", cases.KIND, case.id, {"period": part, "agent": str(wanted.agent_account_id)})
    return case


def _noted(typed: Typed) -> list[Message]:
    """What the agent has not noted yet: the person's own voice, information, consent, the notice of recording."""
    form, found = typed.form, []
    if form.get("emergency") not in ("no", "yes"):
        found.append(_("Please ask whether this is a medical emergency."))
    if form.get("in_person") != "yes":
        found.append(
            _("Consent is given by the person in person; for a child or protected adult by who represents them. Nobody can consent for another adult.")
        )  # fmt: skip
    if form.get("informed") != "yes":
        found.append(_("Please read the information to the person, and note it."))
    if form.get("consent") != "yes":
        found.append(_("Please ask for consent, and note it: without consent no request can be made."))
    if recordings.enabled() and form.get("recording") not in (recordings.TOLD, recordings.OBJECTED):
        found.append(_("Please read the notice of recording, and note whether the person objects."))
    return found


def _people(typed: Typed, language: str) -> tuple[uuid.UUID, uuid.UUID | None]:
    """The caller's account, and the person cared for where that is another: found, or made (IA-055)."""
    data = typed.data
    home = cases.settings("countries")["home"]
    caller = Person(
        data["first_name"], data["last_name"], data["email"], data["phone"], data["birth_date"], typed.form.get("sex") or "other"
    )  # fmt: skip
    account_id = arrive(caller, language=language, country=home).account_id
    if typed.who == SELF:
        return account_id, None
    born = dt.date.fromisoformat(data["for_birth_date"])
    same = (members.plain(data["for_last_name"]), members.plain(data["for_first_name"]), born)
    for one in dependants_of(account_id):
        if (members.plain(one.last_name), members.plain(one.first_name), one.birth_date) == same:
            return account_id, one.id
    added = add_dependant(
        account_id,
        {
            "first_name": data["for_first_name"],
            "last_name": data["for_last_name"],
            "birth_date": data["for_birth_date"],
            "sex": typed.form.get("for_sex") or "other",
            "relation": data["relation"],
        },
    )
    return account_id, added.id


def _wanted(typed: Typed, account_id: uuid.UUID, dependant_id: uuid.UUID | None, agent: uuid.UUID) -> requesting.Wanted:
    form, data = typed.form, typed.data
    wanted = requesting.Wanted(
        account_id=account_id,
        dependant_id=dependant_id,
        channel=TELEPHONE,
        reason=form.get("reason", ""),
        words=form.get("words", ""),
        contact=form.get("contact", ""),
        kind=form.get("kind", ""),
        country=form.get("country", ""),
        phone=data["phone"],
        wanted_at=_instant(form.get("day", ""), form.get("time", "")) if form.get("kind") == LATER else None,
        emergency={"yes": True, "no": False}.get(form.get("emergency", "")),
        treating_doctor_unavailable=form.get("doctor_away") == "yes",
        right_abroad=form.get("right_abroad") == "yes",
        companion_name=form.get("companion_name", "")[:120],
        companion_quality=form.get("companion_quality", ""),
        declared=DECLARED,
        recording=form.get("recording", "none") if recordings.enabled() else "none",
        agent_account_id=agent,
        postcode=data["postcode"],
    )
    if dependant_id is None:
        return wanted
    name = f"{data['first_name']} {data['last_name']}"
    return replace(wanted, companion_name=name, companion_quality=QUALITIES.get(data["relation"], ""))


def _instant(day: str, time: str) -> dt.datetime | None:
    try:
        local = dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(time), cases.zone())
    except ValueError:
        return None
    return local.astimezone(dt.UTC)
