"""Reading a file of the insurer's list: encodings, columns, faults by line, packed files. No database."""

from __future__ import annotations

import datetime as dt
import gzip
import io

import pytest

from plugins.insurer_assistance import reading
from plugins.insurer_assistance.listing import Listed
from plugins.insurer_assistance.reading import Fault, FileRefused
from tests.plugins.insurer_assistance.lists import FRENCH, HEADER, LEA, PAUL, ZOE, written

TODAY = dt.date(2026, 11, 24)


def read(data: bytes) -> list[Listed | Fault]:
    raw = io.BytesIO(data)
    return [found for _line, found in reading.lines(raw, reading.form_of(raw), TODAY)]


def refused(data: bytes) -> str:
    with pytest.raises(FileRefused) as no:
        read(data)
    return str(no.value.message)


@pytest.mark.parametrize(("at", "value", "code"), [
    (0, "", "number"), (0, " - ", "number"), (1, "", "contract_number"), (2, "cousin", "role"), (2, "", "role"), (3, "", "last_name"),
    (4, "–", "first_name"), (5, "1980-13-01", "birth_date"), (5, "31/02/1980", "birth_date"), (5, "2030-01-01", "birth_date"),
    (5, "01.05.1980", "birth_date"), (5, "1800-01-01", "birth_date"), (6, "", "opens_on"), (6, "soon", "opens_on"),
    (7, "2025-12-31", "closes_on"), (7, "x", "closes_on"), (8, "France", "residence"), (8, "", "residence"), (9, "maybe", "protected"),
    (10, "renewal|cancer", "exclusions"), (3, "x" * 101, "too_long"), (3, "y" * 5000, "too_long"), (3, "z" * 9000, "too_long"),
])  # fmt: skip
def test_each_fault_is_told_by_its_line_and_the_others_are_taken(at, value, code):
    found = read(written(LEA, (*PAUL[:at], value, *PAUL[at + 1 :]), ZOE))
    assert [isinstance(f, Listed) for f in found] == [True, False, True]
    assert (found[1].line, found[1].code) == (3, code)


def test_lines_with_other_numbers_of_fields_and_open_quotes_stop_no_other():
    paul = written(PAUL).split(b"\r\n")[1]
    more = b'N5;C-1\r\nN6;"C-2;insured;A;B;1980-01-01;2026-01-01;;FR;no;\r\n' + paul + b"\r\n\r\n;;;\r\n"
    found = read(written(LEA) + more)
    assert [f.code if isinstance(f, Fault) else f.first_name for f in found] == ["Léa", "fields", "quotes", "Paul"]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", [HEADER, FRENCH])
def test_french_or_english_in_four_encodings_with_three_separators(separator, encoding, header):
    french = ("N2", "C-100", "Conjoint", *PAUL[3:9], "non", "renewal|specialist")
    lea, paul = read(written(LEA, french, header=header, separator=separator, encoding=encoding))
    assert lea == Listed("N1", "C-100", "Dûpré", "Léa", dt.date(1980, 5, 1), "insured", dt.date(2026, 1, 1))
    assert (paul.role, paul.birth_date, paul.exclusions) == ("spouse", dt.date(1981, 6, 2), ("renewal", "specialist"))


@pytest.mark.parametrize("data", [
    written(LEA, encoding="cp850"), written(LEA, encoding="mac-roman"), written(LEA, encoding="utf-16")[2:],
    written(LEA) + "é;\r\n".encode("cp1252"), written(LEA, encoding="utf-32"), b"\x00\x01\x02binary", written(LEA) + b"\x00",
    b"\xff\xfeN\x00\x00\xd8",
], ids=["dos", "mac", "utf16 without mark", "half and half", "utf32", "binary", "nul", "half a pair"])  # fmt: skip
def test_an_encoding_that_cannot_be_told_is_refused(data):
    assert "encoding" in refused(data)


def test_the_encoding_is_known_by_all_of_the_file_not_its_beginning():
    rows = [(f"N{n}", *LEA[1:3], "Dupre", "Lea", *LEA[5:]) for n in range(3000)]
    assert len(read(written(*rows) + written(PAUL, encoding="cp1252").split(b"\r\n")[1])) == 3001


def test_wrong_columns_are_named_with_what_was_found_and_what_is_allowed():
    said = refused(written(LEA[1:], header=HEADER[1:]))
    assert "lacks these columns: number." in said
    assert "Found: contract number, role" in said
    assert "Allowed: number," in said
    assert "twice: last name" in refused(written((*LEA, "x"), header=(*HEADER, "Nom")))
    assert "empty" in refused(b"")
    assert "lacks" in refused(b"hello\r\nworld\r\n")


@pytest.mark.rule("IA-091", "IA-092")
def test_a_column_beyond_the_closed_list_is_refused_with_the_file():
    said = refused(written((*LEA, "asthma"), header=(*HEADER, "Pathologie")))
    assert "may not be in the file: Pathologie" in said
    assert "asthma" not in said


@pytest.mark.rule("IA-091")
def test_the_closed_list_of_columns_is_this_and_no_more():
    assert set(reading.COLUMNS) == {
        "number", "contract_number", "role", "last_name", "first_name", "birth_date", "opens_on", "closes_on", "residence",
        "protected", "exclusions",
    }  # fmt: skip


def test_optional_columns_may_be_left_out():
    assert isinstance(read(written((*LEA[:7], *LEA[8:10]), header=(*HEADER[:7], *HEADER[8:10])))[0], Listed)


def test_a_packed_file_is_read_and_a_damaged_or_huge_one_refused(monkeypatch):
    packed = gzip.compress(written(LEA, PAUL))
    assert len(read(packed)) == 2
    assert "cut short" in refused(packed[:-9])
    assert "damaged" in refused(packed[:20] + b"\x00\xff\x00\xff" + packed[24:])
    assert "more than one" in refused(packed + packed)
    assert "far more" in refused(gzip.compress(b"a" * (40 * 1024 * 1024)))
    monkeypatch.setattr(reading, "MOST_UNPACKED", 100)
    assert "larger" in refused(packed)
    monkeypatch.undo()
    monkeypatch.setattr(reading, "MOST_LINES", 2)
    assert "more than" in refused(packed)
