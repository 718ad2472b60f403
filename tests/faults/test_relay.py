"""A call through a real coturn: one side finds no direct way, as behind a hospital's firewall."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from core.tenancy.schema_care import Care
from core.testing.calls import figures, flows, relay
from tests.care.rooms.conftest import chromiums, live, make_room, server, valkey_url, visit

__all__ = ["chromiums", "live", "make_room", "server", "valkey_url", "visit"]

SECRET = "a word that the relay and the portal share"


@pytest.fixture
def turn(tmp_path: Path, frontalia: Any, app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A relay, and a portal that offers it."""
    if shutil.which("turnserver") is None:
        message = "no relay found: apt-get install -y coturn"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    with relay(tmp_path, SECRET) as port:
        monkeypatch.setitem(app.extensions["portico"].settings.provider_secrets, "PORTICO_TURN_SECRET", SECRET)
        offered = {"urls": [f"turn:127.0.0.1:{port}?transport=udp"], "secret_env": "PORTICO_TURN_SECRET"}
        frontalia.config["care"] = Care().load({"video": {"turn": offered}})
        yield tmp_path / "turn.log"
        frontalia.config["care"] = Care().load({})


@pytest.mark.faults
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_call_through_a_relay(
    turn: Path,
    make_room: Any,  # noqa: F811
    visit: Any,  # noqa: F811
    live: Any,  # noqa: F811
) -> None:
    made = make_room()
    patient = visit(made.patient, relay_only=True)
    professional = visit(made.professional)
    patient.goto(patient.base + made.path + "/check")
    patient.get_by_text("Calls get through your network.").wait_for(timeout=40_000)
    for page in (patient, professional):
        page.goto(page.base + made.path)
    professional.get_by_role("button", name="Start the call").click()
    for page in (patient, professional):
        flows(page, seconds=60)
    assert figures(patient)["local"] == "relay"
    assert figures(professional)["remote"] in ("relay", "prflx")
    assert figures(professional)["local"] != "relay"
    # Direct ways are closed to the patient: what arrived came through the relay, which wrote of it.
    assert "ALLOCATE processed, success" in turn.read_text(errors="replace")


@pytest.mark.faults
@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_wrong_password_opens_no_relay(
    turn: Path,
    make_room: Any,  # noqa: F811
    visit: Any,  # noqa: F811
    live: Any,  # noqa: F811
    app: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(app.extensions["portico"].settings.provider_secrets, "PORTICO_TURN_SECRET", "not the relay's")
    made = make_room()
    patient = visit(made.patient, relay_only=True)
    patient.goto(patient.base + made.path + "/check")
    patient.get_by_text("Your network seems to block calls.").wait_for(timeout=60_000)
