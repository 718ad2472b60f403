"""`agenda_formats`: pure writers: the same entries, the same bytes; an empty agenda is an agenda."""

import datetime as dt

from core.hooks.types import AgendaEntry, AgendaFormat

ENTRIES = (
    AgendaEntry(
        "1@example",
        dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 23, 9, 20, tzinfo=dt.UTC),
        "É, “ß”\n,;",
        "Metz",
        "booked",
    ),
    AgendaEntry(
        "2@example",
        dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC),
        dt.datetime(2026, 11, 23, 10, 20, tzinfo=dt.UTC),
        "",
        "",
        "booked",
        3,
    ),
)


def test_each_is_complete(implementation, says, is_code):
    for kind in implementation():
        assert isinstance(kind, AgendaFormat)
        is_code(kind.code)
        says(implementation.plugin, kind.label)
        assert "/" in kind.mimetype
        assert kind.extension.isalnum()


def test_writing_is_pure_and_loses_no_entry(implementation):
    for kind in implementation():
        written = kind.write(ENTRIES)
        assert isinstance(written, bytes)
        assert written == kind.write(ENTRIES)
        for entry in ENTRIES:
            assert entry.uid.encode() in written
        assert isinstance(kind.write(()), bytes)


def test_no_two_have_one_code(all_of):
    codes = [f.code for f in all_of("agenda_formats")]
    assert len(codes) == len(set(codes))
