"""`appointment_moved`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"appointment_id": str(uuid.uuid4()), "previous_start": "2026-11-23T09:00:00+00:00"}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "appointment_moved", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event, in_its_portal):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["appointment_moved"]
    everyone.modules["example"].appointment_moved(event)
    everyone.modules["example"].appointment_moved(event)
    assert listeners.counts["appointment_moved"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("appointment_moved")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("appointment_moved")
