"""`consultation_refunded`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"consultation_id": str(uuid.uuid4()), "by": "professional"}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "consultation_refunded", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["consultation_refunded"]
    everyone.modules["example"].consultation_refunded(event)
    everyone.modules["example"].consultation_refunded(event)
    assert listeners.counts["consultation_refunded"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("consultation_refunded")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("consultation_refunded")
