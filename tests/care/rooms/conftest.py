"""A room with its two people, and browsers of theirs."""

from __future__ import annotations

import datetime as dt
import uuid
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from flask import g

from core import clock as clocks
from core.care.rooms import panels, service
from core.consent import service as consent
from core.db import db
from core.identity import sessions
from core.identity.models import Account
from core.live import presence, publish
from core.tenancy.current import entered
from core.testing import servers
from core.testing.calls import FAKE_DEVICES, RELAY_ONLY, WATCHED
from core.testing.live import LiveProcess
from core.testing.makers import _sign_in, make_booker, make_professional
from tests.browser.conftest import ARGS, chromium, server

__all__ = ["server"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch):
    """These rooms have no consultation behind them: nothing of it stands beside the picture."""
    monkeypatch.setattr(panels, "_makers", {})


@pytest.fixture
def make_room(portals):
    """Make a room on a portal: `room_id`, `subject_id`, `patient`, `professional` (account ids)."""

    def make(slug="frontalia", professional=None, **changed):
        # Inside the portal already: entering again would drop the session that the test works with.
        here = g.get("tenant")
        with nullcontext() if here is not None and here.slug == slug else entered(portals[slug].id):
            made = professional or make_professional(service="video_consultation")
            booker = make_booker(first_name="Secret", last_name="Canaryname")
            subject_id = uuid.uuid4()
            row = service.open_room(
                subject_id=subject_id,
                service="video_consultation",
                patient_account_id=booker.account_id,
                professional_account_id=made.account.id,
                opens_at=changed.pop("opens_at", clocks.now() - dt.timedelta(minutes=5)),
                **changed,
            )
            db.session.commit()
            return SimpleNamespace(
                id=row.id, subject_id=subject_id, patient=booker.account_id, professional=made.account.id, made=made, path=f"/rooms/{row.id}"
            )  # fmt: skip

    return make


@pytest.fixture
def as_account(browse, portals):
    """A browser signed in as an account of a portal."""

    def sign_in(account_id, slug="frontalia"):
        visitor = browse(slug)
        with entered(portals[slug].id):
            account = db.session.get(Account, (portals[slug].id, account_id))
            _sign_in(visitor, account)
        visitor.client.set_cookie("portico_language", "en", domain=visitor.host)
        return visitor

    return sign_in


@pytest.fixture
def asks():
    """Ask as a script does: JSON in mind, the token in a header."""

    def ask(visitor, method, path, **kwargs):
        headers = {**visitor.headers, "Accept": "application/json", "X-CSRF-Token": visitor.token()}
        return visitor.client.open(
            path, method=method, headers=headers, base_url=f"http://{visitor.host}:8000", **kwargs
        )

    return ask


@pytest.fixture
def live(app, portals, settings, server, valkey_url):
    """The live process beside the test's web server, and a portal whose pages know where it is."""
    process = LiveProcess(settings, valkey_url, public_port=server)
    own = app.extensions["portico"].settings
    before = own.redis_url, own.live_url
    object.__setattr__(own, "redis_url", valkey_url)
    object.__setattr__(own, "live_url", f"ws://{{host}}:{process.port}/live")
    publish.connect(valkey_url)
    process.start()
    yield process
    process.stop()
    publish.disconnect()
    presence._client(valkey_url).close()
    presence._client.cache_clear()
    object.__setattr__(own, "redis_url", before[0])
    object.__setattr__(own, "live_url", before[1])


@pytest.fixture(scope="session")
def valkey_url():
    run = servers.valkey()
    run.start()
    return run.url


@pytest.fixture(scope="module")
def chromiums(driver):
    """Chromiums with a fake camera and microphone, each started once: `chromiums(number)`; `devices=False` has neither."""
    made = {}

    def launch(number, devices=True):
        if (number, devices) not in made:
            args = [*ARGS, *(FAKE_DEVICES if devices else FAKE_DEVICES[1:])]
            made[number, devices] = driver.chromium.launch(executable_path=chromium(), args=args)
        return made[number, devices]

    yield launch
    for one in made.values():
        one.close()


@pytest.fixture
def visit(chromiums, server, portals):
    """A page of an account in a Chromium of its own: `visit(account_id)`; errors of scripts fail the test."""
    errors, contexts = [], []

    def enter(account_id, *, relay_only=False, devices=True, context=None, slug="frontalia"):
        if context is None:
            # The first person sits at one Chromium, the second at another.
            context = chromiums(len(contexts) % 2, devices).new_context(locale="en-GB", permissions=["camera", "microphone"] if devices else [])  # fmt: skip
            contexts.append(context)
            with entered(portals[slug].id):
                account = db.session.get(Account, (portals[slug].id, account_id))
                consent.accept(account.id, consent.to_accept(), language="en", way="registration")
                token = sessions.open_session(account, "tests")
                db.session.commit()
            base = f"http://{slug}.localhost:{server}"
            context.add_cookies(
                [{"name": n, "value": v, "url": base} for n, v in ((sessions.COOKIE, token), ("portico_language", "en"), ("portico_cookies", "necessary"))]
            )  # fmt: skip
            if relay_only:
                context.add_init_script(RELAY_ONLY)
            context.add_init_script(WATCHED)
        page = context.new_page()
        page.base = f"http://{slug}.localhost:{server}"
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.on(
            "console", lambda m: errors.append(m.text) if m.type == "error" and "Content Security" in m.text else None
        )
        return page

    yield enter
    for context in contexts:
        context.close()
    assert errors == []
