"""The insurer's list by file: what is refused whole, what by line, what a preview says, what applying does."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, text

from core.db import db
from core.testing import makers
from plugins.insurer_assistance import cases, importing, listing, members, quota, reading, requesting
from plugins.insurer_assistance.members import Asked
from plugins.insurer_assistance.models import Cover, Import, ImportLine, Member
from tests.plugins.insurer_assistance.lists import HEADER, LEA, PAUL, ZOE, written

pytestmark = pytest.mark.usefixtures("mutual")


@pytest.fixture
def sender() -> Any:
    account = makers.make_account("operator")
    db.session.commit()
    return account


@pytest.fixture
def send(sender: Any) -> Callable[..., Import]:
    """Receive a file and read it as the worker does."""

    def go(data: bytes, *, whole: bool = True) -> Import:
        made = importing.receive(io.BytesIO(data), sender.id, whole=whole)
        db.session.commit()
        importing.work()
        found = importing.access_import(made.id)
        assert found is not None
        db.session.refresh(found)
        return found

    return go


@pytest.fixture
def load(send: Callable[..., Import]) -> Callable[..., Import]:
    """Receive, read, agree, apply."""

    def go(data: bytes, *, whole: bool = True) -> Import:
        row = send(data, whole=whole)
        assert row.state == importing.READY
        importing.agree(row.id, confirmed=True)
        db.session.commit()
        importing.work()
        db.session.refresh(row)
        assert row.state == importing.APPLIED
        return row

    return go


def counts(row: Import) -> tuple[int, ...]:
    return tuple(row.counts[k] for k in ("added", "changed", "unchanged", "removed", "errors"))


def codes(row: Import) -> list[tuple[int, str]]:
    return list(importing.faults(row.id))


@pytest.mark.rule("IA-009")
def test_insured_spouse_and_children_come_by_file_each_a_person_of_their_own(load):
    assert counts(load(written(LEA, PAUL, ZOE))) == (3, 0, 0, 0, 0)
    for row, role in ((LEA, "insured"), (PAUL, "spouse"), (ZOE, "child")):
        born = reading.day_of(row[5])
        found = members.in_list(Asked(row[3], row[4], born, "c-100"))
        assert found.ok and found.member.role == role
    assert db.session.execute(select(func.count()).select_from(Cover)).scalar_one() == 1
    assert members.in_list(Asked("Nobody", "Else", dt.date(1980, 5, 1), "C-100")).code == "not_listed"


def test_the_same_file_again_changes_nothing(load):
    load(written(LEA, PAUL, ZOE))
    before = db.session.execute(text("SELECT string_agg(m::text, '' ORDER BY id) FROM ia_members m")).scalar_one()
    covers = db.session.execute(text("SELECT string_agg(c::text, '' ORDER BY id) FROM ia_covers c")).scalar_one()
    again = load(written(ZOE, LEA, PAUL))
    assert counts(again) == (0, 0, 3, 0, 0)
    assert (
        db.session.execute(text("SELECT string_agg(m::text, '' ORDER BY id) FROM ia_members m")).scalar_one() == before
    )
    assert (
        db.session.execute(text("SELECT string_agg(c::text, '' ORDER BY id) FROM ia_covers c")).scalar_one() == covers
    )


def test_the_preview_says_who_is_new_changed_and_gone_and_changes_nothing_itself(load, send):
    load(written(LEA, PAUL, ZOE))
    changed = (*PAUL[:7], "2026-12-31", *PAUL[8:])
    new = ("N4", "C-200", "insured", "Muller", "Ina", "1990-01-01", "2026-01-01", "", "LU", "yes", "renewal|specialist")
    row = send(written(LEA, changed, new))
    assert (row.state, counts(row)) == (importing.READY, (1, 1, 1, 1, 0))
    assert importing.by_source() == {"file": (3, 0)}
    importing.agree(row.id, confirmed=True)
    db.session.commit()
    importing.work()
    assert importing.by_source() == {"file": (3, 1)}
    assert members.in_list(Asked("Dupre", "Zoe", dt.date(2015, 7, 3))).code == "removed"
    ina = members.in_list(Asked("Müller", "Ina", dt.date(1990, 1, 1))).member
    assert (ina.residence, ina.protected) == ("LU", True)
    assert members.cover_of(ina).exclusions == ["renewal", "specialist"]


def test_who_comes_back_is_on_the_list_again(load):
    load(written(LEA, PAUL))
    load(written(LEA))
    assert members.in_list(Asked("Dupre", "Paul", dt.date(1981, 6, 2))).code == "removed"
    assert counts(load(written(LEA, PAUL))) == (0, 1, 1, 0, 0)
    assert members.in_list(Asked("Dupre", "Paul", dt.date(1981, 6, 2))).ok


def test_additions_only_take_nobody_off(load):
    load(written(LEA, PAUL))
    assert counts(load(written(ZOE), whole=False)) == (1, 0, 0, 0, 0)
    assert importing.by_source() == {"file": (3, 0)}


def test_a_file_takes_off_only_whom_files_brought(load):
    listing.put(listing.Listed("A1", "C-9", "Api", "Ann", dt.date(1970, 1, 1), "insured", dt.date(2026, 1, 1)), "api")
    db.session.commit()
    load(written(LEA, PAUL))
    assert counts(load(written(LEA)))[3] == 1
    assert importing.by_source() == {"api": (1, 0), "file": (1, 1)}


def test_many_removals_are_confirmed_once_more(load, send):
    from core.web.frame import Refused

    load(written(LEA, PAUL, ZOE))
    row = send(written(LEA))
    assert importing.needs_confirmation(row)
    with pytest.raises(Refused):
        importing.agree(row.id, confirmed=False)
    db.session.rollback()
    importing.work()
    assert importing.by_source() == {"file": (3, 0)}
    few = [
        (f"Z{n}", f"K{n}", "insured", "Nom", f"Prenom{n}", "1980-01-01", "2026-01-01", "", "FR", "no", "")
        for n in range(30)
    ]
    load(written(*few))
    assert not importing.needs_confirmation(send(written(*few[:28])))


def test_more_removals_than_were_shown_are_shown_again(load, send):
    load(written(LEA, PAUL))
    row = send(written(LEA))
    listing.put(listing.Listed("N9", "C-9", "New", "Ann", dt.date(1970, 1, 1), "insured", dt.date(2026, 1, 1)), "file")
    importing.agree(row.id, confirmed=True)
    db.session.commit()
    importing.work()
    db.session.refresh(row)
    assert (row.state, row.counts["removed"]) == (importing.READY, 2)
    assert importing.by_source() == {"file": (3, 0)}


# -- lines -------------------------------------------------------------------------------------------------------------


def test_a_number_or_a_person_on_two_lines_are_faults_of_both(send):
    same_number = ("N1", "C-300", "insured", "Other", "Olga", "1970-02-02", "2026-01-01", "", "FR", "no", "")
    same_person = ("N9", "c 200", "insured", "Mann", "Max", "1970-02-02", "2026-01-01", "", "FR", "no", "")
    and_again = ("N8", "C200", "insured", "MANN", "Max", "1970-02-02", "2026-01-01", "", "FR", "no", "")
    row = send(written(LEA, same_number, PAUL, same_person, and_again))
    assert codes(row) == [(2, "number_twice"), (3, "number_twice"), (5, "person_twice"), (6, "person_twice")]
    assert counts(row) == (1, 0, 0, 0, 4)


def test_a_fault_takes_nobody_off_and_changes_nobody(load, send):
    load(written(LEA, PAUL))
    row = send(written(LEA, (*PAUL[:2], "cousin", *PAUL[3:])))
    assert counts(row) == (0, 0, 1, 0, 1)
    unreadable = send(written(LEA, ("", *PAUL[1:])))
    assert (counts(unreadable)[3], unreadable.counts["unreadable"]) == (0, 1), "nobody knows who it was"


def test_after_applying_only_lines_and_codes_of_faults_are_kept(load):
    load(written(LEA, ("N2", "", *PAUL[2:])))
    rows = db.session.execute(select(ImportLine)).scalars().all()
    assert [(r.line, r.code, r.key_blind, r.person_blind) for r in rows] == [(3, "contract_number", None, None)]
    assert db.session.execute(select(Import.sealed)).scalar_one() is None


@pytest.mark.rule("IA-009", "IA-010", "IA-091")
def test_no_name_and_no_number_is_kept_at_any_step(sender, send):
    importing.receive(io.BytesIO(written(LEA, PAUL)), sender.id, whole=True)
    db.session.commit()

    def kept() -> str:
        found = []
        for table in ("ia_imports", "ia_import_lines", "ia_members", "ia_covers", "audit_entries"):
            found += db.session.execute(text(f"SELECT t::text FROM {table} t")).scalars().all()  # noqa: S608
        return "\n".join(found)

    for step in ("received", "read", "applied"):
        seen = kept()
        assert step
        for word in ("C-100", "Dûpré", "Léa", "Paul", "1980-05-01", "1981"):
            for form in (word, word.encode().hex()):
                assert form not in seen, (step, word)
        importing.work()
        for row in importing.last():
            if row.state == importing.READY:
                importing.agree(row.id, confirmed=True)
        db.session.commit()


# -- whole files -------------------------------------------------------------------------------------------------------


def test_a_file_that_turns_out_to_be_too_long_is_refused_whole(sender, monkeypatch):
    row = importing.receive(io.BytesIO(gzip.compress(written(LEA, PAUL))), sender.id, whole=True)
    db.session.commit()
    monkeypatch.setattr(reading, "MOST_LINES", 2)
    importing.work()
    db.session.refresh(row)
    assert (row.state, row.sealed) == (importing.REFUSED, None)
    assert "more than" in row.refusal["msgid"]
    assert list(importing.faults(row.id)) == []


def test_a_new_file_puts_the_one_that_waits_aside(send):
    first, second = send(written(LEA)), send(written(LEA, PAUL))
    db.session.refresh(first)
    assert (first.state, second.state) == (importing.CANCELLED, importing.READY)
    assert {i for (i,) in db.session.execute(select(ImportLine.import_id))} == {second.id}


def test_a_reader_that_died_is_followed_by_another(sender, clock):
    row = importing.receive(io.BytesIO(written(LEA, PAUL)), sender.id, whole=True)
    row.state, row.lines = importing.READING, 1
    db.session.add(ImportLine(import_id=row.id, line=2, code=None))
    db.session.commit()
    importing.work()
    db.session.refresh(row)
    assert row.state == importing.READING, "it may still be at work"
    clock.move(minutes=4)
    importing.work()
    db.session.refresh(row)
    assert (row.state, row.lines, counts(row)[0]) == (importing.READY, 2, 2)


def test_what_fails_while_applying_leaves_nothing_behind(send, monkeypatch):
    row = send(written(LEA, PAUL))
    importing.agree(row.id, confirmed=True)
    db.session.commit()
    monkeypatch.setattr(importing, "record", lambda *_a: (_ for _ in ()).throw(RuntimeError("at the end")))
    with pytest.raises(RuntimeError):
        importing.work()
    db.session.rollback()
    monkeypatch.undo()
    assert importing.by_source() == {}
    importing.work()
    assert importing.by_source() == {"file": (2, 0)}


# -- removal, other insurers -------------------------------------------------------------------------------------------


def test_who_is_taken_off_goes_on_with_what_is_under_way_and_asks_nothing_new(member, ask_for, doctor):
    from core.care.consultations import reports
    from core.web.frame import Refused
    from plugins.insurer_assistance import doctoring

    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    db.session.commit()
    assert listing.take_off(someone.number)
    db.session.commit()
    with pytest.raises(Refused) as no:
        requesting.from_web(ask_for(someone))
    assert no.value.messages[0] == members.REASONS["removed"]
    db.session.rollback()
    doctoring.take(pro.pro, made.id)
    doctoring.attempt(pro.pro, made.id, doctoring.REACHED)
    doctoring.hang_up(pro.pro, made.id)
    reports.save(pro.pro, made.id, {"conclusion": "Repos."})
    assert quota.balance(someone.member.id, cases.year_of(requesting.now())).spent == 1


def test_a_file_that_drops_a_member_with_a_request_lets_it_go_on(member, ask_for, doctor, load):
    someone, pro = member(), doctor()
    made = requesting.from_web(ask_for(someone))
    db.session.commit()
    assert counts(load(written(LEA)))[3] == 1
    from plugins.insurer_assistance import doctoring

    doctoring.take(pro.pro, made.id)
    assert cases.of_account(someone.account.id)[0].state == cases.TO_DOCTOR
    assert members.standing(members.of_person(someone.account.id, None)).code == "removed"


def test_the_same_person_of_two_insurers_is_known_to_each_alone(portal_with, load, sender):
    from core.tenancy import current

    load(written(LEA))
    here = db.session.execute(select(Member.key_blind, Member.person_blind)).one()
    other = portal_with("jurisdiction_fr", "insurer_assistance", slug="autre-mutuelle")
    lea = Asked("Dûpré", "Léa", dt.date(1980, 5, 1), "C-100")
    with current.entered(other.id):
        assert members.in_list(lea).code == "not_listed"
        assert importing.by_source() == {} and importing.last() == []
        found = listing.put(
            listing.Listed(
                "N1",
                "C-100",
                "Dûpré",
                "Léa",
                dt.date(1980, 5, 1),
                "insured",
                dt.date(2020, 1, 1),
                dt.date(2020, 12, 31),
            ),
            "file",
        )
        there = (found.key_blind, found.person_blind)
        db.session.commit()
        assert members.in_list(lea).code == "ended"
    assert members.in_list(lea).ok
    assert here[0] != there[0] and here[1] != there[1], "equal people cannot be told across portals"


# -- size --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "known",
    [("measured", "few"), ("few", "measured"), ("few", "emptied", "measured", "few")],
    ids=lambda steps: "-".join(steps),
)
def test_each_line_is_checked_against_one_contract_whatever_was_measured_and_planned_before(
    load, test_database, monkeypatch, known
):
    """What was right for a few would, kept in mind, read all contracts for each line of a large list."""
    db.engine.dispose()  # one connection from here on, with one plan
    first = dt.date(2026, 1, 1)
    few = [listing.Listed(f"A{n}", "C-9", "Api", f"Ann{n}", dt.date(1970, 1, 1), "insured", first) for n in range(9)]
    with closing(psycopg.connect(test_database.admin_url.replace("+psycopg", ""), autocommit=True)) as server:
        server.execute("TRUNCATE ia_covers CASCADE")
        for step in known:
            if step == "few":
                for line in few:
                    listing.put(line, "api")
                db.session.commit()
            elif step == "measured":
                server.execute("ANALYZE ia_covers")
            else:
                server.execute("DELETE FROM ia_members")
                server.execute("DELETE FROM ia_covers")
    read: list[int] = []

    def recorded(action: str, *rest: Any) -> None:
        if action == "assistance.file_applied":
            query = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relname = 'ia_covers'"
            read.append(db.session.execute(text(query)).scalar_one())

    monkeypatch.setattr(importing, "record", recorded)
    people = 1_200
    load(written(*((f"Z{n}", f"K{n}", "insured", "Nom", f"P{n}", *LEA[5:]) for n in range(people))))
    assert read[0] < 20 * people


def memory(what: str) -> int:
    """Kilobytes of this process: `VmRSS` as it is, `VmHWM` at its peak."""
    (line,) = (x for x in Path("/proc/self/status").read_text(encoding="ascii").splitlines() if x.startswith(what))
    return int(line.split()[1])


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_half_a_million_lines_with_progress_and_bounded_memory(sender, tmp_path):
    """The memory of this process before and after: what a file costs is its packed bytes and one batch."""
    listing.put(listing.Listed("A1", "C-9", "Api", "Ann", dt.date(1970, 1, 1), "insured", dt.date(2026, 1, 1)), "api")
    path = tmp_path / "list.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as out:
        rows = csv.writer(out, delimiter=";")
        rows.writerow(HEADER)
        for n in range(500_000):
            rows.writerow(
                (
                    f"N{n}",
                    f"C{n // 3}",
                    ("insured", "spouse", "child")[n % 3],
                    f"Nom{n // 3}",
                    f"Prenom{n}",
                    "1980-05-01",
                    "2026-01-01",
                    "",
                    "FR",
                    "no",
                    "",
                )
            )
    with path.open("rb") as raw:
        row = importing.receive(raw, sender.id, whole=True)
    db.session.commit()
    before = memory("VmRSS")
    # The peak so far may be another test's: it is counted from here.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    importing.work()
    db.session.refresh(row)
    assert (row.state, row.lines, counts(row)) == (importing.READY, 500_000, (500_000, 0, 0, 0, 0))
    importing.agree(row.id, confirmed=True)
    db.session.commit()
    importing.work()
    assert importing.by_source() == {"api": (1, 0), "file": (500_000, 0)}
    grown = (memory("VmHWM") - before) / 1024
    assert grown < 120, f"{grown:.0f} MB"
