"""Case files of plugins: read a line as a question, ask one plugin, compare with what the file expects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.plugin_api import Decision, PatientFacts, ProfessionalFacts, Question

JURISDICTIONS = frozenset({"core", "jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be"})
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def question_of(case: Mapping[str, Any]) -> Question:
    patient = dict(case.get("patient") or {})
    patient["statuses"] = frozenset(patient.get("statuses", ()))
    return Question(
        name=case["question"],
        at=case["at"],
        service=case.get("service"),
        patient=PatientFacts(**patient),
        professional=ProfessionalFacts(**(case.get("professional") or {})),
        facts=case.get("facts") or {},
        plugins=frozenset(case.get("plugins") or JURISDICTIONS),
        settings=case.get("settings") or {},
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        folder = PLUGINS / Path(metafunc.module.__file__).parent.name / "cases"
        cases = [case for path in sorted(folder.glob("*.yaml")) for case in yaml.safe_load(path.read_text("utf-8"))]
        metafunc.parametrize("case", cases, ids=[case["id"] for case in cases])


@pytest.fixture
def agrees() -> Callable[[Mapping[str, Any], Callable[[Question], Decision]], Decision]:
    """Ask and compare: effect; then what the case names of rules, codes, missing facts, values and obligations.

    Rules, codes and obligations are compared as sets, missing facts in their order, values exactly.
    """

    def check(case: Mapping[str, Any], ask: Callable[[Question], Decision]) -> Decision:
        decision, expected = ask(question_of(case)), case["expect"]
        assert decision.effect == expected["effect"], [str(r.message) for r in decision.reasons]
        if "rules" in expected:
            assert {r.rule for r in decision.reasons} == set(expected["rules"])
        if "codes" in expected:
            assert {r.code for r in decision.reasons} == set(expected["codes"])
        if "missing" in expected:
            found = [r.message.params["fact"] for r in decision.reasons if r.code == "missing_fact"]
            assert found == expected["missing"]
        if "values" in expected:
            assert dict(decision.values) == expected["values"]
        if "obligations" in expected:
            assert {o.code for o in decision.obligations} == set(expected["obligations"])
        assert decision.effect == "not_applicable" or all(len(str(r.message)) > 20 for r in decision.reasons)
        return decision

    return check


@pytest.fixture
def ask() -> Callable[..., Question]:
    """A question about access: `ask("fr_resident", "FR", "physician", "in_person", dependant=True, ...)`."""

    def make(category: str, country: str, kind: str, service: str, **more: Any) -> Question:
        statuses = frozenset(more.pop("statuses", ()))
        return Question(
            name="service_access",
            at=more.pop("at", dt.date(2026, 11, 21)),
            service=service,
            patient=PatientFacts(category, statuses, country=more.pop("patient_country", None)),
            professional=ProfessionalFacts(country, kind),
            plugins=more.pop("plugins", JURISDICTIONS),
            settings=more.pop("settings", {}),
            facts=more,
        )

    return make
