"""Whether the process can serve, and what it misses."""

from __future__ import annotations

from typing import Any

import pytest

from core.db import db


def ask(app: Any) -> Any:
    return app.test_client().get("/readyz")


def test_valkey_away_is_told_and_not_refused(app: Any) -> None:
    answer = ask(app)
    assert (answer.status_code, answer.json) == (200, {"status": "degraded", "missing": ["valkey"]})


def test_without_database_it_cannot_serve(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(db.session, "execute", away)
    answer = ask(app)
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "missing": ["database", "valkey"]})
