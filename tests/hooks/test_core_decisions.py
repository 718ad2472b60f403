"""What core itself answers on reimbursement, prescription and tax."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from core.builtin import CorePlugin
from core.hooks.decisions import NOT_APPLICABLE, PatientFacts, ProfessionalFacts, Question
from core.settings import Settings

CORE = CorePlugin(Settings("test", "", "", ("s" * 32,), ()))
SERVICES = ("in_person", "express_consultation", "video_consultation", "teleconsultation")


def ask(name: str, category: str, service: str = "video_consultation", country: str = "LU", **facts: Any) -> Question:
    return Question(
        name, dt.date(2026, 11, 21), service, PatientFacts(category), ProfessionalFacts(country, "physician"), facts
    )


@pytest.mark.rule("CB-253")
@pytest.mark.parametrize("service", SERVICES)
def test_nothing_is_reimbursed_to_whoever_is_insured_elsewhere(service: str) -> None:
    answer = CORE.reimbursement(ask("reimbursement", "other", service))
    assert answer.effect == "deny"
    assert [r.rule for r in answer.reasons] == ["CB-253"]
    assert CORE.reimbursement(ask("reimbursement", "fr_resident", service)) is NOT_APPLICABLE


@pytest.mark.rule("CB-195")
@pytest.mark.parametrize("country", ["FR", "LU"])
def test_no_medicine_for_other_patients_outside_the_union(country: str) -> None:
    def medicine(category: str = "other", **facts: Any) -> Any:
        return CORE.prescription(ask("prescription", category, country=country, **{"kind": "medicine", **facts}))

    refused = medicine(patient_residence_eu=False)
    assert refused.effect == "deny"
    assert [r.rule for r in refused.reasons] == ["CB-195"]
    assert medicine(patient_residence_eu=True) is NOT_APPLICABLE
    assert [r.message.params["fact"] for r in medicine().reasons] == ["patient_residence_eu"]
    assert medicine("be_resident", patient_residence_eu=False) is NOT_APPLICABLE
    assert medicine(kind="certificate", patient_residence_eu=False) is NOT_APPLICABLE


@pytest.mark.rule("CB-161")
def test_the_fee_of_a_consultation_by_video_bears_no_vat() -> None:
    answer = CORE.tax(ask("tax", "other"))
    assert answer.values == {"vat": "exempt", "declaration_required": False}
    assert "commission" in str(answer.reasons[0].message)
    assert CORE.tax(ask("tax", "other", "express_consultation")) is NOT_APPLICABLE
