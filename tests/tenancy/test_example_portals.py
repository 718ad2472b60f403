"""The portals that ship: they pass the check and may go live, with the real jurisdiction plugins."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from core.hooks.manager import PluginRuntime
from core.tenancy.content import render_markdown, unresolved
from core.tenancy.golive import missing_for_live
from core.tenancy.loader import load_folder
from core.tenancy.theme import stylesheet

TENANTS = Path(__file__).parents[2] / "tenants"
PORTALS = {
    "mutuelle-horizon": (["fr", "en"], {"jurisdiction_fr", "insurer_assistance"}, "rounded"),
    "frontalia": (["fr", "en", "de"], {"jurisdiction_fr", "jurisdiction_lu", "jurisdiction_be"}, "lines"),
    "rdv-confiance": (["fr", "en"], {"jurisdiction_fr", "jurisdiction_lu"}, "search"),
}


@pytest.fixture(scope="module")
def installed() -> PluginRuntime:
    made = PluginRuntime()
    made.discover()
    return made


@pytest.fixture(scope="module", params=sorted(PORTALS))
def portal(request: pytest.FixtureRequest, installed: PluginRuntime) -> dict[str, Any]:
    result = load_folder(TENANTS / request.param, installed)
    assert [str(p) for p in result.problems] == []
    assert result.bundle is not None
    return result.bundle


@pytest.mark.rule("CB-002", "CB-003", "CB-005", "CB-007", "CB-270", "IA-090", "SO-003", "BC-052", "CM-053")
def test_each_portal_passes_and_may_go_live(portal: dict[str, Any], installed: PluginRuntime) -> None:
    config = portal["config"]
    languages, plugins, layout = PORTALS[config["slug"]]
    assert config["languages"] == languages
    assert set(config["plugins"]) == plugins
    assert config["theme"]["layout"] == layout
    assert [str(c.message) for c in missing_for_live(portal, installed)] == []


def test_no_text_shows_a_gap_and_every_page_has_the_name(portal: dict[str, Any]) -> None:
    texts = {("legal", c): d["texts"] for c, d in portal["legal"].items()} | {
        ("content", p): t for p, t in portal["content"].items()
    }
    for name, by_language in texts.items():
        assert set(by_language) == set(portal["config"]["languages"]), name
        for language, text in by_language.items():
            assert unresolved(text, portal["config"]) == [], (name, language)
            drawn = str(render_markdown(text, portal["config"], language=language))
            assert "…" not in drawn or "…" in text, (name, language)
            assert "{{" not in drawn


def terms_of(portal: dict[str, Any]) -> dict[str, Any]:
    """The terms of a portal, under the name that it gives them."""
    code = "terms_of_use_and_sale"
    return next(d for d in portal["legal"].values() if code in (d["code"], d.get("stands_for")))


@pytest.mark.rule("CB-002", "CB-003", "CB-005", "CB-268", "CB-300")
def test_the_legal_texts_show_what_tenant_yaml_holds(portal: dict[str, Any]) -> None:
    config = portal["config"]
    for language in config["languages"]:
        notice = str(render_markdown(portal["legal"]["legal_notice"]["texts"][language], config, language=language))
        for value in (
            config["publisher"]["name"],
            config["publisher"]["register_number"],
            config["publisher"]["contact_email"],
            config["publisher"]["director"],
            config["host"]["name"],
            config["host"]["register_number"],
            config["host"]["certification"],
            config["data_protection"]["email"],
        ):
            assert value in notice, (language, value)
        terms = str(render_markdown(terms_of(portal)["texts"][language], config, language=language))
        for who in ("professionals", "operator"):
            assert config["legal"]["insurance"][who][language] in terms, (language, who)
        assert {"fr": "France", "en": "France", "de": "Frankreich"}[language] in terms


@pytest.mark.parametrize(("one", "two"), list(itertools.permutations(sorted(PORTALS), 2)))
def test_portals_share_no_brand(one: str, two: str, installed: PluginRuntime) -> None:
    mine, other = (load_folder(TENANTS / slug, installed).bundle for slug in (one, two))
    assert mine is not None and other is not None
    held = " ".join(str(v) for v in (mine["legal"], mine["content"], mine["branding"])).lower()
    assert other["config"]["name"].lower() not in held
    assert other["config"]["slug"] not in held
    assert stylesheet(mine["config"]["theme"]) != stylesheet(other["config"]["theme"])


@pytest.mark.rule("CB-035")
def test_what_the_contract_covers_is_what_the_portal_offers(portal: dict[str, Any]) -> None:
    assert set(portal["config"]["partner"]["services"]) == set(portal["config"]["services"])
