"""Pages of patients: why something is possible or not, the decisions kept, invitations of professionals."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import abort, g, render_template, request

from core import audit, clock
from core.db import db
from core.directory import service as directory
from core.hooks.decisions import ProfessionalFacts, Question
from core.identity import people as identity
from core.messages import _
from core.notifications.service import Recipient, notify
from core.scheduling import people
from core.scheduling.blueprint import bp, uuid_of
from core.tenancy import receipts
from core.tenancy.current import current_tenant
from core.web.access import access
from core.web.language import language, say


@bp.get("/why")
@access("patient")
def why() -> str:
    """Why a service is possible or not: asked afresh, nothing is kept."""
    args = request.args
    booker = people.booker(g.account.id)
    if args.get("professional"):
        pro = directory.access_professional(uuid_of(args.get("professional")))
        if pro is None:
            abort(404)
        facts = ProfessionalFacts(pro.country, pro.kind, pro.specialty)
    else:
        facts = ProfessionalFacts(args.get("country", "")[:2] or None, args.get("kind", "")[:20] or None)
    offered = directory.service_of(args.get("service", ""))
    if offered is None:
        abort(404)
    question = Question(
        "service_access",
        clock.today(current_tenant().time_zone),
        offered.code,
        booker.facts,
        facts,
        {"dependant": False},
    )
    decision = current_tenant().dispatcher.decide(question)
    return render_template(
        "scheduling/why.html",
        decision=decision,
        asked=receipts.question_data(question),
        act_day=question.at,
        offered=offered,
        receipt=None,
        category=identity.category_of(g.account.id),
    )


@bp.get("/decisions")
@access("patient", "professional")
def decisions() -> str:
    """The decisions kept about me."""
    return render_template("scheduling/decisions.html", receipts=receipts.of_account(g.account.id))


@bp.get("/decisions/<receipt_id>")
@access("patient", "professional")
def decision(receipt_id: str) -> str:
    """A decision that was kept: what was asked, all reasons, rule, citation, parameters and since when."""
    kept = receipts.access_receipt(uuid_of(receipt_id), g.account.id)
    if kept is None:
        abort(404)
    audit.record("decision.read", "receipt", kept.id)
    db.session.commit()
    return render_template(
        "scheduling/why.html", decision=kept.decision, asked=kept.asked, receipt=kept, act_day=dt.date.fromisoformat(kept.asked["at"]),
        offered=next((s for s in current_tenant().dispatcher.collect("services") if s.code == kept.asked.get("service")), None),
        category=identity.category_of(g.account.id) if g.account.role == "patient" else None,
    )  # fmt: skip


@bp.route("/invite", methods=["GET", "POST"])
@access("patient", "professional")
def invite() -> Any:
    """A patient invites a professional (CB-127), a professional invites a patient (CB-130)."""
    role = "professional" if g.account.role == "patient" else "patient"
    sent = error = None
    if request.method == "POST":
        email = request.form.get("email", "").strip()
        if "@" not in email or len(email) > 254 or "." not in email.rpartition("@")[2]:
            error = say(_("“{found}” is not an e-mail address; one looks like name@example.org.", found=email[:80]))
        else:
            directory.invite(g.account.id, role, email)
            target = "/register/professional" if role == "professional" else "/register/patient"
            notify(
                "invitation", account_id=g.account.id, person_id=g.account.person_id, to=Recipient(email=email, language=language()),
                params={"inviter": g.account.display_name}, channels=("email",), link=target,
            )  # fmt: skip
            db.session.commit()
            sent = email
    return render_template("scheduling/invite.html", role=role, sent=sent, error=error, form=request.form), (
        422 if error else 200
    )
