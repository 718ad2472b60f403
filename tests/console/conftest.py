"""The console with a signed-in operator, and a browser that is alone in its context as a real visitor is."""

from __future__ import annotations

import contextvars
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.globals import _cv_app
from werkzeug.test import TestResponse

from core.console.service import ensure_console
from core.db import db
from core.identity import sessions
from core.tenancy import current
from core.testing.browser import Browser
from core.testing.makers import make_account

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor(Browser):
    """A browser whose requests share nothing with the test; its tokens come from the sign-in page or any page given."""

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self._alone(lambda: Browser.get(self, path, **kwargs))

    def token(self, path: str = "/console/accounts") -> str:
        for page in (path, "/sign-in"):
            found = _TOKEN.search(self.get(page).get_data(as_text=True))
            if found:
                return found.group(1)
        raise AssertionError("no form with a token")

    def post(self, path: str, data: dict[str, Any] | None = None, *, csrf: bool = True, **kwargs: Any) -> TestResponse:
        body = dict(data or {})
        if csrf:
            body["csrf_token"] = self.token()
        return self._alone(lambda: Browser.post(self, path, body, csrf=False, **kwargs))

    def yes(self, path: str, data: dict[str, Any] | None = None) -> TestResponse:
        """POST, read the question that is asked, say yes."""
        asked = self.post(path, data)
        assert asked.status_code == 200, asked.get_data(as_text=True)
        assert 'name="confirmed"' in asked.get_data(as_text=True)
        return self.post(path, {**(data or {}), "confirmed": "yes"})

    def _alone(self, call: Callable[[], TestResponse]) -> TestResponse:
        def run() -> TestResponse:
            _cv_app.set(None)  # type: ignore[arg-type]
            return call()

        self.last = contextvars.copy_context().run(run)
        return self.last


def with_session(app: Flask, view: current.TenantView, role: str) -> Visitor:
    """A visitor of a portal who is signed in with that role."""
    with current.entered(view.id):
        account = make_account(role, language="en")
        account.language = "en"
        token = sessions.open_session(account, "tests")
        made = account.id
        db.session.commit()
    visitor = Visitor(app, f"{view.slug}.localhost")
    visitor.client.set_cookie("portico_session", token, domain=visitor.host)
    visitor.account_id = made
    return visitor


@pytest.fixture
def console(app: Flask) -> current.TenantView:
    """The console's portal."""
    return ensure_console()


@pytest.fixture
def operator(app: Flask, portals: dict[str, current.TenantView], console: current.TenantView) -> Visitor:
    """An operator, signed in on the console."""
    return with_session(app, console, "operator")


@pytest.fixture
def visit(app: Flask, portals: dict[str, current.TenantView], console: current.TenantView) -> Callable[..., Visitor]:
    """`visit("console")`, `visit("frontalia", "patient")`: a visitor, signed in when a role is given."""

    def make(slug: str, role: str = "") -> Visitor:
        view = console if slug == "console" else portals[slug]
        return with_session(app, view, role) if role else Visitor(app, f"{slug}.localhost")

    return make
