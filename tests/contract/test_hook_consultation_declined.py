"""`consultation_declined`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"consultation_id": str(uuid.uuid4()), "by": "patient"}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "consultation_declined", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event, in_its_portal):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["consultation_declined"]
    everyone.modules["example"].consultation_declined(event)
    everyone.modules["example"].consultation_declined(event)
    assert listeners.counts["consultation_declined"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("consultation_declined")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("consultation_declined")
