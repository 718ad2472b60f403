"""Consultations of a portal that are open, and wallets, in the console."""

from __future__ import annotations

import uuid
from typing import Any

from flask import g, redirect, render_template, request, url_for

from core.care.consultations import forms, states
from core.console import care
from core.console.blueprint import ask, bp, confirmed, ident, portal_or_404, problems_of
from core.console.tables import Choice, Column, Table
from core.messages import Message, _
from core.web.access import access
from core.web.frame import Refused

STATES = (
    (states.REQUESTED, _("Waiting for an answer")),
    (states.ACCEPTED, _("Accepted")),
    (states.IN_PROGRESS, _("Under way")),
    (states.AWAITING_REPORT, _("Report owed")),
)


def _page(slug: str, problems: list[Message] | None = None) -> str:
    view = portal_or_404(slug)
    table = Table(
        care.open_ones(view.id),
        [
            Column("requested_at", _("Asked on"), lambda c: c.requested_at, time=True),
            Column("service", _("Service"), lambda c: c.service),
            Column("state", _("State"), lambda c: c.state),
            Column("due_at", _("Due"), lambda c: c.due_at, time=True),
            Column("held", _("Put aside"), lambda c: c.held_cents, numeric=True),
        ],
        request.args,
        choices=[Choice("state", _("State"), STATES)],
    )
    return render_template(
        "console/consultations.html", portal=view, table=table, states=dict(STATES), problems=problems or []
    )


@bp.get("/portals/<slug>/consultations")
@access("operator")
def consultations(slug: str) -> str:
    """Open consultations: what waits for whom and until when; no name, no question."""
    return _page(slug)


@bp.post("/portals/<slug>/consultations/<consultation_id>/cancel")
@access("operator")
def cancel_consultation(slug: str, consultation_id: str) -> Any:
    """End one that cannot go on; all that was put aside goes back to the patient."""
    view, found = portal_or_404(slug), ident(consultation_id)
    reason = request.form.get("reason", "").strip()
    back = url_for("console.consultations", slug=slug)
    if not reason or len(reason) > 500:
        return _page(slug, [_("Please give the reason: 1 to 500 characters. The person is told, and it is kept.")]), 422
    if not confirmed():
        question = (
            _("End this consultation?"),
            _("Both sides are told, and all that was put aside goes back to the patient: “{reason}”", reason=reason),
            _("End it"),
        )
        return ask(*question, back)
    try:
        care.cancel(view.id, g.account.id, found, reason)
    except Refused as refused:
        return _page(slug, problems_of(refused)), refused.status
    return redirect(back)


@bp.post("/accounts/<slug>/<account_id>/wallet")
@access("operator")
def credit_wallet(slug: str, account_id: str) -> Any:
    """Add to a patient's wallet; sent twice, it is added once."""
    from core.console.pages_people import account_page

    view, found = portal_or_404(slug), ident(account_id)
    amount, wrong = forms.cents(request.form.get("amount", ""))
    key = forms.as_uuid(request.form.get("key", "")) or uuid.uuid4()
    try:
        if wrong is not None:
            raise Refused(wrong, status=422)
        care.credit(view.id, g.account.id, found, key, amount or 0, request.form.get("reason", "").strip()[:500])
    except Refused as refused:
        return account_page(view, found, problems_of(refused)), refused.status
    return redirect(url_for("console.account", slug=slug, account_id=account_id))
