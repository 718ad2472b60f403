"""The physician's own document, looked at before it is taken: a PDF that can be read and does nothing by itself."""

from __future__ import annotations

import io
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from core.identity.uploads import sniff
from core.messages import Message, _

MOST_BYTES = 8 * 1024 * 1024
MOST_PAGES = 20
_DOES_SOMETHING = ("/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/RichMediaExecute")
_MOST_OBJECTS = 20_000


def problem(data: bytes) -> Message | None:
    """What is wrong with a file that is to be issued as a prescription; None for one that can be taken (CB-191)."""
    if not data:
        return _("This file is empty. Please choose another one.")
    if len(data) > MOST_BYTES:
        return _("This file is larger than {size} MB. Please choose a smaller one.", size=MOST_BYTES // 1024**2)
    if sniff(data) != "application/pdf":
        return _("A prescription is a PDF as your own software makes it. This file is none.")
    try:
        reader = PdfFileReader(io.BytesIO(data))
        if reader.encrypted:
            return _("This PDF is locked with a password. Please save it without one.")
        pages = int(reader.root["/Pages"]["/Count"])
        acts = _acts(reader)
    except (PdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError):
        return _("This PDF is damaged: it cannot be read. Please save it again.")
    if not 1 <= pages <= MOST_PAGES:
        return _("A prescription has {most} pages at most; {found} were found.", most=MOST_PAGES, found=pages)
    if acts:
        return _("This PDF holds a program or another file. Please print it to a plain PDF first.")
    return None


def _acts(reader: PdfFileReader) -> bool:
    """Whether anything in the document acts by itself or hides a file; walks every object that can be reached once."""
    waiting: list[Any] = [reader.root]
    seen: set[tuple[int, int]] = set()
    count = 0
    while waiting:
        value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            key = (value.idnum, value.generation)
            if key in seen:
                continue
            seen.add(key)
            value = reader.get_object(value)  # type: ignore[no-untyped-call]
        count += 1
        if count > _MOST_OBJECTS:
            raise ValueError("too many objects")
        if isinstance(value, generic.DictionaryObject):
            if value.get("/S") in _DOES_SOMETHING or "/JS" in value or "/EmbeddedFiles" in value or "/EF" in value:
                return True
            waiting += [value.raw_get(k) for k in value]
        elif isinstance(value, generic.ArrayObject):
            waiting += [value.raw_get(i) for i in range(len(value))]
    return False
