"""Taking a file in: told by its content, never by its name or by what the browser calls it; refused in words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import FileStorage

from core.care.documents import pictures, sounds
from core.care.documents.models import KINDS
from core.messages import Message, _
from core.tenancy.current import current_tenant
from core.tenancy.schema_care import MOST_MEGABYTES, Care

PICTURES = ("image/jpeg", "image/png")
SOUNDS = ("audio/webm", "audio/ogg", "audio/mp4", "audio/wav", "audio/mpeg")
PDF = ("application/pdf",)
TAKEN: Mapping[str, tuple[str, ...]] = {
    "photo": PICTURES,
    "document": PDF + PICTURES,
    "audio": SOUNDS,
    "report": PDF,
    "prescription": PDF,
    "profile": PDF + PICTURES,
}
EXTENSIONS: Mapping[str, str] = {
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "audio/webm": "webm", "audio/ogg": "ogg",
    "audio/mp4": "m4a", "audio/wav": "wav", "audio/mpeg": "mp3",
}  # fmt: skip
_WORDS: Mapping[tuple[str, ...], Message] = {
    PDF: _("PDF"),
    PICTURES: _("JPEG or PNG picture"),
    PDF + PICTURES: _("PDF, JPEG or PNG"),
    SOUNDS: _("sound recording as MP3, M4A, WAV, Ogg or WebM"),
}
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<|#!|MZ|\x7fELF)")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"7z\xbc\xaf", b"Rar!", b"\x1f\x8b", b"BZh", b"{\\rtf")
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that passed: its sniffed type, its bytes as they are kept, and what it was called."""

    mimetype: str
    data: bytes
    name: str = ""


def settings() -> Mapping[str, Any]:
    """The portal's settings of care; the defaults where its revision is older than they are."""
    found: Mapping[str, Any] = current_tenant().config.get("care") or Care().load({})
    return found


def most_megabytes(kind: str | None = None) -> int:
    """How large a file of a kind may be on this portal, in MB; without a kind, all files of one request together."""
    if kind is None:
        return MOST_MEGABYTES
    chosen = settings()
    return int(chosen["upload_max_mb_by_kind"].get(kind, chosen["upload_max_mb"]))


def accepted(kind: str) -> str:
    """The `accept` of a file field: sniffed all the same."""
    if kind == "audio":
        return "audio/*," + ",".join(f".{EXTENSIONS[m]}" for m in SOUNDS)
    return ",".join((*TAKEN[kind], *(f".{EXTENSIONS[m]}" for m in TAKEN[kind])))


def types_in_words(kind: str) -> Message:
    """Which types of files a kind takes, for help and refusals."""
    return _WORDS[TAKEN[kind]]


def sniff(data: bytes) -> str | None:
    """The type of a file by its structure; None where it is none of those taken. Raises sounds.Video."""
    if data[:5] == b"%PDF-" and b"%%EOF" in data[-2048:]:
        return "application/pdf"
    if data[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if data[:8] == b"\x89PNG\r\n\x1a\n" and data[12:16] == b"IHDR":
        return "image/png"
    return sounds.sniff(data)


def receive(file: FileStorage | None, *, kind: str) -> tuple[Upload | None, Message | None]:
    """(upload, None) or (None, what is wrong and what to do). Raises ValueError for an unknown kind.

    Pictures come out drawn anew, without the place where they were taken; recordings without their tags.
    """
    if kind not in KINDS:
        raise ValueError(f"no such kind of file: {kind}")
    if file is None or not file.filename:
        return None, _("Please choose a file: {types}.", types=types_in_words(kind))
    most = most_megabytes(kind)
    data = file.stream.read(most * 1024**2 + 1)
    if not data:
        return None, _("This file is empty. Please choose another one.")
    if len(data) > most * 1024**2:
        if kind == "audio":
            return None, _("This recording is larger than {size} MB. Please make a shorter one.", size=most)
        return None, _("This file is larger than {size} MB. A photo of lower resolution will do.", size=most)
    try:
        mimetype = sniff(data)
        if mimetype is None or mimetype not in TAKEN[kind]:
            return None, _refusal(data, kind)
        clean = _cleaned(mimetype, data)
    except sounds.Video:
        return None, _("This is a video. Please send photos or a sound recording instead.")
    except pictures.Flood as flood:
        return None, _(
            "This picture has {width} × {height} dots, more than can be shown. Please send it in a smaller size.",
            width=flood.width,
            height=flood.height,
        )
    except pictures.Unusable:
        return None, _("This picture is damaged and cannot be shown. Please take or save it again.")
    return Upload(mimetype, clean, file.filename), None


def _cleaned(mimetype: str, data: bytes) -> bytes:
    if mimetype in PICTURES:
        return pictures.redrawn(mimetype, data)
    return sounds.plain(mimetype, data) if mimetype in SOUNDS else data


def _refusal(data: bytes, kind: str) -> Message:
    if sounds.brands(data) & sounds.PICTURE_BRANDS:
        return _(
            "This photo is in the format HEIC or AVIF, which not everybody can open. Please send it as JPEG: on an "
            "iPhone, choose “Most Compatible” under Settings, Camera, Formats, and take it again, or send a screenshot of it."
        )
    if data.startswith(_ARCHIVES):
        return _(
            "Archives and files of word processors are not taken, since they can hide harmful parts. Please save the "
            "document as PDF and send that."
        )
    if _MARKUP.match(data):
        return _(
            "Web pages, drawings as SVG and programs are not taken, since they can act by themselves. Please send this "
            "kind of file: {types}.",
            types=types_in_words(kind),
        )
    return _("This file is damaged or of another kind than is taken here: {types}.", types=types_in_words(kind))


def clean_name(name: str, mimetype: str) -> str:
    """What a file may be called: one line without folders and hidden signs, ending as its content says."""
    text = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    # Signs that turn the direction of writing make `gpj.exe` of `exe.jpg`.
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    stem, dot, end = " ".join(text.split()).rpartition(".")
    if not dot or not end.isalnum() or len(end) > 5:
        stem = " ".join(text.split())
    stem = re.sub(r'["<>:|?*]', "", stem).strip(" .")[:LONGEST_NAME]
    return f"{stem or 'file'}.{EXTENSIONS[mimetype]}"
