"""Template overrides from the operator's folder, one Jinja overlay per tenant: a shared cache would mix brands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, g
from jinja2 import ChoiceLoader, Environment, FileSystemLoader


def install(app: Flask, folder: Path | None) -> None:
    """Serve `<folder>/<slug>/…` before core's templates, for that tenant only. Without a folder nothing changes."""
    if folder is None:
        return
    plain = app.jinja_env
    overlays: dict[str, Environment] = {}

    def environment() -> Environment:
        tenant = g.get("tenant")
        if tenant is None or not (folder / tenant.slug).is_dir():
            return plain
        if tenant.slug not in overlays:
            loaders = [FileSystemLoader(folder / tenant.slug)] + ([plain.loader] if plain.loader else [])
            overlays[tenant.slug] = plain.overlay(loader=ChoiceLoader(loaders))
        return overlays[tenant.slug]

    class _PerTenant(Flask):
        @property
        def jinja_env(self) -> Any:
            return environment()

    app.__class__ = _PerTenant
