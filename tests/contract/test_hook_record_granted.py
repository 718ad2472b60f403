"""`record_granted`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"grant_id": str(uuid.uuid4()), "professional_id": str(uuid.uuid4())}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "record_granted", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["record_granted"]
    everyone.modules["example"].record_granted(event)
    everyone.modules["example"].record_granted(event)
    assert listeners.counts["record_granted"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("record_granted")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("record_granted")
