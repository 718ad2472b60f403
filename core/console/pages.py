"""The console's pages: the overview and what is common; the other modules add theirs to the same blueprint."""

from __future__ import annotations

from flask import Flask, render_template, request

from core.console import (
    blueprint,
    pages_care,
    pages_parties,
    pages_people,
    pages_portals,
    pages_privacy,
    pages_reservations,
    pages_running,
    pages_validations,
    service,
)
from core.console.blueprint import bp
from core.console.tables import Choice, Column, Table
from core.messages import _
from core.web.access import access
from core.web.navigation import add_navigation
from core.web.parts import add_part

__all__ = [
    "bp",
    "install",
    "overview",
    "pages_care",
    "pages_parties",
    "pages_people",
    "pages_portals",
    "pages_privacy",
    "pages_reservations",
    "pages_running",
    "pages_validations",
]

STATES = (("live", _("Live")), ("draft", _("Draft")), ("suspended", _("Suspended")))
NAVIGATION = (
    ("console.overview", _("Overview"), "activity"),
    ("console.validations", _("Validations"), "person-check"),
    ("console.accounts", _("Accounts"), "people"),
    ("console.complaints", _("Complaints"), "chat-dots"),
    ("console.privacy", _("Rights requests"), "shield-lock"),
    ("console.reservations", _("Reservations"), "flag"),
    ("console.report_list", _("Anomalies"), "bug"),
    ("console.incidents", _("Incidents"), "exclamation-triangle"),
    ("console.outbox_list", _("Outbox"), "inbox"),
    ("console.plugin_list", _("Plugins"), "plug"),
)


def install(app: Flask) -> None:
    """The guard, the navigation of operators, and their home."""
    blueprint.install_guard(app)
    for weight, (endpoint, label, icon) in enumerate(NAVIGATION):
        add_navigation(app, weight * 10, ("operator",), endpoint, label, icon)
    add_part(app, "operator_account", 10, pages_privacy.account_part)
    app.extensions.setdefault("portico_homes", {}).setdefault("operator", []).append("console.overview")


@bp.get("/")
@access("operator")
def overview() -> str:
    """Every portal: state, revision, what waits, what died; and plugins that failed."""
    rows = service.portals()
    table = Table(
        rows,
        [
            Column("slug", _("Portal"), lambda p: p.slug),
            Column("name", _("Name"), lambda p: p.name),
            Column("state", _("State"), lambda p: p.state),
            Column("revision", _("Revision"), lambda p: p.revision, numeric=True),
            Column("waiting", _("Waiting"), lambda p: p.waiting, numeric=True),
            Column("dead", _("Dead letters"), lambda p: p.dead, numeric=True),
        ],
        request.args,
        choices=[Choice("state", _("State"), STATES)],
    )
    failing = [p for p in service.plugins() if p.errors]
    return render_template("console/overview.html", table=table, portals=rows, failing=failing, states=dict(STATES))
