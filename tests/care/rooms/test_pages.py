"""Pages of rooms: for two and nobody else, right without script, never a recording."""

import base64
import datetime as dt
import hashlib
import hmac
import html
import json
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from core import clock as clocks
from core.care.rooms import panels, service, video
from core.db import db
from core.live import tokens, topics
from core.tenancy.current import entered
from core.tenancy.schema_care import Care
from core.testing.makers import signed_in

ROOT = Path(__file__).resolve().parents[3]
PATHS = (
    ("GET", ""),
    ("GET", "/state"),
    ("GET", "/check"),
    ("GET", "/check/sample/64"),
    ("POST", "/check/sample"),
    ("POST", "/ice"),
    ("POST", "/start"),
    ("POST", "/media"),
    ("POST", "/flowing"),
    ("POST", "/end"),
)


def state_in(body):
    return json.loads(html.unescape(re.search(r'data-state="([^"]*)"', body).group(1)))


def started(portals, made):
    with entered(portals["frontalia"].id):
        service.start(service.access_room(made.id, made.professional), made.professional)
        db.session.commit()


@pytest.fixture
def set_video(frontalia):
    """Set `care.video` of the portal for this test."""

    def change(**values):
        frontalia.config["care"] = Care().load({"video": values})
        return frontalia

    yield change
    frontalia.config["care"] = Care().load({})


@pytest.mark.rule("CB-169")
@pytest.mark.parametrize("role", ["patient", "professional"])
def test_a_third_person_finds_nothing(make_room, browse, frontalia, asks, role):
    made = make_room()
    third = browse()
    signed_in(third, frontalia.id, role)
    for method, path in PATHS:
        answer = asks(third, method, made.path + path)
        assert answer.status_code == 404, (method, path)
        assert asks(third, method, "/rooms/no-id" + path).status_code == 404, (method, path)
    ticket = asks(third, "POST", "/live/token", json={"topics": [f"room:{made.id}"]})
    assert ticket.status_code == 404


def test_the_room_of_another_portal_is_nothing(make_room, as_account, asks):
    made = make_room("rdv-confiance")
    mine = make_room()
    visitor = as_account(mine.patient)
    for method, path in PATHS:
        assert asks(visitor, method, made.path + path).status_code == 404, (method, path)
    assert asks(visitor, "POST", "/live/token", json={"topics": [f"room:{made.id}"]}).status_code == 404


@pytest.mark.rule("CB-173")
def test_the_patient_waits_and_cannot_start(make_room, as_account, asks, portals):
    made = make_room()
    patient = as_account(made.patient)
    body = patient.text(patient.get(made.path))
    assert "will call you" in body
    assert "/start" not in body
    answer = asks(patient, "POST", made.path + "/start")
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert asks(patient, "GET", made.path + "/state").json["state"] == "waiting"
    professional = as_account(made.professional)
    assert "/start" in professional.text(professional.get(made.path))
    answer = professional.post(made.path + "/start")
    assert answer.status_code == 302
    told = asks(patient, "GET", made.path + "/state").json
    assert told["state"] == "in_call"
    assert told["ways"] == ["audio", "phone", "message"]
    assert asks(patient, "POST", made.path + "/end").status_code == 403


def test_the_end_is_asked_for_once_more_without_script(make_room, as_account, asks, portals):
    made = make_room()
    started(portals, made)
    professional = as_account(made.professional)
    asked = professional.post(made.path + "/end")
    assert asked.status_code == 200
    assert "Yes, end it" in professional.text(asked)
    assert asks(professional, "GET", made.path + "/state").json["state"] == "in_call"
    assert professional.post(made.path + "/end", {"confirmed": "yes"}).status_code == 302
    body = professional.text(professional.get(made.path))
    assert "write the report" in body
    assert "What took place" in body
    assert asks(professional, "POST", made.path + "/ice").status_code == 404


@pytest.mark.rule("CB-164", "CB-165", "CB-079")
def test_the_page_says_what_holds(make_room, as_account):
    made = make_room()
    visitor = as_account(made.patient)
    answer = visitor.get(made.path)
    body = visitor.text(answer)
    assert "never recorded" in body
    assert "512 kbit/s" in body
    assert "5,000 kbit/s" in body
    assert "not guaranteed" in body
    assert "No camera was found." in body, "what a missing device is told stands in the page"
    assert answer.headers["Permissions-Policy"].startswith("camera=(self), microphone=(self), display-capture=()")
    check = visitor.text(visitor.get(made.path + "/check"))
    for word in ("camera", "microphone", "loudspeaker", "connection", "telephone or a tablet"):
        assert word in check


@pytest.mark.rule("CB-164")
def test_nothing_can_record():
    calls = ("call.js", "room.js", "devices.js", "check.js", "waiting.js", "live.js")
    scripts = "".join((ROOT / "core/web/static/js" / name).read_text() for name in calls)
    assert not re.search(r"MediaRecorder|getDisplayMedia|captureStream", scripts)
    assert Care().validate({"video": {"recording": True}}) == {
        "video": {"recording": ["a video consultation is never recorded (CB-164): take this key out"]}
    }


def test_the_policy_opens_to_the_live_channel_alone(make_room, as_account, app, monkeypatch):
    made = make_room()
    visitor = as_account(made.patient)
    policy = visitor.get(made.path).headers["Content-Security-Policy"]
    assert "connect-src 'self' wss://frontalia.localhost:8000;" in policy
    assert "frame-src" not in policy
    settings = app.extensions["portico"].settings
    object.__setattr__(settings, "live_url", "ws://{host}:8014/live")
    try:
        policy = visitor.get(made.path).headers["Content-Security-Policy"]
        assert "connect-src 'self' ws://frontalia.localhost:8014;" in policy
    finally:
        object.__setattr__(settings, "live_url", "")
    assert "connect-src 'self';" in visitor.get("/home").headers["Content-Security-Policy"]


def test_a_ticket_names_who_and_what(make_room, as_account, asks, app, frontalia):
    made = make_room()
    visitor = as_account(made.patient)
    wanted = [f"room:{made.id}", f"account:{made.patient}"]
    answer = asks(visitor, "POST", "/live/token", json={"topics": wanted})
    assert answer.status_code == 200
    assert answer.json["url"] == "/live"
    ticket = tokens.read(app.extensions["portico"].settings.secret_keys, answer.json["token"])
    assert (ticket.tenant_id, ticket.account_id, list(ticket.topics)) == (frontalia.id, made.patient, wanted)
    assert asks(visitor, "POST", "/live/token", json={"topics": [f"account:{made.professional}"]}).status_code == 404


@pytest.mark.parametrize(
    "body", [None, [], {}, {"topics": []}, {"topics": "room"}, {"topics": [1]}, {"topics": ["x"] * 99}]
)
def test_what_is_no_request_for_a_ticket(make_room, as_account, asks, body):
    visitor = as_account(make_room().patient)
    assert asks(visitor, "POST", "/live/token", json=body).status_code == 422


@pytest.mark.parametrize(
    "topic", ["room", "room:", "room:x", "nothing:00000000-0000-0000-0000-000000000007", "", "a" * 999]
)
def test_topics_that_are_none(make_room, as_account, asks, topic):
    visitor = as_account(make_room().patient)
    assert asks(visitor, "POST", "/live/token", json={"topics": [topic]}).status_code == 404


def test_a_ticket_needs_the_page_token_and_a_session(make_room, as_account, browse):
    made = make_room()
    visitor = as_account(made.patient)
    body = {"topics": [f"room:{made.id}"]}
    assert visitor.client.post("/live/token", json=body, headers=visitor.headers, base_url=f"http://{visitor.host}:8000").status_code == 403  # fmt: skip
    nobody = browse()
    headers = {**nobody.headers, "X-CSRF-Token": nobody.token(), "Accept": "application/json"}
    assert nobody.client.post("/live/token", json=body, headers=headers, base_url=f"http://{nobody.host}:8000").status_code == 401  # fmt: skip


def test_the_relays_password_is_coturns(make_room, as_account, asks, app, set_video, monkeypatch):
    made = make_room()
    visitor = as_account(made.patient)
    assert asks(visitor, "POST", made.path + "/ice").json["iceServers"] == []
    turn = {"urls": ["turn:turn.example:3478?transport=udp"], "secret_env": "PORTICO_TURN_SECRET"}
    set_video(turn=turn, stun=["stun:turn.example:3478"], relay_only=True)
    told = asks(visitor, "POST", made.path + "/ice").json
    assert (told["relay"], told["iceTransportPolicy"]) == (False, "relay"), "no secret: no relay is offered"
    monkeypatch.setitem(app.extensions["portico"].settings.provider_secrets, "PORTICO_TURN_SECRET", "shared")
    told = asks(visitor, "POST", made.path + "/ice").json
    stun, relay = told["iceServers"]
    assert stun == {"urls": ["stun:turn.example:3478"]}
    expiry, opaque = relay["username"].split(":")
    assert 0 < int(expiry) - clocks.now().timestamp() <= video.TURN_SECONDS
    assert str(made.id) not in opaque and str(made.patient) not in opaque
    wanted = hmac.new(b"shared", relay["username"].encode(), hashlib.sha1).digest()
    assert relay["credential"] == base64.b64encode(wanted).decode()
    other = as_account(made.professional)
    assert asks(other, "POST", made.path + "/ice").json["iceServers"][1]["username"] != relay["username"]


@pytest.mark.parametrize(
    ("video", "key"),
    [
        ({"turn": {"urls": ["http://x"], "secret_env": "PORTICO_TURN_SECRET"}}, "turn"),
        ({"turn": {"urls": [], "secret_env": "PORTICO_TURN_SECRET"}}, "turn"),
        ({"turn": {"urls": ["turn:x:1"], "secret_env": "PORTICO_SECRET_KEY"}}, "turn"),
        ({"turn": {"urls": ["turn:x:1"]}}, "turn"),
        ({"stun": ["turn:x"]}, "stun"),
        ({"relay_only": True}, "relay_only"),
        ({"on_demand_minutes": 0}, "on_demand_minutes"),
        ({"warning_minutes": 30}, "warning_minutes"),
        ({"provider": "No Provider"}, "provider"),
        ({"record": True}, "record"),
    ],
)
def test_settings_that_are_refused(video, key):
    assert key in Care().validate({"video": video})["video"]


def test_a_portals_limits_hold(make_room, set_video, as_account):
    set_video(on_demand_minutes=15, warning_minutes=2, min_download_kbps=8000)
    made = make_room()
    visitor = as_account(made.patient)
    body = visitor.text(visitor.get(made.path))
    assert "15 minutes at most" in body
    assert "2 minutes" in body
    assert "8,000 kbit/s" in body


def test_by_telephone_the_professional_sees_the_number(make_room, as_account, asks, portals):
    made = make_room()
    started(portals, made)
    professional, patient = as_account(made.professional), as_account(made.patient)
    assert asks(professional, "GET", made.path + "/state").json["phone"] is None
    told = asks(patient, "POST", made.path + "/media", data={"to": "phone"}).json
    assert (told["media"], told["phone"]) == ("phone", None)
    assert asks(professional, "GET", made.path + "/state").json["phone"] == "+33612345678"
    assert "+33612345678" in professional.text(professional.get(made.path))
    assert "+33612345678" not in patient.text(patient.get(made.path))


def test_what_flows_is_noted_once(make_room, as_account, asks, portals):
    made = make_room()
    started(portals, made)
    patient = as_account(made.patient)
    for media in ("video", "video", "audio", "x-ray"):
        assert asks(patient, "POST", made.path + "/flowing", data={"media": media}).json == {"noted": True}
    with entered(portals["frontalia"].id):
        row = service.access_room(made.id, made.patient)
        assert {(d.media, d.side) for d in service.deliveries(row) if d.what == "flowing"} == {
            ("video", "patient"), ("audio", "patient"),
        }  # fmt: skip


def test_samples_have_bounds(make_room, as_account, asks):
    made = make_room()
    visitor = as_account(made.patient)
    assert len(asks(visitor, "GET", made.path + "/check/sample/1500").data) == 1500 * 1024
    assert asks(visitor, "GET", made.path + "/check/sample/0").status_code == 404
    assert asks(visitor, "GET", made.path + "/check/sample/999999").status_code == 404
    assert asks(visitor, "POST", made.path + "/check/sample", data=b"x" * 4096).json == {"bytes": 4096}
    assert asks(visitor, "POST", made.path + "/check/sample", data=b"x" * 3_000_000).status_code == 413


@pytest.mark.rule("CB-096")
def test_the_waiting_room_shows_names_to_its_professional_alone(make_room, as_account, asks):
    made = make_room()
    professional = as_account(made.professional)
    body = professional.text(professional.get("/rooms"))
    assert "Secret Canaryname" in body
    assert made.path in body
    assert "Secret Canaryname" in professional.text(professional.get("/rooms/list"))
    other = as_account(make_room().professional)
    assert body.count("Canaryname") and made.path not in other.text(other.get("/rooms/list"))
    assert as_account(made.patient).get("/rooms").status_code == 403


def test_the_side_is_given_by_the_subject(make_room, as_account, portals):
    made = make_room()

    def make(room, role):
        return panels.Panel("scheduling/_csrf.html", f"/side/{room.subject_id}", person="Kim Canary", topics=("account:x",))  # fmt: skip

    panels.connect("consultation", make)
    try:
        body = as_account(made.professional).get(made.path).get_data(as_text=True)
    finally:
        panels.disconnect("consultation")
    assert f'data-refresh-url="/side/{made.subject_id}"' in body
    assert "with Kim Canary" in body
    assert f'data-topics="room:{made.id} account:x"' in body


def test_no_inline_script_or_style(make_room, as_account, portals):
    made = make_room()
    started(portals, made)
    visitor = as_account(made.professional)
    for path in (made.path, made.path + "/check", "/rooms"):
        body = visitor.text(visitor.get(path))
        assert " style=" not in body, path
        assert not re.search(r"<script(?![^>]*\bsrc=)", body), path
        assert not re.search(r"\son[a-z]+=", body), path


def test_the_state_in_the_page_is_the_state(make_room, as_account, asks):
    made = make_room(opens_at=clocks.now() + dt.timedelta(hours=1))
    visitor = as_account(made.professional)
    shown = state_in(visitor.text(visitor.get(made.path)))
    told = asks(visitor, "GET", made.path + "/state").json
    assert {k: v for k, v in shown.items() if k != "now"} == {k: v for k, v in told.items() if k != "now"}
    assert told["can_start"] is False
    assert told["professional_available"] is None


def test_a_forged_old_or_foreign_ticket_is_none(app, clock):
    keys = ("k" * 40, "o" * 40)
    ticket = tokens.Ticket(1, uuid.uuid4(), uuid.uuid4(), ("room:x",))
    token = tokens.issue(keys, ticket)
    assert tokens.read(keys, token) == ticket
    assert tokens.read(("n" * 40, keys[0]), token) == ticket, "a secret that was replaced still verifies"
    assert tokens.read(("n" * 40,), token) is None
    assert tokens.read(keys, token[:-2]) is None
    assert tokens.read(keys, "") is None
    assert tokens.read(keys, tokens._serializer(keys).dumps({"t": 1})) is None
    clock.move(seconds=tokens.SECONDS + 1)
    assert tokens.read(keys, token) is None


def test_topics_are_registered(app):
    assert {"room", "account"} <= set(topics._kinds)


@pytest.mark.parametrize("name", ["live", "call", "room", "devices", "check", "waiting"])
def test_scripts_parse(name):
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node here: the browser's tests load them")
    subprocess.run([node, "--check", ROOT / f"core/web/static/js/{name}.js"], check=True)
