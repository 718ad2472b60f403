"""One's own security: sessions, authenticator app, passkeys, reporting something odd (CB-269)."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, jsonify, redirect, render_template, request, url_for

from core.db import db
from core.identity import accounts, passkeys, provider_links, providers, recovery, sessions, totp
from core.identity.blueprint import bp, challenge, host, me, origin, require, row, with_challenge, without_challenge
from core.messages import _
from core.web.access import access
from core.web.language import say


@bp.get("/account/security")
@access("signed_in")
def security() -> str:
    """Where the account is signed in, what guards it, and how to report something odd."""
    mine = row()
    contact = g.tenant.config.get("contact") or {}
    return render_template(
        "identity/security.html",
        sessions=sessions.listed(mine.id),
        here=me().session_id,
        totp_on=mine.totp_confirmed_at is not None,
        passkeys=passkeys.listed(mine.id),
        ways=[w for w in providers.offered() if w.audience == mine.role],
        links=provider_links.of_account(mine.id),
        support=contact.get("incident_email") or contact.get("support_email") or "",
        note=_note(),
    )


def _note() -> str:
    notes = {
        "changed": _("Your password was changed. Other devices are signed out."),
        "reported": _("Thank you. Your report was recorded and will be read by a person."),
        "ended": _("The device is signed out."),
        "everywhere": _("All other devices are signed out."),
        "totp": _("Your authenticator app is set up."),
        "totp_off": _("Your authenticator app is removed. Codes are sent by message again."),
        "passkey_off": _("The passkey is removed."),
        "connected": _("The identity is connected. From now on you can sign in with it."),
        "disconnected": _("The identity is no longer connected."),
    }
    return next((say(text) for key, text in notes.items() if request.args.get(key)), "")


@bp.post("/account/security/sessions/<uuid:session_id>/end")
@access("signed_in")
def end_session(session_id: uuid.UUID) -> Any:
    """Sign one device out."""
    if not sessions.end(me().id, session_id):
        abort(404)
    db.session.commit()
    if session_id == me().session_id:
        return sessions.clear_cookie(redirect("/"))
    return redirect(url_for("identity.security", ended=1))


@bp.post("/account/security/sign-out-everywhere")
@access("signed_in")
def end_everywhere() -> Any:
    """Sign out on all devices; on this one too when the person says so."""
    here = request.form.get("here") == "yes"
    sessions.end_all(me().id, keep=None if here else me().session_id)
    db.session.commit()
    if here:
        return sessions.clear_cookie(redirect("/"))
    return redirect(url_for("identity.security", everywhere=1))


@bp.post("/account/security/report")
@access("signed_in")
def report() -> Any:
    """Record what a signed-in person found odd (CB-269)."""
    what = request.form.get("what", "").strip()
    if not what:
        abort(400)
    recovery.keep_report(row(), "anomaly", what)
    db.session.commit()
    return redirect(url_for("identity.security", reported=1))


@bp.route("/account/security/app", methods=["GET", "POST"])
@require("signed_in", fresh=True)
def totp_setup() -> Any:
    """Set up an authenticator app: a picture to scan, then a first code."""
    mine = accounts.by_id(me().id, lock=True)
    if mine.totp_confirmed_at is not None:
        return redirect(url_for("identity.security"))
    secret = totp.begin(mine)
    error = ""
    if request.method == "POST":
        if totp.confirm(mine, "".join(c for c in request.form.get("code", "") if c.isdigit())):
            db.session.commit()
            return redirect(url_for("identity.security", totp=1))
        error = say(_("This code does not fit. Check that your phone's clock is right and take the next code."))
    picture = totp.picture(mine)
    db.session.commit()
    page = render_template("identity/totp.html", secret=secret, picture=picture, error=error)
    return page, 422 if error else 200


@bp.post("/account/security/app/remove")
@require("signed_in", fresh=True)
def totp_remove() -> Any:
    """Take the authenticator app off; codes are sent by message again."""
    totp.remove(accounts.by_id(me().id, lock=True))
    db.session.commit()
    return redirect(url_for("identity.security", totp_off=1))


@bp.post("/account/security/passkeys/options")
@require("signed_in", fresh=True)
def passkey_register_options() -> Any:
    """Begin to add a passkey to the signed-in account."""
    token, options = passkeys.registration_options(row(), host())
    db.session.commit()
    return with_challenge(jsonify(options), token)


@bp.post("/account/security/passkeys")
@require("signed_in", fresh=True)
def passkey_register() -> Any:
    """End adding a passkey: it belongs to the session's account, whatever the body says."""
    body = request.get_json(silent=True)
    done = False
    if isinstance(body, dict):
        label = sessions.device_of(request.user_agent.string) or say(_("Passkey"))
        done = passkeys.register(row(), challenge(), body, host(), origin(), label)
    db.session.commit()
    if not done:
        return jsonify({"error": say(_("This passkey could not be added. Please try again."))}), 422
    return without_challenge(jsonify({"next": url_for("identity.security")}))


@bp.post("/account/security/passkeys/<uuid:passkey_id>/remove")
@require("signed_in", fresh=True)
def passkey_remove(passkey_id: uuid.UUID) -> Any:
    """Take a passkey away."""
    if not passkeys.remove(me().id, passkey_id):
        abort(404)
    db.session.commit()
    return redirect(url_for("identity.security", passkey_off=1))
