"""One portal in the console: revisions, going live, suspension, trail, register of processing activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.console import portals
from core.console.blueprint import ask, bp, confirmed, instant, portal_or_404
from core.console.tables import Choice, Column, Table
from core.messages import Message, _
from core.tenancy import service as tenancy
from core.tenancy.current import TenantView
from core.web.access import access

REASONS = (
    ("force_majeure", _("Force majeure")),
    ("technical", _("Technical")),
    ("regulatory", _("Regulatory")),
)
NOTICE_MOST = 1000


def _author() -> str:
    return f"operator:{g.account.id}"


def _page(view: TenantView, problems: Sequence[Message] = ()) -> str:
    state = portals.state_of(view.id)
    table = Table(
        portals.revisions(view.id),
        [
            Column("number", _("Revision"), lambda r: r.number, numeric=True),
            Column("created_at", _("When"), lambda r: r.created_at, time=True),
            Column("author", _("By"), lambda r: r.author),
            Column("note", _("Note"), lambda r: r.note),
            Column("changes", _("Changes"), lambda r: r.changes, numeric=True),
        ],
        request.args,
        default_sort="-number",
    )
    return render_template(
        "console/portal.html",
        portal=view,
        state=state,
        table=table,
        lacking=portals.lacking(view.slug) if state.state != "live" else [],
        reasons=REASONS,
        problems=list(problems),
    )


@bp.get("/portals/<slug>")
@access("operator")
def portal(slug: str) -> str:
    """A portal: its state, its revisions, and what can be done with it."""
    return _page(portal_or_404(slug))


@bp.get("/portals/<slug>/revisions/<int:number>")
@access("operator")
def revision(slug: str, number: int) -> str:
    """What a revision changed, compared with the one before it or with `?against=`."""
    view = portal_or_404(slug)
    against = request.args.get("against", "")
    old = int(against) if against.isdecimal() and len(against) < 9 else number - 1
    changes = portals.difference(view.id, old, number) if old else []
    if changes is None or number not in [r.number for r in portals.revisions(view.id)]:
        abort(404)
    table = Table(
        changes,
        [
            Column("path", _("Key"), lambda c: c.path),
            Column("old", _("Before"), lambda c: c.old),
            Column("new", _("After"), lambda c: c.new),
        ],
        request.args,
        keep={"against": against} if against else None,
    )
    return render_template(
        "console/revision.html", portal=view, number=number, against=old, table=table, current=view.revision
    )


def _act(slug: str, act: Any, question: tuple[Message, Message, Message], *, danger: bool = True) -> Any:
    view = portal_or_404(slug)
    back = url_for("console.portal", slug=slug)
    if not confirmed():
        return ask(*question, back, danger=danger)
    try:
        act()
    except tenancy.TenantRefused as refused:
        return _page(portal_or_404(view.slug), refused.reasons), 409
    return redirect(back)


@bp.post("/portals/<slug>/roll-back")
@access("operator")
def roll_back(slug: str) -> Any:
    """Put an earlier revision in force again, as a new one."""
    given = request.form.get("number", "")
    if not given.isdecimal() or len(given) > 8:
        abort(400)
    number = int(given)
    question = (
        _("Roll back {slug} to revision {number}?", slug=slug, number=number),
        _("All visitors see revision {number} at once. The present one stays in the history.", number=number),
        _("Roll back"),
    )
    return _act(slug, lambda: tenancy.rollback(slug, _author(), number), question)


@bp.post("/portals/<slug>/live")
@access("operator")
def go_live(slug: str) -> Any:
    """Open a draft to the public, when nothing that the law wants is missing."""
    question = (
        _("Open {slug} to the public?", slug=slug),
        _("From now on everybody who knows the address can use the portal."),
        _("Go live"),
    )
    return _act(slug, lambda: tenancy.go_live(slug, _author()), question, danger=False)


@bp.post("/portals/<slug>/suspend")
@access("operator")
def suspend(slug: str) -> Any:
    """Close a portal for a time or for good, with a reason and a notice (CB-069)."""
    view = portal_or_404(slug)
    reason = request.form.get("reason", "")
    notice = request.form.get("notice", "").strip()
    problems = []
    if reason not in [code for code, _label in REASONS]:
        problems.append(_("Please choose a reason."))
    if not notice:
        problems.append(_("Please write the notice that visitors read."))
    elif len(notice) > NOTICE_MOST:
        problems.append(
            _("The notice has {found} characters; {most} are allowed.", found=len(notice), most=NOTICE_MOST)
        )
    until = instant(request.form.get("until", ""), view.time_zone)
    if request.form.get("until") and until is None:
        problems.append(_("Please give the end as a date and time, such as 2026-12-24T18:00."))
    if problems:
        return _page(view, problems), 422
    question = (
        _("Suspend {slug}?", slug=slug),
        _("Visitors and signed-in people see only this notice: “{notice}”", notice=notice),
        _("Suspend"),
    )
    return _act(slug, lambda: tenancy.suspend(slug, _author(), reason, notice, until), question)


@bp.post("/portals/<slug>/resume")
@access("operator")
def resume(slug: str) -> Any:
    """Open a suspended portal again."""
    question = (
        _("Open {slug} again?", slug=slug),
        _("The notice is taken away and everybody can use the portal again."),
        _("Resume"),
    )
    return _act(slug, lambda: tenancy.resume(slug, _author()), question, danger=False)


@bp.get("/portals/<slug>/audit")
@access("operator")
def trail(slug: str) -> str:
    """The latest entries of a portal's trail; `?verify=1` checks the whole chain."""
    view = portal_or_404(slug)
    rows = portals.trail(view.id)
    actions = sorted({e.action for e in rows})
    table = Table(
        rows,
        [
            Column("seq", _("Number"), lambda e: e.seq, numeric=True),
            Column("at", _("When"), lambda e: e.at, time=True),
            Column("actor", _("By"), lambda e: e.actor),
            Column("action", _("Act"), lambda e: e.action),
            Column("object", _("Object"), lambda e: e.object),
            Column("details", _("Details"), lambda e: e.details),
        ],
        request.args,
        choices=[Choice("action", _("Act"), [(a, a) for a in actions])],
        keep={"verify": "1"} if request.args.get("verify") else None,
    )
    checked = portals.verify_trail(view.id) if request.args.get("verify") else None
    return render_template("console/trail.html", portal=view, table=table, checked=checked)


@bp.get("/portals/<slug>/register")
@access("operator")
def register(slug: str) -> str:
    """The register of processing activities of a portal, core's lines and its plugins' (CB-287)."""
    view = portal_or_404(slug)
    return render_template("console/register.html", portal=view, entries=portals.processing_register(view.id))
