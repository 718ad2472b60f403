"""A suspended portal shows its notice, opens again when its time has come, and not a second before (CB-069)."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest

from core import clock
from core.db import db, global_scope
from core.jobs import periodic
from core.tenancy import service
from core.tenancy.models import Tenant

NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)


def state_of(slug: str) -> tuple[str, Any]:
    with global_scope():
        row = db.session.query(Tenant).filter_by(slug=slug).one()
        found = (row.state, row.state_until)
        db.session.rollback()
    return found


@pytest.mark.rule("CB-069")
def test_a_suspension_ends_at_its_hour(portals: Any, browse: Any) -> None:
    frontalia = browse("frontalia", "fr")
    with clock.at(NOON - dt.timedelta(hours=2)):
        service.suspend("frontalia", "test", "technical", "Retour à midi", until=NOON)
    with clock.at(NOON - dt.timedelta(seconds=1)):
        periodic.run_due()
        assert state_of("frontalia") == ("suspended", NOON)
        closed = frontalia.get("/")
        assert closed.status_code == 503
        assert "Retour à midi" in closed.get_data(as_text=True)
    with clock.at(NOON):
        periodic.run_due()
        assert state_of("frontalia") == ("live", None)
        assert frontalia.get("/").status_code == 200


@pytest.mark.rule("CB-069")
def test_a_suspension_without_an_end_stays(portals: Any) -> None:
    service.suspend("frontalia", "test", "regulatory")
    try:
        with clock.at(NOON + dt.timedelta(days=3650)):
            assert service.resume_due() == []
    finally:
        service.resume("frontalia", "test")


@pytest.mark.rule("CB-069", "CB-270")
def test_a_portal_that_lacks_something_stays_closed(
    portals: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service.suspend("frontalia", "test", "technical", until=NOON)
    with monkeypatch.context() as patched, clock.at(NOON):
        patched.setattr(
            service, "missing_for_live", lambda *_a: [service.GoLiveCheck("host.name", service._("No host"))]
        )
        with caplog.at_level(logging.WARNING):
            assert service.resume_due() == []
    assert state_of("frontalia")[0] == "suspended"
    assert [r.__dict__["tenant"] for r in caplog.records if "cannot resume" in r.message] == ["frontalia"]
    service.resume("frontalia", "test")
