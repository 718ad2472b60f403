"""`document_clean`: told at least once, so twice is once; nothing is returned."""

import datetime as dt
import uuid

import pytest
from portico_example import listeners

from core.hooks.types import Event

PAYLOAD = {"document_id": str(uuid.uuid4()), "subject_kind": "consultation", "subject_id": str(uuid.uuid4())}


@pytest.fixture
def event():
    return Event(str(uuid.uuid4()), "document_clean", 1, dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC), PAYLOAD)


def test_nothing_comes_back(implementation, event):
    assert implementation(event) is None


def test_twice_is_once(everyone, event):
    before = listeners.counts["document_clean"]
    everyone.modules["example"].document_clean(event)
    everyone.modules["example"].document_clean(event)
    assert listeners.counts["document_clean"] == before + 1


def test_each_enabled_plugin_is_told(everyone, implementation):
    assert implementation.plugin in everyone.dispatcher([implementation.plugin]).listeners("document_clean")
    assert implementation.plugin not in everyone.dispatcher([]).listeners("document_clean")
