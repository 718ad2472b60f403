"""Registers of professionals: what a line says, what is wrong with one, and the kinds of files that plugins can read."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from core.messages import Message, _

__all__ = [
    "RegisterEntry",
    "RegisterFault",
    "RegisterFormat",
    "RegisterRefused",
    "columns",
    "csv_reader",
    "decoded",
    "normal",
]


class RegisterRefused(ValueError):
    """A file that cannot be a register of this format; `message` says what was found and what is wanted."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """What one line says of one professional. A person with several exercises has several lines: they are put together.

    `number` is the register number in its normal form; `professions` and `skills` are codes of the country's lists;
    `place` is a town in words, "" where the line has none. Empty names change nothing (companion files).
    """

    number: str
    last_name: str = ""
    first_name: str = ""
    professions: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class RegisterFault:
    """A line that cannot be read: its number in the file (the header is line 1) and what is wrong with it."""

    line: int
    message: Message


@dataclass(frozen=True, slots=True)
class RegisterFormat:
    """A kind of register file.

    `read` takes the lines of the file as bytes and yields entries and faults; it raises RegisterRefused when the header
    does not fit. A `companion` file completes entries of another (skills in a file apart): it makes no entry absent.
    """

    code: str
    label: Message
    country: str
    read: Callable[[Iterable[bytes]], Iterator[RegisterEntry | RegisterFault]]
    companion: bool = False


def decoded(line: bytes) -> str:
    """A line as text: UTF-8, else Windows-1252; registers were seen in both, sometimes in one file."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def normal(label: str) -> str:
    """A column's label without what drifts between releases: case, accents, what stands in brackets, articles."""
    plain = unicodedata.normalize("NFKD", re.sub(r"\(.*?\)", " ", label))
    words = re.sub(r"[^a-z0-9]+", " ", "".join(c for c in plain if not unicodedata.combining(c)).lower()).split()
    return " ".join(w for w in words if w not in {"d", "de", "du", "l", "la", "le", "des"})


def columns(header: Sequence[str], wanted: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where the wanted columns stand: name to index, by any of the labels given for each. Raises RegisterRefused."""
    found = {normal(label): index for index, label in reversed(list(enumerate(header)))}
    places: dict[str, int] = {}
    missing = []
    for name, labels in wanted.items():
        index = next((found[normal(label)] for label in labels if normal(label) in found), None)
        if index is None:
            missing.append(labels[0])
        else:
            places[name] = index
    if missing:
        raise RegisterRefused(
            _(
                "The file lacks these columns: {missing}. Found: {found}.",
                missing=", ".join(missing),
                found=", ".join(h.strip() for h in header if h.strip())[:500] or "–",
            )
        )
    return places


GENERIC = {
    "number": ("number", "numero", "nummer"),
    "last_name": ("last_name", "nom", "name", "nachname"),
    "first_name": ("first_name", "prenom", "vorname"),
    "profession": ("profession", "beruf"),
}


def csv_reader(clean: Callable[[str], Any]) -> Callable[[Iterable[bytes]], Iterator[RegisterEntry | RegisterFault]]:
    """A reader of the generic file: comma or semicolon, header `number, last_name, first_name, profession[, skill, place]`.

    `clean` is the check of an identifier type: it takes the text and answers with `value` and `error`.
    """

    def read(lines: Iterable[bytes]) -> Iterator[RegisterEntry | RegisterFault]:
        texts = (decoded(line) for line in lines)
        first = next(texts, "")
        rows = csv.reader(chain([first], texts), delimiter=";" if first.count(";") > first.count(",") else ",")
        header = next(rows, [])
        at = columns(header, GENERIC)
        skill = next(
            (i for i, label in enumerate(header) if normal(label) in ("skill", "specialty", "specialite")), None
        )
        place = next((i for i, label in enumerate(header) if normal(label) in ("place", "town", "ville", "ort")), None)
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                yield RegisterFault(rows.line_num, _fields(len(row), len(header)))
                continue
            checked = clean(row[at["number"]])
            if checked.error is not None:
                yield RegisterFault(rows.line_num, checked.error)
                continue
            yield RegisterEntry(
                checked.value,
                row[at["last_name"]].strip(),
                row[at["first_name"]].strip(),
                _one(row[at["profession"]]),
                _one(row[skill]) if skill is not None else (),
                row[place].strip() if place is not None else "",
            )

    return read


def _fields(found: int, wanted: int) -> Message:
    return _("{found} fields were found, {wanted} are wanted.", found=found, wanted=wanted)


def _one(value: str) -> tuple[str, ...]:
    return (value.strip(),) if value.strip() else ()
