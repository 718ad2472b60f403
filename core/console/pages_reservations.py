"""Reservations of professionals in the console: read, answered by e-mail, and the closing that may follow (CB-066)."""

from __future__ import annotations

from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.care.colleagues.reservations import LIMIT, WORDS
from core.console import reservations as desk
from core.console.blueprint import ask, bp, confirmed, ident, portal_or_404, problems_of
from core.console.tables import Choice, Column, Table
from core.messages import Message, _
from core.tenancy.current import TenantView
from core.web.access import access
from core.web.frame import Refused


@bp.get("/reservations")
@access("operator")
def reservations() -> str:
    """Reservations of all portals, those that wait first."""
    table = Table(
        desk.listed(),
        [
            Column("portal", _("Portal"), lambda r: r.portal),
            Column("filed_at", _("Received"), lambda r: r.filed_at, time=True),
            Column("state", _("State"), lambda r: r.state),
            Column("answered_at", _("Answered"), lambda r: r.answered_at, time=True),
        ],
        request.args,
        choices=[Choice("state", _("State"), tuple(WORDS.items()))],
    )
    return render_template("console/reservations.html", table=table, words=WORDS)


def _page(view: TenantView, reservation_id: str, problems: list[Message] | None = None) -> str:
    shown = desk.opened(view.id, g.account.id, ident(reservation_id))
    if shown is None:
        abort(404)
    return render_template(
        "console/reservation.html", portal=view, shown=shown, words=WORDS, problems=problems or [], limit=LIMIT
    )


@bp.get("/reservations/<slug>/<reservation_id>")
@access("operator")
def reservation(slug: str, reservation_id: str) -> str:
    """A reservation, opened; the portal's trail keeps who read it."""
    return _page(portal_or_404(slug), reservation_id)


@bp.post("/reservations/<slug>/<reservation_id>/answer")
@access("operator")
def answer_reservation(slug: str, reservation_id: str) -> Any:
    """Answer by e-mail."""
    view = portal_or_404(slug)
    try:
        desk.reply(view.id, g.account.id, ident(reservation_id), request.form.get("answer", ""))
    except Refused as refused:
        if refused.status == 404:
            abort(404)
        return _page(view, reservation_id, problems_of(refused)), refused.status
    return redirect(url_for("console.reservation", slug=slug, reservation_id=reservation_id))


@bp.post("/reservations/<slug>/<reservation_id>/close-account")
@access("operator")
def close_reserved_account(slug: str, reservation_id: str) -> Any:
    """Close the account as its holder has asked; it cannot be undone."""
    view = portal_or_404(slug)
    back = url_for("console.reservation", slug=slug, reservation_id=reservation_id)
    if not confirmed():
        return ask(
            _("Close this account?"),
            _("Its holder has asked for it. It cannot be undone; the person is told by e-mail."),
            _("Close the account"),
            back,
        )
    try:
        desk.terminate(view.id, g.account.id, ident(reservation_id))
    except Refused as refused:
        if refused.status == 404:
            abort(404)
        return _page(view, reservation_id, problems_of(refused)), refused.status
    return redirect(back)
