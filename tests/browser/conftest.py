"""A real browser against a real server, in this process, so that the inbox can be read."""

import os
import re
import shutil

import pytest
from sqlalchemy import select

from core.db import db
from core.jobs import outbox
from core.notifications.models import InboxMessage
from core.tenancy.current import entered
from core.testing.served import served

ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium():
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        message = "no Chromium found: apt-get install -y chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def browser(driver):
    made = driver.chromium.launch(executable_path=chromium(), args=ARGS)
    yield made
    made.close()


@pytest.fixture
def server(app, portals):
    with served(app) as port:
        yield port


@pytest.fixture(params=[pytest.param(1280, id="desk", marks=pytest.mark.faults), pytest.param(390, id="phone")])
def page(request, browser, server):
    """A page of a fresh visitor; nothing may be written to the console as an error.

    The phone's width is walked by `make test`, the desk's beside the other long walks.
    """
    context = browser.new_context(viewport={"width": request.param, "height": 900}, locale="en-GB")
    made = context.new_page()
    errors = []
    made.on("console", lambda m: errors.append(m.text) if m.type == "error" and "favicon" not in m.text else None)
    made.on("pageerror", lambda e: errors.append(str(e)))
    yield made
    context.close()
    # A refusal that a test provokes answers 4xx, which the browser notes: that is not an error of the page.
    assert [e for e in errors if "status of 4" not in e] == []


@pytest.fixture
def last_mail(portals):
    """The newest e-mail of a portal to an address."""

    def read(to, slug="frontalia"):
        outbox.drain()
        with entered(portals[slug].id):
            row = (
                db.session.execute(
                    select(InboxMessage)
                    .where(InboxMessage.recipient == to, InboxMessage.channel == "email")
                    .order_by(InboxMessage.received_at.desc())
                )
                .scalars()
                .first()
            )
            assert row is not None, f"no mail to {to}"
            return row.subject, row.body_text

    return read


@pytest.fixture
def code_of(last_mail):
    """The sign-in code in the newest e-mail."""

    def read(to, slug="frontalia"):
        found = re.search(r"\b(\d{6})\b", last_mail(to, slug)[1])
        assert found
        return found.group(1)

    return read
