"""The room of a call by program: for its two people, with who is there and the way in."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from core import clock
from core.care.rooms import service, video
from core.db import db
from core.hooks.types import JoinLink
from core.tenancy import current


@pytest.fixture
def room(frontalia, patient, doctor):
    """(room id, consultation id) of a call that can begin."""
    with current.entered(frontalia.id):
        row = service.open_room(
            subject_id=uuid.uuid4(), service="video_consultation", patient_account_id=patient.account_id,
            professional_account_id=doctor.pro.account_id, opens_at=clock.now() - dt.timedelta(minutes=1),
            starts_by=clock.now() + dt.timedelta(hours=1),
        )  # fmt: skip
        db.session.commit()
        return row.id, row.subject_id


@pytest.mark.rule("CB-169", "CB-174")
def test_each_of_the_two_sees_the_room_and_nobody_else(room, patient, doctor, program, sign):
    room_id, consultation = room
    professional = program(doctor.pro.account_id)
    mine = patient("GET", f"/rooms/{room_id}").get_json()
    assert (mine["role"], mine["state"], mine["can_start"], mine["join_link"]) == ("patient", "waiting", False, None)
    assert mine["page"].endswith(f"/rooms/{room_id}")
    assert mine["starts_by"]
    theirs = professional("GET", f"/consultations/{consultation}/room").get_json()
    assert (theirs["role"], theirs["can_start"]) == ("professional", True)
    assert [r["id"] for r in professional("GET", "/rooms").get_json()["items"]] == [str(room_id)]
    assert patient("GET", "/rooms").status_code == 403
    for path in (f"/rooms/{room_id}", f"/consultations/{consultation}/room", f"/rooms/{uuid.uuid4()}"):
        assert sign()("GET", path).status_code == 404


def test_who_is_there_is_told(room, patient, monkeypatch):
    from core.live import presence

    seats = {"patient": True, "professional": False}
    monkeypatch.setattr(presence, "here", lambda topic, sides: seats)
    monkeypatch.setattr(presence, "is_online", lambda account_id: True)
    here = patient("GET", f"/rooms/{room[0]}").get_json()
    assert (here["patient_online"], here["professional_available"]) == (True, True)
    monkeypatch.setattr(presence, "here", lambda topic, sides: None)
    unknown = patient("GET", f"/rooms/{room[0]}").get_json()
    assert (unknown["patient_online"], unknown["professional_available"]) == (None, None)


def test_the_way_in_is_given_once_the_call_has_begun(room, patient, doctor, frontalia, monkeypatch, program):
    class Provider:
        code = "elsewhere"

        @staticmethod
        def join(facts):
            return JoinLink(f"https://calls.example.org/{facts.role}")

    monkeypatch.setattr(video, "provider", Provider)
    assert patient("GET", f"/rooms/{room[0]}").get_json()["join_link"] is None
    with current.entered(frontalia.id):
        service.start(service.access_room(room[0], doctor.pro.account_id), doctor.pro.account_id)
        db.session.commit()
    professional = program(doctor.pro.account_id)
    for side, word in ((patient, "patient"), (professional, "professional")):
        told = side("GET", f"/rooms/{room[0]}").get_json()
        assert (told["state"], told["join_link"]) == ("in_call", f"https://calls.example.org/{word}")
    monkeypatch.setattr(Provider, "join", staticmethod(lambda facts: 1 / 0))
    assert patient("GET", f"/rooms/{room[0]}").get_json()["join_link"] is None, "the other ways stay"
