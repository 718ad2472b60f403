"""Pages of members: what is left of the year, linking one's cover, asking for a doctor, following it to the report."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Blueprint, abort, g, redirect, request, url_for

from core.plugin_api import Domain, Message, access
from core.plugin_api import acts as api
from core.plugin_api.acts import NotAllowed
from core.plugin_api.pages import Refused, country_options, id_of, render
from core.plugin_api.people import dependants_of, display_name, recipient
from core.plugin_api.tables import db, now
from plugins.insurer_assistance import cases, doctoring, eligibility, members, posts, quota, recordings, requesting
from plugins.insurer_assistance.models import Case

_ = Domain("insurer_assistance")
NAME = cases.NAME


def add_to(blueprint: Blueprint) -> None:
    """The routes of members."""
    blueprint.add_url_rule("/", "home", home)
    blueprint.add_url_rule("/cover", "cover", cover, methods=["GET", "POST"])
    blueprint.add_url_rule("/ask", "ask", ask, methods=["GET", "POST"])
    blueprint.add_url_rule("/emergency", "emergency_page", emergency_page)
    blueprint.add_url_rule("/cases/<consultation_id>", "case", case)
    for name, view in (
        ("cancel", cancel),
        ("another", another),
        ("by-phone", by_phone),
        ("score", score),
    ):
        blueprint.add_url_rule(
            f"/cases/<consultation_id>/{name}", f"case_{name.replace('-', '_')}", view, methods=["POST"]
        )


def _people() -> list[dict[str, Any]]:
    """The account's person and those it acts for, each with their cover and what is left of the year."""
    me = g.account.id
    found: list[dict[str, Any]] = [
        {"key": "self", "dependant_id": None, "name": display_name(me), "minor": False, "relation": ""}
    ]
    found += [
        {"key": str(d.id), "dependant_id": d.id, "name": d.name, "minor": d.kind == "minor", "relation": d.relation}
        for d in dependants_of(me)
    ]
    for one in found:
        member = members.of_person(me, one["dependant_id"])
        one["member"] = member
        one["answer"] = members.standing(member) if member is not None else None
        one["balance"] = quota.balance(member.id, cases.year_of(now())) if member is not None else None
    return found


@access("patient")
def home() -> str:
    """What the service is, what is left to each person, what is under way, what was (IA-003, IA-005, IA-054)."""
    rows = cases.of_account(g.account.id)
    people = _people()
    return render(
        NAME, "insurer_assistance/home.html", people=people, names={p["dependant_id"]: p["name"] for p in people},
        open=[c for c in rows if c.state != cases.CLOSED], past=[c for c in rows if c.state == cases.CLOSED],
        due=cases.due(rows), reasons=cases.REASONS, outcomes=cases.OUTCOMES, consultations=api.of_ids([c.id for c in rows]),
        **_service(),
    )  # fmt: skip


def _service() -> dict[str, Any]:
    return {
        "access_": cases.settings("access"),
        "window": cases.settings("appointments"),
        "quota": cases.settings("quota"),
        "now": now(),
    }


@access("patient")
def cover() -> Any:
    """Find the insurer's cover of oneself or of a person one acts for, by the contract number (IA-009, IA-010)."""
    people = _people()
    problems: list[Message] = []
    typed = request.form.get("contract", "").strip()
    chosen = request.form.get("person", "self")
    if request.method == "POST":
        one = next((p for p in people if p["key"] == chosen), None)
        if one is None:
            abort(404)
        if not typed or len(typed) > 40:
            problems.append(_("Please give the contract number: it stands on your insurance card."))
        else:
            answer = eligibility.check(members.asked_of(g.account.id, one["dependant_id"], typed))
            code = answer.code
            if answer.ok:
                assert answer.member is not None
                code = members.link(answer.member, g.account.id, one["dependant_id"])
            if not code:
                db.session.commit()
                return redirect(url_for("insurer_assistance.home", done="linked"))
            db.session.rollback()
            problems.append(members.REASONS[code])
    return render(
        NAME,
        "insurer_assistance/cover.html",
        people=people,
        typed=typed,
        chosen=chosen,
        problems=problems,
        **_service(),
    ), (422 if problems else 200)


@access("patient")
def emergency_page() -> str:
    """The numbers to call, and nothing else: for whom no portal is quick enough (IA-004, IA-047)."""
    return render(NAME, "insurer_assistance/emergency.html")


def _wanted(people: list[dict[str, Any]]) -> requesting.Wanted:
    form = request.form
    one = next((p for p in people if p["key"] == form.get("person", "self")), None)
    if one is None:
        abort(404)
    protected = one["member"] is not None and one["member"].protected
    name, quality = form.get("companion_name", ""), form.get("companion_quality", "")
    if one["dependant_id"] is not None and form.get("accompanied"):
        name, quality = display_name(g.account.id), _quality(one)
    elif one["dependant_id"] is not None or not protected:
        name = quality = ""
    return requesting.Wanted(
        account_id=g.account.id,
        dependant_id=one["dependant_id"],
        channel=cases.WEB,
        reason=form.get("reason", ""),
        words=form.get("words", ""),
        contact=form.get("contact", ""),
        kind=form.get("kind", ""),
        country=form.get("country", ""),
        phone=recipient(g.account.id).phone,
        wanted_at=_instant(form.get("day", ""), form.get("time", "")) if form.get("kind") == cases.LATER else None,
        emergency={"yes": True, "no": False}.get(form.get("emergency", "")),
        treating_doctor_unavailable=form.get("doctor_away") == "yes",
        right_abroad=form.get("right_abroad") == "yes",
        companion_name=name,
        companion_quality=quality,
        declared=("terms_by_web",),
    )


def _quality(one: dict[str, Any]) -> str:
    if one["minor"]:
        return "parent" if one["relation"] in ("parent", "mother", "father") else "guardian"
    return "curator" if one["relation"] == "curator" else "guardian"


def _instant(day: str, time: str) -> dt.datetime | None:
    try:
        return dt.datetime.combine(dt.date.fromisoformat(day), dt.time.fromisoformat(time), cases.zone()).astimezone(
            dt.UTC
        )
    except ValueError:
        return None


@access("patient")
def ask() -> Any:
    """Ask for a doctor: now or at a time, by telephone or video (IA-024, IA-032 to IA-034, IA-047, IA-067)."""
    people = _people()
    problems: list[Message] = []
    refusal: NotAllowed | None = None
    status = 200
    if request.method == "POST":
        wanted = _wanted(people)
        try:
            made = requesting.from_web(wanted)
            db.session.commit()
            return redirect(url_for("insurer_assistance.case", consultation_id=made.id, done="sent"))
        except requesting.Emergency:
            db.session.rollback()
            return redirect(url_for("insurer_assistance.emergency_page"))
        except NotAllowed as no:
            db.session.commit()
            refusal, status = no, no.status
        except Refused as no:
            db.session.rollback()
            problems, status = list(no.messages), no.status
    covered = [p for p in people if p["answer"] is not None and p["answer"].ok]
    window = cases.settings("appointments")
    today = now().astimezone(cases.zone()).date()
    days = [today + dt.timedelta(days=n) for n in range(window["days_ahead"] + 1)]
    chosen_day = _day(request.form.get("day") or request.args.get("day") or "")
    return render(
        NAME, "insurer_assistance/ask.html", people=covered, uncovered=[p for p in people if p not in covered], typed=request.form,
        problems=problems, refusal=refusal, reasons=cases.REASONS, days=days, times=cases.times(window), companions=cases.COMPANIONS,
        free=requesting.free_steps(chosen_day)[:12] if chosen_day and status == 409 else [],
        countries=country_options(), home_country=cases.settings("countries")["home"], limit=requesting.WORDS_LIMIT, **_service(),
    ), status  # fmt: skip


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _own(consultation_id: str) -> Case:
    found = cases.access_case(id_of(consultation_id), g.account.id)
    if found is None:
        abort(404)
    return found


@access("patient")
def case(consultation_id: str) -> str:
    """One case: where it stands, what is promised until when, the report and the papers at the end."""
    row = _own(consultation_id)
    consultation = api.of_ids([row.id]).get(row.id)
    due = cases.due([row]).get(row.id)
    page = render(
        NAME, "insurer_assistance/case.html", case=row, consultation=consultation, told=cases.told_of(row), due=due,
        who=display_name(row.account_id, row.dependant_id), doctor=api.who_carries_out(consultation), room=api.room_of(consultation),
        outcome=cases.OUTCOMES.get(row.outcome or ""), why={**cases.DECLINE, **cases.EXCLUDED}.get(row.outcome_reason or ""),
        reasons=cases.REASONS, attempts=cases.attempts_of(row.id), reports=api.reports_of(row.id), parts=api.REPORT_PARTS,
        prescriptions=api.prescriptions_of(row.id), posts=posts.of_case(row.id), scored=cases.rated(row), done=request.args.get("done"),
        recordings=recordings.of_case(row.id),
        companion=cases.COMPANIONS.get(cases.told_of(row).companion_quality), **_service(),
    )  # fmt: skip
    db.session.commit()
    return page


def _back(row: Case, done: str) -> Any:
    return redirect(url_for("insurer_assistance.case", consultation_id=row.id, done=done))


@access("patient")
def cancel(consultation_id: str) -> Any:
    """Take the request back; the unit goes back too."""
    row = doctoring.withdraw(g.account.id, _own(consultation_id).id)
    db.session.commit()
    return _back(row, "cancelled")


@access("patient")
def another(consultation_id: str) -> Any:
    """Rather another doctor (IA-110)."""
    row = doctoring.refuse_doctor(g.account.id, _own(consultation_id).id)
    db.session.commit()
    return _back(row, "another")


@access("patient")
def by_phone(consultation_id: str) -> Any:
    """The device cannot do video: by telephone instead (IA-049)."""
    row = doctoring.by_phone(g.account.id, _own(consultation_id).id)
    db.session.commit()
    return _back(row, "by_phone")


@access("patient")
def score(consultation_id: str) -> Any:
    """How it was, one to five, once, after it took place."""
    row = _own(consultation_id)
    cases.rate(row, request.form.get("score", type=int))
    db.session.commit()
    return _back(row, "scored")
