"""Is somebody covered? The portal's list first; then, where the contract says so, the insurer's own service."""

from __future__ import annotations

from core.plugin_api.tables import db
from plugins.insurer_assistance import asking, cases, listing, members
from plugins.insurer_assistance.members import UNKNOWN, Answer, Asked


def check(asked: Asked) -> Answer:
    """Whether the insurer covers somebody today. Never raises: what cannot be known is `unknown`, with the way to go on.

    The insurer's service is asked about people whom the list does not know, and its answer is kept in the list; the
    caller commits, and has written nothing before: no connection is held meanwhile.
    """
    found = members.in_list(asked)
    settings = cases.settings("eligibility")
    if found.code != "not_listed" or "api" not in settings["sources"] or not settings.get("api"):
        return found
    if not (db.session.new or db.session.dirty or db.session.deleted):
        db.session.commit()
    try:
        line = asking.ask(asked, settings["api"])
    except asking.Away:
        return Answer(UNKNOWN, None, "unreachable")
    if line is None:
        return found
    listing.put(line, "api")
    return members.in_list(asked)
