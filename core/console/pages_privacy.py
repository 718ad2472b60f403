"""Rights requests, reports of anomalies and evidence of authority in the console (IA-063, IA-097, IA-102, IA-105, CB-075)."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.console import privacy as desk
from core.console import service
from core.console.blueprint import ask, bp, confirmed, ident, instant, portal_or_404, problems_of
from core.console.tables import Choice, Column, Table
from core.identity.uploads import ACCEPT
from core.messages import Message, _
from core.privacy import authority, files, reports
from core.privacy import service as rights
from core.tenancy.current import TenantView
from core.web.access import access
from core.web.frame import Refused
from core.web.parts import Part

FLAGS: dict[str, Message] = {"late": _("Overdue"), "near": _("Due soon")}
WAITING: dict[str, Message] = {
    "details": _("Details are awaited"),
    "proof": _("A proof of identity is awaited"),
}
IDENTITY: dict[str, Message] = {
    "session": _("Signed in on the portal"),
    "unproven": _("Not proven yet"),
    "asked": _("A proof was asked for"),
    "received": _("A proof came; not validated yet"),
    "validated": _("Validated"),
}


def _listed(problems: list[Message] | None = None) -> str:
    rows = desk.listed()
    table = Table(
        rows,
        [
            Column("portal", _("Portal"), lambda r: r.portal),
            Column("reference", _("Reference"), lambda r: r.reference),
            Column("kind", _("What is asked"), lambda r: r.kind),
            Column("received_at", _("Received"), lambda r: r.received_at, time=True),
            Column("due_at", _("Due"), lambda r: r.due_at, time=True),
            Column("state", _("State"), lambda r: r.state),
        ],
        request.args,
        choices=[
            Choice("state", _("State"), tuple(rights.STATES.items())),
            Choice("kind", _("What is asked"), tuple(rights.KINDS.items())),
        ],
    )
    return render_template(
        "console/rights.html", table=table, portals=service.portals(), kinds=rights.KINDS, states=rights.STATES, flags=FLAGS,
        late=sum(r.flag == "late" for r in rows), near=sum(r.flag == "near" for r in rows), problems=problems or [],
        channels={k: v for k, v in rights.CHANNELS.items() if k in ("post", "email")}, waiting=WAITING,
    )  # fmt: skip


@bp.get("/privacy")
@access("operator")
def privacy() -> str:
    """Requests of all portals with their clock: those near and overdue stand first and are flagged (IA-101)."""
    return _listed()


@bp.post("/privacy")
@access("operator")
def enter_request() -> Any:
    """Enter a request that came by post or e-mail, with the date of its receipt."""
    form = request.form
    view = portal_or_404(form.get("portal", ""))
    received = instant(form.get("received_at", ""), view.time_zone)
    try:
        if received is None:
            raise Refused(_("Please say when the request came, such as 2026-11-21T10:30."), status=422)
        made = desk.enter(
            view.id, g.account.id, account_email=form.get("account_email", ""), kind=form.get("kind", ""),
            channel=form.get("channel", ""), received_at=received, words=form.get("words", ""), name=form.get("name", ""),
            email=form.get("email", ""), address=form.get("address", ""),
        )  # fmt: skip
    except Refused as refused:
        return _listed(problems_of(refused)), refused.status
    return redirect(url_for("console.rights_request", slug=view.slug, request_id=made))


def _page(view: TenantView, request_id: str, problems: list[Message] | None = None) -> str:
    shown = desk.opened(view.id, g.account.id, ident(request_id))
    if shown is None:
        abort(404)
    return render_template(
        "console/rights_one.html", portal=view, shown=shown, kinds=rights.KINDS, states=rights.STATES, steps=rights.STEPS,
        channels=rights.CHANNELS, addressees=rights.ADDRESSEES, flags=FLAGS, waiting=WAITING, identity=IDENTITY,
        proven=rights.PROVEN, releases=rights.RELEASES, problems=problems or [], accept=ACCEPT,
    )  # fmt: skip


@bp.get("/privacy/<slug>/<request_id>")
@access("operator")
def rights_request(slug: str, request_id: str) -> str:
    """A request with its file; the portal's trail keeps who read it."""
    return _page(portal_or_404(slug), request_id)


@bp.post("/privacy/<slug>/<request_id>/<step>")
@access("operator")
def turn_request(slug: str, request_id: str, step: str) -> Any:
    """One step of a request: ask, enter what came, validate the identity, answer, refuse."""
    view, found = portal_or_404(slug), ident(request_id)
    back = url_for("console.rights_request", slug=slug, request_id=request_id)
    upload, problem = files.optional(request.files.get("proof"))
    if step == "answer" and request.form.get("kind") == "closure" and not confirmed():
        return ask(
            _("Close this account?"),
            _("Its holder has asked for it. It cannot be undone; the person is told by e-mail."),
            _("Close the account"),
            back,
        )
    try:
        if problem is not None:
            raise Refused(problem, status=422)
        desk.act(view.id, g.account.id, found, step, request.form.get("words", ""), upload)
    except ValueError:
        abort(404)
    except Refused as refused:
        if refused.status == 404:
            abort(404)
        return _page(view, request_id, problems_of(refused)), refused.status
    return redirect(back)


@bp.get("/privacy-files/<slug>/<file_id>")
@access("operator")
def privacy_file(slug: str, file_id: str) -> Any:
    """A proof that somebody sent."""
    answer = desk.file_of(portal_or_404(slug).id, g.account.id, ident(file_id))
    if answer is None:
        abort(404)
    return answer


# -- reports ---------------------------------------------------------------------------------------------------------


@bp.get("/reports")
@access("operator")
def report_list() -> str:
    """Reports of anomalies and misuse of all portals."""
    rows = desk.all_reports()
    table = Table(
        rows,
        [
            Column("portal", _("Portal"), lambda r: r[0]),
            Column("reference", _("Reference"), lambda r: r[1].reference),
            Column("kind", _("Kind"), lambda r: r[1].kind),
            Column("at", _("Received"), lambda r: r[1].at, time=True),
            Column("handled_at", _("Handled"), lambda r: r[1].handled_at, time=True),
        ],
        request.args,
    )
    return render_template("console/reports.html", table=table, kinds=reports.KINDS)


@bp.get("/reports/<slug>/<report_id>")
@access("operator")
def report_page(slug: str, report_id: str) -> str:
    """A report, opened; the portal's trail keeps who read it."""
    view = portal_or_404(slug)
    found = desk.open_report(view.id, g.account.id, ident(report_id))
    if found is None:
        abort(404)
    return render_template("console/report.html", portal=view, line=found[0], words=found[1], kinds=reports.KINDS)


@bp.post("/reports/<slug>/<report_id>/handled")
@access("operator")
def handle_report(slug: str, report_id: str) -> Any:
    """The report was seen to."""
    desk.handle_report(portal_or_404(slug).id, g.account.id, ident(report_id))
    return redirect(url_for("console.report_list"))


# -- authority -------------------------------------------------------------------------------------------------------


def account_part(portal: TenantView, shown: Any) -> Part | None:
    """On the page of an account: the people it acts for, and the request for evidence."""
    if shown.role != "patient" or shown.state == "closed":
        return None
    held = desk.held_by(portal.id, shown.id)
    return (
        ("console/_held.html", {"held": held, "portal": portal, "account": shown, "states": authority.STATES})
        if held
        else None
    )


@bp.post("/authority/<slug>/<account_id>/<dependant_id>/ask")
@access("operator")
def ask_authority(slug: str, account_id: str, dependant_id: str) -> Any:
    """Ask the holder of an account for evidence of the authority over somebody (CB-075)."""
    from core.console.pages_people import account_page

    view, whose = portal_or_404(slug), ident(account_id)
    if not desk.known(view.id, whose):
        abort(404)
    try:
        made = desk.ask_authority(view.id, g.account.id, whose, ident(dependant_id), request.form.get("words", ""))
    except Refused as refused:
        return account_page(view, whose, problems_of(refused)), refused.status
    return redirect(url_for("console.authority_request", slug=slug, request_id=made))


def _authority_page(view: TenantView, request_id: str, problems: list[Message] | None = None) -> str:
    shown = desk.open_authority(view.id, g.account.id, ident(request_id))
    if shown is None:
        abort(404)
    return render_template(
        "console/authority.html", portal=view, shown=shown, states=authority.STATES, problems=problems or []
    )


@bp.get("/authority/<slug>/<request_id>")
@access("operator")
def authority_request(slug: str, request_id: str) -> str:
    """Where a request for evidence stands, with the documents sent."""
    return _authority_page(portal_or_404(slug), request_id)


@bp.post("/authority/<slug>/<request_id>/decide")
@access("operator")
def decide_authority(slug: str, request_id: str) -> Any:
    """Say whether the authority is proven."""
    view = portal_or_404(slug)
    try:
        proven = request.form.get("proven") == "yes"
        desk.decide_authority(view.id, g.account.id, ident(request_id), proven, request.form.get("words", ""))
    except Refused as refused:
        if refused.status == 404:
            abort(404)
        return _authority_page(view, request_id, problems_of(refused)), refused.status
    return redirect(url_for("console.authority_request", slug=slug, request_id=request_id))
