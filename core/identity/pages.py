"""Pages of accounts: the blueprint, the loader of the signed-in person, and the gates before every page."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, redirect, request, url_for

from core import clock
from core.consent import pages as consent_pages
from core.db import db
from core.identity import (
    pages_account,
    pages_parties,
    pages_profile,
    pages_providers,
    pages_recovery,
    pages_register,
    pages_security,
    pages_sign_in,
    sessions,
    terms,
    uploads,
)
from core.identity.blueprint import bp
from core.messages import _
from core.web import frame, language
from core.web.navigation import add_navigation

__all__ = [
    "bp",
    "install",
    "pages_account",
    "pages_parties",
    "pages_profile",
    "pages_providers",
    "pages_recovery",
    "pages_register",
    "pages_security",
    "pages_sign_in",
    "terms",
    "uploads",
]

# All that somebody with provisional credentials can reach (CB-119).
OPEN_WITH_PROVISIONAL = ("identity.change_password", "identity.sign_out")


def install(app: Flask) -> None:
    """Load the account of each request, close the gates, add the navigation."""
    app.extensions["portico"].request_openers.append(sessions.open_request)
    gates = app.extensions.setdefault("portico_gates", [])
    gates += [password_gate, terms_gate]
    # Patients and professionals find all of this under their own data; the rooms above put that into the navigation.
    add_navigation(app, 870, ("operator", "partner"), "identity.security", _("Security"), "shield-lock")


def password_gate(account: sessions.AccountView) -> Any:
    """Nothing but a new password is reachable while one must be chosen (CB-119, CB-120)."""
    if not account.must_change_password or request.endpoint in OPEN_WITH_PROVISIONAL:
        return None
    if frame.wants_json():
        return frame.problem(403, "password_must_change", language.say(_("Please choose a new password first.")))
    return redirect(url_for("identity.change_password"))


def terms_gate(account: sessions.AccountView) -> Any:
    """No service without the documents that bind (CB-004). Asked once per session, revision and day, not on each page."""
    if account.role in ("operator", "partner") or account.must_change_password:
        return None
    stamp = f"{g.tenant.revision}|{clock.today(g.tenant.time_zone).isoformat()}"
    if account.terms_stamp == stamp:
        return None
    answer = consent_pages.gate(account)
    if answer is None and request.endpoint not in consent_pages.OPEN_WITHOUT:
        sessions.mark_terms(account.session_id, stamp)
        db.session.commit()
    return answer
