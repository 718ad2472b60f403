"""Reading a file of the insurer's list: bytes to text to lines, each checked. A file is refused whole, or line by line."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from core.plugin_api import Domain, Message
from plugins.insurer_assistance import members
from plugins.insurer_assistance.listing import Listed
from plugins.insurer_assistance.rules.contract import REASONS, ROLES

_ = Domain("insurer_assistance")

MOST_LINES = 1_000_000
MOST_UNPACKED = 256 * 1024 * 1024
MOST_RATIO = 200  # a list of real people packs to a tenth; far beyond that something else is in there
RATIO_FROM = 4 * 1024 * 1024
LONGEST_LINE = 4_000
CHUNK = 64 * 1024
GZIP = b"\x1f\x8b"
SEPARATORS = (";", ",", "\t")
LONGEST_TEXT = 100
OLDEST = dt.date(1890, 1, 1)

# The closed list of what a line may hold (IA-091): our name, then the headers that mean it. The first two are shown.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": (
        "number",
        "numero",
        "member number",
        "numero adherent",
        "numero d'adherent",
        "n° adherent",
        "n° d'adherent",
        "numero beneficiaire",
    ),
    "contract_number": (
        "contract number",
        "numero de contrat",
        "n° de contrat",
        "n° contrat",
        "no de contrat",
        "contract",
        "contrat",
    ),
    "role": ("role", "qualite", "lien"),
    "last_name": ("last name", "nom", "surname", "nom de famille"),
    "first_name": ("first name", "prenom", "given name"),
    "birth_date": ("birth date", "date de naissance", "date of birth", "naissance"),
    "opens_on": ("opens on", "ouverture", "debut", "date d'ouverture", "date de debut", "start date"),
    "residence": ("residence", "pays de residence", "pays", "country", "residence country", "country of residence"),
    "protected": ("protected", "protege", "majeur protege", "protected adult"),
    "closes_on": ("closes on", "fermeture", "fin", "date de fermeture", "date de fin", "end date"),
    "exclusions": ("exclusions",),
}
OPTIONAL = ("closes_on", "exclusions")
_ROLES = {
    **{role: role for role in ROLES},
    "assure": "insured", "assuree": "insured", "adherent": "insured", "adherente": "insured",
    "conjoint": "spouse", "conjointe": "spouse", "partenaire": "spouse", "epoux": "spouse", "epouse": "spouse",
    "enfant": "child",
}  # fmt: skip
_YES_NO = {"yes": True, "oui": True, "1": True, "true": True, "no": False, "non": False, "0": False, "false": False}

CODES: Mapping[str, Message] = {
    "fields": _("The line has more or fewer fields than the header."),
    "quotes": _("A quotation mark is opened and not closed, or stands in the middle of a field."),
    "too_long": _("The line, or one of its fields, is too long."),
    "number": _("The insurer's number of the person is missing."),
    "contract_number": _("The contract number is missing."),
    "role": _("The role is none of: insured, spouse, child (or assuré, conjoint, enfant)."),
    "last_name": _("The last name is missing."),
    "first_name": _("The first name is missing."),
    "birth_date": _("The birth date is no date (1980-05-01 or 01/05/1980), or lies in the future."),
    "opens_on": _("The first day of the rights is no date (2026-01-01 or 01/01/2026)."),
    "closes_on": _("The last day of the rights is no date, or lies before the first."),
    "residence": _("The country of residence is not two letters such as FR."),
    "protected": _("“protected” is neither yes nor no."),
    "exclusions": _("An exclusion is no reason that the contract knows; several are separated by |."),
    "number_twice": _("The number stands on several lines of the file."),
    "person_twice": _("The same person stands on several lines under one contract."),
}


class FileRefused(ValueError):
    """A file that cannot be read as a list at all; `message` says what was found and what is wanted."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.msgid)
        self.message = message


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that cannot be taken: where, a key of CODES, and the person's number where it could be read."""

    line: int
    code: str
    number: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is written: its encoding, its separator, and where each column stands."""

    encoding: str
    separator: str
    places: Mapping[str, int]
    width: int


# -- bytes -------------------------------------------------------------------------------------------------------------


class Unpacked(io.RawIOBase):
    """The bytes of a file, unpacked where it is gzip, within the limits. Raises FileRefused while reading."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        raw.seek(0)
        self._unpack = zlib.decompressobj(31) if raw.read(2) == GZIP else None
        raw.seek(0)
        self._packed = self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        most = len(buffer)
        piece = self._raw.read(most) if self._unpack is None else self._next(most)
        self._given += len(piece)
        if self._given > MOST_UNPACKED:
            raise FileRefused(_("The file is larger than {count} MB once unpacked.", count=MOST_UNPACKED // 2**20))
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, most: int) -> bytes:
        assert self._unpack is not None
        while True:
            packed = self._unpack.unconsumed_tail or self._raw.read(CHUNK)
            if packed and not self._unpack.unconsumed_tail:
                self._packed += len(packed)
            try:
                piece = self._unpack.decompress(packed, most)
            except zlib.error as error:
                raise FileRefused(_("The packed file is damaged. Please pack it again with gzip.")) from error
            if self._given > RATIO_FROM and self._given > MOST_RATIO * max(1, self._packed):
                raise FileRefused(_("The packed file holds far more than a list of people would."))
            if piece:
                return piece
            if self._unpack.eof:
                if self._unpack.unused_data or self._raw.read(1):
                    raise FileRefused(_("The packed file holds more than one file. Please pack the list alone."))
                return b""
            if not packed:
                raise FileRefused(_("The packed file is cut short. Please send it again."))


_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Letters of western Europe, œ, Œ, Ÿ, the apostrophe and ° (N°): what such a list holds. Marks where a letter should be mean that
# the file is in another encoding (old Mac, DOS), or half in UTF-8.
_WESTERN = re.compile(rb"[\x09\x0a\x0d\x20-\x7e\x8c\x92\x9c\x9f\xb0\xc0-\xd6\xd8-\xf6\xf8-\xff]*")
_HALF_UTF8 = re.compile(rb"\xc3[\x8c\x92\x9c\x9f]")


def encoding_of(raw: BinaryIO) -> str:
    """The encoding of a file, known by looking at all of it. Raises FileRefused where it cannot be told for sure."""
    stream = Unpacked(raw)
    first = stream.read(CHUNK) or b""
    if not first:
        raise FileRefused(_("The file is empty."))
    wide = _UTF16.get(first[:2])
    utf = codecs.getincrementaldecoder(wide or "utf-8")("strict")
    could_be_utf, could_be_western, last = True, wide is None, b""
    piece = first
    while True:
        if could_be_utf:
            try:
                text = utf.decode(piece, final=not piece)
                could_be_utf = "\0" not in text
            except UnicodeDecodeError:
                could_be_utf = False
        could_be_western = could_be_western and not (
            _WESTERN.fullmatch(piece) is None or _HALF_UTF8.search(last[-1:] + piece) is not None
        )
        if not piece or not (could_be_utf or could_be_western):
            break
        last, piece = piece, stream.read(CHUNK) or b""
    if could_be_utf:
        return wide or "utf-8-sig"
    if could_be_western:
        return "cp1252"
    raise FileRefused(
        _("The encoding of the file cannot be told for sure. Please save it as UTF-8 (“CSV UTF-8” in a spreadsheet).")
    )


def texts(raw: BinaryIO, encoding: str) -> Iterator[tuple[int, str]]:
    """(number, text) of each line, the header being line 1; a line that is too long comes cut, and so is too long."""
    stream = io.TextIOWrapper(io.BufferedReader(Unpacked(raw), CHUNK), encoding, newline=None)
    number = 0
    while text := stream.readline(LONGEST_LINE + 1):
        number += 1
        while not text.endswith("\n") and (rest := stream.readline(LONGEST_LINE + 1)):
            text = text[: LONGEST_LINE + 1] + ("\n" if rest.endswith("\n") else "")
        if number > MOST_LINES:
            raise FileRefused(_("The file has more than {count} lines.", count=MOST_LINES))
        yield number, text.lstrip("\ufeff") if number == 1 else text


# -- the header --------------------------------------------------------------------------------------------------------


_MEANING = {members.plain(label): name for name, labels in COLUMNS.items() for label in (name, *labels)}


def form_of(raw: BinaryIO) -> Form:
    """How a file is written. Raises FileRefused naming columns that are missing, unknown or there twice."""
    encoding = encoding_of(raw)
    header = next((text for _n, text in texts(raw, encoding)), "").rstrip("\r\n")
    split = {s: _cells(header, s) or [] for s in SEPARATORS}
    separator = max(SEPARATORS, key=lambda s: sum(members.plain(c) in _MEANING for c in split[s]))
    labels = [c.strip() for c in split[separator]]
    named = [_MEANING.get(members.plain(label)) for label in labels]
    allowed = ", ".join(found[0] for found in COLUMNS.values())
    shown = ", ".join(label[:40] for label in labels[:30]) or "–"
    unknown = [label[:40] or "–" for label, name in zip(labels, named, strict=True) if name is None]
    double = sorted({name for name in named if name is not None and named.count(name) > 1})
    missing = [COLUMNS[name][0] for name in COLUMNS if name not in OPTIONAL and name not in named]
    if missing:
        raise FileRefused(
            _(
                "The file lacks these columns: {missing}. Found: {found}. Allowed: {allowed}.",
                missing=", ".join(missing),
                found=shown,
                allowed=allowed,
            )
        )
    if double:
        raise FileRefused(
            _(
                "These columns stand there twice: {double}. Found: {found}.",
                double=", ".join(COLUMNS[n][0] for n in double),
                found=shown,
            )
        )
    if unknown:
        raise FileRefused(
            _(
                "These columns may not be in the file: {unknown}. Allowed: {allowed}. Please send nothing else of people.",
                unknown=", ".join(unknown[:20]),
                allowed=allowed,
            )
        )
    return Form(encoding, separator, {n: i for i, n in enumerate(named) if n is not None}, len(labels))


def _cells(text: str, separator: str) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=separator, strict=True), [])
    except (csv.Error, StopIteration):
        return None


# -- the lines ---------------------------------------------------------------------------------------------------------


def lines(raw: BinaryIO, form: Form, day: dt.date) -> Iterator[tuple[int, Listed | Fault]]:
    """Each line of the list, or what is wrong with it; `day` is today. Empty lines are passed over."""
    for number, text in texts(raw, form.encoding):
        if number == 1 or not text.strip(" \t\r\n;,"):
            continue
        yield number, _line(number, text.rstrip("\r\n"), form, day)


def _line(number: int, text: str, form: Form, day: dt.date) -> Listed | Fault:
    if len(text) > LONGEST_LINE:
        return Fault(number, "too_long")
    cells = _cells(text, form.separator)
    if cells is None:
        return Fault(number, "quotes")
    if len(cells) != form.width:
        return Fault(number, "fields")
    values = {name: cells[at].strip() for name, at in form.places.items()}
    found = listed(values, day)
    return found if isinstance(found, Listed) else Fault(number, found, values["number"][:LONGEST_TEXT])


def listed(values: Mapping[str, str], day: dt.date) -> Listed | str:
    """A line from its texts by column, or a key of CODES: the first thing that is wrong."""
    for name in ("number", "contract_number", "last_name", "first_name"):
        if not values[name].isalnum() and not members.plain(values[name]):
            return name
    if any(len(v) > LONGEST_TEXT for k, v in values.items() if k != "exclusions"):
        return "too_long"
    role = _role(values["role"])
    if role is None:
        return "role"
    born = day_of(values["birth_date"])
    if born is None or not OLDEST <= born <= day:
        return "birth_date"
    opens = day_of(values["opens_on"])
    if opens is None:
        return "opens_on"
    closes = day_of(values.get("closes_on", ""))
    if values.get("closes_on") and (closes is None or closes < opens):
        return "closes_on"
    residence = values["residence"].upper()
    if not _COUNTRY.fullmatch(residence):
        return "residence"
    protected = _YES_NO.get(values["protected"].lower())
    if protected is None:
        return "protected"
    exclusions = exclusions_of(values["exclusions"].split("|")) if values.get("exclusions") else ()
    if exclusions is None:
        return "exclusions"
    return Listed(
        values["number"], values["contract_number"], values["last_name"], values["first_name"], born, role, opens, closes,
        residence, protected, exclusions,
    )  # fmt: skip


@lru_cache(maxsize=1_000)
def _role(text: str) -> str | None:
    return _ROLES.get(members.plain(text))


def exclusions_of(texts_: Sequence[str]) -> tuple[str, ...] | None:
    """Reasons that a contract of its own leaves out, sorted, each once; None where one is unknown (IA-075)."""
    found = {t.strip().lower() for t in texts_ if t.strip()}
    return None if found - set(REASONS) else tuple(sorted(found))


_COUNTRY = re.compile("[A-Z]{2}")
_FRENCH = re.compile(r"(\d{2})/(\d{2})/(\d{4})\Z")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")


@lru_cache(maxsize=50_000)
def day_of(text: str) -> dt.date | None:
    """A day as 2026-01-31 or 31/01/2026; None for anything else."""
    if found := _ISO.match(text):
        year, month, day = found.groups()
    elif found := _FRENCH.match(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
