"""`expertise_asked`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"expertise_id": str(uuid.uuid4()), "consultation_id": str(uuid.uuid4())}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "expertise_asked", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["expertise_asked"]
    everyone.modules["example"].expertise_asked(event)
    everyone.modules["example"].expertise_asked(event)
    assert listeners.counts["expertise_asked"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("expertise_asked")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("expertise_asked")
