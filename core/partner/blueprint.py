"""The blueprint of the parties' space, and what its pages share."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, NamedTuple

from flask import Blueprint, Flask, g, request, url_for

from core.identity import parties
from core.identity.parties import EDIT
from core.messages import Message, _
from core.partner import drafts
from core.web.frame import allow
from core.web.navigation import add_navigation

bp = Blueprint("partner", __name__, url_prefix="/partner", template_folder="templates")
SECTIONS: tuple[tuple[str, str, Message], ...] = (
    ("partner.brand", "brand", _("Brand")),
    ("partner.texts", "texts", _("Texts")),
    ("partner.contact", "contact", _("Hours and contacts")),
    ("partner.settings", "settings", _("Settings")),
    ("partner.draft", "draft", _("Check and publish")),
    ("partner.revisions", "revisions", _("Revisions")),
)


def install(app: Flask) -> None:
    """The place of the parties, and their home."""
    add_navigation(app, 10, (parties.ROLE,), "partner.overview", _("Portal"), "building")
    app.extensions.setdefault("portico_homes", {}).setdefault(parties.ROLE, []).append("partner.overview")


class Tab(NamedTuple):
    """A tab of the editor."""

    label: Message
    url: str
    active: bool
    changes: int | None = None


def tabs(here: str, draft: drafts.Draft) -> list[Tab]:
    """The tabs of the editor; the number of changes stands on the one that publishes them."""
    count = {"draft": len(draft.edits) or None}
    return [Tab(label, url_for(endpoint), code == here, count.get(code)) for endpoint, code, label in SECTIONS]


def my_draft() -> drafts.Draft:
    """The draft of the signed-in person."""
    return drafts.mine(g.tenant, g.account.id)


def stamp(draft: drafts.Draft) -> str:
    """A few letters that change with the draft, for addresses of its preview."""
    text = json.dumps([draft.base_revision, dict(draft.edits)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def frames() -> None:
    """Let the present page show the portal's own preview in a frame."""
    allow("frame-src", request.host_url.rstrip("/"))


def context(here: str, draft: drafts.Draft, **more: Any) -> dict[str, Any]:
    """What every page of the editor gives to its template."""
    stale = draft.base_revision != g.tenant.revision
    return {
        "tabs": tabs(here, draft),
        "draft": draft,
        "stamp": stamp(draft),
        "stale": stale,
        "saved": request.args.get("saved"),
        **more,
    }


def may_edit() -> bool:
    """Whether the signed-in person may edit the portal."""
    return parties.may(g.account, EDIT)


def ident(text: str) -> uuid.UUID | None:
    """An account's id in a revision's author; None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
