"""Access to professionals in France: every case of the file, then obligations and citations."""

import datetime as dt

import pytest
from marshmallow import ValidationError

from plugins import jurisdiction_fr as plugin


@pytest.mark.rule("CB-033", "CB-046", "CB-053", "CB-056", "CB-100", "CB-102", "CB-109", "CB-111", "CB-113", "CB-115")
def test_case(case, agrees):
    agrees(case, getattr(plugin, case["question"]))


@pytest.mark.rule("CB-046")
def test_a_teleconsultation_rests_on_the_law_and_the_agreement_of_its_day(ask):
    def law(day):
        decision = plugin.service_access(ask("fr_resident", "FR", "physician", "teleconsultation", at=day))
        return next(r for r in decision.reasons if r.code == "teleconsultation_allowed")

    today = law(dt.date(2026, 11, 21))
    assert today.citation == "Code de la santé publique, L.6316-1 and R.6316-1"
    assert [(p.key, p.value, p.since) for p in today.parameters] == [
        ("teleconsultation_common_law", True, dt.date(2018, 9, 15)),
        ("teleconsultation_agreement", "Convention 2024", dt.date(2024, 12, 22)),
    ]
    assert law(dt.date(2019, 1, 1)).parameters[1].value == "Avenant 6"
    assert law(dt.date(2022, 1, 1)).parameters[1].value == "Avenant 9"


@pytest.mark.rule("CB-046")
def test_a_refusal_by_law_cites_the_law(ask):
    decision = plugin.service_access(ask("lu_resident", "LU", "allied", "teleconsultation"))
    assert {r.code for r in decision.reasons} == {
        "professional_not_in_france",
        "not_a_physician",
        "patient_not_insured_in_france",
    }
    assert all("L.6316-1" in r.citation and r.parameters for r in decision.reasons)


@pytest.mark.rule("CB-009")
@pytest.mark.parametrize(
    ("category", "home", "country"),
    [("fr_cross_border", None, "FR"), ("be_resident", None, "BE"), ("other", "DE", "DE"), ("other", None, "FR")],
)
def test_the_emergency_warning_is_that_of_the_patients_country(ask, category, home, country):
    decision = plugin.service_access(ask(category, "FR", "allied", "in_person", patient_country=home))
    warning = next(o for o in decision.obligations if o.code == "show_emergency_warning")
    assert warning.details == {"country": country}


@pytest.mark.parametrize(
    ("category", "statuses", "verified"),
    [
        ("fr_resident", ["css", "ald"], ["ald", "css"]),
        ("fr_cross_border", ["css", "ald"], ["ald"]),
        ("fr_resident", ["pregnant_6m"], None),
        ("fr_resident", [], None),
    ],
)
def test_rights_are_verified_by_the_physician(ask, category, statuses, verified):
    decision = plugin.service_access(ask(category, "FR", "physician", "teleconsultation", statuses=statuses))
    found = [o.details["statuses"] for o in decision.obligations if o.code == "verify_entitlement"]
    assert found == ([verified] if verified else [])
    assert {"by_video", "confirm_eligibility_information"} <= {o.code for o in decision.obligations}


@pytest.mark.rule("CB-045")
def test_advice_is_tele_advice_and_not_reimbursed(ask):
    for service in ("express_consultation", "video_consultation"):
        decision = plugin.service_access(ask("fr_resident", "FR", "physician", service))
        told = next(o for o in decision.obligations if o.code == "tell_not_reimbursed")
        assert told.details == {"care_class": "tele_advice"}


@pytest.mark.rule("CB-115")
def test_what_else_fits_the_portal(ask):
    with_lu = plugin.service_access(ask("be_resident", "FR", "physician", "video_consultation"))
    without = plugin.service_access(
        ask("be_resident", "FR", "physician", "video_consultation", plugins=frozenset({"jurisdiction_fr"}))
    )
    assert "Luxembourg" in str(with_lu.reasons[0].message)
    assert "Luxembourg" not in str(without.reasons[0].message)


def test_the_schema_keeps_the_law():
    good = {"access": {"lu_resident": {"allied": ["in_person", "express_consultation"]}}}
    assert plugin.Config().load(good)["access"] == good["access"]
    for bad in (
        {"lu_resident": {"physician": ["teleconsultation"]}},
        {"fr_resident": {"allied": ["teleconsultation"]}},
        {"fr_resident": {"nurse": []}},
        {"nowhere": {}},
        {"fr_resident": {"allied": ["surgery"]}},
    ):
        with pytest.raises(ValidationError):
            plugin.Config().load({"access": bad})


def test_every_setting_is_described():
    for field in plugin.Config().fields.values():
        assert field.metadata["description"]
        assert "example" in field.metadata
