"""Pages of the insurer, the operator and the assister: figures as charts and files. No health data stands behind them."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Blueprint, Response, abort, g

from core.plugin_api import Domain, Message
from core.plugin_api.pages import FIGURES, partner_view, render, say
from core.plugin_api.tables import db, now, record
from plugins.insurer_assistance import cases, figures, quota

_ = Domain("insurer_assistance")
NAME = cases.NAME
WHO = ("insurer", "operator", "assister")

TITLES: dict[str, Message] = {
    "activity": _("Activity"),
    "service_levels": _("Calls in time"),
    "satisfaction": _("Satisfaction"),
    "quota_use": _("Use of the teleconsultations"),
    "statements": _("Monthly statements"),
}
COLUMNS: dict[str, Message] = {
    "month": _("Month"),
    "asked": _("Requests"),
    "web": _("By the web"),
    "telephone": _("By telephone"),
    "now": _("As soon as possible"),
    "appointment": _("At a chosen time"),
    "delivered": _("Teleconsultations delivered"),
    "kept": _("In time"),
    "missed": _("Late"),
    "share": _("In time, percent"),
    "answers": _("Answers"),
    "average": _("Average of 5"),
    "used": _("Teleconsultations used"),
    "people": _("People"),
    "units": _("Teleconsultations delivered"),
    "closed": _("Month is over"),
}


def add_to(blueprint: Blueprint) -> None:
    """The routes of figures."""
    blueprint.add_url_rule("/figures", "figures", overview)
    blueprint.add_url_rule("/figures/<name>.csv", "figures_file", export)


@partner_view(FIGURES, parties=WHO)
def overview() -> str:
    """Twelve months at a glance."""
    lines = {name: figures.lines_of(name) for name in figures.EXPORTS}
    return render(
        NAME, "insurer_assistance/figures.html", lines=lines, titles=TITLES, columns=COLUMNS, smallest=figures.limit(),
        year=cases.year_of(now()), allowed=quota.allowed_units(),
    )  # fmt: skip


@partner_view(FIGURES, parties=WHO)
def export(name: str) -> Response:
    """The same figures as a file: columns of the closed list, hidden ones empty."""
    if name not in figures.EXPORTS:
        abort(404)
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow([say(COLUMNS[c]) for c in figures.EXPORTS[name]])
    for line in figures.lines_of(name):
        writer.writerow([_cell(v) for v in line.values()])
    record("assistance.figures_exported", "portal", g.tenant.id, {"name": name, "party": g.account.party})
    db.session.commit()
    return Response(
        "\ufeff" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}-{now():%Y-%m-%d}.csv"'},
    )


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
