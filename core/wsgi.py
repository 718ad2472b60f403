"""The application for a WSGI server: `gunicorn core.wsgi:app`. Settings come from the environment."""

from __future__ import annotations

from core.app import create_app, settle
from core.settings import Settings

app = create_app(Settings.from_environment())
settle()
