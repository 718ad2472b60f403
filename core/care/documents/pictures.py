"""Pictures: measured by their header, then drawn anew, so that nothing but the picture is left."""

from __future__ import annotations

import io
import struct
import threading
from typing import TYPE_CHECKING, Any

from core.lazy import lazy

if TYPE_CHECKING:
    from PIL import Image, ImageOps
else:
    Image, ImageOps = lazy("PIL.Image"), lazy("PIL.ImageOps")

MOST_PIXELS = 50_000_000  # the largest photo of a present phone has 48 million
MOST_SIDE = 20_000
MOST_SCANS = 64  # of a progressive JPEG: each costs the time of a whole picture
MOST_PROFILE = 64 * 1024
JPEG_QUALITY = 92
_ONE_AT_A_TIME = threading.BoundedSemaphore(1)  # a picture needs up to four bytes a dot while it is drawn
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Unusable(Exception):
    """The picture is damaged."""


class Flood(Exception):
    """The header claims more dots than are drawn: (width, height)."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} x {height}")
        self.width, self.height = width, height


def size_of(mimetype: str, data: bytes) -> tuple[int, int] | None:
    """(width, height) as the header says, without decoding anything; None where there is no such header."""
    if mimetype == "image/png":
        return struct.unpack(">II", data[16:24]) if len(data) >= 24 else None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


def redrawn(mimetype: str, data: bytes) -> bytes:
    """The picture alone, upright, as a new file of the same type.

    Place and time of the photo, its thumbnail, comments and whatever hangs on the file stay behind; the colour profile
    is kept, since the colour of a skin matters. Raises Flood, Unusable.
    """
    size = size_of(mimetype, data)
    if size is None or 0 in size:
        raise Unusable
    _measure(*size)
    if mimetype == "image/jpeg" and data.count(b"\xff\xda") > MOST_SCANS:
        raise Unusable
    with _ONE_AT_A_TIME:
        try:
            return _redraw(mimetype, data)
        except Flood:
            raise
        except Exception as error:  # a damaged file can fail anywhere in a decoder
            raise Unusable from error


def _measure(width: int, height: int) -> None:
    if max(width, height) > MOST_SIDE or width * height > MOST_PIXELS:
        raise Flood(width, height)


def _redraw(mimetype: str, data: bytes) -> bytes:
    kind = "JPEG" if mimetype == "image/jpeg" else "PNG"
    more: dict[str, Any] = {"quality": JPEG_QUALITY, "subsampling": 0} if kind == "JPEG" else {"compress_level": 4}
    with Image.open(io.BytesIO(data), formats=[kind]) as opened:
        _measure(*opened.size)  # the decoder may have found another header
        profile = opened.info.get("icc_profile")
        picture = ImageOps.exif_transpose(opened)
        if kind == "JPEG" and picture.mode not in ("L", "RGB"):
            picture, profile = picture.convert("RGB"), None
        # Encoders take comments and resolution from here.
        picture.info = {name: picture.info[name] for name in ("transparency",) if name in picture.info}
        if isinstance(profile, bytes) and profile[36:40] == b"acsp" and len(profile) <= MOST_PROFILE:
            more["icc_profile"] = profile
        out = io.BytesIO()
        picture.save(out, kind, **more)
    return out.getvalue()
