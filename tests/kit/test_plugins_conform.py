"""The plugins of this repository hold what the kit asks of everybody's; the example was made by the scaffold."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.testing import case_files, checks
from core.testing.conformance import conformance_of

ROOT = Path(__file__).resolve().parents[2]
GERMANY = ROOT / "examples" / "jurisdiction_de"

test_france = conformance_of("jurisdiction_fr")
test_luxembourg = conformance_of("jurisdiction_lu")
test_belgium = conformance_of("jurisdiction_be")


def _loaded(folder):
    path = list(sys.path)
    (place,) = checks.places(folder)
    yield checks.load(place)
    sys.path[:] = path


@pytest.fixture(scope="module")
def germany():
    yield from _loaded(GERMANY)


@pytest.fixture(scope="module")
def examplia():
    yield from _loaded(ROOT / "examples")


@pytest.mark.parametrize("check", list(checks.CHECKS))
def test_the_example_of_every_hook(examplia, check):
    assert [str(f) for f in checks.run(examplia, [check])] == []


@pytest.mark.parametrize("check", list(checks.CHECKS))
def test_germany(germany, check):
    assert [str(f) for f in checks.run(germany, [check])] == []


def test_germany_has_cases_around_every_date(germany):
    assert len(germany.cases) >= 25
    days = {c.question.at.isoformat() for c in germany.cases}
    for parameter in germany.read.items.values():
        for value in parameter.values:
            before = value.since.fromordinal(value.since.toordinal() - 1)
            assert {value.since.isoformat(), before.isoformat()} <= days, parameter.key
    assert case_files.run(germany.cases, case_files.asker(germany.module)) == []


def test_germany_speaks_three_languages(germany):
    from core import i18n

    (category,) = germany.module.categories()
    assert [i18n.render(category.label, language) for language in ("en", "fr", "de")] == [
        "Insured in Germany",
        "Assuré en Allemagne",
        "Versichert in Deutschland",
    ]


def test_germany_has_its_federal_holidays_and_no_others(germany):
    days = {h.date.isoformat(): h.name for h in germany.module.holidays("DE", 2026)}
    assert list(days) == [
        "2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14", "2026-05-25", "2026-10-03", "2026-12-25", "2026-12-26",
    ]  # fmt: skip
    assert days["2026-10-03"] == "Tag der Deutschen Einheit"
    assert [n.number for n in germany.module.emergency_numbers()] == ["112", "116117"]


def test_germany_still_has_every_file_of_the_scaffold(germany, make):
    made = make()
    wanted = {
        p.relative_to(made.project).as_posix().replace(made.name, "jurisdiction_de")
        for p in made.project.rglob("*")
        if p.is_file()
    }
    found = {p.relative_to(GERMANY).as_posix() for p in GERMANY.rglob("*") if p.is_file()}
    assert wanted <= found
