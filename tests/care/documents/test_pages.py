"""The page of a file: what a browser is told about it; what is too large for a request, over a real connection."""

import contextlib
import http.client
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from flask import g, render_template_string

from core.care.documents import service
from core.tenancy.current import entered
from core.testing.served import served
from tests.care.documents.conftest import PDF, pdf, picture, send, wav

MACROS = '{% from "documents/_files.html" import upload_fields, file_list %}'


@pytest.fixture
def shown(parties, work):
    """Send a file, have it scanned, open it as the other side."""

    def show(data, kind, name, **headers):
        with entered(parties.view.id):
            id_ = send(parties, data, kind, name)
        work()
        return parties.doctor_browser.get(f"/documents/{id_}", headers=headers)

    return show


@pytest.mark.parametrize(
    ("data", "kind", "name", "mimetype", "way"),
    [
        (PDF, "document", "Überweisung.pdf", "application/pdf", "attachment"),
        (picture(), "photo", "a.exe", "image/jpeg", "inline"),
        (picture("PNG"), "photo", "b.html", "image/png", "inline"),
        (wav(), "audio", "c.svg", "audio/wav", "inline"),
    ],
)
def test_a_file_runs_nothing_whatever_it_is(shown, data, kind, name, mimetype, way):
    answer = shown(data, kind, name)
    h = answer.headers
    assert answer.status_code == 200
    assert h["Content-Type"] == mimetype
    assert h["Content-Disposition"].startswith(f"{way}; filename=")
    assert h["X-Content-Type-Options"] == "nosniff"
    assert h["Cache-Control"] == "no-store"
    assert h["Content-Security-Policy"].endswith("; sandbox")
    assert "default-src 'none'" in h["Content-Security-Policy"]
    assert "script-src" not in h["Content-Security-Policy"]
    assert h["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "ETag" not in h


def test_a_document_that_is_a_web_page_too_is_only_ever_downloaded(shown):
    answer = shown(pdf(b"<html><script>alert(document.domain)</script>"), "document", "page.html")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == "attachment; filename=page.pdf; filename*=UTF-8''page.pdf"


def test_the_name_survives_with_its_accents(shown):
    told = shown(PDF, "document", "Überweisung “Dr Ça va”; 100%.pdf").headers["Content-Disposition"]
    plain, _star, whole = told.partition("; filename*=")
    assert whole == f"UTF-8''{quote('Überweisung “Dr Ça va”; 100%.pdf', safe='')}"
    assert plain.isascii()


def test_players_get_the_part_that_they_ask_for(shown):
    whole = wav()
    answer = shown(whole, "audio", "voice.wav", Range="bytes=10-19")
    assert (answer.status_code, answer.get_data()) == (206, whole[10:20])
    assert answer.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert shown(whole, "audio", "voice.wav", Range="bytes=999999-").status_code == 416
    assert shown(whole, "audio", "voice.wav").headers["Accept-Ranges"] == "bytes"


# -- words on pages --------------------------------------------------------------------------------------------------


def drawn(app, view, template, **values):
    with app.test_request_context("/", base_url="http://frontalia.localhost:8000"), entered(view.id):
        g.language = "en"
        return render_template_string(MACROS + template, **values)


def test_fields_say_what_is_taken(app, frontalia):
    fields = [
        {"name": "photos", "label": "Photos", "kind": "photo", "multiple": True, "help": "By daylight."},
        {"name": "letter", "label": "Letter", "kind": "document", "required": True, "error": "This file is empty."},
        {"name": "voice", "label": "Voice", "kind": "audio"},
    ]
    page = drawn(app, frontalia, "{{ upload_fields(fields, seconds=90) }}", fields=fields)
    assert "By daylight. What is taken: JPEG or PNG picture, at most 10 MB each." in page
    assert 'accept="image/jpeg,image/png,.jpg,.png" multiple' in page
    assert 'aria-describedby="f-letter-error f-letter-help f-letter-size" aria-invalid="true"' in page
    assert 'data-most="10485760" data-most-together="11534336"' in page
    assert 'data-recorder="f-voice-recorder" data-max-seconds="90"' in page
    assert page.count("js/recorder.js") == 1
    assert "js/recorder.js" not in drawn(app, frontalia, "{{ upload_fields(fields) }}", fields=fields[:2])


def test_lists_say_how_each_file_stands(app, parties, work):
    send(parties, picture(), "photo", "skin.jpg")
    send(parties, wav(), "audio", "voice.wav")
    send(parties, pdf(b"<</S/Launch>>"), name="bad.pdf")
    waiting = service.listed("trial", parties.subject_id, viewer=parties.patient.id)
    page = drawn(app, parties.view, "{{ file_list(d) }}", d=waiting)
    assert page.count("Being checked") == 3
    assert "<a " not in page
    assert "few seconds" in page
    assert "longer than usual" in drawn(app, parties.view, "{{ file_list(d, waiting=true) }}", d=waiting)
    work()
    with entered(parties.view.id):
        done = service.listed("trial", parties.subject_id, viewer=parties.doctor.id)
    page = drawn(app, parties.view, "{{ file_list(d) }}", d=done)
    assert page.count("<a ") == 2
    assert f'<audio controls preload="none" src="/documents/{done[1].id}" aria-label="voice.wav">' in page
    assert "Its sender has been told" in page
    assert "bad.pdf" not in page
    assert drawn(app, parties.view, "{{ file_list([]) }}").strip() == ""


# -- larger than a request may be ------------------------------------------------------------------------------------


@pytest.fixture
def server(app, portals):
    with served(app) as port:
        yield port


def upload_of(port, size, path, language):
    """Send a form with a file of `size` bytes as a browser does, piece by piece; what the server answered."""
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="film.mov"\r\n\r\n'
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(line):
        line.putrequest("POST", path, skip_host=True)
        line.putheader("Host", f"frontalia.localhost:{port}")
        line.putheader("Accept-Language", language)
        line.putheader("Content-Type", "multipart/form-data; boundary=x")
        line.putheader("Content-Length", str(len(head) + size + 9))
        line.endheaders()
        piece = bytes(1024 * 1024)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.send(head)
            for _count in range(size // len(piece)):
                line.send(piece)
            line.send(b"\r\n--x--\r\n")
        answer = line.getresponse()
        return SimpleNamespace(status=answer.status, headers=answer.headers, body=answer.read().decode())


@pytest.mark.parametrize(
    ("language", "title"), [("fr", "Ce fichier est trop lourd"), ("de", "Diese Datei ist zu groß"), ("en", "This file is too large")]
)  # fmt: skip
def test_two_hundred_megabytes_get_a_page_in_the_visitors_language(server, language, title):
    answer = upload_of(server, 200 * 1024**2, "/sign-in", language)
    assert answer.status == 413
    assert title in answer.body
    assert f'<html lang="{language}"' in answer.body
    assert answer.headers["X-Request-Number"] in answer.body
    if language == "en":
        assert "at most 12 MB" in answer.body
