"""The accounts of a portal's parties in the console: who has one, invite, change rights, take away (IA-002)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.console import parties
from core.console.blueprint import ask, bp, confirmed, ident, portal_or_404, problems_of
from core.identity.accounts import UnknownAccount
from core.identity.forms import fields_of, summary
from core.identity.parties import MAY, PARTIES, RIGHT_LABELS, RIGHTS
from core.identity.party_accounts import Invitation
from core.identity.schemas import Errors, PartyForm
from core.messages import Message, _
from core.tenancy.current import TenantView
from core.web.access import access
from core.web.frame import Refused


def _page(view: TenantView, errors: Errors | None = None, problems: tuple[Message, ...] = ()) -> str:
    wrong = errors or {}
    fields = fields_of(PartyForm(), request.form, wrong)
    rest = {code: found for code, found in wrong.items() if code in ("party", "rights")}
    return render_template(
        "console/parties.html",
        portal=view,
        people=parties.listed(view.id, g.account.id),
        fields=fields,
        summary=summary(fields, form=[m for found in rest.values() for m in found]),
        wrong={code: found[0] for code, found in rest.items()},
        parties=PARTIES,
        rights=RIGHT_LABELS,
        may=MAY,
        sent=request.args.get("sent"),
        problems=problems,
    )


def _rights() -> list[str]:
    return [r for r in request.form.getlist("rights") if r in RIGHTS]


@bp.get("/portals/<slug>/parties")
@access("operator")
def party_list(slug: str) -> str:
    """Who of which party has an account on this portal, and what it may do."""
    return _page(portal_or_404(slug))


@bp.post("/portals/<slug>/parties")
@access("operator")
def party_invite(slug: str) -> Any:
    """Invite a person of a party by e-mail."""
    view = portal_or_404(slug)
    typed = {k: request.form.get(k, "")[:300] for k in ("party", "first_name", "last_name", "email", "phone")}
    errors = parties.invite(view.id, g.account.id, Invitation(rights=_rights(), **typed))
    if errors:
        return _page(view, errors), 422
    return redirect(url_for("console.party_list", slug=slug, sent=1))


def _act(slug: str, account_id: str, act: Callable[..., None], *more: Any) -> Any:
    view = portal_or_404(slug)
    try:
        act(view.id, g.account.id, ident(account_id), *more)
    except UnknownAccount:
        abort(404)
    except Refused as refused:
        return _page(view, problems=tuple(problems_of(refused))), refused.status
    return None


@bp.post("/portals/<slug>/parties/<account_id>/again")
@access("operator")
def party_again(slug: str, account_id: str) -> Any:
    """Send an invitation that was lost once more; the earlier link stops working."""
    return _act(slug, account_id, parties.invite_again) or redirect(url_for("console.party_list", slug=slug, sent=1))


@bp.post("/portals/<slug>/parties/<account_id>/rights")
@access("operator")
def party_rights(slug: str, account_id: str) -> Any:
    """Change what an account of a party may do, at once."""
    return _act(slug, account_id, parties.set_rights, _rights()) or redirect(url_for("console.party_list", slug=slug))


@bp.post("/portals/<slug>/parties/<account_id>/end")
@access("operator")
def party_end(slug: str, account_id: str) -> Any:
    """Take an account of a party away, asked once."""
    portal_or_404(slug)
    back = url_for("console.party_list", slug=slug)
    if not confirmed():
        told = _("The person is signed out everywhere at once and cannot come back without a new invitation.")
        return ask(_("Take this access away?"), told, _("Take away"), back)
    return _act(slug, account_id, parties.end) or redirect(back)
