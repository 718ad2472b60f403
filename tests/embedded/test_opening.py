"""The work of a start is shared by two threads: neither waits for ever for what the other could not do."""

import threading

import pytest

from core.cli.opening import Opening
from core.embedded import EmbeddedPostgres


def started(opening):
    """Run both halves as the supervisor does; what the database's half raised, if anything."""
    raised = []

    def start():
        try:
            opening.server().start()
        except Exception as problem:
            raised.append(problem)

    thread = threading.Thread(target=start)
    thread.start()
    try:
        opening.load()
    finally:
        thread.join(60)
    assert not thread.is_alive()
    return raised


@pytest.mark.timeout(120)
def test_roles_that_cannot_be_made_end_both_halves(root):
    def settle():
        raise PermissionError("no role may be made")

    assert [str(p) for p in started(Opening(settle, EmbeddedPostgres(root, fast=True), demo=False))] == [
        "no role may be made"
    ]


@pytest.mark.timeout(120)
def test_an_application_that_cannot_be_made_ends_both_halves(root, monkeypatch):
    def unreadable():
        raise RuntimeError("no settings")

    monkeypatch.setattr("core.cli.environment.load", unreadable)
    with pytest.raises(RuntimeError, match="no settings"):
        started(Opening(lambda: None, EmbeddedPostgres(root, fast=True), demo=False))
