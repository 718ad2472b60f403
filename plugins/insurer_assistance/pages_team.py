"""The operator's page of the care team: facts recorded for each person, which make a role active or suspend it at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request, url_for

from core.plugin_api import Domain, Message, access
from core.plugin_api.pages import Refused, render
from core.plugin_api.people import account_at, names, recipient
from core.plugin_api.tables import db
from plugins.insurer_assistance import cases, readers, team
from plugins.insurer_assistance.models import TeamMember

_ = Domain("insurer_assistance")
NAME = cases.NAME
ROLES: dict[str, Message] = {
    team.DOCTOR: _("Doctor: general practitioner under agreement"),
    team.NURSE: _("Nurse: State-registered, employed by the operator"),
    team.AGENT: _("Agent of the telephone desk"),
}
LACKING: dict[str, Message] = {
    "not_recorded": _("nothing is recorded"),
    "registered": _("not registered with the order or the State"),
    "practises_in_country": _("does not practise in the country"),
    "engaged": _("no agreement or employment today"),
}


def add_to(blueprint: Blueprint) -> None:
    """The routes of the operator."""
    blueprint.add_url_rule("/team", "team", team_page, methods=["GET", "POST"])


def _known(rows: list[TeamMember]) -> dict[str, Any]:
    """What is recorded of the person chosen from the list, as the form takes it: nothing is lost by changing one thing."""
    chosen = next((r for r in rows if str(r.account_id) == request.args.get("who")), None)
    if chosen is None:
        return {}
    return {
        "email": recipient(chosen.account_id).email,
        "role": chosen.role,
        "registered": chosen.registered,
        "practises": chosen.practises_in_country,
        "engaged_from": chosen.engaged_from,
        "engaged_until": chosen.engaged_until,
        "listens": chosen.listens,
        "reads_until": readers.named().get(chosen.account_id),
    }


@access(*team.OPERATOR_ACCOUNTS)
def team_page() -> Any:
    """Everybody with what is recorded; recording or changing the facts of one person."""
    team.administrator(g.account)
    problems: list[Message] = []
    status = 200
    if request.method == "POST":
        form = request.form
        try:
            account_id = account_at(form.get("email", ""))
            if account_id is None:
                raise Refused(_("This portal has no account with this address."), status=422)
            if account_id == g.account.id:
                raise Refused(_("Nobody records their own place in the team. Ask another administrator."), status=422)
            team.set_facts(
                account_id,
                form.get("role", ""),
                registered=form.get("registered") == "yes",
                practises_in_country=form.get("practises") == "yes",
                engaged_from=form.get("engaged_from"),
                engaged_until=form.get("engaged_until"),
                listens=form.get("listens") == "yes",
                by=str(g.account.id),
            )
            readers.settle(account_id, form.get("reads_until", ""), by=str(g.account.id))
            db.session.commit()
            return redirect(url_for("insurer_assistance.team", done="recorded"))
        except Refused as no:
            db.session.rollback()
            problems, status = list(no.messages), no.status
    rows = team.everybody()
    return render(
        NAME, "insurer_assistance/team.html", rows=rows, names=names(r.account_id for r in rows), roles=ROLES, lacking=LACKING,
        why={r.account_id: team.why_not(r, r.role) for r in rows}, typed=request.form or _known(rows), problems=problems,
        done=request.args.get("done"), reads=readers.named(), example=team.EXAMPLE,
    ), status  # fmt: skip
