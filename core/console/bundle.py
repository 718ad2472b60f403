"""The console as a bundle made in code: no folder, no plugins, no legal documents; enough for accounts to work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.tenancy.current import CONSOLE_SLUG
from core.tenancy.loader import BRANDING
from core.tenancy.schema_policies import Booking, Identity, Notifications
from core.tenancy.schemas import Cookies, Emergency

DRAWINGS = Path(__file__).parent / "branding"
NAME = "Portico"
LIGHT = {
    "brand": "#2f4858",
    "accent": "#9a5b13",
    "surface": "#ffffff",
    "surface_2": "#f3f5f6",
    "ink": "#14202a",
    "ink_soft": "#4b5a66",
    "line": "#d5dce1",
    "danger": "#b3261e",
}
DARK = {
    "brand": "#9dbfd4",
    "accent": "#e5ad6b",
    "surface": "#10171c",
    "surface_2": "#172128",
    "ink": "#e8eef2",
    "ink_soft": "#a6b5c0",
    "line": "#2c3a44",
    "danger": "#f4968f",
}


def console_bundle(host: str = "") -> dict[str, Any]:
    """The bundle of the console; the same host gives the same bundle, so that storing it twice changes nothing."""
    config = {
        "slug": CONSOLE_SLUG,
        "name": NAME,
        "hosts": [host] if host else [],
        "languages": ["fr", "en"],
        "time_zone": "Europe/Paris",
        "country": "FR",
        "partner": {"name": NAME, "kind": "operator", "services": []},
        "operator": {"name": NAME, "since": "2026-11-01"},
        "publisher": {},
        "host": {},
        "data_protection": {},
        "contact": {},
        "theme": {
            "light": LIGHT,
            "dark": DARK,
            "radius": "0.25rem",
            "space": "0.75rem",
            "font": "system",
            "heading_font": "system",
            "layout": "lines",
        },
        "plugins": {},
        "identity": Identity().load({}),
        "services": {},
        "booking": Booking().load({}),
        "notifications": Notifications().load({"sender_name": NAME}),
        "legal": {"documents": [], "insurance": {}},
        "cookies": Cookies().load({}),
        "emergency": Emergency().load({}),
    }
    drawings = {name: (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8") for name in BRANDING}
    bundle = {"config": config, "legal": {}, "content": {}, "branding": drawings, "catalogue": {}}
    plain: dict[str, Any] = json.loads(json.dumps(bundle))
    return plain
