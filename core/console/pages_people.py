"""Accounts, complaints and incidents in the console."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core import clock
from core.console import care, desk, people, service
from core.console.blueprint import ask, bp, confirmed, ident, instant, portal_or_404, problems_of
from core.console.tables import Choice, Column, Table
from core.identity.accounts import UnknownAccount
from core.messages import Message, _
from core.tenancy.current import TenantView
from core.web.access import access
from core.web.frame import Refused

ROLES = (
    ("patient", _("Patient")),
    ("professional", _("Professional")),
    ("operator", _("Operator")),
    ("partner", _("Partner")),
)
ACCOUNT_STATES = (
    ("pending_confirmation", _("Not confirmed yet")),
    ("active", _("Active")),
    ("suspended", _("Suspended")),
    ("blocked", _("Blocked")),
    ("closed", _("Closed")),
)
CHANNELS = (("email", _("E-mail")), ("post", _("Post")), ("phone", _("Telephone")))
COMPLAINT_STATES = (("open", _("Open")), ("answered", _("Answered")), ("closed", _("Closed")))


# -- accounts ----------------------------------------------------------------------------------------------------


@bp.get("/accounts")
@access("operator")
def accounts() -> str:
    """Accounts of the chosen portal; without one, those of all portals that are restricted."""
    return _accounts()


def _accounts(problems: tuple[Message, ...] = ()) -> str:
    chosen = request.values.get("portal", "")
    view = portal_or_404(chosen) if chosen else None
    rows = people.listed(view.id, view.slug) if view else people.restricted()
    table = Table(
        rows,
        [
            Column("portal", _("Portal"), lambda a: a.portal),
            Column("id", _("Account"), lambda a: str(a.id)),
            Column("role", _("Role"), lambda a: a.role),
            Column("state", _("State"), lambda a: a.state),
            Column("created_at", _("Since"), lambda a: a.created_at, time=True),
            Column("limited", _("Closed services"), lambda a: a.limited, numeric=True),
        ],
        request.args,
        choices=[Choice("role", _("Role"), ROLES), Choice("state", _("State"), ACCOUNT_STATES)],
        keep={"portal": chosen} if chosen else None,
    )
    return render_template(
        "console/accounts.html",
        table=table,
        portal=view,
        portals=service.portals(),
        roles=dict(ROLES),
        states=dict(ACCOUNT_STATES),
        problems=problems,
    )


@bp.post("/accounts")
@access("operator")
def find_account() -> Any:
    """Find an account by its address: posted, so that no address stands in a log."""
    view = portal_or_404(request.form.get("portal", ""))
    found = people.found_by_email(view.id, request.form.get("email", ""))
    if found is None:
        return _accounts((_("This portal has no account with this address."),)), 404
    return redirect(url_for("console.account", slug=view.slug, account_id=found))


def account_page(view: TenantView, account_id: uuid.UUID, problems: list[Message] | None = None) -> str:
    """An account with what an operator can do with it."""
    shown = people.opened(view.id, g.account.id, account_id)
    if shown is None:
        abort(404)
    offered = view.config.get("services", {})
    services = [s for s in view.dispatcher.collect("services") if s.code in offered]
    return render_template(
        "console/account.html",
        portal=view,
        shown=shown,
        services=services,
        wallet=care.wallet(view.id, account_id) if shown.role == "patient" else None,
        key=uuid.uuid4(),
        roles=dict(ROLES),
        states=dict(ACCOUNT_STATES),
        problems=problems or [],
    )


@bp.get("/accounts/<slug>/<account_id>")
@access("operator")
def account(slug: str, account_id: str) -> str:
    """An account: state, restrictions, what was reported. The portal's trail keeps who looked."""
    return account_page(portal_or_404(slug), ident(account_id))


def _restrict(
    slug: str, account_id: str, act: Any, question: tuple[Message, Message, Message], *, danger: bool = True
) -> Any:
    view, found = portal_or_404(slug), ident(account_id)
    back = url_for("console.account", slug=slug, account_id=account_id)
    if not confirmed():
        return ask(*question, back, danger=danger)
    try:
        act(view.id, g.account.id, found)
    except UnknownAccount:
        abort(404)
    except Refused as refused:
        return account_page(view, found, problems_of(refused)), refused.status
    return redirect(back)


def _reason(view: TenantView, account_id: uuid.UUID) -> tuple[str, Any]:
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > 500:
        problem = _("Please give the reason: 1 to 500 characters. The person is told, and it is kept.")
        return "", (account_page(view, account_id, [problem]), 422)
    return reason, None


@bp.post("/accounts/<slug>/<account_id>/suspend")
@access("operator")
def suspend_account(slug: str, account_id: str) -> Any:
    """Suspend an account for a time, or until it is opened again (CB-071, CB-263)."""
    view = portal_or_404(slug)
    reason, wrong = _reason(view, ident(account_id))
    if wrong is not None:
        return wrong
    until = instant(request.form.get("until", ""), view.time_zone)
    if request.form.get("until") and (until is None or until <= clock.now()):
        problem = _("Please give an end that lies ahead, such as 2026-12-24T18:00.")
        return account_page(view, ident(account_id), [problem]), 422
    question = (
        _("Suspend this account?"),
        _("The person is signed out everywhere at once and told by e-mail: “{reason}”", reason=reason),
        _("Suspend"),
    )
    return _restrict(slug, account_id, lambda t, o, a: people.suspend(t, o, a, reason, until), question)


@bp.post("/accounts/<slug>/<account_id>/block")
@access("operator")
def block_account(slug: str, account_id: str) -> Any:
    """Block an account for good (CB-071, CB-263)."""
    reason, wrong = _reason(portal_or_404(slug), ident(account_id))
    if wrong is not None:
        return wrong
    question = (
        _("Block this account for good?"),
        _("The person is signed out everywhere at once and told by e-mail: “{reason}”", reason=reason),
        _("Block"),
    )
    return _restrict(slug, account_id, lambda t, o, a: people.block(t, o, a, reason), question)


@bp.post("/accounts/<slug>/<account_id>/reactivate")
@access("operator")
def reactivate_account(slug: str, account_id: str) -> Any:
    """Open a suspended or blocked account again."""
    question = (_("Open this account again?"), _("The person can sign in again."), _("Open again"))
    return _restrict(slug, account_id, people.reactivate, question, danger=False)


@bp.post("/accounts/<slug>/<account_id>/limit")
@access("operator")
def limit_account(slug: str, account_id: str) -> Any:
    """Close some services to an account, or open them again (CB-076, CB-078)."""
    view = portal_or_404(slug)
    reason, wrong = _reason(view, ident(account_id))
    if wrong is not None:
        return wrong
    chosen = [s for s in request.form.getlist("services") if s in view.config.get("services", {})]
    question = (
        _("Change what this account may use?"),
        _("Closed from now on: {services}.", services=", ".join(chosen) or "–"),
        _("Change"),
    )
    return _restrict(
        slug, account_id, lambda t, o, a: people.limit(t, o, a, chosen, reason), question, danger=bool(chosen)
    )


# -- complaints --------------------------------------------------------------------------------------------------


def _complaints(problems: list[Message] | None = None) -> str:
    table = Table(
        desk.complaints(),
        [
            Column("portal", _("Portal"), lambda c: c.portal),
            Column("received_at", _("Received"), lambda c: c.received_at, time=True),
            Column("channel", _("Way"), lambda c: c.channel),
            Column("state", _("State"), lambda c: c.state),
        ],
        request.args,
        choices=[Choice("state", _("State"), COMPLAINT_STATES), Choice("channel", _("Way"), CHANNELS)],
    )
    return render_template(
        "console/complaints.html",
        table=table,
        portals=service.portals(),
        channels=CHANNELS,
        labels={**dict(CHANNELS), **dict(COMPLAINT_STATES)},
        problems=problems or [],
    )


@bp.get("/complaints")
@access("operator")
def complaints() -> str:
    """Complaints of all portals, and the form to record one (CB-240)."""
    return _complaints()


@bp.post("/complaints")
@access("operator")
def record_complaint() -> Any:
    """Record a complaint that came by e-mail, post or telephone."""
    form = request.form
    view = portal_or_404(form.get("portal", ""))
    received = instant(form.get("received_at", ""), view.time_zone)
    if received is None:
        return _complaints([_("Please say when it came, such as 2026-11-21T10:30.")]), 422
    try:
        found = desk.record_complaint(
            view.id,
            g.account.id,
            channel=form.get("channel", ""),
            name=form.get("name", "")[:200],
            email=form.get("email", "")[:254],
            subject=form.get("subject", ""),
            words=form.get("words", ""),
            received_at=received,
        )
    except Refused as refused:
        return _complaints(problems_of(refused)), refused.status
    return redirect(url_for("console.complaint", slug=view.slug, complaint_id=found))


@bp.get("/complaints/<slug>/<complaint_id>")
@access("operator")
def complaint(slug: str, complaint_id: str) -> str:
    """A complaint, opened; the portal's trail keeps who read it."""
    view = portal_or_404(slug)
    shown = desk.open_complaint(view.id, g.account.id, ident(complaint_id))
    if shown is None:
        abort(404)
    return render_template(
        "console/complaint.html", portal=view, shown=shown, labels={**dict(CHANNELS), **dict(COMPLAINT_STATES)}
    )


@bp.post("/complaints/<slug>/<complaint_id>/turn")
@access("operator")
def turn_complaint(slug: str, complaint_id: str) -> Any:
    """Mark a complaint as answered or closed, or open it again."""
    view = portal_or_404(slug)
    if not desk.turn_complaint(view.id, g.account.id, ident(complaint_id), request.form.get("state", "")):
        abort(404)
    return redirect(url_for("console.complaint", slug=slug, complaint_id=complaint_id))


# -- incidents ---------------------------------------------------------------------------------------------------


def _incidents(problems: list[Message] | None = None) -> str:
    table = Table(
        desk.incidents(),
        [
            Column("portal", _("Portal"), lambda i: i.portal),
            Column("found_at", _("Found"), lambda i: i.found_at, time=True),
            Column("summary", _("Summary"), lambda i: i.summary),
            Column("concerned", _("People concerned"), lambda i: i.concerned, numeric=True),
            Column("due_at", _("Notices due"), lambda i: i.due_at, time=True),
            Column("open", _("Not sent yet"), lambda i: i.open, numeric=True),
            Column("missed", _("Late"), lambda i: i.missed, numeric=True),
        ],
        request.args,
    )
    return render_template(
        "console/incidents.html", table=table, portals=service.portals(), now=clock.now(), problems=problems or []
    )


@bp.get("/incidents")
@access("operator")
def incidents() -> str:
    """Breaches of credentials with the notices still owed, and the form to register one (CB-120)."""
    return _incidents()


@bp.post("/incidents")
@access("operator")
def register_incident() -> Any:
    """Register a breach: everybody concerned is told within the hours of the law and must choose a new password."""
    form = request.form
    view = portal_or_404(form.get("portal", ""))
    found_at = instant(form.get("found_at", ""), view.time_zone)
    everybody = form.get("scope") == "all"
    emails = None if everybody else [e for e in form.get("emails", "").replace(",", "\n").split() if e]
    if found_at is None:
        return _incidents([_("Please say when the breach was found, such as 2026-11-21T10:30.")]), 422
    if not confirmed():
        told = (
            _("All accounts of {portal} are told.", portal=view.name)
            if everybody
            else _("{count} accounts of {portal} are told.", count=len(emails or ()), portal=view.name)
        )
        return ask(_("Register this breach?"), told, _("Register and tell"), url_for("console.incidents"))
    try:
        desk.register_incident(view.id, g.account.id, found_at=found_at, summary=form.get("summary", ""), emails=emails)
    except Refused as refused:
        return _incidents(problems_of(refused)), refused.status
    return redirect(url_for("console.incidents"))
