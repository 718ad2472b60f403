"""The free extraction of the French directory of professionals: one line for each exercise of a person, fields split by `|`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from core.plugin_api import Domain, RegisterEntry, RegisterFault, RegisterFormat, decoded, register_columns

_ = Domain("jurisdiction_fr")
SEPARATOR = "|"
RPPS, ADELI = "8", "0"
_SHAPES = {RPPS: re.compile(r"\d{11}"), ADELI: re.compile(r"(\d{2}|2[AB])\d{7}")}
SPECIALTY = "S"
PERSON: Mapping[str, tuple[str, ...]] = {
    "type": ("Type d'identifiant PP",),
    "number": ("Identifiant PP",),
    "last_name": ("Nom d'exercice",),
    "first_name": ("Prénom d'exercice",),
    "profession": ("Code profession",),
    "skill_type": ("Code type savoir-faire",),
    "skill": ("Code savoir-faire",),
}
SKILLS = {name: PERSON[name] for name in ("type", "number", "skill_type", "skill")}
TOWN = "Libellé commune (coord. structure)"


def read_activities(lines: Iterable[bytes]) -> Iterator[RegisterEntry | RegisterFault]:
    """The main file: 56 columns, found by their labels because these drift. Raises RegisterRefused."""
    yield from _read(lines, PERSON)


def read_skills(lines: Iterable[bytes]) -> Iterator[RegisterEntry | RegisterFault]:
    """The file of specialties apart: it completes persons, it makes none absent. Raises RegisterRefused."""
    yield from _read(lines, SKILLS)


def _read(lines: Iterable[bytes], wanted: Mapping[str, tuple[str, ...]]) -> Iterator[RegisterEntry | RegisterFault]:
    rows = iter(lines)
    header = decoded(next(rows, b"")).rstrip("\r\n").rstrip(SEPARATOR).split(SEPARATOR)
    at = register_columns(header, wanted)
    town = register_columns(header, {"town": (TOWN,)})["town"] if wanted is PERSON else None
    width = len(header)
    kind, number, skill_type, skill = at["type"], at["number"], at["skill_type"], at["skill"]
    for line, raw in enumerate(rows, 2):
        text = decoded(raw).rstrip("\r\n")
        if not text:
            continue
        row = text.split(SEPARATOR)
        if len(row) == width + 1 and not row[-1]:
            row.pop()
        if len(row) != width:
            message = _("{found} fields were found, {wanted} are wanted.", found=len(row), wanted=width)
            yield RegisterFault(line, message)
            continue
        shape = _SHAPES.get(row[kind])
        if shape is None or not shape.fullmatch(row[number]):
            message = _(
                "{number} is no register number of kind {kind}: kind 8 has 11 digits, kind 0 has 9 signs.",
                number=row[number][:20] or "–",
                kind=row[kind][:5] or "–",
            )
            yield RegisterFault(line, message)
            continue
        skills = (row[skill],) if row[skill] and row[skill_type] == SPECIALTY else ()
        if wanted is SKILLS:
            yield RegisterEntry(row[number], skills=skills)
            continue
        yield RegisterEntry(
            row[number],
            row[at["last_name"]].strip(),
            row[at["first_name"]].strip(),
            (row[at["profession"]],) if row[at["profession"]] else (),
            skills,
            row[town].strip() if town is not None else "",
        )


FORMATS = (
    RegisterFormat("fr_activities", _("French directory, persons and exercises"), "FR", read_activities),
    RegisterFormat("fr_skills", _("French directory, specialties"), "FR", read_skills, companion=True),
)
