"""The account's list of notifications, and the development inbox."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, abort, current_app, g, redirect, render_template, url_for

from core.db import db
from core.notifications import inbox, service
from core.notifications.models import InboxMessage
from core.web.access import access
from core.web.language import language

bp = Blueprint("notifications", __name__, template_folder="templates")


@bp.get("/account/notifications")
@access("signed_in")
def index() -> str:
    """What the account was told, newest first (CB-097)."""
    told = service.listed(g.account.id, language())
    return render_template("notifications/index.html", told=told)


@bp.post("/account/notifications/read")
@access("signed_in")
def read() -> Any:
    """Mark all as read."""
    service.mark_read(g.account.id)
    db.session.commit()
    return redirect(url_for("notifications.index"))


@bp.get("/dev/inbox")
@access("public")
def development_inbox() -> str:
    """Messages that would have been sent; development only."""
    if not current_app.extensions["portico"].settings.development:
        abort(404)
    return render_template("notifications/inbox.html", messages=inbox.latest())


@bp.get("/dev/inbox/<uuid:message_id>")
@access("public")
def development_mail(message_id: uuid.UUID) -> Response:
    """An e-mail as a mail program draws it: its own styles, no script, nothing from elsewhere."""
    if not current_app.extensions["portico"].settings.development:
        abort(404)
    found: InboxMessage | None = InboxMessage.get(message_id)
    if found is None or not found.body_html:
        abort(404)
    answer = Response(found.body_html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    )
    return answer
