"""Pages of the nurses: who waits on the telephone, the call, and the one outcome with which it is closed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for

from core.plugin_api import access
from core.plugin_api.acts import Moved, NotAllowed
from core.plugin_api.pages import Refused, id_of, render
from core.plugin_api.tables import db, now
from plugins.insurer_assistance import cases, doctoring, members, quota, team, triage
from plugins.insurer_assistance.models import Case

NAME = cases.NAME


def add_to(blueprint: Blueprint) -> None:
    """The routes of nurses."""
    blueprint.add_url_rule("/nurse", "nurse", nurse)
    blueprint.add_url_rule("/nurse/<consultation_id>", "nurse_case", nurse_case)
    for name, view in (
        ("take", take),
        ("put-back", put_back),
        ("note", note),
        ("close", close),
        ("exclude", exclude),
        ("emergency", emergency),
    ):
        blueprint.add_url_rule(
            f"/nurse/<consultation_id>/{name}", f"nurse_{name.replace('-', '_')}", view, methods=["POST"]
        )


@access("professional")
def nurse() -> Any:
    """Calls that wait, the oldest first; one's own below."""
    team.demand(g.account.id, team.NURSE)
    waiting, mine = triage.waiting(), triage.mine(g.account.id)
    return render(
        NAME, "insurer_assistance/nurse.html", waiting=waiting, mine=[c for c in mine if c.state == cases.WITH_NURSE],
        past=[c for c in mine if c.state != cases.WITH_NURSE], names=cases.names_of([*waiting, *mine]), reasons=cases.REASONS,
        outcomes=cases.OUTCOMES, now=now(),
    )  # fmt: skip


def _case(consultation_id: str) -> Case:
    team.demand(g.account.id, team.NURSE)
    row = triage.access_case(g.account.id, id_of(consultation_id))
    if row is None:
        abort(404)
    return row


def _page(row: Case, problems: tuple[Any, ...] = (), status: int = 200, refusal: NotAllowed | None = None) -> Any:
    mine = row.nurse_account_id == g.account.id
    told = cases.told_of(row)
    member = members.of_person(row.account_id, row.dependant_id)
    return render(
        NAME, "insurer_assistance/nurse_case.html", case=row, who=cases.names_of([row])[row.id], mine=mine, told=told, problems=problems,
        refusal=refusal, reasons=cases.REASONS, outcomes=triage.OUTCOMES, outcome=cases.OUTCOMES.get(row.outcome or ""), excluded=cases.EXCLUDED,
        companion=cases.COMPANIONS.get(told.companion_quality), balance=quota.balance(member.id, cases.year_of(now())) if member else None, typed=request.form,
        limit=triage.NOTE_LIMIT, done=request.args.get("done"), access_=cases.settings("access"), now=now(),
    ), status  # fmt: skip


@access("professional")
def nurse_case(consultation_id: str) -> Any:
    """One call: the words once it is one's own."""
    return _page(_case(consultation_id))


def _do(consultation_id: str, done: str, act: Any) -> Any:
    row = _case(consultation_id)
    id_ = row.id
    try:
        act(g.account.id, id_)
    except NotAllowed as no:
        db.session.commit()
        return _page(_case(consultation_id), status=no.status, refusal=no)
    except Moved:
        db.session.rollback()
        raise
    except Refused as no:
        db.session.rollback()
        return _page(_case(consultation_id), no.messages, no.status)
    db.session.commit()
    return redirect(url_for("insurer_assistance.nurse_case", consultation_id=id_, done=done))


@access("professional")
def take(consultation_id: str) -> Any:
    """The call is mine."""
    return _do(consultation_id, "taken", triage.take)


@access("professional")
def put_back(consultation_id: str) -> Any:
    """A colleague may go on."""
    answer = _do(consultation_id, "back", triage.put_back)
    return redirect(url_for("insurer_assistance.nurse")) if getattr(answer, "status_code", 0) == 302 else answer


@access("professional")
def note(consultation_id: str) -> Any:
    """The note for the doctor."""
    return _do(consultation_id, "noted", lambda me, id_: triage.note(me, id_, request.form.get("note", "")))


@access("professional")
def close(consultation_id: str) -> Any:
    """One outcome, and what was advised (IA-027)."""
    return _do(
        consultation_id, "closed",
        lambda me, id_: triage.close(me, id_, request.form.get("outcome", ""), request.form.get("summary", "")),
    )  # fmt: skip


@access("professional")
def exclude(consultation_id: str) -> Any:
    """It is not part of the service (IA-086)."""
    return _do(consultation_id, "closed", lambda me, id_: triage.exclude(me, id_, request.form.get("reason", "")))


@access("professional")
def emergency(consultation_id: str) -> Any:
    """Hand over to the emergency services, at once, no other field (IA-036)."""
    return _do(consultation_id, "emergency", doctoring.emergency)
