"""Belgium: every case of the file, then what it contributes."""

import datetime as dt
from types import SimpleNamespace

import pytest
from flask import Flask, g

from plugins import jurisdiction_be as plugin


@pytest.mark.rule("CB-108")
def test_case(case, agrees):
    agrees(case, getattr(plugin, case["question"]))


@pytest.mark.rule("CB-085", "CB-108")
def test_the_category_needs_residence_and_card():
    (category,) = plugin.categories()
    assert category.code == "be_resident"
    assert {(c.kind, c.value) for c in category.conditions} == {
        ("residence", "BE"),
        ("identifier", "be_eid"),
        ("document", "e_id_card"),
    }


@pytest.mark.rule("CB-015")
def test_documents():
    assert [(d.code, d.holder) for d in plugin.document_types()] == [("e_id_card", "patient")]


@pytest.mark.rule("CB-055")
def test_no_professional_practises_there():
    assert not hasattr(plugin, "practice_countries")


def test_each_number_shows_an_example_that_passes():
    assert all(t.check(t.example).ok for t in plugin.identifier_types())


def test_the_test_mode_of_the_tenant_makes_a_bad_national_number_a_warning():
    def niss():
        return next(t for t in plugin.identifier_types() if t.code == "be_niss").check("79121137740")

    assert not niss().ok
    with Flask("t").app_context():
        g.tenant = SimpleNamespace(dispatcher=SimpleNamespace(settings={"jurisdiction_be": {"test_mode": True}}))
        assert niss().warning is not None


def test_holidays_are_the_ten_legal_days():
    days = {h.date for h in plugin.holidays("BE", 2026)}
    assert len(days) == 10
    assert dt.date(2026, 4, 5) not in days  # Easter Sunday
    assert dt.date(2026, 5, 24) not in days  # Pentecost Sunday
    assert dt.date(2026, 11, 1) in days  # a legal day that falls on a Sunday
    assert plugin.holidays("FR", 2026) == ()


@pytest.mark.parametrize("year", range(2000, 2101))
def test_only_easter_and_pentecost_sundays_are_dropped(year):
    found = plugin.holidays("BE", year)
    fixed = {(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
    assert fixed <= {(h.date.month, h.date.day) for h in found}
    assert len(found) == 10 - (sum("; " in h.name for h in found))


@pytest.mark.rule("IA-004")
def test_emergency_numbers_are_its_own():
    assert {n.number for n in plugin.emergency_numbers()} >= {"112", "101", "1733"}


@pytest.mark.rule("CB-020")
def test_the_code_of_economic_law():
    (row,) = (r for r in plugin.legal_references() if r.topic == "applicable_law")
    assert (row.party, row.citation) == ("be_resident", "Code de droit économique")
    assert row.url.startswith("https://www.ejustice.just.fgov.be/")


@pytest.mark.rule("CB-043")
def test_data_protection_is_belgian_law():
    rows = sorted((r for r in plugin.legal_references() if r.topic == "data_protection"), key=lambda r: r.weight)
    assert [r.citation for r in rows] == ["Regulation (EU) 2016/679", "Loi du 30 juillet 2018", "Loi du 22 août 2002"]


@pytest.mark.rule("CB-266")
def test_force_majeure_has_no_article():
    (row,) = (r for r in plugin.legal_references() if r.topic == "force_majeure")
    assert row.citation == "Code de droit économique"


def test_specialties_share_codes():
    found = {s.code: s for s in plugin.specialties()}
    assert found["cardiology"].medical
    assert all(s.codes["BE"] for s in found.values())


def test_settings():
    assert plugin.Config().load({}) == {"test_mode": False}
    assert all(f.metadata["description"] and "example" in f.metadata for f in plugin.Config().fields.values())


@pytest.mark.rule("CB-287")
def test_processing_entries_are_complete():
    for entry in plugin.processing_entries():
        assert entry.code.startswith("jurisdiction_be.")
        assert all(str(getattr(entry, f)) for f in ("purpose", "legal_basis", "data", "recipients", "retention"))
