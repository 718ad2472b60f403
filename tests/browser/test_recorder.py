"""The recorder of voice messages in a real Chromium, whose microphone is a device that beeps."""

from __future__ import annotations

import io

import pytest
from flask import g, render_template_string
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Request, Response

from core.care.documents import service
from core.tenancy.current import entered
from core.testing.served import served
from core.web.frame import CSP
from tests.browser.conftest import ARGS, chromium

pytestmark = [pytest.mark.browser, pytest.mark.faults]  # a long walk, with real sound
PAGE = """{% extends "layout/base.html" %}{% from "documents/_files.html" import upload_fields %}
{% block page_title %}Trial{% endblock %}{% block content %}<h1>Trial</h1>
<form method="post" action="/trial" enctype="multipart/form-data">
{{ upload_fields([{"name": "voice", "label": "Voice message", "kind": "audio"}, {"name": "photos", "label": "Photos", "kind": "photo", "multiple": true}], seconds=seconds) }}
<button class="btn btn-primary">Send</button></form>{% endblock %}"""


class Trial:
    """The application, with one page more that has the form and keeps what it sends."""

    def __init__(self, app, view) -> None:
        self.app, self.view, self.sent, self.seconds = app, view, [], 60

    def __call__(self, environ, start_response):
        request = Request(environ)
        if request.path != "/trial":
            return self.app.wsgi_app(environ, start_response)
        if request.method == "POST":
            with request:  # closes what was sent
                self.sent += [(f.filename, f.mimetype, f.read()) for f in request.files.getlist("voice")]
            return Response("<title>sent</title>", mimetype="text/html")(environ, start_response)
        base = f"http://{request.host}"
        with self.app.app_context(), self.app.test_request_context("/", base_url=base), entered(self.view.id):
            g.language = "en"
            html = render_template_string(PAGE, seconds=self.seconds)
        headers = {"Content-Security-Policy": CSP, "Permissions-Policy": "camera=(self), microphone=(self)"}
        return Response(html, mimetype="text/html", headers=headers)(environ, start_response)


@pytest.fixture
def trial(app, frontalia):
    """The page with the form, served."""
    made = Trial(app, frontalia)
    with served(made) as port:
        made.url = f"http://frontalia.localhost:{port}/trial"
        yield made


@pytest.fixture(scope="module")
def speaking(browser):
    """A browser with a microphone that beeps, allowed without asking."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    made = browser.browser_type.launch(executable_path=chromium(), args=[*ARGS, *flags])
    yield made
    made.close()


@pytest.fixture
def visit(trial):
    """Open the page in a browser; nothing may be written to the console as an error."""
    contexts, errors = [], []

    def open_(browser, script=None):
        context = browser.new_context(viewport={"width": 390, "height": 900}, locale="en-GB")
        contexts.append(context)
        page = context.new_page()
        if script:
            page.add_init_script(script)
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: errors.append(str(e)))
        page.goto(trial.url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert [e for e in errors if "status of 4" not in e] == []


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def says(page, words):
    page.locator("[data-recorder-live]", has_text=words).wait_for()


def in_field(page):
    return page.evaluate("[...document.querySelector('#f-voice').files].map(f => [f.name, f.type, f.size > 500])")


def heard(page, at_least=1):
    """Wait until the recording has lasted so many seconds."""
    page.wait_for_function(
        "s => Number((document.querySelector('[data-recorder-time]').textContent.match(/0:(\\d\\d)/) ?? [])[1]) >= s",
        arg=at_least,
    )


def sent(page, trial):
    with page.expect_navigation():
        button(page, "Send").click()
    assert page.title() == "sent"
    return trial.sent


def test_a_message_is_recorded_heard_and_sent_by_keyboard_alone(trial, speaking, visit, inside):
    page = visit(speaking)
    start = button(page, "Record a voice message")
    start.focus()
    page.keyboard.press("Enter")
    says(page, "Recording. Press “Stop recording”")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Stop recording"
    assert start.is_hidden()
    heard(page, 2)
    page.keyboard.press("Enter")
    says(page, "You can listen to it before you send it.")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Record again"
    assert in_field(page) == [["voice message.webm", "audio/webm", True]]
    player = page.locator("audio[data-recorder-play]")
    assert player.is_visible()
    player.evaluate("player => player.play()")
    page.wait_for_function("() => document.querySelector('[data-recorder-play]').currentTime > 0.2")
    ((name, type_, data),) = sent(page, trial)
    assert (name, type_) == ("voice message.webm", "audio/webm")
    upload, wrong = service.receive(FileStorage(io.BytesIO(data), filename=name), kind="audio")
    assert wrong is None, str(wrong)
    assert upload.mimetype == "audio/webm"


def test_it_ends_at_the_longest_time_and_can_be_deleted_and_done_again(trial, speaking, visit):
    trial.seconds = 2
    page = visit(speaking)
    button(page, "Record a voice message").click()
    says(page, "The longest time is reached.")
    assert in_field(page)
    button(page, "Delete the recording").click()
    says(page, "The recording is deleted.")
    assert in_field(page) == []
    assert page.locator("audio[data-recorder-play]").is_hidden()
    button(page, "Record a voice message").click()
    heard(page, 1)
    button(page, "Stop recording").click()
    says(page, "Recorded: 0:0")
    assert len(sent(page, trial)) == 1


def test_what_is_still_being_recorded_is_sent_too(trial, speaking, visit):
    page = visit(speaking)
    button(page, "Record a voice message").click()
    heard(page, 1)
    ((_name, _type, data),) = sent(page, trial)
    assert data[:4] == b"\x1aE\xdf\xa3"


def test_a_chosen_file_takes_the_place_of_a_recording(trial, speaking, visit):
    page = visit(speaking)
    button(page, "Record a voice message").click()
    heard(page, 1)
    button(page, "Stop recording").click()
    says(page, "Recorded")
    with page.expect_file_chooser() as chooser:
        page.locator("#f-voice").click()
    chooser.value.set_files({"name": "old.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3"})
    page.locator("audio[data-recorder-play]").wait_for(state="hidden")
    assert [(name, data) for name, _type, data in sent(page, trial)] == [("old.mp3", b"ID3")]


@pytest.mark.parametrize("why", ["NotAllowedError", "NotFoundError"])
def test_without_a_microphone_the_field_stays(trial, speaking, visit, why):
    page = visit(
        speaking, f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{why}'));"
    )
    start = button(page, "Record a voice message")
    start.focus()
    page.keyboard.press("Enter")
    says(page, "You can choose a sound file instead.")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Record a voice message"
    page.locator("#f-voice").set_input_files({"name": "a.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3"})
    assert len(sent(page, trial)) == 1


def test_refusing_the_microphone_for_real(trial, browser, visit):
    page = visit(browser)
    button(page, "Record a voice message").click()
    says(page, "The microphone cannot be used.")
    assert page.locator("#f-voice").is_enabled()


def test_without_a_recorder_there_is_only_the_field(trial, speaking, visit):
    page = visit(speaking, "delete globalThis.MediaRecorder;")
    assert page.locator("#f-voice").is_visible()
    assert page.locator(".recorder").is_hidden()
    page.locator("#f-voice").set_input_files({"name": "a.mp3", "mimeType": "audio/mpeg", "buffer": b"ID3"})
    assert len(sent(page, trial)) == 1


def test_what_is_too_large_is_said_before_it_is_sent(trial, speaking, visit, tmp_path):
    def made(name, megabytes):
        path = tmp_path / name
        with path.open("wb") as out:
            out.truncate(int(megabytes * 1024**2))
        return str(path)

    page = visit(speaking)
    photos, note = page.locator("#f-photos"), page.locator("#f-photos-size")
    photos.set_input_files([made("film.jpg", 11)])
    note.wait_for()
    assert note.inner_text() == "This file is larger than 10 MB: please choose a smaller one."
    button(page, "Send").click()
    assert page.evaluate("document.activeElement.id") == "f-photos"
    photos.set_input_files([made("a.jpg", 6), made("b.jpg", 6)])
    page.locator("#f-photos-size", has_text="together larger than 11 MB").wait_for()
    button(page, "Send").click()
    assert page.title().startswith("Trial"), "nothing was sent"
    photos.set_input_files([made("c.jpg", 6), made("d.jpg", 4)])
    page.locator("#f-photos-size").wait_for(state="hidden", timeout=5000)
    sent(page, trial)


def test_axe_finds_nothing_in_any_state_and_the_page_fits_a_small_phone(trial, speaking, visit):
    from axe_core_python.sync_playwright import Axe

    page = visit(speaking)
    page.set_viewport_size({"width": 320, "height": 800})

    def look() -> None:
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]})
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]] == []
        wide = "() => [...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth).length"
        assert page.evaluate(wide) == 0
        for name in ("start", "stop", "drop"):
            target = page.locator(f"[data-recorder-{name}]")
            if target.is_visible():
                size = target.bounding_box()
                assert size["height"] >= 44, name

    look()
    button(page, "Record a voice message").click()
    heard(page, 1)
    look()
    button(page, "Stop recording").click()
    says(page, "Recorded")
    look()
