"""The live process, once for the module; rooms and people as for the rooms' own tests."""

from __future__ import annotations

import pytest

from core.live import presence, publish
from core.testing.live import LivePage, LiveProcess, ticket
from tests.care.rooms.conftest import as_account, asks, make_room, valkey_url

__all__ = ["as_account", "asks", "make_room", "valkey_url"]


@pytest.fixture(scope="module")
def process(settings, valkey_url):
    made = LiveProcess(settings, valkey_url)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def told(app, valkey_url):
    """This process tells Valkey, and asks it who is here."""
    settings = app.extensions["portico"].settings
    before = settings.redis_url
    object.__setattr__(settings, "redis_url", valkey_url)
    publish.connect(valkey_url)
    yield
    publish.disconnect()
    presence._client(valkey_url).close()
    presence._client.cache_clear()
    object.__setattr__(settings, "redis_url", before)


@pytest.fixture
def page(app, portals, process, told):
    """Open a page of an account that listens to topics: `page(account_id, "room:…")`."""
    made = []

    def enter(account_id, *topics, slug="frontalia", live=None, session_id=None):
        one = LivePage((live or process).port, f"{slug}.localhost")
        made.append(one)
        one.welcome = one.hello(ticket(app, portals[slug], account_id, *topics, session_id=session_id))
        return one

    yield enter
    for one in made:
        one.close()
