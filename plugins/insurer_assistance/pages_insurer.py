"""Pages of the insurer, the operator and the assister: figures as charts and files. No health data stands behind them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from babel import Locale, dates, numbers
from flask import Blueprint, Response, abort, g

from core.plugin_api import Domain, Message
from core.plugin_api.pages import FIGURES, language, partner_view, render, say
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
SCALES = {"share": 100, "average": 5}
"""What fills a bar of a chart, where it is not the largest value."""


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
        year=cases.year_of(now()), allowed=quota.allowed_units(), figure=figure, scales=SCALES,
    )  # fmt: skip


def figure(column: str, value: Any) -> str:
    """A month or a number as the visitor's language writes it; files keep both as they are."""
    # As elsewhere in Portico, English is written for Europe.
    locale = Locale.parse("en_GB" if language() == "en" else language().replace("-", "_"))
    if column == "month":
        return str(dates.format_skeleton("yMMM", dt.date.fromisoformat(f"{value}-01"), locale=locale))
    if column == "share":
        return str(numbers.format_percent(value / 100, locale=locale))
    # An average keeps its tenth: 4.0 among 4.5 and 4.2 is not a count.
    tenth = "#,##0.0" if isinstance(value, float) else None
    return str(numbers.format_decimal(value, tenth, locale=locale))


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
