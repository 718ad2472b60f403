"""Recordings of calls: notice first, objection at once, heard by few, erased in time."""

from __future__ import annotations

import datetime as dt
import io
import json
import uuid

import pytest
from sqlalchemy import func, select

from core.audit.models import AuditEntry
from core.db import db
from core.plugin_api.pages import Refused
from core.tenancy import keys
from core.testing import makers
from plugins.insurer_assistance import intake, recordings, team
from plugins.insurer_assistance.models import Listening, Recording

pytestmark = pytest.mark.usefixtures("mutual")
OGG = b"OggS" + b"canary" * 20


def count(model):
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.fixture
def told(clock, member, staff, call_of):
    clock.set(dt.datetime(2026, 11, 28, 22, 0, tzinfo=dt.UTC))

    def make(recording="told", **changed):
        someone, agent = member(), staff("agent")
        made = intake.save(
            intake.read(call_of(someone, recording=recording, **changed)), agent.id, uuid.uuid4(), language="fr"
        )
        db.session.commit()
        return made, agent, someone

    return make


@pytest.mark.rule("IA-029")
def test_nothing_is_recorded_before_the_notice_is_noted(told):
    made, agent, _someone = told()
    made.recording = "none"
    for act in (lambda: recordings.start(agent.id, made.id), lambda: recordings.keep(made.id, OGG, "audio/ogg")):
        with pytest.raises(Refused, match="tell the person"):
            act()
    recordings.tell_notice(agent.id, made.id)
    recordings.start(agent.id, made.id)
    assert recordings.keep(made.id, OGG, "audio/ogg").size == len(OGG)


@pytest.mark.rule("IA-031")
def test_an_objection_is_noted_at_once_nothing_is_stored_and_the_service_goes_on(told):
    made, agent, _someone = told("objected")
    assert made.state == "to_doctor"
    with pytest.raises(Refused, match="objected"):
        recordings.keep(made.id, OGG, "audio/ogg")
    made, agent, _someone = told()
    recordings.keep(made.id, OGG, "audio/ogg")
    recordings.object_(agent.id, made.id)
    assert count(Recording) == 0
    assert made.state == "to_doctor"
    for act in (recordings.tell_notice, recordings.start):
        with pytest.raises(Refused, match="objected"):
            act(agent.id, made.id)


@pytest.mark.rule("IA-107")
def test_the_sound_is_sealed_with_the_key_of_the_person(told):
    made, _agent, _someone = told()
    row = recordings.keep(made.id, OGG, "audio/ogg")
    assert b"canary" not in row.sealed
    assert keys.unseal(made.person_id, "ia_recordings", "sealed", row.sealed) == OGG


@pytest.mark.parametrize(
    ("audio", "kind"), [(b"", "audio/ogg"), (b"GIF89a", "audio/ogg"), (OGG, "video/webm"), (b"MZ" * 40, "audio/wav")]
)
def test_what_is_no_sound_is_refused(told, audio, kind):
    made, _agent, _someone = told()
    with pytest.raises(Refused):
        recordings.keep(made.id, audio, kind)


def test_a_call_by_video_is_never_recorded(told):
    made, _agent, _someone = told(contact="video")
    with pytest.raises(Refused, match="never recorded"):
        recordings.keep(made.id, OGG, "audio/ogg")


@pytest.mark.rule("IA-030")
def test_two_months_and_a_day_later_sound_and_entry_are_gone_and_the_purge_is_noted(told, clock):
    made, agent, _someone = told()
    recordings.keep(made.id, OGG, "audio/ogg")
    db.session.commit()
    clock.set(dt.datetime(2027, 1, 28, 21, 59, tzinfo=dt.UTC))
    recordings.purge()
    assert count(Recording) == 1
    clock.set(dt.datetime(2027, 1, 29, 22, 0, tzinfo=dt.UTC))
    recordings.purge()
    db.session.commit()
    assert count(Recording) == 0 == count(Listening)
    assert recordings.of_case(made.id) == []
    noted = db.session.execute(
        select(AuditEntry).where(AuditEntry.action == "assistance.recording_erased")
    ).scalar_one()
    assert json.loads(noted.details)["why"] == "retention"


@pytest.mark.parametrize(
    ("made", "gone"),
    [
        ("2026-12-31T12:00:00", "2027-02-28T12:00:00"),
        ("2027-08-30T10:00:00", "2027-10-30T10:00:00"),
        ("2026-09-01T10:00:00", "2026-11-01T11:00:00"),  # the clocks went back between: the same wall clock
    ],
)
def test_months_are_those_of_the_calendar(made, gone):
    found = recordings.until(dt.datetime.fromisoformat(made).replace(tzinfo=dt.UTC))
    assert found == dt.datetime.fromisoformat(gone).replace(tzinfo=dt.UTC)


@pytest.mark.rule("IA-030")
def test_only_who_is_named_listens_and_the_patient_sees_it(told, staff, visit):
    made, agent, someone = told()
    page = visit(agent)
    page.post(
        f"/x/insurer_assistance/phone/{made.id}/recording",
        {"sound": (io.BytesIO(OGG), "call.ogg", "audio/ogg")},
        content_type="multipart/form-data",
    )
    row = db.session.execute(select(Recording)).scalar_one()
    sound = f"/x/insurer_assistance/recordings/{row.id}"
    for other in (agent, staff("nurse")):
        assert visit(other).get(sound).status_code == 403
    assert visit(someone.account).get(sound).status_code == 403
    chief = staff("agent", listens=True)
    answer = visit(chief).get(sound)
    assert (answer.data, answer.mimetype, answer.headers["Cache-Control"]) == (OGG, "audio/ogg", "no-store")
    shown = visit(someone.account).get(f"/x/insurer_assistance/cases/{made.id}").get_data(as_text=True)
    assert "Listened to by" in shown
    heard = db.session.execute(select(AuditEntry).where(AuditEntry.action == "assistance.recording_heard")).scalar_one()
    assert json.loads(heard.details)["by"] == str(chief.id)
    with pytest.raises(Refused, match="never by doctors"):
        team.set_facts(
            makers.make_professional().account.id, "doctor", registered=True, practises_in_country=True, engaged_from="2026-01-01", engaged_until=None,
            by="x", listens=True,
        )  # fmt: skip
