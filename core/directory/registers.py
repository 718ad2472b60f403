"""Registers of professionals as imported: a file is merged whole or not at all, and nobody is struck off by an absence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Text, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core import clock
from core.db import db, global_scope
from core.db.base import GlobalModel
from core.hooks.registers import RegisterEntry, RegisterFault, RegisterFormat, normal
from core.hooks.types import Specialty
from core.messages import Message, _

FAULTS_TOLD = 50
ABSENT_LIMIT_PERCENT = 5


class Entry(GlobalModel):
    """A professional as a public register has them; `absent_since`: the first import that no longer had them."""

    __tablename__ = "register_entries"
    country: Mapped[str] = mapped_column(Text, primary_key=True)
    number: Mapped[str] = mapped_column(Text, primary_key=True)
    last_name: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    professions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    places: Mapped[list[str]] = mapped_column(ARRAY(Text))
    format: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[dt.datetime]
    absent_since: Mapped[dt.datetime | None]


class ImportRefused(Exception):
    """Nothing was changed; `message` says why and what can be done."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


@dataclass
class ImportReport:
    """What an import did: lines read, people merged, people the file no longer has, lines that could not be read."""

    lines: int = 0
    merged: int = 0
    absent: int = 0
    refused: int = 0
    faults: list[RegisterFault] = field(default_factory=list)


_STAGE = """CREATE TEMP TABLE register_staging (
    number text, last_name text, first_name text, professions text[], skills text[], place text
) ON COMMIT DROP"""
# One row for each person: the names of the last line that has them, the union of codes and of places.
_MERGED = """
    SELECT number,
        coalesce(max(last_name) FILTER (WHERE last_name <> ''), '') AS last_name,
        coalesce(max(first_name) FILTER (WHERE first_name <> ''), '') AS first_name,
        coalesce(array_agg(DISTINCT p) FILTER (WHERE p <> ''), '{}') AS professions,
        coalesce(array_agg(DISTINCT s) FILTER (WHERE s <> ''), '{}') AS skills,
        coalesce(array_agg(DISTINCT place) FILTER (WHERE place <> ''), '{}') AS places
    FROM register_staging
    LEFT JOIN LATERAL unnest(professions) AS p ON true
    LEFT JOIN LATERAL unnest(skills) AS s ON true
    GROUP BY number"""
_FULL = f"""INSERT INTO register_entries AS e
    (country, number, last_name, first_name, professions, skills, places, format, seen_at, absent_since)
    SELECT :country, number, last_name, first_name, professions, skills, places, :format, :now, NULL FROM ({_MERGED}) m
    ON CONFLICT (country, number) DO UPDATE SET
        last_name = excluded.last_name, first_name = excluded.first_name, professions = excluded.professions,
        skills = CASE WHEN excluded.skills = '{{}}' THEN e.skills ELSE excluded.skills END,
        places = excluded.places, format = excluded.format, seen_at = excluded.seen_at, absent_since = NULL"""  # noqa: S608 (built of constants)
_COMPANION = f"""UPDATE register_entries e SET skills = m.skills FROM ({_MERGED}) m
    WHERE e.country = :country AND e.number = m.number AND m.skills <> '{{}}'"""  # noqa: S608 (built of constants)


def import_register(
    format_: RegisterFormat,
    lines: Iterable[bytes],
    *,
    accept_absences: bool = False,
    told: Callable[[RegisterFault], None] = lambda _fault: None,
) -> ImportReport:
    """Merge a register file in one transaction, streaming: memory does not grow with the file.

    Lines that cannot be read are told and left out, the rest goes on. People whom a full file no longer has are marked
    absent, never removed; when they are more than ABSENT_LIMIT_PERCENT of those known before, the file is taken for
    a broken one. Raises ImportRefused and RegisterRefused, nothing changed.
    """
    report = ImportReport()
    now = clock.now()
    with global_scope():
        try:
            known = _known(format_)
            db.session.execute(text(_STAGE))
            _stage(format_, lines, report, told)
            if not report.lines - report.refused:
                raise ImportRefused(_("The file has no line that can be read. Nothing was changed."))
            names = {"country": format_.country, "format": format_.code, "now": now}
            if format_.companion:
                report.merged = _count(_COMPANION, country=format_.country)
            else:
                report.merged = _count(_FULL, **names)
                report.absent = _absent(names)
                if known and report.absent * 100 > known * ABSENT_LIMIT_PERCENT and not accept_absences:
                    raise ImportRefused(
                        _(
                            "{absent} of {known} known entries are not in this file, more than {limit} in a hundred: it looks"
                            " incomplete. Nothing was changed. If it is right, import it again with --accept-absences.",
                            absent=report.absent,
                            known=known,
                            limit=ABSENT_LIMIT_PERCENT,
                        )
                    )
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
    return report


def _known(format_: RegisterFormat) -> int:
    return (
        db.session.scalar(
            text("SELECT count(*) FROM register_entries WHERE country = :c AND format = :f AND absent_since IS NULL"),
            {"c": format_.country, "f": format_.code},
        )
        or 0
    )


def _count(statement: str, **values: object) -> int:
    return int(db.session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]


def _absent(names: dict[str, object]) -> int:
    return _count(
        "UPDATE register_entries SET absent_since = :now WHERE country = :country AND format = :format"
        " AND seen_at < :now AND absent_since IS NULL",
        **names,
    )


def _stage(
    format_: RegisterFormat,
    lines: Iterable[bytes],
    report: ImportReport,
    told: Callable[[RegisterFault], None],
) -> None:
    driver = db.session.connection().connection.driver_connection
    assert driver is not None
    with (
        driver.cursor() as cursor,
        cursor.copy("COPY register_staging FROM STDIN") as copy,
    ):
        for found in format_.read(lines):
            report.lines += 1
            if isinstance(found, RegisterEntry):
                copy.write_row(_row(found))
                continue
            report.refused += 1
            if len(report.faults) < FAULTS_TOLD:
                report.faults.append(found)
            told(found)


def _row(entry: RegisterEntry) -> tuple[object, ...]:
    # A zero byte is text for Python and none for PostgreSQL.
    clean = [v.replace("\x00", "") for v in (entry.number, entry.last_name, entry.first_name)]
    return (*clean, list(entry.professions), list(entry.skills), entry.place.replace("\x00", ""))


def look_up(country: str, number: str) -> Entry | None:
    """The entry of a number; None where the register does not have it or was never imported. Inside any scope."""
    return db.session.execute(
        select(Entry).where(Entry.country == country, Entry.number == number)
    ).scalar_one_or_none()


def imported(country: str) -> bool:
    """Whether a register of this country was ever imported."""
    return db.session.execute(select(Entry.number).where(Entry.country == country).limit(1)).first() is not None


def warnings(
    country: str, number: str, last_name: str, first_name: str, specialty: Specialty | None
) -> Sequence[Message]:
    """What the register says against a declaration: hints for the operator, never a refusal (CB-110).

    Empty where all agrees, or where no register of the country was imported.
    """
    if not imported(country):
        return ()
    entry = look_up(country, number)
    if entry is None:
        return (_("The register has no entry {number}. New registrations may take days to appear.", number=number),)
    found = []
    if entry.absent_since is not None:
        found.append(_("The register no longer has this entry since {day}.", day=entry.absent_since.date()))
    named = _folded(entry.last_name, entry.first_name)
    if named != _folded(last_name, first_name):
        found.append(_("The register has another name: {name}.", name=f"{entry.first_name} {entry.last_name}".strip()))
    codes = {code for values in specialty.codes.values() for code in values} if specialty is not None else set()
    has = {*entry.professions, *entry.skills}
    if codes and entry.professions and not codes & set(entry.professions):
        found.append(_("The register has another profession: {codes}.", codes=", ".join(sorted(entry.professions))))
    elif codes and entry.skills and not codes & set(entry.skills) and (codes - set(entry.professions)):
        found.append(
            _("The register has another specialty: {codes}.", codes=", ".join(sorted(has & set(entry.skills))))
        )
    return tuple(found)


def _folded(*names: str) -> tuple[str, ...]:
    return tuple(normal(n) for n in names)
