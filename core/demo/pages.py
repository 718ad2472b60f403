"""`/dev/logins`: whom one can be in the demo. Development only."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, g, render_template

from core.demo import logins
from core.web.access import access

bp = Blueprint("demo", __name__, template_folder="templates")


@bp.get("/dev/logins")
@access("public")
def people() -> str:
    """The logins of this portal, and those of the console."""
    settings = current_app.extensions["portico"].settings
    if not settings.development:
        abort(404)
    mine = [entry for entry in logins.read(settings.var) if entry.portal == g.tenant.slug]
    return render_template("demo/logins.html", logins=mine, password=logins.PASSWORD)
