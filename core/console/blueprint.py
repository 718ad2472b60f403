"""The console's blueprint, its guard, and what its pages share."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, abort, g, render_template, request

from core.console import service
from core.messages import Message
from core.tenancy.current import TenantView, view_by_id

PREFIX = "/console"
bp = Blueprint("console", __name__, url_prefix=PREFIX, template_folder="templates")

# What the console answers beside its own pages: signing in, one's own account's security, and files.
SHARED = (
    "/account/notifications",
    "/account/passkeys",
    "/account/security",
    "/bootstrap/",
    "/brand/",
    "/dev/",
    "/language",
    "/manifest.webmanifest",
    "/offline",
    "/passkeys",
    "/password/",
    "/report-misuse",
    "/sign-in",
    "/sign-out",
    "/static/",
    "/static-identity/",
    "/sw.js",
    "/theme/",
)


def guard() -> None:
    """The console on its own host only, and nothing but the console there: anything else is absent (404)."""
    on_console = g.tenant.is_console
    path = request.path
    wanted = path == PREFIX or path.startswith(PREFIX + "/")
    if wanted and not on_console:
        abort(404)
    if on_console and not wanted and path != "/" and not path.startswith(SHARED):
        abort(404)


def install_guard(app: Flask) -> None:
    """Ask the guard before anything else: before sign-in is even spoken of."""
    app.extensions["portico"].request_openers.insert(0, guard)


def portal_or_404(slug: str) -> TenantView:
    """The portal of a slug in the address."""
    found = service.portal_id(slug)
    if found is None:
        abort(404)
    return view_by_id(found)


def confirmed() -> bool:
    """Whether the operator said yes to what the confirmation page told."""
    return request.form.get("confirmed") == "yes"


def ask(title: Message, consequence: Message, action: Message, back: str, *, danger: bool = True) -> str:
    """The page that asks once before an act; it carries all that was typed."""
    kept = [(k, v) for k in request.form for v in request.form.getlist(k) if k not in ("csrf_token", "confirmed")]
    return render_template(
        "console/confirm.html",
        title=title,
        consequence=consequence,
        action=action,
        back=back,
        danger=danger,
        kept=kept,
        target=request.path,
    )


def problems_of(error: Any) -> list[Message]:
    """The reasons of a refusal, whichever room refused."""
    return list(getattr(error, "reasons", ()) or getattr(error, "messages", ()))


def ident(text: str) -> uuid.UUID:
    """An id of the address; anything else is absent (404)."""
    try:
        return uuid.UUID(text)
    except ValueError:
        abort(404)


def instant(text: str, zone: str) -> dt.datetime | None:
    """A date and time as browsers send it, in a zone; None where it is not one."""
    try:
        local = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(dt.UTC)
