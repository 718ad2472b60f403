"""How the installation runs: plugins and their failures, what waits in the outbox, dead letters."""

from __future__ import annotations

import uuid
from typing import Any

from flask import abort, g, redirect, render_template, request, url_for

from core.console import portals, service
from core.console.blueprint import ask, bp, confirmed, portal_or_404
from core.console.tables import Choice, Column, Table
from core.messages import _
from core.web.access import access


@bp.get("/plugins")
@access("operator")
def plugin_list() -> str:
    """Installed plugins: version, hooks, portals, failures of this process."""
    table = Table(
        service.plugins(),
        [
            Column("name", _("Plugin"), lambda p: p.name),
            Column("version", _("Version"), lambda p: p.version),
            Column("hooks", _("Hooks"), lambda p: ", ".join(p.hooks)),
            Column("portals", _("Portals"), lambda p: ", ".join(p.portals)),
            Column("errors", _("Failures"), lambda p: p.errors, numeric=True),
        ],
        request.args,
    )
    return render_template("console/plugins.html", table=table, errors=service.plugin_errors()[:100])


@bp.get("/outbox")
@access("operator")
def outbox_list() -> str:
    """What waits and what died: counted per portal, listed for the one that is chosen."""
    lines = service.portals()
    chosen = request.args.get("portal", "")
    view = portal_or_404(chosen) if chosen else None
    rows = portals.waiting(view.id) if view else []
    table = Table(
        rows,
        [
            Column("state", _("State"), lambda w: "dead" if w.dead_at else "waiting"),
            Column("name", _("Event"), lambda w: w.name),
            Column("consumer", _("Consumer"), lambda w: w.consumer),
            Column("occurred_at", _("Announced"), lambda w: w.occurred_at, time=True),
            Column("next_at", _("Next try"), lambda w: w.next_at, time=True),
            Column("attempts", _("Tries"), lambda w: w.attempts, numeric=True),
            Column("last_error", _("Last failure"), lambda w: w.last_error or ""),
        ],
        request.args,
        choices=[Choice("state", _("State"), (("dead", _("Dead letter")), ("waiting", _("Waiting"))))],
        keep={"portal": chosen} if chosen else None,
    )
    return render_template("console/outbox.html", portals=lines, portal=view, table=table)


@bp.post("/outbox/<slug>/revive")
@access("operator")
def revive(slug: str) -> Any:
    """Give a dead letter another life."""
    view = portal_or_404(slug)
    try:
        message_id = uuid.UUID(request.form.get("message_id", ""))
    except ValueError:
        abort(400)
    consumer = request.form.get("consumer", "")
    back = url_for("console.outbox_list", portal=slug)
    if not confirmed():
        return ask(
            _("Deliver this message again?"),
            _("The consumer {consumer} gets it again, with all its tries.", consumer=consumer),
            _("Deliver again"),
            back,
            danger=False,
        )
    if not portals.revive(view.id, g.account.id, message_id, consumer):
        abort(404)
    return redirect(back)
