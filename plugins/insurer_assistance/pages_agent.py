"""Pages of the agents on the telephone: all open cases, a new call, one case without its words, the recording."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import Blueprint, Response, abort, g, redirect, request, url_for

from core.plugin_api import Domain, Message, access
from core.plugin_api import acts as api
from core.plugin_api.acts import Moved, NotAllowed
from core.plugin_api.forms import typed as form_of
from core.plugin_api.pages import Refused, country_options, current_tenant, id_of, language, render
from core.plugin_api.people import names
from core.plugin_api.tables import db, new_id, now
from plugins.insurer_assistance import cases, doctoring, intake, recordings, requesting, team, triage
from plugins.insurer_assistance.models import Case

_ = Domain("insurer_assistance")
NAME = cases.NAME
MOST_UPLOAD = 11 * 1024 * 1024
LANGUAGES = {"fr": "Français", "en": "English", "de": "Deutsch", "nl": "Nederlands", "lb": "Lëtzebuergesch"}
STATES: dict[str, Message] = {
    cases.NURSE_QUEUE: _("waits for a nurse"),
    cases.WITH_NURSE: _("with a nurse"),
    cases.TO_DOCTOR: _("waits for a doctor"),
    cases.CLOSED: _("closed"),
}
PERIODS: dict[str, Message] = {
    "day": _("A nurse answers now: the call goes to the nurses."),
    "night": _("It is night: the request goes straight to the doctors, who call back."),
    "saturday": _("It is Saturday: the request goes straight to the doctors, who call back."),
    "sunday": _("It is Sunday: the request goes straight to the doctors, who call back."),
    "public_holiday": _("It is a public holiday: the request goes straight to the doctors, who call back."),
}


def add_to(blueprint: Blueprint) -> None:
    """The routes of agents."""
    blueprint.add_url_rule("/phone", "phone", phone)
    blueprint.add_url_rule("/phone/new", "phone_new", phone_new, methods=["GET", "POST"])
    blueprint.add_url_rule("/phone/emergency", "phone_emergency", phone_emergency)
    blueprint.add_url_rule("/phone/<consultation_id>", "phone_case", phone_case)
    for name, view in (
        ("emergency", case_emergency),
        ("told", told),
        ("objected", objected),
        ("recording", recording),
    ):
        blueprint.add_url_rule(f"/phone/<consultation_id>/{name}", f"phone_case_{name}", view, methods=["POST"])
    blueprint.add_url_rule("/recordings/<recording_id>", "recording_sound", recording_sound)


def _agent() -> uuid.UUID:
    team.demand(g.account.id, team.AGENT)
    id_: uuid.UUID = g.account.id
    return id_


@access(*team.DESK_ACCOUNTS)
def phone() -> Any:
    """All open cases with their countdown, the overdue first: identity and state, never the words."""
    _agent()
    rows = cases.in_state(*cases.OPEN)
    at = now()
    late = [c for c in rows if c.escalated_at is not None or (c.due_at is not None and c.due_at <= at)]
    rest = [c for c in rows if c not in late]
    consultations = api.of_ids([c.id for c in rows if c.to_doctor_at is not None])
    return render(
        NAME, "insurer_assistance/phone.html", late=late, rest=rest, names=cases.names_of(rows), states=STATES, period=PERIODS[triage.period()],
        attempts=cases.attempt_counts(rows), consultations=consultations, words=api.STATE_WORDS, now=at,
        done=request.args.get("done"),
    )  # fmt: skip


@access(*team.DESK_ACCOUNTS)
def phone_new() -> Any:
    """A call: script, identity, cover, information and consent, request; usable with one hand on the telephone."""
    agent = _agent()
    form = form_of() if request.method == "POST" else {}
    typed = intake.read(form)
    call_id = _call_id(form.get("call", ""))
    problems: list[Message] = []
    refusal: NotAllowed | None = None
    answer, status = None, 200
    if request.method == "POST":
        if form.get("emergency") == "yes":
            intake.emergency(agent)
            db.session.commit()
            return redirect(url_for("insurer_assistance.phone_emergency", done="noted"))
        if typed.whole:
            answer = intake.cover(typed)
        if form.get("act") == "check":
            status = 200 if typed.whole else 422
        else:
            try:
                made = intake.save(typed, agent, call_id, language=_language(form))
                db.session.commit()
                return redirect(url_for("insurer_assistance.phone_case", consultation_id=made.id, done="saved"))
            except NotAllowed as no:
                db.session.commit()
                refusal, status, call_id = no, no.status, new_id()
            except Refused as no:
                db.session.rollback()
                problems, status = list(no.messages), no.status
    caller, other = intake.fields(typed) if request.method == "POST" else intake.fields(_blank(typed))
    window = cases.settings("appointments")
    today = now().astimezone(cases.zone()).date()
    return render(
        NAME, "insurer_assistance/phone_new.html", caller=caller, other=other, typed=form, who=typed.who, call_id=call_id, problems=problems,
        refusal=refusal, answer=answer, errors=typed.errors if request.method == "POST" else {}, reasons=cases.REASONS,
        days=[today + dt.timedelta(days=n) for n in range(window["days_ahead"] + 1)], times=cases.times(window), window=window,
        companions=cases.COMPANIONS, countries=country_options(), home_country=cases.settings("countries")["home"],
        recorded=recordings.enabled(), months=cases.settings("recording")["retention_months"], limit=requesting.WORDS_LIMIT,
        access_=cases.settings("access"), period=PERIODS[triage.period()], languages=current_tenant().languages,
        language_names=[(c, n) for c, n in LANGUAGES.items() if c in current_tenant().languages], spoken=_language(form),
    ), status  # fmt: skip


def _blank(typed: intake.Typed) -> intake.Typed:
    return intake.Typed({}, {}, typed.who, {})


def _call_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return new_id()


def _language(form: dict[str, str]) -> str:
    wanted = form.get("language", "")
    return wanted if wanted in current_tenant().languages else language()


@access(*team.DESK_ACCOUNTS)
def phone_emergency() -> str:
    """The numbers, and how the call is handed over (IA-036, IA-076)."""
    _agent()
    return render(NAME, "insurer_assistance/phone_emergency.html", done=request.args.get("done"))


def _case(consultation_id: str) -> Case:
    """Any case of the portal: an agent answers whoever calls again. Its words are not on these pages."""
    _agent()
    row: Case | None = Case.get(id_of(consultation_id))
    if row is None:
        abort(404)
    return row


def _page(row: Case, problems: tuple[Any, ...] = (), status: int = 200) -> Any:
    consultation = api.of_ids([row.id]).get(row.id)
    doctor = api.who_carries_out(consultation)
    return render(
        NAME, "insurer_assistance/phone_case.html", case=row, who=cases.names_of([row])[row.id], states=STATES, consultation=consultation,
        doctor=doctor, words=api.STATE_WORDS, outcome=cases.OUTCOMES.get(row.outcome or ""), problems=problems, now=now(),
        attempts=cases.attempt_counts([row]).get(row.id, 0), recorded=recordings.enabled(), recordings=recordings.of_case(row.id),
        listens=team.listener(g.account.id), done=request.args.get("done"),
        agent=names([row.agent_account_id]).get(row.agent_account_id) if row.agent_account_id else None,
    ), status  # fmt: skip


@access(*team.DESK_ACCOUNTS)
def phone_case(consultation_id: str) -> Any:
    """Who, which state, until when, the recording; never the words."""
    return _page(_case(consultation_id))


def _do(consultation_id: str, done: str, act: Any) -> Any:
    row = _case(consultation_id)
    try:
        act(g.account.id, row.id)
    except Moved:
        db.session.rollback()
        raise
    except Refused as no:
        db.session.rollback()
        return _page(_case(consultation_id), no.messages, no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.phone_case", consultation_id=consultation_id, done=done))


@access(*team.DESK_ACCOUNTS)
def case_emergency(consultation_id: str) -> Any:
    """The person calls again and it has become an emergency: handed over at once (IA-036, IA-076)."""
    answer = _do(consultation_id, "emergency", doctoring.emergency)
    if getattr(answer, "status_code", 0) == 302:
        return redirect(url_for("insurer_assistance.phone_emergency", done="noted"))
    return answer


@access(*team.DESK_ACCOUNTS)
def told(consultation_id: str) -> Any:
    """The person was told of the recording (IA-029)."""
    return _do(consultation_id, "told", recordings.tell_notice)


@access(*team.DESK_ACCOUNTS)
def objected(consultation_id: str) -> Any:
    """The person objects: nothing is stored, the service goes on (IA-031)."""
    return _do(consultation_id, "objected", recordings.object_)


@access(*team.DESK_ACCOUNTS)
def recording(consultation_id: str) -> Any:
    """The sound of the call, from the desk's browser."""
    file = request.files.get("sound")
    audio = file.stream.read(MOST_UPLOAD + 1) if file is not None else b""
    if len(audio) > MOST_UPLOAD:
        audio = b""
    mimetype = file.mimetype if file is not None else ""
    return _do(consultation_id, "recorded", lambda me, case_id: recordings.keep(case_id, audio, mimetype, by=me))


@access(*team.DESK_ACCOUNTS)
def recording_sound(recording_id: str) -> Any:
    """Listen: only persons named for it; the patient sees that they did (IA-030)."""
    mimetype, audio = recordings.listen(g.account.id, id_of(recording_id))
    db.session.commit()
    answer = Response(audio, mimetype=mimetype)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Disposition"] = "inline; filename=recording"
    return answer
