"""What a portal must have before it opens, each thing named with its rule."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.hooks.manager import PluginRuntime
from core.plugin_api import hookimpl
from core.tenancy.golive import REQUIRED, missing_for_live
from core.tenancy.loader import LoadResult


@pytest.fixture
def bundle(live: Path, load: Callable[[], LoadResult]) -> dict[str, Any]:
    result = load()
    assert result.problems == []
    assert result.bundle is not None
    return result.bundle


def without(bundle: dict[str, Any], dotted: str) -> dict[str, Any]:
    changed = copy.deepcopy(bundle)
    *parents, last = dotted.split(".")
    place = changed["config"]
    for part in parents:
        place = place[part]
    del place[last]
    return changed


def test_a_whole_portal_may_go_live(bundle: dict[str, Any], runtime: PluginRuntime) -> None:
    assert missing_for_live(bundle, runtime) == []


@pytest.mark.rule("CB-002", "CB-003", "CB-005", "CB-007", "CB-240", "CB-268", "CB-271", "CB-288")
@pytest.mark.parametrize(("key", "rule"), REQUIRED)
def test_each_value_that_the_law_wants_is_asked_for(
    bundle: dict[str, Any], runtime: PluginRuntime, key: str, rule: str
) -> None:
    found = [c for c in missing_for_live(without(bundle, key), runtime) if c.key == key and c.rule == rule]
    assert len(found) == 1
    assert key in str(found[0].message)


@pytest.mark.rule("CB-002", "CB-003", "CB-005", "CB-007", "CB-271")
def test_the_list_covers_what_the_rules_name() -> None:
    wanted = {
        "CB-002": {
            "name",
            "legal_form",
            "register_city",
            "register_number",
            "registered_office",
            "contact_email",
            "director",
            "director_function",
        },
        "CB-003": {"name", "register_city", "register_number", "address", "certification", "certified_hosts_list_url"},
        "CB-005": {"officer_name", "email", "authority"},
        "CB-007": {"support_email", "postal_address"},
        "CB-271": {"support_hours"},
    }
    for rule, names in wanted.items():
        assert {key.partition(".")[2] for key, r in REQUIRED if r == rule} == names


def test_a_draft_passes_the_check_and_is_told_all_that_it_lacks(
    load: Callable[[], LoadResult], runtime: PluginRuntime
) -> None:
    result = load()
    assert result.problems == []
    assert result.bundle is not None
    missing = {c.key for c in missing_for_live(result.bundle, runtime)}
    assert missing >= {key for key, _rule in REQUIRED} | {"emergency.notice", "host.certification"}


@pytest.mark.rule("CB-005", "CB-288")
def test_the_officer_may_not_share_the_address_of_support(bundle: dict[str, Any], runtime: PluginRuntime) -> None:
    changed = copy.deepcopy(bundle)
    changed["config"]["data_protection"]["email"] = changed["config"]["contact"]["support_email"].upper()
    assert [(c.key, c.rule) for c in missing_for_live(changed, runtime)] == [("data_protection.email", "CB-005")]


@pytest.mark.rule("CB-009")
@pytest.mark.parametrize(
    ("emergency", "key"),
    [
        ({"notice": False, "countries": ["FR"]}, "emergency.notice"),
        ({"notice": True, "countries": []}, "emergency.notice"),
        ({"notice": True, "countries": ["FR", "BE"]}, "emergency.countries"),
    ],
)
def test_the_emergency_notice_is_on_with_numbers_for_each_country(
    bundle: dict[str, Any], runtime: PluginRuntime, emergency: dict[str, Any], key: str
) -> None:
    changed = copy.deepcopy(bundle)
    changed["config"]["emergency"] = emergency
    assert [(c.key, c.rule) for c in missing_for_live(changed, runtime)] == [(key, "CB-009")]


@pytest.mark.rule("CB-060")
def test_every_legal_document_exists_in_every_language(bundle: dict[str, Any], runtime: PluginRuntime) -> None:
    changed = copy.deepcopy(bundle)
    del changed["legal"]["cookie_policy"]
    del changed["legal"]["legal_notice"]["texts"]["en"]
    assert {(c.key, c.rule) for c in missing_for_live(changed, runtime)} == {
        ("legal.cookie_policy", "CB-060"),
        ("legal.legal_notice.en", "CB-060"),
    }


def test_a_value_shown_in_a_text_may_not_be_empty(bundle: dict[str, Any], runtime: PluginRuntime) -> None:
    changed = copy.deepcopy(bundle)
    changed["content"]["help"]["fr"] += "\n{{ contact.phone }}\n"
    (check,) = missing_for_live(changed, runtime)
    assert check.key == "contact.phone"
    assert "content/help (fr)" in str(check.message)


@pytest.mark.rule("CB-270")
def test_the_checks_of_enabled_plugins_count_and_of_others_do_not(
    bundle: dict[str, Any], runtime: PluginRuntime
) -> None:
    changed = copy.deepcopy(bundle)
    changed["config"]["host"]["certification"] = "none"
    assert [(c.key, c.rule) for c in missing_for_live(changed, runtime)] == [("host.certification", "CB-270")]
    changed["config"]["plugins"] = {"plain": {}}
    changed["config"]["emergency"] = {"notice": True, "countries": ["FR"]}
    assert [c.key for c in missing_for_live(changed, runtime)] == ["emergency.countries"]


def test_a_check_that_fails_refuses_and_names_the_plugin(bundle: dict[str, Any], runtime: PluginRuntime) -> None:
    class Broken:
        version, portico_api = "1.0", ">=1.0,<2"

        @hookimpl
        def go_live_checks(self, config: Any) -> Any:
            raise RuntimeError("no answer today")

    runtime.register(Broken(), "broken")
    changed = copy.deepcopy(bundle)
    changed["config"]["plugins"] |= {"broken": {}, "gone": {}}
    assert {c.key for c in missing_for_live(changed, runtime)} == {"plugins.broken", "plugins.gone"}
