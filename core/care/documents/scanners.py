"""Core's two scanners: `clamd` asks a ClamAV daemon; `basic` looks for a few plain dangers and is no virus scanner."""

from __future__ import annotations

import re
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from core.hooks.types import ScannerAway, ScanVerdict
from core.settings import wrong_clamd

CONNECT_SECONDS = 5.0
SCAN_SECONDS = 30.0
"""A worker's job may take a minute."""
PIECE = 64 * 1024
LONGEST_ANSWER = 1024
MOST_INFLATED = 64 * 1024 * 1024
# The harmless file that every scanner finds, in two halves so that none finds this one.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_ACTS = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|RichMedia|XFA|Encrypt)(?![A-Za-z0-9_])")
_ESCAPE = re.compile(rb"#([0-9a-fA-F]{2})")
_FOUND = re.compile(rb"stream: (.+) FOUND")


# -- clamd -----------------------------------------------------------------------------------------------------------


def clamd(address: str, *, seconds: float = SCAN_SECONDS) -> Callable[[bytes], ScanVerdict]:
    """A scan by the daemon at `unix:///path` or `tcp://host:port`, which gets the bytes and no name (INSTREAM).

    The scan raises ScannerAway when the daemon does not answer in `seconds`, or answers anything but a verdict.
    """
    wrong = wrong_clamd(address)
    if wrong is not None:
        raise ValueError(wrong)

    def scan(data: bytes) -> ScanVerdict:
        until = time.monotonic() + seconds
        try:
            with _connected(address, min(CONNECT_SECONDS, seconds)) as line:
                answer = _asked(line, data, until)
        except OSError as error:
            raise ScannerAway(f"clamd: {type(error).__name__}") from error
        return _read(answer)

    return scan


def _connected(address: str, seconds: float) -> socket.socket:
    parts = urlsplit(address)
    if parts.scheme == "tcp":
        return socket.create_connection((parts.hostname or "", parts.port or 0), seconds)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect(parts.path)
    except BaseException:
        line.close()
        raise
    return line


def _asked(line: socket.socket, data: bytes, until: float) -> bytes:
    try:
        _send(line, b"zINSTREAM\0", until)
        for at in range(0, len(data), PIECE):
            piece = data[at : at + PIECE]
            _send(line, len(piece).to_bytes(4) + piece, until)
        _send(line, bytes(4), until)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it has heard enough, and says why
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
        line.settimeout(_left(until))
        more = line.recv(LONGEST_ANSWER)
        if not more:
            break
        answer += more
    return answer


def _send(line: socket.socket, data: bytes, until: float) -> None:
    line.settimeout(_left(until))
    line.sendall(data)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _read(answer: bytes) -> ScanVerdict:
    """The verdict. An answer without its end mark may be half of another one, and counts as none."""
    text, end, more = answer.partition(b"\0")
    if end and not more:
        if text == b"stream: OK":
            return ScanVerdict(True)
        found = _FOUND.fullmatch(text)
        if found is not None:
            return ScanVerdict(False, found[1].decode("ascii", "replace"))
        if b"size limit exceeded" in text:
            raise ScannerAway("clamd: its StreamMaxLength is too small for this file", this_file_only=True)
        if text.endswith(b" ERROR"):
            raise ScannerAway("clamd: it cannot scan this file", this_file_only=True)
    raise ScannerAway("clamd: an answer that is none")


# -- basic -----------------------------------------------------------------------------------------------------------


def basic(data: bytes) -> ScanVerdict:
    """Refuse the EICAR test file, and PDF documents that act by themselves or cannot be looked into.

    It knows no virus. It is for demos and tests; a portal for real people names a real scanner.
    """
    if EICAR in data:
        return ScanVerdict(False, "Eicar-Test-File")
    if not data.startswith(b"%PDF-"):
        return ScanVerdict(True)
    left = MOST_INFLATED
    for part, head in _parts(data):
        if head is None:  # outside of streams
            seen = part
        else:
            inflated = _inflated(part, left)
            left -= len(inflated)
            if left <= 0:
                return ScanVerdict(False, "Pdf.Too-Much-Inside")
            if EICAR in inflated:
                return ScanVerdict(False, "Eicar-Test-File")
            # Names mean something in streams of objects alone; in pictures they would be found by chance.
            seen = inflated if b"/ObjStm" in _plain(head) else b""
        acts = _ACTS.search(_plain(seen))
        if acts is not None:
            return ScanVerdict(False, f"Pdf.{acts[1].decode()}")
    return ScanVerdict(True)


def _plain(part: bytes) -> bytes:
    """Names without their escapes: `/J#61vaScript` is `/JavaScript`."""
    return _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), part)


def _parts(data: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """What lies outside of streams, as (bytes, None), and each stream with the words before it; in one walk."""
    at = seek = 0
    while True:
        start = data.find(b"stream", seek)
        end = data.find(b"endstream", start + 6) if start >= 0 else -1
        if end < 0:
            yield data[at:], None
            return
        content = start + 6
        if data[content : content + 2] == b"\r\n":
            content += 2
        elif data[content : content + 1] in (b"\n", b"\r"):
            content += 1
        else:
            seek = content
            continue
        head = data[at:start]
        yield head, None
        yield data[content:end], head[head.rfind(b"obj") + 3 :] if b"obj" in head else head
        at = seek = end + len(b"endstream")


def _inflated(part: bytes, most: int) -> bytes:
    """A stream without its compression, as far as it goes; empty where it has none."""
    try:
        return zlib.decompressobj().decompress(part, max(1, most))
    except zlib.error:
        return b""
