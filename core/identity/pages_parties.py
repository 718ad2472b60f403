"""The page behind an invitation: who invites, what the account may do, a password of one's own."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from core.db import db
from core.identity import party_accounts
from core.identity.blueprint import bp
from core.identity.forms import words
from core.identity.parties import PARTIES, RIGHT_LABELS, effective
from core.identity.policy import policy
from core.messages import Message
from core.web.access import access


@bp.route("/invitation/<token>", methods=["GET", "POST"])
@access("public")
def invitation(token: str) -> Any:
    """Open an account of a party by its link; two factors are asked at sign-in as ever (CB-116)."""
    account = party_accounts.invited(token)
    if account is None:
        return render_template("identity/link_gone.html", again=url_for("identity.forgot")), 410
    problems: list[Message] | None = []
    if request.method == "POST":
        try:
            problems = party_accounts.accept(token, request.form.get("password", ""))
        except LookupError:
            return render_template("identity/link_gone.html", again=url_for("identity.forgot")), 410
        db.session.commit()
        if problems is None:
            return redirect(url_for("identity.sign_in", opened=1))
    page = render_template(
        "identity/invitation.html",
        party=PARTIES[account.party or ""],
        rights=[RIGHT_LABELS[r] for r in sorted(effective(account.party, account.party_rights))],
        error=words(problems or ()),
        minimum=policy()["password"]["min_length"],
    )
    return page, 422 if problems else 200
