"""`promise_near`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {
    "promise_id": str(uuid.uuid4()),
    "kind": "call_back",
    "subject_kind": "case",
    "subject_id": str(uuid.uuid4()),
}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "promise_near", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event, in_its_portal):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["promise_near"]
    everyone.modules["example"].promise_near(event)
    everyone.modules["example"].promise_near(event)
    assert listeners.counts["promise_near"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("promise_near")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("promise_near")
