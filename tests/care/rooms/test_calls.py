"""Two real Chromium with fake devices: picture and sound really flow, both ways."""

import datetime as dt
import re

import pytest

from core import clock
from core.care.rooms import panels, service
from core.db import db
from core.live import publish
from core.tenancy.current import entered
from core.testing.calls import figures, flows
from core.testing.live import eventually

# Two browsers, a web server and a live process: with the slow trials.
pytestmark = [pytest.mark.browser, pytest.mark.faults, pytest.mark.timeout(180)]


@pytest.fixture
def called(make_room, visit, live):
    """A room, both in it, the professional has called: (room, patient's page, professional's page)."""
    made = make_room()
    patient, professional = visit(made.patient), visit(made.professional)
    patient.goto(patient.base + made.path)
    professional.goto(professional.base + made.path)
    professional.get_by_text("in the waiting room, can be called").wait_for()
    patient.get_by_text("is available", exact=False).first.wait_for()
    professional.get_by_role("button", name="Start the call").click()
    return made, patient, professional


@pytest.mark.rule("CB-173", "CB-174", "CB-058")
def test_picture_and_sound_flow_both_ways(called, portals):
    made, patient, professional = called
    for page in (patient, professional):
        found = flows(page)
        assert found["state"] == "connected"
        assert page.locator("[data-other]").evaluate("v => v.videoWidth > 0 && !v.paused")
        assert re.fullmatch(r"\d+:\d\d", page.locator("[data-left]").inner_text())
        # The page measures now and then, and says so to the portal.
    with entered(portals["frontalia"].id):
        row = service.access_room(made.id, made.patient)

        def noted():
            db.session.rollback()
            return {(d.media, d.side) for d in service.deliveries(row) if d.what == "flowing"}

        wanted = {(m, s) for m in ("video", "audio") for s in ("patient", "professional")}
        eventually(lambda: patient.wait_for_timeout(100) or noted() == wanted, 15, "what flowed is noted")

    # Muted and without a picture: the other no longer hears or sees.
    patient.get_by_role("button", name="Mute").click()
    eventually(lambda: silent(professional), 10, "nothing is heard any more")
    patient.get_by_role("button", name="Unmute").click()
    flows(professional)
    patient.get_by_role("button", name="Camera off").click()
    frozen = eventually(lambda: still(professional), 10, "no picture comes any more")
    patient.get_by_role("button", name="Camera on").click()
    eventually(lambda: professional.wait_for_timeout(200) or figures(professional)["frames"] > frozen, 15, "the picture is back")  # fmt: skip

    # The way down: sound alone, telephone, message.
    professional.get_by_text("Picture or sound do not work?").click()
    professional.get_by_role("button", name="Sound alone").click()
    patient.locator("[data-call-when=sound]").wait_for()
    flows(patient, picture=False)
    professional.get_by_role("button", name="By telephone").click()
    patient.get_by_text("calls you on the number").wait_for()
    professional.get_by_role("link", name="+33612345678").wait_for()
    assert figures(patient)["state"] == "none", "picture and sound have stopped"
    professional.get_by_role("button", name="By message").click()
    patient.get_by_text("You go on by message.").wait_for()

    professional.get_by_role("button", name="End the call").click()
    with professional.expect_navigation():
        professional.get_by_role("button", name="Yes, end it").click()
    professional.get_by_text("Please write the report now").wait_for()
    patient.get_by_text("The call has ended.", exact=True).wait_for()


def silent(page):
    first = figures(page)["energy"]
    page.wait_for_timeout(1500)
    return figures(page)["energy"] - first < 0.001


def still(page):
    first = figures(page)["frames"]
    page.wait_for_timeout(1200)
    return first if figures(page)["frames"] - first <= 1 else None


@pytest.mark.rule("CB-175", "CB-177")
def test_both_are_cut_off_when_the_time_is_over(called, portals):
    made, patient, professional = called
    for page in (patient, professional):
        flows(page)

    def left(seconds):
        with entered(portals["frontalia"].id):
            row = service.access_room(made.id, made.patient)
            row.started_at = clock.now() - dt.timedelta(minutes=row.limit_minutes) + dt.timedelta(seconds=seconds)
            publish.nudge(service.topic_of(row.id), "changed")
            db.session.commit()

    left(240)
    patient.locator("[data-warned]").wait_for()
    left(2)
    patient.get_by_text("The time is over: the call has ended.").wait_for()
    professional.get_by_text("Please write the report now").wait_for()
    assert figures(patient)["state"] == "none"
    assert figures(professional)["state"] == "none"


def test_the_call_comes_back_after_a_reload_and_after_the_live_process_died(called, live):
    made, patient, professional = called
    for page in (patient, professional):
        flows(page)
    patient.reload()
    for page in (patient, professional):
        flows(page)
    assert figures(professional)["made"] == 2

    live.kill()
    patient.get_by_text("We are connecting again").first.wait_for()
    # Picture and sound go from browser to browser: they need no live process to go on.
    for page in (patient, professional):
        flows(page)
    live.start()
    professional.locator("[data-net-when=down]").wait_for(state="hidden", timeout=40_000)
    patient.locator("[data-net-when=down]").wait_for(state="hidden", timeout=40_000)
    for page in (patient, professional):
        assert flows(page)["made"] == (1 if page is patient else 2), "the connection that lived was kept"


def test_another_window_takes_over(called):
    made, patient, professional = called
    flows(patient)
    second = patient.context.new_page()
    second.goto(patient.url)
    patient.get_by_text("now open in another window").wait_for()
    flows(second)
    assert figures(patient)["state"] == "none"
    flows(professional)


@pytest.mark.rule("CB-079")
def test_a_missing_camera_is_told_before_the_call(make_room, visit, live):
    made = make_room()
    patient = visit(made.patient, devices=False)
    patient.goto(patient.base + made.path)
    patient.get_by_text("No camera was found.").wait_for()
    patient.get_by_text("No microphone was found.").wait_for()


@pytest.mark.rule("CB-079")
def test_the_check_measures(make_room, visit, live):
    made = make_room()
    patient = visit(made.patient)
    patient.goto(patient.base + made.path + "/check")
    patient.get_by_text("Your camera works.").wait_for()
    patient.get_by_text("Your microphone works.").wait_for()
    patient.get_by_text("Your connection is fast enough.").wait_for(timeout=20_000)
    patient.get_by_text("This portal has no relay").wait_for(timeout=20_000)
    patient.get_by_role("button", name="Play a sound").click()
    patient.get_by_role("button", name="I hear it").click()
    patient.get_by_text("You hear the sound.").wait_for()
    assert int(patient.locator("[data-down-measured]").inner_text()) > 5000


def test_messages_beside_the_picture_are_sent_without_leaving(app, make_room, visit, live, portals):
    form = """<ul data-list></ul><form method="post" action="/side/send">{% include "scheduling/_csrf.html" %}<label>Word <textarea name="text"></textarea></label><button>Send</button></form>"""
    panel = panels.Panel(app.jinja_env.from_string(form), "/side")
    panels.connect("consultation", lambda room, role: panel)
    told, answers = [], [503, 200]
    try:
        made = make_room()
        patient = visit(made.patient)
        patient.route("**/side", lambda r: r.fulfill(content_type="text/html", body="".join(f"<p class=told>{t}</p>" for t in told) + form))  # fmt: skip

        def take(route):
            status = answers.pop(0)
            if status == 200:
                told.append(re.search(r'name="text"\s+(.*?)\s+--', route.request.post_data, re.S).group(1))
            route.fulfill(status=status, body="")

        patient.route("**/side/send", take)
        patient.goto(patient.base + made.path)
        patient.locator("[data-side] .told, [data-side] form").first.wait_for()
        patient.get_by_label("Word").fill("Good morning")
        patient.get_by_role("button", name="Send").click()
        patient.get_by_text("This was not sent.").wait_for()
        assert patient.get_by_label("Word").input_value() == "Good morning", "nothing that was typed is lost"
        patient.get_by_role("button", name="Send").click()
        patient.locator(".told", has_text="Good morning").wait_for()
        assert patient.get_by_label("Word").input_value() == ""
        patient.get_by_label("Word").fill("Half a sen")
        told.append("From the other side")
        publish.send(portals["frontalia"].id, service.topic_of(made.id), "message_arrived")
        patient.locator(".told", has_text="From the other side").wait_for()
        assert patient.get_by_label("Word").input_value() == "Half a sen"
        assert patient.url.endswith(made.path)
    finally:
        panels.disconnect("consultation")


@pytest.mark.rule("CB-096")
def test_the_waiting_room_follows_who_comes_and_goes(make_room, visit, live):
    made = make_room()
    professional = visit(made.professional)
    professional.goto(professional.base + "/rooms")
    professional.get_by_text("not here yet").wait_for()
    patient = visit(made.patient)
    patient.goto(patient.base + made.path)
    professional.get_by_text("in the waiting room, can be called").wait_for()
    patient.goto(patient.base + "/home")
    professional.get_by_text("not here yet").wait_for()


TOO_WIDE = """() => document.getElementById("main").scrollWidth <= innerWidth ? []
  : [...document.querySelectorAll("#main *")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 100))"""


def test_the_pages_are_accessible_and_fit(called):
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    _made, patient, professional = called
    for page, width in ((patient, 320), (professional, 390), (patient, 1440), (professional, 1440)):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate(TOO_WIDE) == [], width
        found = axe.run(page)["violations"]
        assert [(v["id"], [n["html"][:120] for n in v["nodes"]]) for v in found] == []


def test_who_starts_before_the_devices_are_there_still_has_sound(make_room, visit, live):
    made = make_room()
    patient, professional = visit(made.patient), visit(made.professional)
    # The browser takes its time to hand out camera and microphone: somebody has to find the button that allows it.
    professional.context.add_init_script(
        """const given = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (...a) => { await new Promise((d) => setTimeout(d, 3000)); return given(...a); };"""
    )
    patient.goto(patient.base + made.path)
    professional.goto(professional.base + made.path)
    professional.get_by_role("button", name="Start the call").click()
    for page in (patient, professional):
        flows(page)
