"""How a page comes to the live channel: a ticket by POST, and the leave of the content policy to connect."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, current_app, g, request

from core.db import db
from core.live import tokens, topics
from core.web import frame
from core.web.access import access

bp = Blueprint("live", __name__)
MOST_TOPICS = 12


@bp.post("/live/token")
@access("signed_in")
def token() -> Any:
    """A ticket for these topics: `{"topics": [...]}` in; token, address and how many seconds it is good out.

    A topic that is not there and one that is not yours are the same 404.
    """
    body = request.get_json(silent=True)
    asked = body.get("topics") if isinstance(body, dict) else None
    if not isinstance(asked, list) or not 0 < len(asked) <= MOST_TOPICS or not all(isinstance(t, str) for t in asked):
        abort(422)
    account = g.account
    if any(topics.standing(topic, account.id) is None for topic in asked):
        abort(404)
    db.session.rollback()
    settings = current_app.extensions["portico"].settings
    ticket = tokens.Ticket(g.tenant.id, account.id, account.session_id, tuple(asked))
    return {"token": tokens.issue(settings.secret_keys, ticket), "url": address(), "seconds": tokens.SECONDS}


def address() -> str:
    """Where the live channel is for this visitor: a path of this origin, or the process itself where no proxy stands
    before it (`PORTICO_LIVE_URL`)."""
    url: str = current_app.extensions["portico"].settings.live_url
    return url.replace("{host}", _host()) if url else "/live"


def _host() -> str:
    return request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host


def listen() -> None:
    """Let the present page connect to the live channel."""
    url = address()
    if url.startswith("/"):
        # Older browsers do not count the WebSocket of an origin as its own.
        frame.allow("connect-src", f"wss://{request.host}")
    else:
        scheme, _slashes, rest = url.partition("://")
        frame.allow("connect-src", f"{scheme}://{rest.partition('/')[0]}")
