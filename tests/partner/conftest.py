"""An editor of the insurer on the portal `frontalia`, signed in."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from core.db import db
from core.tenancy import current
from core.testing.browser import Browser
from core.testing.makers import make_account, sign_in_as


class Editor(Browser):
    """A browser of an account of a party; `form` posts a whole form of the editor with some fields changed."""

    account_id: uuid.UUID

    def page(self, path: str) -> str:
        return self.text(self.get(path))

    def fields(self, path: str) -> MultiDict[str, str]:
        """The form of a page as a browser would send it back."""
        form = re.search(r"<form method=\"post\"[^>]*data-draft>(.*?)</form>", self.page(path), re.DOTALL)
        assert form, "no form of the editor on this page"
        found: MultiDict[str, str] = MultiDict()
        for tag in re.findall(r"<input[^>]*>", form.group(1)):
            name = re.search(r'name="([^"]+)"', tag)
            kind = re.search(r'type="([^"]+)"', tag)
            value = re.search(r'value="([^"]*)"', tag)
            if name and not (kind and kind.group(1) in ("file", "checkbox") and " checked" not in tag):
                found[name.group(1)] = value.group(1).replace("&#39;", "'") if value else ""
        for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form.group(1), re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', inner)
            found[name] = chosen.group(1) if chosen else ""
        return found

    def form(self, path: str, changes: Mapping[str, Any], **kwargs: Any) -> Any:
        data = self.fields(path) if not path.startswith("/partner/texts/") else MultiDict()
        for name, value in changes.items():
            data[name] = value
        return self.post(path, data, **kwargs)


@pytest.fixture
def editor_on(app: Flask) -> Callable[..., Editor]:
    """`editor_on(view, party="publisher")`: a person of a party, signed in on that portal."""

    def make(view: current.TenantView, language: str = "en", **account: Any) -> Editor:
        browser = Editor(app, f"{view.slug}.localhost", language)
        with current.entered(view.id):
            made = make_account("partner", language=language, **account)
            db.session.commit()
        sign_in_as(browser, view.id, made)
        browser.account_id = made.id
        return browser

    return make


@pytest.fixture
def editor(editor_on: Callable[..., Editor], frontalia: current.TenantView) -> Editor:
    """An administrator of the insurer on `frontalia`."""
    return editor_on(frontalia)


@pytest.fixture
def config_now(frontalia: current.TenantView) -> Callable[[], Mapping[str, Any]]:
    """What is in force on `frontalia`."""
    return lambda: current.view_by_id(frontalia.id).config
