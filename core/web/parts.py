"""Parts of pages that belong to another room: a room above adds its part to a place of a page below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, current_app

Part = tuple[str, Mapping[str, Any]]
_KEY = "portico_parts"
PLACES = (
    "patient_home",
    "account",
    "members",
    "patient_line",
    "before_closing",
    "agreements",
    "operator_account",
    "help",
)
"""Home of patients; my data; the people an account acts for; a line of a professional's patients (given its account id);
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


def install(app: Flask) -> None:
    """Give `parts` to Jinja."""
    app.jinja_env.globals["parts"] = parts
