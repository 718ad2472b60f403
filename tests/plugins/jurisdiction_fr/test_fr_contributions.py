"""What France contributes: categories, statuses, documents, numbers, specialties, holidays, law, hosting."""

import datetime as dt
from types import SimpleNamespace

import pytest
from flask import Flask, g

from core.clock import at
from core.hooks.nomenclatures import NomenclatureProblem, load_specialties
from core.hooks.specialty_names import SPECIALTY_NAMES
from plugins import jurisdiction_fr as plugin
from plugins.jurisdiction_fr.rules import consumers, hosting, law, public_holidays


def conditions(thing):
    return {(c.kind, c.value) for c in thing.conditions}


def category(code):
    return next(c for c in plugin.categories() if c.code == code)


def status(code):
    return next(s for s in plugin.patient_statuses() if s.code == code)


@pytest.mark.rule("CB-083", "CB-099")
def test_the_french_patient_confirms_residence_with_card_copy_and_number():
    assert conditions(category("fr_resident")) == {
        ("residence", "FR"),
        ("identifier", "fr_nir"),
        ("document", "vitale_card"),
    }


@pytest.mark.rule("CB-053", "CB-084", "CB-101")
def test_the_cross_border_worker_adds_work_and_card_of_luxembourg_and_comes_first():
    worker, resident = category("fr_cross_border"), category("fr_resident")
    assert conditions(worker) - conditions(resident) == {
        ("workplace", "LU"),
        ("identifier", "lu_matricule"),
        ("document", "cns_card"),
    }
    assert conditions(resident) < conditions(worker)
    assert worker.specificity > resident.specificity
    assert worker.requires == ("jurisdiction_lu",)


@pytest.mark.rule("CB-051", "CB-103")
def test_ald():
    assert set(status("ald").categories) == {"fr_resident", "fr_cross_border"}
    assert conditions(status("ald")) == {("declared", "ald"), ("identifier", "fr_nir"), ("document", "vitale_card")}


@pytest.mark.rule("CB-052", "CB-104")
def test_css_formerly_cmu_c():
    assert status("css").categories == ("fr_resident",)
    assert conditions(status("css")) == {("declared", "css"), ("identifier", "fr_nir"), ("document", "vitale_card")}
    assert "CMU-C" in str(status("css").label)


def test_pregnancy_is_a_status_of_both_french_categories():
    assert set(status("pregnant_6m").categories) == {"fr_resident", "fr_cross_border"}


@pytest.mark.rule("CB-016", "CB-091")
def test_documents_and_what_a_professional_supplies():
    assert {(d.code, d.holder) for d in plugin.document_types()} == {
        ("vitale_card", "patient"),
        ("cps_card", "professional"),
        ("national_identity_card", "professional"),
    }
    (france,) = plugin.practice_countries()
    assert france.country == "FR"
    assert set(france.identifiers) == {"fr_rpps", "fr_cps"}
    assert set(france.documents) == {"national_identity_card", "cps_card"}
    assert france.register == "fr_rpps"


def test_each_number_shows_an_example_that_passes_and_the_ins_is_never_typed():
    types = {t.code: t for t in plugin.identifier_types()}
    assert all(t.check(t.example).ok for t in types.values())
    assert not any("ins" in code.split("_") for code in types)
    assert types["fr_nir"].secret
    assert types["fr_rpps"].unique


def test_the_test_mode_of_the_tenant_makes_a_bad_rpps_a_warning():
    def rpps():
        return next(t for t in plugin.identifier_types() if t.code == "fr_rpps").check("10003461033")

    assert not rpps().ok
    with Flask("t").app_context():
        g.tenant = SimpleNamespace(dispatcher=SimpleNamespace(settings={"jurisdiction_fr": {"test_mode": True}}))
        assert rpps().ok
        assert rpps().warning is not None


@pytest.mark.rule("CB-037", "CB-272", "BC-025")
def test_the_nomenclature_is_closed_coded_and_says_who_is_a_physician():
    found = {s.code: s for s in plugin.specialties()}
    assert sum(s.medical for s in found.values()) >= 45
    assert sum(not s.medical for s in found.values()) >= 14
    assert found["general_practice"].codes["TRE_R38"] == ("SM26", "SM53", "SM54")
    assert all(s.codes["TRE_R38"] for s in found.values() if s.medical)
    assert found["midwife"].medical is False
    codes = [c for s in found.values() for c in s.codes.get("TRE_R38", ())]
    assert len(codes) == len(set(codes))


def write(folder, version, *entries):
    rows = "\n".join(f"  - {entry}" for entry in entries)
    (folder / f"specialties-{version}.yaml").write_text(
        f"version: {version}\nsource: {{title: A list}}\nentries:\n{rows}\n", "utf-8"
    )


@pytest.mark.rule("CB-272")
def test_a_new_version_of_the_list_keeps_what_it_drops_for_old_records(tmp_path):
    write(tmp_path, "2020-01-01", "{code: urology, medical: true}", "{code: neuropsychiatry, medical: true}")
    write(
        tmp_path,
        "2026-01-01",
        "{code: urology, medical: true, codes: {X: ['1']}}",
        "{code: space_care, medical: true, label: Space care}",
    )
    found = {s.code: s for s in load_specialties(tmp_path, "FR", "jurisdiction_fr")}
    assert found["neuropsychiatry"].until == dt.date(2026, 1, 1)
    assert found["urology"].until is None
    assert found["urology"].codes == {"X": ("1",)}
    assert found["space_care"].label.domain == "jurisdiction_fr"


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        (["{code: urology, medical: true}", "{code: urology, medical: true}"], 5),
        (["{code: unheard_of, medical: true}"], 4),
        (["{code: urology}"], 1),
    ],
)
def test_a_bad_list_is_refused_with_its_place(tmp_path, entries, line):
    write(tmp_path, "2026-01-01", *entries)
    with pytest.raises(NomenclatureProblem, match=rf"specialties-2026-01-01\.yaml:{line}:"):
        load_specialties(tmp_path, "FR", "jurisdiction_fr")


@pytest.mark.rule("CB-046")
def test_france_contributes_the_teleconsultation():
    (service,) = plugin.services()
    assert (service.code, service.channel, service.care_class) == ("teleconsultation", "video", "teleconsultation")


def test_holidays_by_date():
    days = {h.date for h in public_holidays.holidays_of(2026)}
    assert len(days) == 11
    assert {dt.date(2026, 4, 6), dt.date(2026, 5, 14), dt.date(2026, 5, 25), dt.date(2026, 7, 14)} <= days
    assert dt.date(2026, 4, 5) not in days
    for region in ("alsace", "moselle"):
        more = {h.date for h in public_holidays.holidays_of(2026, region)} - days
        assert more == {dt.date(2026, 4, 3), dt.date(2026, 12, 26)}
    assert plugin.holidays("LU", 2026) == ()


def test_the_tenants_region_reaches_the_holidays():
    with Flask("t").app_context():
        g.tenant = SimpleNamespace(
            dispatcher=SimpleNamespace(settings={"jurisdiction_fr": {"local_holidays": "moselle"}})
        )
        assert len(plugin.holidays("FR", 2026)) == 13
    assert len(plugin.holidays("FR", 2026)) == 11


@pytest.mark.rule("IA-004", "CM-005")
def test_emergency_numbers():
    numbers = {n.number: n for n in plugin.emergency_numbers()}
    assert {"15", "17", "18", "112", "114"} <= set(numbers)
    assert numbers["114"].sms
    assert min(numbers.values(), key=lambda n: n.weight).number == "15"


@pytest.mark.rule("CB-018", "CB-041")
@pytest.mark.parametrize("party", ["fr_resident", "fr_cross_border", "professional:FR"])
def test_the_law_of_french_parties(party):
    rows = sorted((r for r in plugin.legal_references() if r.party == party), key=lambda r: r.weight)
    applicable = [r for r in rows if r.topic == "applicable_law"]
    assert [r.citation for r in applicable] == ["Code de la santé publique", "Code civil", "Code de la consommation"]
    assert all(r.url.startswith("https://www.legifrance.gouv.fr/") for r in applicable)
    assert [r.citation for r in rows if r.topic == "data_protection"] == [
        "Regulation (EU) 2016/679",
        "Loi n° 78-17 du 6 janvier 1978",
        "Code de la santé publique",
    ]


@pytest.mark.rule("CB-264")
def test_force_majeure_is_dated():
    def clause(day):
        found = law.references(plugin.PARAMETERS, day)
        return {(r.party, r.citation) for r in found if r.topic == "force_majeure"}

    assert clause(dt.date(2026, 11, 21)) == {
        ("fr_resident", "Code civil, article 1218"),
        ("fr_cross_border", "Code civil, article 1218"),
    }
    assert ("fr_resident", "Code civil, article 1148") in clause(dt.date(2016, 9, 30))
    with at(dt.datetime(2016, 9, 30, 23, 0, tzinfo=dt.UTC)):  # 1 October in Paris
        assert "Code civil, article 1218" in {r.citation for r in plugin.legal_references()}


HOST = {"name": "Hébergement Exemple", "certification": "HDS v2, certificat 123", "country": "FR"}


@pytest.mark.rule("CB-270", "SO-003", "IA-090", "BC-052", "CM-053")
@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, []),
        ({"country": "DE"}, []),
        ({"certification": ""}, ["host.certification"]),
        ({"certification": "ISO 27001"}, ["host.certification"]),
        ({"certification": "not HDSX"}, ["host.certification"]),
        ({"country": "US"}, ["host.country"]),
        ({"country": None}, ["host.country"]),
        ({"name": ""}, ["host.name"]),
    ],
)
def test_the_host_is_named_certified_and_in_the_area(change, missing):
    config = {"host": HOST | change, "plugins": {"jurisdiction_fr": {}}}
    assert [c.key for c in hosting.host_problems(config, plugin.PARAMETERS, dt.date(2026, 11, 21))] == missing


@pytest.mark.rule("SO-003")
def test_a_portal_may_keep_its_data_in_france_only():
    mediator = {"consumer_mediator": {"name": "Médiation"}}
    config = {
        "host": HOST | {"country": "DE"},
        "legal": mediator,
        "plugins": {"jurisdiction_fr": {"host_countries": ["FR"]}},
    }
    (check,) = plugin.go_live_checks(config)
    assert check.key == "host.country"
    assert "FR" in str(check.message)
    assert "DE" not in str(check.message)


@pytest.mark.parametrize(("day", "asked"), [(dt.date(2015, 12, 31), 0), (dt.date(2016, 1, 1), 1)])
def test_the_consumer_mediator_is_asked_for_since_2016(day, asked):
    assert len(consumers.mediator_problems({}, plugin.PARAMETERS, day)) == asked
    named = {"legal": {"consumer_mediator": {"name": "Médiation"}}}
    assert consumers.mediator_problems(named, plugin.PARAMETERS, day) == ()


@pytest.mark.rule("CB-270")
def test_an_empty_configuration_lacks_everything():
    assert {c.key for c in plugin.go_live_checks({})} == {
        "host.name",
        "host.certification",
        "host.country",
        "legal.consumer_mediator",
    }


@pytest.mark.rule("CB-287")
def test_processing_entries_are_complete():
    for entry in plugin.processing_entries():
        assert entry.code.startswith("jurisdiction_fr.")
        assert all(str(getattr(entry, f)) for f in ("purpose", "legal_basis", "data", "recipients", "retention"))


def test_shared_names_are_unique():
    assert len({str(m) for m in SPECIALTY_NAMES.values()}) == len(SPECIALTY_NAMES)
