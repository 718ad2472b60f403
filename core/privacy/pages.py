"""What everybody may know about their data here, and the signed-in person's own place for it."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, redirect, render_template, request, url_for

from core import clock
from core.consent import pages as consent_pages
from core.consent import service as consent
from core.db import db
from core.identity import sessions
from core.identity.blueprint import require
from core.messages import Message, _
from core.notifications import marketing
from core.privacy import (
    authority,
    directives,
    evidence,
    pages_professional,
    pages_requests,
    recipients,
    reports,
    retention,
    service,
)
from core.privacy.blueprint import bp, left, wrong
from core.privacy.models import OPEN
from core.tenancy.schema_privacy import CATEGORIES
from core.web.access import access
from core.web.frame import Refused
from core.web.navigation import add_navigation
from core.web.parts import Part, add_part

__all__ = ["bp", "install", "pages_professional", "pages_requests"]

PEOPLE = ("patient", "professional")
# Rights over one's data do not end with a consent: these stay open to somebody who took theirs back.
OPEN_WITHOUT = (
    "index", "mine", "new_request", "request_page", "give", "download", "directives_page", "revoke_directives", "marketing_choice",
    "proof", "security", "authority_page", "withdraw",
)  # fmt: skip
TASKS: dict[str, Message] = {
    "hosting": _("Hosting of the data"),
    "operations": _("Running the installation"),
    "messages": _("Sending of messages"),
    "payment": _("Payments"),
    "telephone": _("Telephone"),
    "other": _("Other work"),
}


def install(app: Flask) -> None:
    """Links on the pages of accounts, the part of the help page, and what stays open without an agreement."""
    consent_pages.OPEN_WITHOUT.update(f"{bp.name}.{name}" for name in OPEN_WITHOUT)
    add_navigation(app, 860, ("professional",), "privacy.addressed", _("Requests about data"), "shield-lock")
    add_part(app, "account", 50, lambda: ("privacy/_account_link.html", {}))
    add_part(app, "agreements", 10, lambda: ("privacy/_agreements.html", {}))
    add_part(app, "before_closing", 10, lambda: ("privacy/_before_closing.html", {}))
    add_part(app, "members", 50, members_part)
    add_part(app, "help", 10, help_part)


def members_part() -> Part | None:
    """What the operator asks about the people whom the account acts for."""
    rows = authority.of(g.account.id)
    return (
        ("privacy/_members.html", {"rows": [authority.shown(r) for r in rows], "states": authority.STATES})
        if rows
        else None
    )


def help_part() -> Part | None:
    """On the help page of a signed-in person: the security duties, and the way to report an anomaly (IA-105)."""
    account = g.get("account")
    return ("privacy/_help.html", {}) if account is not None and account.role in PEOPLE else None


def kept_for() -> list[tuple[Message, Message, dict[str, Any]]]:
    """Each category of data with its period, in order: (what, from when on, the period)."""
    set_ = retention.periods()
    return [(*retention.LABELS[code], dict(set_[code])) for code in CATEGORIES if code in set_]


@bp.get("/privacy")
@access("public")
def index() -> str:
    """Who answers for the data, who receives them and what for, how long they are kept, and one's rights (IA-100, CB-274,
    CB-277, CB-281)."""
    return render_template(
        "privacy/index.html", dp=g.tenant.config.get("data_protection") or {}, kinds=service.KINDS,
        recipients=recipients.RECIPIENTS, purposes=recipients.PURPOSES, tasks=TASKS, kept=kept_for(),
        months=_months(),
    )  # fmt: skip


def _months() -> int:
    from core.privacy.policy import parameters

    return int(parameters().at("rights_answer_months", clock.today(g.tenant.time_zone)).value)


@bp.get("/account/privacy")
@access(*PEOPLE)
def mine() -> str:
    """One's requests with their clock, directives, choices, agreements."""
    rows = [(r, left(r)) for r in service.of(g.account.id)]
    asked = [authority.shown(r) for r in authority.of(g.account.id)] if g.account.role == "patient" else []
    return render_template(
        "privacy/mine.html", open=[x for x in rows if x[0].state == OPEN], past=[x for x in rows if x[0].state != OPEN],
        kinds=service.KINDS, states=service.STATES, objected=marketing.objection(g.account.id),
        directives=directives.in_force(g.account.id), done=request.args.get("done"), authority=asked,
        authority_states=authority.STATES,
    )  # fmt: skip


@bp.post("/account/privacy/marketing")
@access(*PEOPLE)
def marketing_choice() -> Any:
    """Object to marketing, and to profiling for it, on all channels at once; or take the objection back (IA-098)."""
    objects = request.form.get("objects") == "yes"
    (marketing.object_to if objects else marketing.lift)(g.account.id)
    db.session.commit()
    return redirect(url_for("privacy.mine", done="marketing", _anchor="marketing"))


@bp.route("/account/privacy/withdraw", methods=["GET", "POST"])
@access(*PEOPLE)
def withdraw() -> Any:
    """Take back the consent to the processing of health data; the account stays, its services close (IA-099)."""
    problem: Message | None = None
    if request.method == "POST":
        if request.form.get("sure") == "yes":
            consent.withdraw(g.account.id)
            sessions.forget_terms(g.account.id)
            db.session.commit()
            return redirect(url_for("privacy.mine", done="withdrawn"))
        problem = _("Please tick the box if you are sure.")
    return render_template("privacy/withdraw.html", problem=problem), (422 if problem else 200)


@bp.route("/account/privacy/directives", methods=["GET", "POST"])
@access(*PEOPLE)
def directives_page() -> Any:
    """Directives on one's data after death: read, set, change (CB-286)."""
    form, status = request.form, 200
    problems: tuple[Message, ...] = ()
    if request.method == "POST":
        try:
            directives.write(
                g.account.id, form.get("kind", ""), fate=form.get("fate", ""), trusted=form.get("trusted", ""),
                words=form.get("words", ""), consents=form.get("consents") == "yes",
            )  # fmt: skip
            db.session.commit()
            return redirect(url_for("privacy.directives_page", done="set"))
        except Refused as refusal:
            db.session.rollback()
            problems, status = wrong(refusal), refusal.status
    return render_template(
        "privacy/directives.html", found=directives.in_force(g.account.id), fates=directives.FATES, form=form,
        consent=directives.CONSENT, problems=problems, done=request.args.get("done"),
        past=[d for d in directives.history(g.account.id) if d.ended_at],
    ), status  # fmt: skip


@bp.post("/account/privacy/directives/revoke")
@access(*PEOPLE)
def revoke_directives() -> Any:
    """Take directives back."""
    directives.revoke(g.account.id, request.form.get("kind", ""))
    db.session.commit()
    return redirect(url_for("privacy.directives_page", done="revoked"))


@bp.get("/account/privacy/proof")
@require(*PEOPLE, fresh=True)
def proof() -> Response:
    """One's agreements as evidence: records, documents, and what verifies them (IA-112, IA-114)."""
    data = evidence.export(g.account.id)
    db.session.commit()
    answer = Response(data, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="{g.tenant.slug}-agreements.zip"'
    return answer


@bp.route("/account/privacy/report", methods=["GET", "POST"])
@access(*PEOPLE)
def security() -> Any:
    """The duties of security, and the report of a malfunction or anomaly, which gets a reference (IA-105)."""
    problems: tuple[Message, ...] = ()
    status = 200
    if request.method == "POST":
        try:
            reference = reports.send(g.account.id, request.form.get("what", ""))
            db.session.commit()
            return redirect(url_for("privacy.security", sent=reference))
        except Refused as refusal:
            db.session.rollback()
            problems, status = wrong(refusal), refusal.status
    rows = reports.of(g.account.id)
    sent = request.args.get("sent", "")
    return render_template(
        "privacy/security.html", rows=rows, problems=problems, typed=request.form.get("what", ""),
        sent=sent if sent in {r.reference for r in rows} else "",
    ), status  # fmt: skip
