"""Core's scanners: what `basic` sees, and how the client of clamd takes every kind of answer.

The daemon here is a double that speaks clamd's protocol; `tests/faults/test_file_scanner.py` asks a real one.
"""

import base64
import time
import zlib
from pathlib import Path

import pytest

from core.care.documents import scanners
from core.care.documents.scanners import EICAR, basic
from core.hooks.types import ScannerAway, ScanVerdict
from core.settings import Settings, SettingsError, wrong_clamd
from core.tenancy.golive import advice_for_live
from tests.care.documents.conftest import PDF, Daemon, pdf, picture, stream, wav


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (EICAR, "Eicar-Test-File"),
        (picture() + EICAR, "Eicar-Test-File"),
        (pdf(stream(EICAR)), "Eicar-Test-File"),
        (pdf(stream(b"a"), stream(bytes(3_000_000) + EICAR)), "Eicar-Test-File"),
        (pdf(b"<</S /JavaScript /JS (app.alert)>>"), "Pdf.JavaScript"),
        (pdf(b"<</S/JS 5 0 R>>"), "Pdf.JS"),
        (pdf(b"<</S/L#61unch>>"), "Pdf.Launch"),
        (pdf(b"<</Names<</EmbeddedFiles 7 0 R>>>>"), "Pdf.EmbeddedFiles"),
        (pdf(stream(b"<</S/JavaScript>>", b"/Type/ObjStm")), "Pdf.JavaScript"),
        (pdf(stream(b"<</S/JavaScript>>", b"/Type/Obj#53tm")), "Pdf.JavaScript"),
        (PDF.replace(b"/Root", b"/Encrypt 3 0 R/Root"), "Pdf.Encrypt"),
        (pdf(*[stream(bytes(20_000_000))] * 4), "Pdf.Too-Much-Inside"),
    ],
)
def test_basic_refuses_what_it_knows(data, word):
    assert basic(data) == ScanVerdict(False, word)


@pytest.mark.parametrize(
    "data",
    [
        PDF,
        picture(),
        wav(),
        pdf(b"<</JSON 1/Launched true>>"),
        pdf(stream(b"BT (/JavaScript /Launch) Tj ET")),
        pdf(b"9 0 obj<<>>stream\r\n/JS /Launch\r\nendstream endobj"),
        pdf(b"stream of words without an end", b"endstream"),
        pdf(b"9 0 obj<<>>stream\nno end"),
        b"%PDF-" + b"obj stream\n" * 100_000,
    ],
    ids=range(9),
)
def test_basic_lets_pass_what_only_looks_alike(data):
    began = time.process_time()
    assert basic(data).clean
    assert time.process_time() - began < 2


def test_basic_is_honest_about_what_it_does_not_see():
    """What is packed in a way that it does not open passes: it is no virus scanner, and says so."""
    assert basic(pdf(base64.b64encode(EICAR))).clean
    assert basic(pdf(stream(zlib.compress(EICAR)))).clean
    assert "no virus scanner" in (scanners.__doc__ or "")
    assert "no virus" in (basic.__doc__ or "")


@pytest.fixture(params=["tcp", "unix"])
def reached(request, tmp_path):
    """A daemon that runs, reached both ways."""
    made = Daemon(("127.0.0.1", 0) if request.param == "tcp" else Path(tmp_path) / "clamd.ctl")
    made.start()
    yield made
    made.stop()


def test_clamd_is_asked_with_the_bytes_alone(reached):
    scan = scanners.clamd(reached.url)
    assert scan(PDF) == ScanVerdict(True)
    assert scan(bytes(200_000) + EICAR) == ScanVerdict(False, "Eicar-Signature")
    assert scan(b"") == ScanVerdict(True)
    assert reached.seen == [len(PDF), 200_000 + len(EICAR), 0]


def test_a_file_that_is_larger_than_clamd_takes_is_not_called_clean(reached):
    reached.limit = 1000
    with pytest.raises(ScannerAway, match="StreamMaxLength") as told:
        scanners.clamd(reached.url)(bytes(500_000))
    assert told.value.this_file_only


@pytest.mark.parametrize(
    ("way", "this_file_only"),
    [
        ("hangs up", False),
        (b"stream: OK", False),  # without its end: it may have been half of “OKAY…”
        (b"stream: OK\0stream: OK\0", False),
        (b"stream: O\0", False),
        (b"OK\0", False),
        (b"stream: Eicar FOUND", False),
        (b"\xff\xfe\0", False),
        (b"x" * 100_000, False),
        (b"HTTP/1.1 200 OK\r\n\r\n\0", False),
        (b"stream: Can't allocate memory ERROR\0", True),
    ],
)
def test_an_answer_that_is_no_verdict_is_none(daemon, way, this_file_only):
    daemon.way = way
    daemon.start()
    with pytest.raises(ScannerAway) as told:
        scanners.clamd(daemon.url)(PDF)
    assert told.value.this_file_only == this_file_only


def test_a_clamd_that_does_not_answer_is_waited_for_no_longer_than_told(daemon):
    daemon.way = "silent"
    daemon.start()
    began = time.monotonic()
    with pytest.raises(ScannerAway, match="Timeout"):
        scanners.clamd(daemon.url, seconds=0.3)(PDF)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("address", ["unix:///nonexistent/clamd.ctl", "tcp://127.0.0.1:1"])
def test_a_clamd_that_is_away(address):
    with pytest.raises(ScannerAway, match=r"clamd: (FileNotFound|ConnectionRefused)Error"):
        scanners.clamd(address)(PDF)


@pytest.mark.parametrize(
    "address", ["/run/clamd.ctl", "unix://run/clamd.ctl", "unix:", "tcp://host", "tcp://:3310", "tcp://host:x", "http://host:80", "tcp://host:1/x"]
)  # fmt: skip
def test_an_address_that_is_none_names_its_remedy(address):
    assert "unix:///run/clamav/clamd.ctl" in (wrong_clamd(address) or "")
    with pytest.raises(ValueError, match="PORTICO_CLAMD"):
        scanners.clamd(address)
    environ = {
        "PORTICO_DATABASE_URL": "x", "PORTICO_REDIS_URL": "x", "PORTICO_SECRET_KEY": "s" * 32, "PORTICO_MASTER_KEY": "00" * 32,
    }  # fmt: skip
    with pytest.raises(SettingsError, match="PORTICO_CLAMD"):
        Settings.from_environment(environ | {"PORTICO_CLAMD": address})
    assert Settings.from_environment(environ | {"PORTICO_CLAMD": "tcp://[::1]:3310"}).clamd


def test_a_portal_with_a_demos_scanner_is_told(bundles):
    assert "no virus scanner" in str(advice_for_live(bundles["frontalia"]["config"])[0])
    assert "nobody can open" in str(advice_for_live({"care": {"scanner": "none"}})[0])
    assert advice_for_live({"care": {"scanner": "clamd"}}) == advice_for_live({}) == []
