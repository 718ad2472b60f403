"""Sound recordings: which of the known containers a file is, and the recording without what its tags tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

HEAD = 64 * 1024
_VIDEO = re.compile(rb"V_(?:VP8|VP9|AV1|MPEG|MJPEG|MS/|THEORA|QUICKTIME|UNCOMPRESSED|REAL|PRORES)")
_HANDLER = re.compile(rb"hdlr.{8}(.{4})", re.DOTALL)
PICTURE_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"})
_TELLING = frozenset({b"udta", b"meta", b"uuid"})  # where recorders write the place, the device, the name
_PARENTS = frozenset({b"moov", b"trak"})
_MOST_ZEROS = 4096
_MOST_BOXES = 20_000
_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
Box = tuple[bytes, int, int, int]  # type, where it starts, where its content starts, where it ends


class Video(Exception):
    """The file holds moving pictures."""


def sniff(data: bytes) -> str | None:
    """The type of a sound recording by its structure; None where it is none that is taken. Raises Video."""
    head = data[:HEAD]
    if head[:4] == b"\x1aE\xdf\xa3":
        if _VIDEO.search(head):
            raise Video
        sound = b"A_OPUS" in head or b"A_VORBIS" in head
        return "audio/webm" if b"\x42\x82\x84webm" in head[:64] and sound else None
    if head[:4] == b"OggS":
        if b"\x80theora" in head[:4096]:
            raise Video
        return "audio/ogg" if b"OpusHead" in head[:128] or b"\x01vorbis" in head[:128] else None
    if head[4:8] == b"ftyp":
        return "audio/mp4" if _is_sound(data) else None
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav" if {b"fmt ", b"data"} <= {name for name, _part in _chunks(data)} else None
    return "audio/mpeg" if _is_mp3(data) else None


def brands(data: bytes) -> frozenset[bytes]:
    """The brands that a file of the ISO family names; empty where it is none."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4]), 256)
    return frozenset({data[8:12], *(data[i : i + 4] for i in range(16, end - 3, 4))})


def plain(mimetype: str, data: bytes) -> bytes:
    """The recording alone: MP3, MP4 and WAV without their tags. WebM and Ogg of recorders carry none of a person."""
    if mimetype == "audio/mpeg":
        return _without_id3(data)
    if mimetype == "audio/wav":
        kept = b"".join(
            name + len(part).to_bytes(4, "little") + part + b"\0" * (len(part) % 2)
            for name, part in _chunks(data)
            if name in (b"fmt ", b"fact", b"data")
        )
        return b"RIFF" + (len(kept) + 4).to_bytes(4, "little") + b"WAVE" + kept
    if mimetype == "audio/mp4":
        # Blanked in place: tables of the file count its bytes.
        blank = bytearray(data)
        for name, start, content, end in _boxes(data, 0, len(data), levels=2):
            if name in _TELLING:
                blank[start + 4 : start + 8] = b"free"
                blank[content:end] = bytes(end - content)
        return bytes(blank)
    return data


def _boxes(data: bytes, at: int, end: int, *, levels: int = 0) -> Iterator[Box]:
    """The boxes of an MP4, and so many levels inside of them; nothing more after one whose size cannot be."""
    while at + 8 <= end:
        size, name, content = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, content = int.from_bytes(data[at + 8 : at + 16]), at + 16
        elif size == 0:
            size = end - at
        if size < content - at or at + size > end:
            return
        yield name, at, content, at + size
        if levels and name in _PARENTS:
            yield from _boxes(data, content, at + size, levels=levels - 1)
        at += size


def _is_sound(data: bytes) -> bool:
    found = list(islice(_boxes(data, 0, len(data)), _MOST_BOXES))
    if not found or found[-1][3] != len(data):
        return False
    moov = next((data[content:end] for name, _start, content, end in found if name == b"moov"), b"")
    handlers = {match[1] for match in _HANDLER.finditer(moov)}
    if b"vide" in handlers:
        raise Video
    return b"soun" in handlers


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        yield name, data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _without_id3(data: bytes) -> bytes:
    while data[:3] == b"ID3" and len(data) > 10:
        size = 0
        for byte in data[6:10]:
            size = size << 7 | (byte & 0x7F)
        data = data[10 + size + (10 if data[5] & 0x10 else 0) :]
    if data[-128:-125] == b"TAG":
        data = data[:-128]
    return data


def _is_mp3(data: bytes) -> bool:
    """Three frames that follow each other: two bytes alone would be found in anything."""
    data = _without_id3(data)
    at = len(data[:_MOST_ZEROS]) - len(data[:_MOST_ZEROS].lstrip(b"\0"))
    for _count in range(3):
        length = _frame(data[at : at + 4])
        if length is None or at + length > len(data):
            return False
        at += length
    return True


def _frame(header: bytes) -> int | None:
    """The length of an MPEG layer III frame by its header."""
    if len(header) < 4:
        return None
    bits = int.from_bytes(header)
    version, layer = bits >> 19 & 3, bits >> 17 & 3
    rate, sample, padding = bits >> 12 & 15, bits >> 10 & 3, bits >> 9 & 1
    if bits >> 21 != 0x7FF or version not in _SAMPLES or layer != 1 or rate in (0, 15) or sample == 3:
        return None
    per_second: int = (_RATES_1 if version == 3 else _RATES_2)[rate] * 1000
    return (144 if version == 3 else 72) * per_second // _SAMPLES[version][sample] + padding
