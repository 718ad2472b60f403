"""An identity provider in a real Chromium: there by a link (a form could not leave the site), back, and out again."""

import json
import re
import subprocess
import sys

import pytest
import requests
from playwright.sync_api import expect
from sqlalchemy import select

from core.consent import service as consent
from core.db import db
from core.identity import accounts, oidc_http, passwords
from core.identity.accounts import Person
from core.identity.models import AuthSession
from core.tenancy import service
from core.tenancy.current import entered

pytestmark = pytest.mark.browser
PASSWORD = "quince lantern orbit veil"


@pytest.fixture
def local_provider(app, bundles, portals, monkeypatch):
    """A provider's process, enabled on the portal `frontalia`."""
    import copy

    oidc_http.forget()
    command = [sys.executable, "-m", "core.testing.oidc_provider", "--client", "portico-tests", "--secret", "local"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        found = json.loads(child.stdout.readline())
        secrets = app.extensions["portico"].settings.provider_secrets
        monkeypatch.setitem(secrets, "PORTICO_OIDC_FRONTALIA__HORIZON", "local")
        changed = copy.deepcopy(bundles["frontalia"])
        changed["config"]["identity"]["providers"] = [
            {
                "code": "horizon",
                "client_id": "portico-tests",
                "label": "Local identity",
                "audience": "patient",
                "discovery": f"{found['issuer']}/.well-known/openid-configuration",
                "secret_env": "PORTICO_OIDC_FRONTALIA__HORIZON",
                "two_factors": [{"since": "2026-01-01", "acr": ["eidas2"]}],
            }
        ]
        service.store(changed, "tests")
        requests.post(f"{found['issuer']}/control", json={"show_page": True}, timeout=5)
        yield found
        child.terminate()


def test_there_back_and_out(page, server, portals, local_provider):
    base = f"http://frontalia.localhost:{server}"
    with entered(portals["frontalia"].id):
        who = Person("Anna", "Schmit", "anna@example.org", "+33612345678", "1985-07-12", "female")
        made = accounts.create_account(
            "patient", who, "", language="en", state="active", hashed=passwords.hash_password(PASSWORD)
        )
        consent.accept(made.id, consent.to_accept(), language="en", way="registration")
        db.session.commit()
    # A first visit: unknown here; the person says stop, then goes through, and finds the two ways on.
    page.goto(f"{base}/sign-in")
    page.get_by_role("link", name="Sign in with Local identity").click()
    page.wait_for_url("http://localhost:*/authorize*")
    page.click("#stop")
    expect(page.get_by_role("heading", name="You stopped the sign-in")).to_be_visible()
    page.get_by_role("link", name="Try again with Local identity").click()
    page.click("#go")
    page.wait_for_url(f"{base}/sign-in/identity")
    expect(page.get_by_role("heading", name="Welcome, Éloïse N'Diaye")).to_be_visible()
    page.locator("#main").get_by_role("link", name="Open an account").click()
    expect(page.locator("[name=first_name]")).to_have_attribute("readonly", re.compile(".*"))
    # Connected meanwhile: the next visit signs in.
    from core.identity import provider_links
    from core.identity.oidc import Arrival

    with entered(portals["frontalia"].id):
        from core.identity import providers

        arrival = Arrival("horizon", local_provider["issuer"], "person-1", "eidas2", "connect")
        provider_links.connect(providers.way("horizon"), arrival, accounts.by_email("anna@example.org"))
        db.session.commit()
    page.goto(f"{base}/sign-in?next=/account/security")
    page.get_by_role("link", name="Sign in with Local identity").click()
    page.click("#go")
    page.wait_for_url(f"{base}/account/security")
    with entered(portals["frontalia"].id):
        assert db.session.execute(select(AuthSession.factors)).scalars().all() == ["provider:horizon"]
    # Signing out is a form of this site; the way out at the provider is a link.
    page.locator("form[action='/sign-out'] button").first.evaluate("element => element.click()")
    page.wait_for_url(f"{base}/sign-out")
    page.get_by_role("link", name="Sign out at Local identity too").click()
    page.wait_for_url(f"{base}/")
