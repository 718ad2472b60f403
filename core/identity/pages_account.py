"""Personal data, closing the account."""

from __future__ import annotations

from typing import Any

from flask import g, redirect, render_template, request, url_for

from core.db import db
from core.identity import accounts, moderation, registration, sessions, sign_in
from core.identity.blueprint import bp, ip, me, require, row, typed
from core.identity.forms import fields_of, summary
from core.identity.schemas import Errors, PersonalDataForm, check
from core.messages import _
from core.web.access import access
from core.web.language import say

GUARDED = ("email", "phone")


@bp.route("/account", methods=["GET", "POST"])
@access("signed_in")
def account() -> Any:
    """Read and change one's personal data; where codes are sent changes only with the password (CB-070, CB-089)."""
    mine = row()
    who = accounts.person(mine)
    current = {f: getattr(who, f) for f in ("first_name", "last_name", "birth_date", "sex", "email", "phone")}
    form: dict[str, str] = dict(current)
    errors: Errors = {}
    if request.method == "POST":
        form = typed()
        data, errors = check(PersonalDataForm(), form)
        guarded = [f for f in GUARDED if f in data and data[f] != current[f]]
        if not errors and guarded:
            wrong = sign_in.confirm_password(mine.id, form.get("password", ""), ip())
            errors = {"password": [wrong]} if wrong is not None else {}
            mine = row()
        if not errors:
            return _save(mine, data, current)
        db.session.commit()
    fields = fields_of(PersonalDataForm(), form, errors)
    page = render_template(
        "identity/account.html",
        fields=fields,
        problems=summary(fields, form=errors.get("password", ())),
        saved=request.args.get("saved"),
        languages=g.tenant.languages,
        zone=mine.time_zone or g.tenant.time_zone,
        language_now=mine.language,
    )
    return page, 422 if errors else 200


def _save(mine: Any, data: dict[str, str], current: dict[str, str]) -> Any:
    address = data.pop("email", current["email"])
    accounts.change_person(mine, **data)
    saved = "1"
    if address.lower() != current["email"].lower():
        registration.ask_email(mine, address)
        saved = "address"
    db.session.commit()
    return redirect(url_for("identity.account", saved=saved))


@bp.post("/account/language")
@access("signed_in")
def account_language() -> Any:
    """The language in which the portal writes to this person."""
    chosen = request.form.get("language", "")
    if chosen in g.tenant.languages:
        row().language = chosen
        db.session.commit()
    return redirect(url_for("identity.account", saved=1))


@bp.route("/account/close", methods=["GET", "POST"])
@require("signed_in", fresh=True)
def close() -> Any:
    """Close the account, which withdraws the consent to processing (CB-285); asked once, with what will happen."""
    error = ""
    if request.method == "POST":
        if request.form.get("sure") == "yes":
            moderation.close(me().id)
            db.session.commit()
            return sessions.clear_cookie(redirect("/"))
        error = say(_("Please tick the box if you are sure."))
    page = render_template("identity/close.html", error=error)
    return page, 422 if error else 200
