"""`document_refused`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"document_id": str(uuid.uuid4()), "subject_kind": "consultation", "subject_id": str(uuid.uuid4())}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "document_refused", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["document_refused"]
    everyone.modules["example"].document_refused(event)
    everyone.modules["example"].document_refused(event)
    assert listeners.counts["document_refused"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("document_refused")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("document_refused")
