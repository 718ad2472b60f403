"""Pages, a link in the navigation, a card on the patient's home. Core mounts the pages under /x/example."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from core.plugin_api import DashboardCard, Domain, NavigationEntry, access, settings_of

_ = Domain("example")


def make_blueprint() -> Blueprint:
    """The plugin's pages; a new blueprint for each application, and its name starts with the plugin's."""
    blueprint = Blueprint("example", __name__, template_folder="templates")

    @blueprint.get("/")
    @access("public")
    def index() -> str:
        return render_template("example/index.html", welcome=settings_of("example").get("welcome", ""))

    return blueprint


def greeting(account_id: Any) -> tuple[str, dict[str, Any]] | None:
    """The card, or None where there is nothing to say."""
    words = settings_of("example").get("welcome", "")
    return ("example/card.html", {"welcome": words}) if words else None


NAVIGATION = (NavigationEntry("example", _("Examplia"), "example.index", "globe", ("patient",), weight=700),)
CARDS = (DashboardCard("example_greeting", ("patient",), greeting, weight=700),)
