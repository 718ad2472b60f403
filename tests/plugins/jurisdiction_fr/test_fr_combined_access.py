"""The whole matrix through the dispatcher, the three plugins together: one answer, whatever their order."""

import itertools
from importlib import import_module

import pytest

from core.hooks.manager import PluginRuntime

NAMES = ("jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be")
REMOTE = ("express_consultation", "video_consultation")
# CB-115, as the contract states it; cells not stated are closed.
OPEN = {
    ("fr_resident", "FR", "physician"): {*REMOTE, "teleconsultation"},
    ("fr_resident", "FR", "allied"): {*REMOTE},
    ("fr_cross_border", "FR", "physician"): {*REMOTE, "teleconsultation"},
    ("fr_cross_border", "FR", "allied"): {*REMOTE},
    **{
        (category, "LU", kind): {*REMOTE}
        for category in ("fr_cross_border", "lu_resident", "be_resident", "other")
        for kind in ("physician", "allied")
    },
}


def dispatcher(names):
    runtime = PluginRuntime()
    for name in names:
        runtime.register(import_module(f"plugins.{name}"), name)
    assert runtime.pending() == []
    return runtime.dispatcher(names)


@pytest.fixture(scope="module")
def orders():
    return [dispatcher(names) for names in itertools.permutations(NAMES)]


@pytest.mark.rule("CB-115", "CB-056", "CB-057", "CB-107", "CB-108", "CB-109", "CB-111", "CB-112", "CB-113", "CB-114")
@pytest.mark.rule("CB-135", "CB-192")
@pytest.mark.parametrize("category", ["fr_resident", "fr_cross_border", "lu_resident", "be_resident", "other"])
@pytest.mark.parametrize("country", ["FR", "LU"])
@pytest.mark.parametrize("kind", ["physician", "allied"])
@pytest.mark.parametrize("service", ["in_person", *REMOTE, "teleconsultation"])
def test_cell(ask, orders, category, country, kind, service):
    answers = [view.decide(ask(category, country, kind, service)) for view in orders]
    assert all(answer == answers[0] for answer in answers)
    if service == "in_person":
        expected = not (category == "fr_resident" and country == "LU")
    else:
        expected = service in OPEN.get((category, country, kind), set())
    assert answers[0].permitted is expected
    assert answers[0].reasons
    assert "nobody_permits" not in {r.code for r in answers[0].reasons}


@pytest.mark.rule("CB-108")
def test_all_reasons_are_said(ask, orders):
    decision = orders[0].decide(ask("be_resident", "LU", "allied", "teleconsultation"))
    assert {r.rule for r in decision.reasons} == {"CB-046", "CB-108", "CB-111", "CB-112"}


@pytest.mark.rule("CB-053")
def test_a_cross_border_worker_needs_both_countries(ask):
    for name, country in (("jurisdiction_fr", "FR"), ("jurisdiction_lu", "LU")):
        decision = dispatcher([name]).decide(ask("fr_cross_border", country, "physician", "in_person"))
        assert [r.rule for r in decision.reasons] == ["CB-053"]


@pytest.mark.rule("CB-055")
def test_no_professional_in_belgium(ask, orders):
    decision = orders[0].decide(ask("be_resident", "BE", "physician", "in_person"))
    assert [r.code for r in decision.reasons] == ["nobody_permits"]
    assert {c.country for c in orders[0].collect("practice_countries")} == {"FR", "LU"}


def test_settings_reach_their_plugin_only(ask):
    runtime = PluginRuntime()
    for name in NAMES:
        runtime.register(import_module(f"plugins.{name}"), name)
    section = {"access": {"other": {"allied": ["in_person"]}}}
    view = runtime.dispatcher(NAMES, {"jurisdiction_lu": section})
    assert not view.decide(ask("other", "LU", "allied", "express_consultation")).permitted
    assert view.decide(ask("fr_resident", "FR", "allied", "express_consultation")).permitted
