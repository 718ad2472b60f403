"""The application for a WSGI server: `gunicorn core.wsgi:app`. Settings come from the environment."""

from __future__ import annotations

from core.app import create_app, settle
from core.db import db
from core.settings import Settings

app = create_app(Settings.from_environment())
with app.app_context():
    # A server may load this before it forks: no worker may find a connection that others use too.
    db.session.remove()
    db.engine.dispose()
settle()
