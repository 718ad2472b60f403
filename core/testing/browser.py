"""A browser without a browser: a test client of one portal that carries cookies and CSRF tokens as a real one does."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Browser:
    """Visits one portal. `get` and `post` take paths; `post` fetches the form's token first, as a visitor's page has it."""

    __test__ = False

    def __init__(self, app: Flask, host: str, language: str = "en") -> None:
        self.app, self.host = app, host
        self.client = app.test_client()
        self.headers = {"Host": f"{host}:8000", "Accept-Language": language}
        self.last: TestResponse | None = None

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """GET a path; redirects are not followed unless asked."""
        headers = {**self.headers, **kwargs.pop("headers", {})}
        self.last = self.client.get(path, headers=headers, base_url=f"http://{self.host}:8000", **kwargs)
        return self.last

    def token(self, path: str = "/help-token") -> str:
        """A CSRF token as a page of this portal gives it."""
        page = self.get("/pages/help")
        found = _TOKEN.search(page.get_data(as_text=True))
        assert found, "no form with a token on this page"
        return found.group(1)

    def post(self, path: str, data: dict[str, Any] | None = None, *, csrf: bool = True, **kwargs: Any) -> TestResponse:
        """POST a form; `csrf=False` leaves the token out, as a hostile page would."""
        body = dict(data or {})
        if csrf:
            body["csrf_token"] = self.token()
        headers = {**self.headers, **kwargs.pop("headers", {})}
        self.last = self.client.post(path, data=body, headers=headers, base_url=f"http://{self.host}:8000", **kwargs)
        return self.last

    def follow(self, answer: TestResponse) -> TestResponse:
        """Follow redirects, as a browser does."""
        while answer.status_code in (301, 302, 303, 307, 308):
            answer = self.get(answer.headers["Location"])
        return answer

    @staticmethod
    def text(answer: TestResponse) -> str:
        """The page's text."""
        return answer.get_data(as_text=True)
