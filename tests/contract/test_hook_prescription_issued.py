"""`prescription_issued`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"prescription_id": str(uuid.uuid4()), "consultation_id": str(uuid.uuid4()), "delivery": "electronic"}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "prescription_issued", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event, in_its_portal):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["prescription_issued"]
    everyone.modules["example"].prescription_issued(event)
    everyone.modules["example"].prescription_issued(event)
    assert listeners.counts["prescription_issued"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("prescription_issued")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("prescription_issued")
