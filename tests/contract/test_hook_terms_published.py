"""`terms_published`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"document": "terms_of_use_and_sale", "version": "2026-12", "effective_on": "2026-12-21", "mode": "announced"}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "terms_published", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event, in_its_portal):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["terms_published"]
    everyone.modules["example"].terms_published(event)
    everyone.modules["example"].terms_published(event)
    assert listeners.counts["terms_published"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("terms_published")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("terms_published")
