"""A tenant's drawings: an SVG may draw, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.parsers import expat

SVG_LIMIT = 200_000
_NAMESPACE = "http://www.w3.org/2000/svg"
_FORBIDDEN = frozenset(
    {"script", "foreignobject", "iframe", "object", "embed", "audio", "video", "handler", "listener", "set"}
)
_OUTSIDE = re.compile(r"url\(\s*[\"']?\s*(?![#\s\"'])|\\|@import|javascript:|expression\(|-moz-binding", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(png|jpeg|webp);base64,", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SvgProblem:
    """What a drawing may not hold: the line (from 1), what was found, and why it is refused."""

    line: int
    found: str
    message: str


def problems(text: str) -> list[SvgProblem]:
    """Everything in a drawing that could run, load from outside or is no SVG; empty when it may be served.

    Refused: script, foreign objects, media, `on…` attributes, references that do not point inside the drawing,
    document types and entities, style sheets by processing instruction.
    """
    if len(text.encode()) > SVG_LIMIT:
        return [SvgProblem(1, f"{len(text.encode()) // 1000} kB", f"a drawing has at most {SVG_LIMIT // 1000} kB")]
    walker = _Walker()
    try:
        walker.parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        walker.add(f"not well-formed: {expat.errors.messages[error.code]}", "", error.lineno)
    except _Stop:
        pass
    if not walker.found and not walker.is_svg:
        walker.add("this is no SVG drawing", "", 1)
    return walker.found


class _Stop(Exception):
    pass


class _Walker:
    def __init__(self) -> None:
        self.found: list[SvgProblem] = []
        self.is_svg = False
        self.depth = 0
        self.in_style = False
        self.parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def add(self, message: str, found: str, line: int | None = None) -> None:
        self.found.append(SvgProblem(line or self.parser.CurrentLineNumber, found, message))

    def _doctype(self, *_args: object) -> None:
        self.add("a drawing has no document type: it could define entities", "<!DOCTYPE")
        raise _Stop  # nothing behind it is read: entities can grow without end

    def _instruction(self, target: str, _data: str) -> None:
        self.add("a drawing has no processing instruction", f"<?{target}")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _space, local = name.rpartition(" ")
        if self.depth == 0:
            self.is_svg = local == "svg" and namespace == _NAMESPACE
        self.depth += 1
        self.in_style = local.lower() == "style"
        if local.lower() in _FORBIDDEN:
            self.add("a drawing may hold no script, foreign object or media", f"<{local}>")
        for key, value in attributes.items():
            self._attribute(local, key.rpartition(" ")[2].lower(), value)

    def _attribute(self, element: str, key: str, value: str) -> None:
        if key.startswith("on"):
            self.add("a drawing may hold no event", key)
        elif key in ("href", "src"):
            inside = value.strip().startswith("#") or (element == "image" and _PICTURE.match(value.strip()))
            if not inside:
                self.add("a drawing refers to nothing outside itself", value[:60])
        elif key == "attributename" and value.strip().rpartition(":")[2].lower().startswith(("href", "on")):
            self.add("an animation may not change a reference or an event", value)
        elif _OUTSIDE.search(value):
            self.add("a drawing refers to nothing outside itself", value[:60])

    def _end(self, _name: str) -> None:
        self.depth -= 1
        self.in_style = False

    def _text(self, data: str) -> None:
        if self.in_style and _OUTSIDE.search(data):
            self.add("a drawing refers to nothing outside itself", data.strip()[:60])
