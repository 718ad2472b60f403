"""The pages on which an operator validates or refuses professionals."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for

from core.console import validations
from core.console.blueprint import ask, bp, confirmed, ident, portal_or_404, problems_of
from core.console.tables import Choice, Column, Table
from core.identity.accounts import UnknownAccount
from core.messages import Message, _
from core.tenancy.current import TenantView
from core.web import language as words
from core.web.access import access
from core.web.frame import Refused

STATES = (("pending", _("Waiting")), ("validated", _("Validated")), ("refused", _("Refused")))
KINDS = (("physician", _("Physician")), ("allied", _("Other health profession")))
REASON_MOST = 1000


@bp.get("/validations", endpoint="validations")
@access("operator")
def listed() -> str:
    """Professionals of all portals who wait, or those decided before."""
    state = request.args.get("show", "pending")
    if state not in dict(STATES):
        state = "pending"
    rows = validations.listed(state)
    portals = sorted({r.portal for r in rows})
    table = Table(
        rows,
        [
            Column("portal", _("Portal"), lambda p: p.portal),
            Column("since", _("Since"), lambda p: p.since, time=True),
            Column("country", _("Country"), lambda p: p.country),
            Column("kind", _("Kind"), lambda p: p.kind),
            Column("specialty", _("Specialty"), lambda p: words.say(p.specialty_label)),
            Column("copies", _("Copies"), lambda p: p.copies, numeric=True),
        ],
        request.args,
        choices=[Choice("portal", _("Portal"), [(p, p) for p in portals]), Choice("kind", _("Kind"), KINDS)],
        keep={"show": state} if state != "pending" else None,
    )
    return render_template("console/validations.html", table=table, states=STATES, shown=state, kinds=dict(KINDS))


def _page(view: TenantView, account_id: uuid.UUID, problems: Sequence[Message] = ()) -> str:
    found = validations.dossier(view.id, g.account.id, account_id)
    if found is None:
        abort(404)
    labels = {d.code: d.label for d in view.dispatcher.collect("document_types")}
    return render_template(
        "console/validation.html",
        portal=view,
        dossier=found,
        same=validations.same_person(view.id, found),
        register=validations.register_warnings(view.id, found),
        labels=labels,
        kinds=dict(KINDS),
        states=dict(STATES),
        problems=list(problems),
    )


@bp.get("/validations/<slug>/<account_id>")
@access("operator")
def validation(slug: str, account_id: str) -> str:
    """What a professional declared, with warnings of the checks and what is missing."""
    return _page(portal_or_404(slug), ident(account_id))


@bp.get("/validations/<slug>/<account_id>/documents/<document_id>")
@access("operator")
def validation_document(slug: str, account_id: str, document_id: str) -> Response:
    """One copy; shown by the browser in a sandbox, never kept by it."""
    view = portal_or_404(slug)
    try:
        mimetype, data = validations.copy(view.id, g.account.id, ident(account_id), ident(document_id))
    except UnknownAccount:
        abort(404)
    answer = Response(data, mimetype=mimetype)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


def _decide(slug: str, account_id: str, act: Any, question: tuple[Message, Message, Message], *, danger: bool) -> Any:
    view, found = portal_or_404(slug), ident(account_id)
    if not confirmed():
        return ask(*question, url_for("console.validation", slug=slug, account_id=account_id), danger=danger)
    try:
        act(view.id, g.account.id, found)
    except UnknownAccount:
        abort(404)
    except Refused as refused:
        return _page(view, found, problems_of(refused)), refused.status
    return redirect(url_for("console.validations"))


@bp.post("/validations/<slug>/<account_id>/validate")
@access("operator")
def validate(slug: str, account_id: str) -> Any:
    """Open the account; the registration with the order must have been checked (CB-030, CB-110)."""
    order = request.form.get("order_confirmed") == "yes"
    if not order:
        problem = _("Confirm first that the registration with the professional order of the country was checked.")
        return _page(portal_or_404(slug), ident(account_id), [problem]), 422
    chosen = request.form.get("practitioner_id", "")
    practitioner_id = ident(chosen) if chosen else None
    question = (
        _("Validate this professional?"),
        _("They are listed, can be booked, and are told by e-mail."),
        _("Validate"),
    )

    def act(tenant_id: int, operator_id: uuid.UUID, found: uuid.UUID) -> None:
        validations.validate(tenant_id, operator_id, found, order_confirmed=order, practitioner_id=practitioner_id)

    return _decide(slug, account_id, act, question, danger=False)


@bp.post("/validations/<slug>/<account_id>/refuse")
@access("operator")
def refuse(slug: str, account_id: str) -> Any:
    """Refuse with a reason; they may mend their data and ask again."""
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MOST:
        problem = _("Please give the reason: 1 to {most} characters. The person reads it.", most=REASON_MOST)
        return _page(portal_or_404(slug), ident(account_id), [problem]), 422
    question = (
        _("Refuse this professional?"),
        _("They are told by e-mail: “{reason}”", reason=reason),
        _("Refuse"),
    )
    return _decide(slug, account_id, lambda t, o, a: validations.refuse(t, o, a, reason), question, danger=True)
