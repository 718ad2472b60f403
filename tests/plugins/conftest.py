"""Case files of plugins, by the runner that integrators get: ask one plugin, compare with what the file expects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from core.plugin_api import Decision, PatientFacts, ProfessionalFacts, Question
from core.testing import case_files

JURISDICTIONS = frozenset({"core", "jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be"})
PLUGINS = Path(__file__).resolve().parents[2] / "plugins"


def question_of(case: Mapping[str, Any]) -> Question:
    """A case as the runner asks it, with the three countries enabled unless it names plugins."""
    return case_files.question_of(case, JURISDICTIONS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        folder = PLUGINS / Path(metafunc.module.__file__).parent.name / "cases"
        read = [case_files.read(path, JURISDICTIONS) for path in sorted(folder.glob("*.yaml"))]
        assert not [p for _cases, problems in read for p in problems]
        cases = [case for found, _problems in read for case in found]
        metafunc.parametrize("case", [c.data for c in cases], ids=[c.name for c in cases])


@pytest.fixture
def agrees() -> Callable[[Mapping[str, Any], Callable[[Question], Decision]], Decision]:
    """Ask and compare as `portico rules test` does: see `core.hooks.case_files.differences`."""

    def check(case: Mapping[str, Any], ask: Callable[[Question], Decision]) -> Decision:
        decision = ask(question_of(case))
        assert [str(d) for d in case_files.differences(case["expect"], decision)] == []
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
