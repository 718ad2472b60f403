"""Parts of pages that belong to others: a room above adds its part to a place of a page below, a plugin its card to a home."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import Flask, current_app, g, render_template
from markupsafe import Markup

from core.db import db
from core.tenancy.current import current_tenant
from core.web.language import gettext_of, ngettext_of

Part = tuple[str, Mapping[str, Any]]
_KEY = "portico_parts"
ABOVE = 50
"""Cards of a lower weight stand above what core shows on a home."""
PLACES = (
    "patient_home",
    "desk_today",
    "account",
    "members",
    "patient_line",
    "before_closing",
    "agreements",
    "operator_account",
    "help",
)
"""Home of patients; of professionals; my data; the people an account acts for; a line of a professional's patients (given its account id);
what to do before closing an account; my agreements; an account in the console (given the portal and the account); the help page."""


def add_part(app: Flask, place: str, weight: int, make: Callable[..., Part | None]) -> None:
    """A room adds its part (called from its `install`). `make` gives the template and its `data`, or None for nothing.

    Raises ValueError for a place that no page has.
    """
    if place not in PLACES:
        raise ValueError(f"no page has a place called {place}")
    app.extensions.setdefault(_KEY, {}).setdefault(place, []).append((weight, make))


def parts(place: str, *about: Any) -> list[Part]:
    """The parts of a place, in order of weight: (template, data). For templates."""
    rows = sorted(current_app.extensions.get(_KEY, {}).get(place, ()), key=lambda r: r[0])
    return [made for _weight, make in rows if (made := make(*about)) is not None]


class Cards(NamedTuple):
    """Cards of a home, drawn: those that stand above what core shows there, and those below."""

    above: list[Markup]
    below: list[Markup]


def cards() -> Cards:
    """The cards that plugins put on the home of who is signed in, by weight (hook `dashboard_cards`). For templates.

    A card that fails is left out with what it did to the database, and the operator sees why.
    """
    dispatcher, account = current_tenant().dispatcher, g.account
    found = [
        (card.weight, plugin, card.code, card)
        for plugin, answer in dispatcher.by_plugin("dashboard_cards")
        for card in answer or ()
        if account.role in card.roles
    ]
    drawn = Cards([], [])
    for weight, plugin, _code, card in sorted(found, key=lambda f: f[:3]):
        try:
            with db.session.begin_nested():
                made = card.render(account.id)
                if made is not None:
                    words = {"_": gettext_of(plugin), "ngettext": ngettext_of(plugin)}
                    place = drawn.above if weight < ABOVE else drawn.below
                    place.append(Markup(render_template(made[0], **words, **made[1])))  # noqa: S704
        except Exception as error:
            dispatcher.failed(plugin, "dashboard_cards", error)
    return drawn


def install(app: Flask) -> None:
    """Give `parts` and `cards` to Jinja."""
    app.jinja_env.globals.update(parts=parts, cards=cards)
