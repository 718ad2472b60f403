"""A subject of care with two parties, files of all sorts, and a daemon that speaks clamd's protocol."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import socket
import struct
import threading
import uuid
import zlib
from types import SimpleNamespace

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from core.care.documents import service
from core.care.documents.scanners import EICAR
from core.db import db
from core.hooks.manager import BUILTIN
from core.identity.models import Account
from core.jobs import outbox
from core.tenancy import current
from core.tenancy import service as tenants
from core.testing.makers import signed_in

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CANARY = b"canary of a sealed file"


def pdf(*parts: bytes) -> bytes:
    """A PDF with these bytes in it."""
    return PDF.replace(b"trailer", b"\n".join(parts) + b"\ntrailer")


def stream(content: bytes, words: bytes = b"") -> bytes:
    """A compressed stream of a PDF."""
    body = zlib.compress(content)
    return b"9 0 obj<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream endobj" % (words, len(body), body)


def picture(kind: str = "JPEG", size: tuple[int, int] = (40, 20), **more) -> bytes:
    """A real picture: left half red, right half blue."""
    made = Image.new("RGB", size, (220, 20, 20))
    made.paste((20, 20, 220), (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


def claimed_png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size; its content is small."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + chunk(b"IEND", b"")
    )


def box(name: bytes, *parts: bytes) -> bytes:
    """A box of an MP4."""
    body = b"".join(parts)
    return (len(body) + 8).to_bytes(4) + name + body


def mp4(handler: bytes = b"soun", told: bytes = b"", brand: bytes = b"M4A ") -> bytes:
    """An MP4 with one track; `told` is what a recorder wrote about place and device."""
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12))))
    return (
        box(b"ftyp", brand, bytes(4), b"isom")
        + box(b"moov", track, box(b"udta", box(b"\xa9xyz", told)))
        + box(b"mdat", b"the sound itself")
    )


def wav(told: bytes = b"", sound: bytes = bytes(800)) -> bytes:
    """A WAV; `told` stands in a list of remarks."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)

    body = b"WAVE" + chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    body += (chunk(b"LIST", b"INFO" + told) if told else b"") + chunk(b"data", sound)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def mp3(told: bytes = b"") -> bytes:
    """An MP3 of four frames (MPEG 1, 128 kbit/s, 44.1 kHz), with tags before and after."""
    tag = b"ID3\x04\0\0" + bytes([0, 0, len(told) >> 7, len(told) & 0x7F]) + told
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return tag + frame * 4 + b"TAG" + told[:40].ljust(125, b"\0")


WEBM = (
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08\x42\x82\x84webmB\x87\x81\x04B\x85\x81\x02"
    + b"\x18S\x80g\x01\xff"
    + b"\x86\x86A_OPUS"
    + bytes(500)
)
OGG = b"OggS\0\2" + bytes(22) + b"OpusHead" + bytes(500)


def file(data: bytes, name: str = "file", type_: str = "application/octet-stream") -> FileStorage:
    """What a form sends."""
    return FileStorage(io.BytesIO(data), filename=name, content_type=type_)


def received(data: bytes, kind: str = "document", name: str = "file.pdf"):
    """The upload of a file that is taken."""
    upload, wrong = service.receive(file(data, name), kind=kind)
    assert wrong is None, str(wrong)
    return upload


def send(parties, data: bytes = PDF, kind: str = "document", name: str = "Überweisung Müller.pdf", **changed):
    """The patient sends a file; committed, not yet scanned."""
    row = service.keep(
        received(data, kind, name),
        person_id=parties.patient.person_id,
        subject_kind=changed.get("subject_kind", "trial"),
        subject_id=parties.subject_id,
        author_account_id=changed.get("author", parties.patient.id),
        kind=kind,
        name=name,
    )
    db.session.commit()
    db.session.expunge_all()
    return row.id


@pytest.fixture
def parties(browse, frontalia, monkeypatch):
    """A patient and a professional who share a subject, and a stranger of each role; each with a browser."""
    found = SimpleNamespace(subject_id=uuid.uuid4(), view=frontalia)
    for name, role in (
        ("patient", "patient"),
        ("doctor", "professional"),
        ("stranger", "patient"),
        ("other", "professional"),
    ):
        visitor = browse()
        setattr(found, name, signed_in(visitor, frontalia.id, role, "en"))
        setattr(found, f"{name}_browser", visitor)
    let = {found.patient.id, found.doctor.id}
    reads = lambda account, document: document.subject_id == found.subject_id and account.id in let
    monkeypatch.setitem(service._readers, "trial", reads)
    monkeypatch.setitem(service._links, "trial", lambda document: f"/trial/{document.subject_id}")
    return found


@pytest.fixture
def work(parties, inside):
    """Inside the portal; `work()` delivers all that waits, as a worker does."""

    def deliver() -> None:
        outbox.drain()
        db.session.expunge_all()

    return deliver


def person(account_id) -> Account:
    return Account.get(account_id)


@pytest.fixture
def portal_scans_by(app, runtime, portals, monkeypatch):
    """Let the portal `frontalia` be looked after by a scanner, with clamd at an address."""

    def change(scanner: str, address: str = "") -> None:
        core = runtime.modules[BUILTIN]
        monkeypatch.setattr(core, "settings", dataclasses.replace(core.settings, clamd=address))
        bundle = copy.deepcopy(dict(portals["frontalia"].bundle))
        bundle["config"]["care"]["scanner"] = scanner
        tenants.store(bundle, "tests")
        current.forget_views()

    return change


class Daemon:
    """A double of clamd: it speaks INSTREAM over a socket and knows the EICAR test file alone. `way` is how it behaves."""

    def __init__(self, address) -> None:
        self.way, self.limit, self.seen, self.address = "right", 1 << 30, [], address
        self.release = threading.Event()
        self._server = None

    def start(self) -> None:
        if isinstance(self.address, tuple):
            self._server = socket.create_server(self.address)
            self.address = self._server.getsockname()
        else:
            self._server = socket.socket(socket.AF_UNIX)
            self._server.bind(str(self.address))
            self._server.listen()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return (
            f"tcp://{self.address[0]}:{self.address[1]}"
            if isinstance(self.address, tuple)
            else f"unix://{self.address}"
        )

    def stop(self) -> None:
        self.release.set()
        if self._server is not None:
            with contextlib.suppress(OSError):
                self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                line, _from = self._server.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError):
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
        talk = line.makefile("rb")
        with talk:
            if self.way == "hangs up":
                return
            assert talk.read(10) == b"zINSTREAM\0"
            data = b""
            while size := int.from_bytes(talk.read(4)):
                data += talk.read(size)
                if len(data) > self.limit:
                    line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            self.seen.append(len(data))
            if self.way == "silent":
                self.release.wait(30)
                return
            answer = b"stream: Eicar-Signature FOUND\0" if EICAR in data else b"stream: OK\0"
            line.sendall({"right": answer}.get(self.way, self.way if isinstance(self.way, bytes) else b""))


@pytest.fixture
def daemon():
    """A daemon on a port of this machine; not started yet."""
    made = Daemon(("127.0.0.1", 0))
    yield made
    made.stop()
