"""People for the tests of accounts: a form that passes, an account that is open, a browser that is signed in."""

import re

import pytest

from core.db import db
from core.identity import accounts, passwords, sessions
from core.identity.accounts import Person
from core.jobs import outbox
from core.notifications.inbox import latest
from core.tenancy import current

PASSWORD = "quince lantern orbit veil"


@pytest.fixture(scope="session")
def hashed():
    """One argon2 hash for all accounts of the tests."""
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def patient_form():
    """The form of a patient that passes."""
    boxes = {
        f"accept_{code}": "2026-11"
        for code in ("terms_of_use_and_sale", "information_and_consent_notice", "cookie_policy")
    }

    def make(**changed):
        form = {
            "first_name": "Éloïse",
            "last_name": "N'Diaye-Müller",
            "birth_date": "1985-07-12",
            "sex": "female",
            "email": "eloise@example.org",
            "phone": "+33 6 12 34 56 78",
            "password": PASSWORD,
            "undertaking": "yes",
            **boxes,
        }
        form |= changed
        return {k: v for k, v in form.items() if v is not None}

    return make


@pytest.fixture
def person():
    def make(**changed):
        given = {
            "first_name": "Anna",
            "last_name": "Schmit",
            "email": "anna@example.org",
            "phone": "+33612345678",
            "birth_date": "1985-07-12",
            "sex": "female",
        }
        return Person(**(given | changed))

    return make


@pytest.fixture
def account(portals, hashed, person):
    """An open account of a portal, by the same function as registration; detached from any session."""
    from core.consent import service as consent

    def make(role="patient", slug="frontalia", state="active", accepted=True, **changed):
        with current.entered(portals[slug].id):
            made = accounts.create_account(role, person(**changed), "", language="en", state=state, hashed=hashed)
            if accepted:
                consent.accept(made.id, consent.to_accept(), language="en", way="registration")
            db.session.commit()
            db.session.expunge_all()
            return made

    return make


@pytest.fixture
def signed_in(browse, portals):
    """A browser of an account, with a session as a sign-in opens it."""

    def make(account, slug="frontalia", language="en"):
        browser = browse(slug, language)
        with current.entered(portals[slug].id):
            token = sessions.open_session(
                accounts.by_id(account.id), "password+code", "Mozilla/5.0 (X11; Linux) Firefox/140"
            )
            db.session.commit()
        browser.client.set_cookie("portico_session", token, domain=browser.host)
        browser.session_token = token
        return browser

    return make


@pytest.fixture
def mail(portals):
    """The newest message of a kind to an address: (body, link path, code)."""

    def read(to, subject="", slug="frontalia", channel="email"):
        outbox.drain()
        with current.entered(portals[slug].id):
            found = [m for m in latest() if m.recipient == to and subject in m.subject and m.channel == channel]
            bodies = [m.body_text for m in found]
            db.session.expunge_all()
        return bodies

    return read


@pytest.fixture
def link_in():
    """The path of the first link of a message."""

    def find(body):
        return re.search(r"https?://[^/\s]+(/\S+)", body).group(1)

    return find


@pytest.fixture
def code_in():
    """The one-time code of a message."""

    def find(body):
        return re.search(r"\b(\d{6})\b", body).group(1)

    return find


@pytest.fixture
def rows(portals):
    """Run a function inside a portal and drop the session after it."""

    def run(function, slug="frontalia"):
        with current.entered(portals[slug].id):
            result = function()
            db.session.commit()
            db.session.expunge_all()
            return result

    return run
