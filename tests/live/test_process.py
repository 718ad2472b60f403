"""The live process, as it runs: who is admitted, what passes, what is refused, and what happens when it dies."""

import datetime as dt
import json
import shutil
import socket
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from core.care.rooms import service
from core.db import db
from core.embedded import EmbeddedValkey, paths
from core.identity import sessions
from core.live import publish, tokens, topics
from core.live.hub import BAD_MESSAGE, ENDED, NOT_ADMITTED, TAKEN_OVER, TOO_MUCH
from core.tenancy.current import entered
from core.testing.live import LivePage, LiveProcess, eventually, session_of, ticket
from core.testing.makers import make_account

PAGE = "abcdefgh12345678"
OTHER = "hgfedcba87654321"


def change(portals, work, slug="frontalia"):
    with entered(portals[slug].id):
        answer = work()
        db.session.commit()
        return answer


def started(portals, made):
    def work():
        service.start(service.access_room(made.id, made.professional), made.professional)

    change(portals, work)


@pytest.fixture
def both(make_room, page, portals):
    """A room in which both sit, the call started."""
    made = make_room()
    topic = service.topic_of(made.id)
    patient, professional = page(made.patient, topic), page(made.professional, topic)
    started(portals, made)
    for one in (patient, professional):
        one.until("notice", what="room_started")
    made.topic = topic
    return made, patient, professional


def offer(topic, **more):
    return {
        "type": "signal", "topic": topic, "kind": "description", "from": PAGE, "to": OTHER,
        "data": {"type": "offer", "sdp": "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"}, **more,
    }  # fmt: skip


# -- who is admitted


def refused(process, **more):
    with pytest.raises(InvalidStatus) as answer:
        LivePage(process.port, **{"host": "frontalia.localhost", **more})
    return answer.value.response.status_code


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example:8000", "http://rdv-confiance.localhost:8000", "http://frontalia.localhost:9", "null", "http://frontalia.localhost:8000/x"],
)  # fmt: skip
def test_another_origin_is_refused(portals, process, origin):
    assert refused(process, origin=origin) == 403


def test_a_host_that_is_no_portal_is_refused(portals, process):
    assert refused(process, host="nowhere.localhost") == 403


def test_other_paths_are_not_there_and_health_is(portals, process):
    assert refused(process, path="/other") == 404
    with socket.create_connection(("127.0.0.1", process.port), timeout=5) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert plain.recv(100).startswith(b"HTTP/1.1 200")


def turned_away(process, *words, host="frontalia.localhost"):
    one = LivePage(process.port, host)
    try:
        for word in words:
            one.socket.send(word)
        return one.closed()
    finally:
        one.close()


@pytest.mark.parametrize(
    "word", ["", "x", "[]", '{"type": 1}', '{"type": "hello"}', '{"type": "signal"}', b"\x00", "[" * 50_000]
)
def test_the_first_message_is_a_ticket(portals, process, word):  # fmt: skip
    assert turned_away(process, word) == NOT_ADMITTED


def test_a_page_that_says_nothing_is_not_waited_for(portals, process):
    begun = time.monotonic()
    assert turned_away(process) == NOT_ADMITTED
    assert time.monotonic() - begun < 9


def hello(token):
    return json.dumps({"type": "hello", "token": token})


def test_a_ticket_that_is_old_forged_or_of_another_portal(app, portals, process, make_room, clock):
    made = make_room()
    topic, view = service.topic_of(made.id), portals["frontalia"]
    good = ticket(app, view, made.patient, topic)
    # The first character of the signature: bits of the last one mean nothing, and a change there may change nothing.
    said, _dot, signature = good.rpartition(".")
    spoilt = f"{said}.{'a' if signature[0] != 'a' else 'b'}{signature[1:]}"
    assert turned_away(process, hello(spoilt)) == NOT_ADMITTED
    assert turned_away(process, hello(good), host="rdv-confiance.localhost") == NOT_ADMITTED
    forged = tokens.issue(("x" * 64,), tokens.Ticket(view.id, made.patient, uuid.uuid4(), (topic,)))
    assert turned_away(process, hello(forged)) == NOT_ADMITTED
    clock.move(seconds=-tokens.SECONDS - 1)
    old = ticket(app, view, made.patient, topic)
    assert turned_away(process, hello(old)) == NOT_ADMITTED


@pytest.mark.rule("CB-169")
def test_a_third_person_is_refused_even_with_a_signed_ticket(app, portals, process, make_room):
    made = make_room()
    third = change(portals, lambda: make_account().id)
    token = ticket(app, portals["frontalia"], third, service.topic_of(made.id))
    assert turned_away(process, hello(token)) == NOT_ADMITTED


def test_a_session_that_was_ended_is_refused(app, portals, process, make_room):
    made = make_room()
    view = portals["frontalia"]
    session_id = session_of(view, made.patient)
    token = ticket(app, view, made.patient, service.topic_of(made.id), session_id=session_id)
    change(portals, lambda: sessions.end(made.patient, session_id))
    assert turned_away(process, hello(token)) == NOT_ADMITTED


# -- presence


@pytest.mark.rule("CB-174", "CB-096")
def test_each_sees_the_other_come_and_go(make_room, page, portals, as_account, asks):
    made = make_room()
    topic = service.topic_of(made.id)
    patient = page(made.patient, topic)
    assert patient.welcome["topics"][topic] == {"role": "patient", "here": {"patient": True, "professional": False}}
    browser = as_account(made.professional)
    assert asks(browser, "GET", made.path + "/state").json["patient_online"] is True
    assert asks(browser, "GET", made.path + "/state").json["professional_available"] is False
    assert "can be called" in browser.text(browser.get("/rooms/list"))
    professional = page(made.professional, topic)
    assert professional.welcome["topics"][topic]["here"] == {"patient": True, "professional": True}
    patient.until("presence", here={"patient": True, "professional": True})
    assert asks(browser, "GET", made.path + "/state").json["professional_available"] is True
    professional.close()
    patient.until("presence", here={"patient": True, "professional": False})
    patient.close()
    eventually(
        lambda: asks(browser, "GET", made.path + "/state").json["patient_online"] is False, 5, "the patient is gone"
    )
    assert "not here yet" in browser.text(browser.get("/rooms/list"))


@pytest.mark.rule("CB-174")
def test_a_professional_on_the_portal_is_available_until_busy(make_room, page, portals, as_account, asks):
    made = make_room()
    other = make_room(professional=made.made)
    topic = service.topic_of(made.id)
    patient = page(made.patient, topic)
    browser = as_account(made.patient)
    state = lambda: asks(browser, "GET", made.path + "/state").json["professional_available"]
    assert state() is False
    desk = page(made.professional, topics.name("account", made.professional))
    patient.until("notice", what="presence_changed")
    assert state() is True
    started(portals, other)
    patient.until("notice", what="presence_changed")
    assert state() is False, "in another call"
    change(portals, lambda: service.end(service.access_room(other.id, other.patient), "professional"))
    patient.until("notice", what="presence_changed")
    assert state() is True
    desk.close()
    patient.until("notice", what="presence_changed")
    assert state() is False


def test_who_waits_is_told_to_the_waiting_room(make_room, page):
    made = make_room()
    desk = page(made.professional, topics.name("account", made.professional))
    patient = page(made.patient, service.topic_of(made.id))
    desk.until("notice", what="presence_changed")
    patient.close()
    desk.until("notice", what="presence_changed")


def test_a_second_window_takes_over_and_the_first_is_told(both, page):
    made, patient, professional = both
    second = page(made.patient, made.topic)
    assert patient.until("taken_over")["topic"] == made.topic
    assert patient.closed() == TAKEN_OVER
    professional.send(**offer(made.topic))
    assert second.until("signal")["signal"]["data"]["type"] == "offer"


# -- signals


@pytest.mark.rule("CB-169")
def test_signals_pass_between_the_two_and_reach_nobody_else(both, make_room, page):
    made, patient, professional = both
    stranger_room = make_room(professional=None)
    stranger = page(stranger_room.patient, service.topic_of(stranger_room.id))
    professional.send(**offer(made.topic, note="more than there should be"))
    got = patient.until("signal")
    assert got["topic"] == made.topic
    assert set(got["signal"]) == {"kind", "from", "to", "data"}
    patient.send(type="signal", topic=made.topic, kind="candidate", **{"from": OTHER}, data=None)
    assert professional.until("signal")["signal"] == {"kind": "candidate", "from": OTHER, "data": None}
    stranger.send(**offer(made.topic))
    assert stranger.closed() == BAD_MESSAGE
    assert not [m for m in stranger.heard if m["type"] == "signal"]


@pytest.mark.rule("CB-173")
def test_nothing_passes_before_the_professional_calls_and_after_the_end(make_room, page, portals):
    made = make_room()
    topic = service.topic_of(made.id)
    patient, professional = page(made.patient, topic), page(made.professional, topic)
    patient.send(**offer(topic))
    patient.until("not_now")
    started(portals, made)
    patient.until("notice", what="room_started")
    patient.send(**offer(topic))
    professional.until("signal")
    change(portals, lambda: service.end(service.access_room(made.id, made.patient), "professional"))
    patient.until("notice", what="room_ended")
    patient.send(**offer(topic))
    patient.until("not_now")


def candidate(**more):
    return {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0", "sdpMLineIndex": 0, **more}


BAD = [
    {"type": "shout"},
    {"kind": "recording"},
    {"from": "short"},
    {"from": None},
    {"to": 7},
    {"data": {"type": "rollback"}},
    {"data": {"type": "offer", "sdp": "v=0" + "x" * 50_000}},
    {"data": {"type": "offer", "sdp": "hello"}},
    {"topic": "room:other"},
    {"topic": None},
    {"kind": "candidate", "data": "x"},
    {"kind": "candidate", "data": candidate(sdpMLineIndex=-1)},
    {"kind": "candidate", "data": candidate(sdpMLineIndex=True)},
    {"kind": "candidate", "data": candidate(candidate="x" * 2000)},
    {"kind": "candidate", "data": candidate(sdpMid=5)},
]


@pytest.mark.parametrize("bad", BAD, ids=lambda b: json.dumps(b)[:40])
def test_what_no_page_of_ours_sends_ends_the_connection(both, bad):
    made, patient, professional = both
    patient.send(**{**offer(made.topic), **bad})
    assert patient.closed() == BAD_MESSAGE
    professional.until("presence", here={"patient": False, "professional": True})
    assert not [m for m in professional.heard if m["type"] == "signal"]


def test_a_flood_is_cut_off_and_hurts_nobody_else(both):
    made, patient, professional = both
    with pytest.raises(ConnectionClosed) as gone:
        for _n in range(5000):
            patient.send(type="signal", topic=made.topic, kind="ready", **{"from": PAGE})
        patient.closed()
        raise ConnectionClosed(patient.socket.protocol.close_rcvd, None, None)
    assert gone.value.rcvd is None or gone.value.rcvd.code == TOO_MUCH
    professional.until("presence", here={"patient": False, "professional": True})
    assert len([m for m in professional.heard if m["type"] == "signal"]) < 400


def test_a_frame_that_is_too_large_is_not_read(both):
    _made, patient, _professional = both
    patient.socket.send("x" * 70_000)
    assert patient.closed() == 1009


# -- notices


def test_only_that_something_changed_travels_and_only_to_whom_it_concerns(both, page, portals):
    made, patient, professional = both
    change(portals, lambda: publish.nudge(made.topic, "message_arrived"))
    assert patient.until("notice", what="message_arrived") == {"type": "notice", "topic": made.topic, "what": "message_arrived"}  # fmt: skip
    professional.until("notice", what="message_arrived")

    def rolled_back():
        publish.nudge(made.topic, "never_told")
        db.session.rollback()
        publish.nudge(made.topic, "told_after")

    change(portals, rolled_back)
    patient.until("notice", what="told_after")
    assert "never_told" not in json.dumps(patient.heard)
    # The same topic of another portal is another topic.
    publish.send(portals["rdv-confiance"].id, made.topic, "of_another")
    publish.send(portals["frontalia"].id, made.topic, "of_this")
    patient.until("notice", what="of_this")
    assert "of_another" not in json.dumps(patient.heard)


def test_a_code_is_no_place_for_content(app):
    for bad in ("Ms Smith has written", "", "x" * 50, "a:b"):
        with pytest.raises(ValueError, match="code"):
            publish.send(1, "room:x", bad)


@pytest.mark.rule("CB-175", "CB-177")
def test_the_end_comes_by_itself_with_a_warning(make_room, page, portals):
    made = make_room(limit_minutes=6)
    topic = service.topic_of(made.id)
    patient = page(made.patient, topic)

    def almost_over():
        row = service.access_room(made.id, made.professional)
        service.start(row, made.professional)
        row.started_at -= dt.timedelta(minutes=1) - dt.timedelta(seconds=2)

    change(portals, almost_over)
    patient.until("notice", what="room_started")
    patient.until("notice", what="room_warning", seconds=8)

    def nearly():
        row = service.access_room(made.id, made.professional)
        row.started_at -= dt.timedelta(minutes=5) - dt.timedelta(seconds=2)
        publish.nudge(topic, "changed")

    change(portals, nearly)
    patient.until("notice", what="room_over", seconds=8)
    assert change(portals, lambda: service.access_room(made.id, made.patient).end_reason) == "limit"
    assert len([m for m in patient.heard if m.get("what") == "room_warning"]) == 1


def test_a_session_that_ends_ends_its_pages(both, app, portals, page):
    made, patient, professional = both
    change(portals, lambda: sessions.end_all(made.patient))
    # Looked at with every change of the room, and now and then.
    publish.send(portals["frontalia"].id, made.topic, "changed")
    assert patient.closed() == ENDED
    professional.until("presence", here={"patient": False, "professional": True})


# -- several processes, and their end


@pytest.mark.faults
def test_two_processes_act_as_one(settings, valkey_url, make_room, page, portals):
    other = LiveProcess(settings, valkey_url)
    other.start()
    try:
        made = make_room()
        topic = service.topic_of(made.id)
        patient, professional = page(made.patient, topic), page(made.professional, topic, live=other)
        assert professional.welcome["topics"][topic]["here"]["patient"] is True
        patient.until("presence", here={"patient": True, "professional": True})
        started(portals, made)
        for one in (patient, professional):
            one.until("notice", what="room_started")
        professional.send(**offer(topic))
        assert patient.until("signal")["signal"]["data"]["type"] == "offer"
        second = page(made.patient, topic, live=other)
        assert patient.closed() == TAKEN_OVER
        professional.send(**offer(topic))
        second.until("signal")
        second.close()
        professional.until("presence", here={"patient": False, "professional": True})
    finally:
        other.stop()


@pytest.mark.faults
def test_killed_and_back(settings, valkey_url, make_room, page, portals):
    mine = LiveProcess(settings, valkey_url)
    mine.start()
    made = make_room()
    topic = service.topic_of(made.id)
    patient, professional = page(made.patient, topic, live=mine), page(made.professional, topic, live=mine)
    started(portals, made)
    patient.until("notice", what="room_started")
    mine.kill()
    assert patient.closed() == 1006
    try:
        mine.start()
        patient, professional = page(made.patient, topic, live=mine), page(made.professional, topic, live=mine)
        assert professional.welcome["topics"][topic]["here"]["patient"] is True
        patient.send(**offer(topic))
        professional.until("signal")
        begun = time.monotonic()
        mine.process.terminate()
        assert patient.closed() == 1001, "an orderly end says so"
        mine.process.wait(15)
        assert time.monotonic() - begun < 10
    finally:
        mine.stop()


@pytest.mark.faults
def test_valkey_away_a_call_goes_on_and_pages_look_again_after(settings, make_room, page, portals):
    var = Path(tempfile.mkdtemp(prefix="ptl-"))
    own = EmbeddedValkey(var)
    own.start()
    mine = LiveProcess(settings, own.url)
    try:
        mine.start()
        made = make_room()
        started(portals, made)
        topic = service.topic_of(made.id)
        patient, professional = page(made.patient, topic, live=mine), page(made.professional, topic, live=mine)
        own.stop()
        professional.send(**offer(topic))
        patient.until("signal", seconds=15)
        patient.send(**{**offer(topic), "kind": "candidate", "data": None})
        professional.until("signal", seconds=15)
        # Somebody who comes meanwhile is let in, and takes the seat here.
        second = page(made.patient, topic, live=mine)
        assert second.welcome["topics"][topic]["here"] == {"patient": True, "professional": True}
        assert patient.closed() == TAKEN_OVER
        own.start()
        second.until("refresh", seconds=20)
        professional.until("refresh", seconds=20)
        publish.disconnect()
        publish.connect(own.url)
        publish.send(portals["frontalia"].id, topic, "message_arrived")
        second.until("notice", what="message_arrived")
    finally:
        mine.stop()
        own.stop()
        paths.forget(var)
        shutil.rmtree(var)
