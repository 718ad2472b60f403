"""Pages of doctors: who waits and until when, the case, the call, and every way in which it can end."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for

from core.plugin_api import access
from core.plugin_api import acts as api
from core.plugin_api.acts import Moved, NotAllowed
from core.plugin_api.pages import Refused, id_of, render
from core.plugin_api.people import display_name, profile_of
from core.plugin_api.tables import db, now
from plugins.insurer_assistance import cases, doctoring, pages_results, team
from plugins.insurer_assistance.models import Case

NAME = cases.NAME


def add_to(blueprint: Blueprint) -> None:
    """The routes of doctors."""
    blueprint.add_url_rule("/desk", "desk", desk)
    blueprint.add_url_rule("/desk/<consultation_id>", "desk_case", desk_case)
    for name, view in (
        ("take", take),
        ("hand-back", hand_back),
        ("attempt", attempt),
        ("hang-up", hang_up),
        ("decline", decline),
        ("exclude", exclude),
        ("emergency", emergency),
    ):
        blueprint.add_url_rule(
            f"/desk/<consultation_id>/{name}", f"desk_{name.replace('-', '_')}", view, methods=["POST"]
        )


@access("professional")
def desk() -> Any:
    """Who waits for a doctor, the soonest due first; what is mine. Names of one's own only, in few queries for all."""
    place = team.of(g.account.id)
    if place is not None and place.role == team.NURSE:
        return redirect(url_for("insurer_assistance.nurse"))
    if place is not None and place.role == team.AGENT:
        return redirect(url_for("insurer_assistance.phone"))
    me = team.doctor(g.account.id)
    waiting = {c.id for c in api.waiting(me, cases.SERVICE)}
    rows = cases.in_state(cases.TO_DOCTOR)
    consultations = api.of_ids([c.id for c in rows])
    mine = [c for c in rows if getattr(consultations.get(c.id), "professional_id", None) == me.id]
    open_ = [c for c in rows if c.id in waiting]
    return render(
        NAME, "insurer_assistance/desk.html", waiting=open_, mine=mine, due=cases.due([*open_, *mine]), reasons=cases.REASONS,
        attempts=cases.attempt_counts([*open_, *mine]), names=cases.names_of(mine), now=now(),
    )  # fmt: skip


def _case(consultation_id: str) -> Case:
    """A case that this doctor may see: theirs, or one that waits. Anything else is a page that does not exist."""
    me = team.doctor(g.account.id)
    row: Case | None = Case.get(id_of(consultation_id))
    consultation = api.of_ids([row.id]).get(row.id) if row is not None else None
    if row is None or consultation is None:
        abort(404)
    if consultation.professional_id != me.id and (
        consultation.professional_id is not None or row.state != cases.TO_DOCTOR
    ):
        abort(404)
    return row


def _page(row: Case, problems: tuple[Any, ...] = (), status: int = 200) -> Any:
    me = profile_of(g.account.id)
    consultation = api.of_ids([row.id])[row.id]
    mine = me is not None and consultation.professional_id == me.id
    told = cases.told_of(row)
    return render(
        NAME, "insurer_assistance/desk_case.html", case=row, consultation=consultation, mine=mine, told=told, problems=problems,
        who=display_name(row.account_id, row.dependant_id), due=cases.due([row]).get(row.id), reasons=cases.REASONS,
        attempts=cases.attempts_of(row.id), decline=cases.DECLINE, excluded=cases.EXCLUDED, outcome=cases.OUTCOMES.get(row.outcome or ""),
        room=api.room_of(consultation) if mine else None, companion=cases.COMPANIONS.get(told.companion_quality),
        access_=cases.settings("access"), states=api.STATE_WORDS, reports=api.reports_of(row.id) if mine else [], parts=api.REPORT_PARTS,
        done=request.args.get("done"), now=now(), pro=me, results=pages_results.beside(row, consultation, me) if mine else None,
    ), status  # fmt: skip


@access("professional")
def desk_case(consultation_id: str) -> Any:
    """One case; before it is taken, what a doctor needs to decide; the name and number once it is theirs."""
    return _page(_case(consultation_id))


def _do(consultation_id: str, done: str, act: Any) -> Any:
    row = _case(consultation_id)
    try:
        act(team.doctor(g.account.id), row.id)
    except NotAllowed:
        db.session.commit()
        raise
    except Moved as no:
        db.session.rollback()
        there: Case | None = Case.get(row.id)
        if there is None or api.of_ids([row.id])[row.id].professional_id is not None:
            raise
        return _page(there, no.messages, 409)
    except Refused as no:
        db.session.rollback()
        return _page(_case(consultation_id), no.messages, no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.desk_case", consultation_id=row.id, done=done))


@access("professional")
def take(consultation_id: str) -> Any:
    """It is mine."""
    return _do(consultation_id, "taken", doctoring.take)


@access("professional")
def hand_back(consultation_id: str) -> Any:
    """I cannot: somebody else may."""
    answer = _do(consultation_id, "back", doctoring.hand_back)
    return redirect(url_for("insurer_assistance.desk")) if getattr(answer, "status_code", 0) == 302 else answer


@access("professional")
def attempt(consultation_id: str) -> Any:
    """I called: reached, or no answer."""
    result = request.form.get("result", "")
    return _do(consultation_id, result, lambda me, id_: doctoring.attempt(me, id_, result))


@access("professional")
def hang_up(consultation_id: str) -> Any:
    """The call is over: on to the report (IA-068)."""
    answer = _do(consultation_id, "over", doctoring.hang_up)
    if getattr(answer, "status_code", 0) == 302:
        return redirect(url_for("care_desk.report", consultation_id=consultation_id))
    return answer


@access("professional")
def decline(consultation_id: str) -> Any:
    """It cannot be done at a distance (IA-006, IA-035)."""
    return _do(consultation_id, "declined", lambda me, id_: doctoring.decline(me, id_, request.form.get("reason", "")))


@access("professional")
def exclude(consultation_id: str) -> Any:
    """It is not part of the service (IA-086)."""
    return _do(
        consultation_id, "excluded", lambda me, id_: doctoring.exclude(me, id_, request.form.get("exclusion", ""))
    )


@access("professional")
def emergency(consultation_id: str) -> Any:
    """Hand over to the emergency services, at once (IA-036)."""
    return _do(consultation_id, "emergency", lambda me, id_: doctoring.emergency(me.account_id, id_))
