"""Luxembourg: every case of the file, then what it contributes."""

import datetime as dt

import pytest
from marshmallow import ValidationError

from plugins import jurisdiction_lu as plugin


@pytest.mark.rule("CB-053", "CB-057", "CB-107", "CB-112", "CB-114", "CB-115", "CB-135", "CB-192")
def test_case(case, agrees):
    agrees(case, getattr(plugin, case["question"]))


@pytest.mark.rule("CB-192")
def test_the_french_patient_is_told_what_to_do_instead(ask):
    decision = plugin.service_access(ask("fr_resident", "LU", "physician", "video_consultation"))
    assert "professional in France" in str(decision.reasons[0].message)
    assert "CNS card" in str(decision.reasons[0].message)


@pytest.mark.rule("CB-045")
def test_advice_is_not_reimbursed_by_the_national_insurer(ask):
    decision = plugin.service_access(ask("lu_resident", "LU", "allied", "express_consultation"))
    told = next(o for o in decision.obligations if o.code == "tell_not_reimbursed")
    assert told.details == {"care_class": "tele_advice", "insurer": "CNS"}
    visit = plugin.service_access(ask("lu_resident", "LU", "allied", "in_person"))
    assert [o.code for o in visit.obligations] == ["show_emergency_warning"]


@pytest.mark.rule("CB-106")
def test_the_category_needs_residence_card_and_number():
    (category,) = plugin.categories()
    assert category.code == "lu_resident"
    assert {(c.kind, c.value) for c in category.conditions} == {
        ("residence", "LU"),
        ("identifier", "lu_matricule"),
        ("document", "cns_card"),
    }


@pytest.mark.rule("CB-014", "CB-092")
def test_documents_and_what_a_professional_supplies():
    assert {(d.code, d.holder) for d in plugin.document_types()} == {
        ("cns_card", "patient"),
        ("identity_card", "professional"),
    }
    (country,) = plugin.practice_countries()
    assert country.identifiers == ()
    assert country.documents == ("identity_card",)
    assert country.register is None


def test_each_number_shows_an_example_that_passes():
    assert all(t.check(t.example).ok for t in plugin.identifier_types())


def test_holidays_by_date():
    days = {h.date for h in plugin.holidays("LU", 2026)}
    assert len(days) == 11
    assert {dt.date(2026, 5, 9), dt.date(2026, 6, 23), dt.date(2026, 12, 26)} <= days
    assert len(plugin.holidays("LU", 2024)) == 10  # Ascension and Europe Day on one day
    assert plugin.holidays("FR", 2026) == ()


@pytest.mark.rule("IA-004")
def test_emergency_numbers_are_its_own():
    assert {n.number for n in plugin.emergency_numbers()} >= {"112", "113"}


@pytest.mark.rule("CB-019", "CB-042")
@pytest.mark.parametrize("party", ["lu_resident", "professional:LU"])
def test_the_law_of_parties(party):
    rows = sorted((r for r in plugin.legal_references() if r.party == party), key=lambda r: r.weight)
    applicable = [r for r in rows if r.topic == "applicable_law"]
    assert [r.citation for r in applicable] == ["Code de la santé", "Code de la consommation"]
    assert all(r.url.startswith("https://legilux.public.lu/") for r in applicable)
    assert [r.citation for r in rows if r.topic == "data_protection"] == [
        "Regulation (EU) 2016/679",
        "Loi du 1er août 2018",
        "Code de la santé",
    ]


@pytest.mark.rule("CB-265")
def test_force_majeure():
    found = [(r.party, r.citation) for r in plugin.legal_references() if r.topic == "force_majeure"]
    assert found == [("lu_resident", "Code civil (Luxembourg), article 1148")]


@pytest.mark.rule("CB-037")
def test_specialties_share_codes():
    found = {s.code: s for s in plugin.specialties()}
    assert found["general_practice"].medical
    assert not found["nurse"].medical
    assert all(s.codes["LU"] for s in found.values())


def test_settings():
    assert plugin.Config().load({}) == {"access": {}}
    with pytest.raises(ValidationError):
        plugin.Config().load({"access": {"lu_resident": {"physician": ["teleconsultation"]}}})
    assert all(f.metadata["description"] and "example" in f.metadata for f in plugin.Config().fields.values())


@pytest.mark.rule("CB-287")
def test_processing_entries_are_complete():
    for entry in plugin.processing_entries():
        assert entry.code.startswith("jurisdiction_lu.")
        assert all(str(getattr(entry, f)) for f in ("purpose", "legal_basis", "data", "recipients", "retention"))
