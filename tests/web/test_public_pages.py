"""What a visitor without account sees."""

from dataclasses import replace

import pytest

from core.db import db
from core.hooks.types import Delivery
from core.notifications import inbox
from core.tenancy import current


@pytest.mark.rule("CB-001", "CB-006", "CB-059")
def test_home_shows_the_brand_and_links_to_the_documents(browse):
    page = browse().get("/")
    body = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "Frontalia" in body
    for link in ("/legal/legal_notice", "/legal/terms_of_use_and_sale", "/legal/cookie_policy"):
        assert link in body


def test_an_unknown_host_is_404(app, browse):
    visitor = browse()
    visitor.host = "nobody.localhost"
    visitor.headers["Host"] = "nobody.localhost:8000"
    assert visitor.get("/").status_code == 404


def test_a_mail_is_shown_as_mail_programs_draw_it(portals, browse, app, monkeypatch):
    portico = app.extensions["portico"]
    assert browse("frontalia", "fr").get("/dev/inbox").status_code == 404, "development only"
    monkeypatch.setattr(portico, "settings", replace(portico.settings, env="development"))
    with current.entered(portals["frontalia"].id):
        inbox.keep(Delivery("email", "a@mail.example", "Bonjour", "text", "<p>Bonjour</p>"))
        db.session.commit()
        (made,) = inbox.latest(1)
        path = f"/dev/inbox/{made.id}"
    visitor = browse("frontalia", "fr")
    assert path in visitor.get("/dev/inbox").get_data(as_text=True)
    shown = visitor.get(path)
    assert shown.get_data(as_text=True) == "<p>Bonjour</p>"
    assert shown.headers["Content-Security-Policy"].startswith("sandbox;")
    assert browse("rdv-confiance", "fr").get(path).status_code == 404, "another portal's mail"
