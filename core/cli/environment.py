"""Where a command finds its settings: the environment, else what `portico up` left in `var/run.env`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

    from core.hooks.manager import PluginRuntime

RUN_FILE = "run.env"
SECRETS_FILE = "secrets.env"


def var_folder() -> Path:
    """`PORTICO_VAR`, default `./var`."""
    return Path(os.environ.get("PORTICO_VAR", "var")).resolve()


def tenants_folder() -> Path:
    """Where the portals' folders stand: `PORTICO_TENANTS_DIR`, default `./tenants`."""
    return Path(os.environ.get("PORTICO_TENANTS_DIR", "tenants"))


def read_env(path: Path) -> dict[str, str]:
    """KEY=value lines."""
    if not path.is_file():
        return {}
    pairs = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines() if "=" in line)
    return {key.strip(): value.strip() for key, _equals, value in pairs}


def write_env(path: Path, values: dict[str, str]) -> None:
    """Write KEY=value lines that only the owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("".join(f"{k}={v}\n" for k, v in values.items()), encoding="utf-8")


def kept_secrets(var: Path) -> dict[str, str]:
    """The installation's own secrets, made once."""
    path = var / SECRETS_FILE
    kept = read_env(path)
    wanted = {
        "PORTICO_SECRET_KEY": secrets.token_urlsafe(48),
        "PORTICO_MASTER_KEY": secrets.token_hex(32),
        "OWNER_PASSWORD": secrets.token_urlsafe(24),
        "APP_PASSWORD": secrets.token_urlsafe(24),
    }
    whole = {**wanted, **kept}
    if whole != kept:
        write_env(path, whole)
    return whole


def load() -> Settings:
    """Settings of this installation. Raises SettingsError."""
    if not os.environ.get("PORTICO_DATABASE_URL"):
        for key, value in read_env(var_folder() / RUN_FILE).items():
            os.environ.setdefault(key, value)
    return Settings.from_environment()


def runtime() -> PluginRuntime:
    """All installed plugins, with core's own part. Raises PluginProblem."""
    from core.hooks.manager import PluginRuntime

    made = PluginRuntime()
    made.discover()
    return made


def application(*, wake: bool = False) -> Flask:
    """The application for a command."""
    from core.app import create_app

    return create_app(load(), runtime(), wake=wake)


@contextmanager
def working() -> Iterator[Flask]:
    """The application for a command that ends: what it opened is closed again."""
    from core.db import db

    made = application()
    with made.app_context():
        try:
            yield made
        finally:
            db.session.remove()
            db.engine.dispose()
