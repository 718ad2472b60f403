"""Forgotten passwords, links to choose a new one, and the report of misuse for people who are not signed in."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for

from core.db import db
from core.identity import recovery, registration, sessions, tokens
from core.identity.blueprint import bp, ip, me
from core.identity.forms import words
from core.identity.policy import password_help
from core.identity.sign_in import wait_message
from core.messages import Message, _
from core.web.access import access
from core.web.language import say


@bp.route("/password/forgot", methods=["GET", "POST"])
@access("public")
def forgot() -> Any:
    """Ask for a link; the answer is the same for every address."""
    if request.method == "POST":
        wait = recovery.forgot(request.form.get("email", "")[:254], ip())
        db.session.commit()
        if wait:
            return render_template("identity/forgot.html", done="", error=say(wait_message(wait))), 429
        return render_template("identity/forgot.html", done=say(registration.resend_message()), error="")
    return render_template("identity/forgot.html", done="", error="")


@bp.route("/password/reset/<token>", methods=["GET", "POST"])
@access("public")
def reset(token: str) -> Any:
    """Choose a new password by a link; two factors are asked at the next sign-in as ever."""
    problems: list[Message] | None = []
    if request.method == "POST":
        try:
            problems = recovery.reset(token, request.form.get("password", ""))
        except LookupError:
            return _gone()
        db.session.commit()
        if problems is None:
            return redirect(url_for("identity.sign_in", changed=1))
    elif tokens.look(token, "reset") is None:
        return _gone()
    page = render_template("identity/reset.html", error=words(problems or ()), hint=say(password_help()))
    return page, 422 if problems else 200


def _gone() -> Any:
    return render_template("identity/link_gone.html", again=url_for("identity.forgot")), 410


@bp.route("/password/change", methods=["GET", "POST"])
@access("signed_in")
def change_password() -> Any:
    """Change one's password; other sessions end."""
    errors: dict[str, list[Message]] = {}
    if request.method == "POST":
        errors = recovery.change(
            me().id, request.form.get("old", ""), request.form.get("new", ""), keep=me().session_id, ip=ip()
        )
        db.session.commit()
        if not errors:
            sessions.mark_fresh(me().session_id)
            db.session.commit()
            return redirect(url_for("identity.security", changed=1) if not me().must_change_password else "/")
    page = render_template(
        "identity/change_password.html",
        forced=me().must_change_password,
        errors={k: words(v) for k, v in errors.items()},
        hint=say(password_help()),
    )
    return page, 422 if errors else 200


@bp.route("/report-misuse", methods=["GET", "POST"])
@access("public")
def report_misuse() -> Any:
    """Report lost, stolen or misused credentials without signing in: it takes effect at once (CB-118)."""
    contact = g.tenant.config.get("contact") or {}
    support = contact.get("incident_email") or contact.get("support_email") or ""
    if request.method == "POST":
        email, what = request.form.get("email", "")[:254], request.form.get("what", "")
        if not email.strip():
            error = say(_("Please give the e-mail address of the account."))
            return render_template(
                "identity/report_misuse.html", done=False, error=error, what=what, support=support
            ), 422
        wait = recovery.oppose(email, what, ip())
        db.session.commit()
        if wait:
            page = render_template(
                "identity/report_misuse.html", done=False, error=say(wait_message(wait)), what=what, support=support
            )
            return page, 429, {"Retry-After": str(wait)}
        return render_template("identity/report_misuse.html", done=True, error="", what="", support=support)
    return render_template("identity/report_misuse.html", done=False, error="", what="", support=support)
