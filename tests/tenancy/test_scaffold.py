"""`new_tenant` writes a draft that passes, and refuses what it cannot make."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from core import clock
from core.hooks.manager import PluginRuntime
from core.tenancy.content import render_markdown
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import ScaffoldRefused, new_tenant
from core.tenancy.schemas import DOCUMENTS


@pytest.mark.parametrize("slug", ["demo-clinic", "abc", "a1-2", "x" * 40, "on-no", "null"])
def test_a_new_folder_passes_without_any_plugin(slug: str, tmp_path: Path) -> None:
    made = new_tenant(slug, tmp_path)
    result = load_folder(made, PluginRuntime())
    assert [str(p) for p in result.problems] == []
    assert result.bundle is not None
    assert result.bundle["config"]["slug"] == slug
    assert result.bundle["config"]["languages"] == ["fr", "en"]
    assert set(result.bundle["legal"]) == set(DOCUMENTS)
    assert {p.name for p in tmp_path.iterdir()} == {slug}


def test_plugins_are_enabled_and_dates_are_those_of_the_day(tmp_path: Path, runtime: PluginRuntime) -> None:
    with clock.at(dt.datetime(2027, 3, 4, 12, tzinfo=dt.UTC)):
        made = new_tenant("demo-clinic", tmp_path, plugins=["jurisdiction_land", "plain"])
    bundle = load_folder(made, runtime).bundle
    assert bundle is not None
    assert set(bundle["config"]["plugins"]) == {"jurisdiction_land", "plain"}
    assert bundle["legal"]["legal_notice"]["effective_on"] == "2027-03-04"
    assert bundle["legal"]["legal_notice"]["version"] == "2027-03"


def test_drawings_show_the_name_and_its_initial(folder: Path) -> None:
    assert "<title>Demo Clinic</title>" in (folder / "branding/logo.svg").read_text()
    assert ">D</text>" in (folder / "branding/favicon.svg").read_text()
    left = [p.name for p in folder.rglob("*") if p.is_file() and "@" in p.read_text() and p.suffix == ".svg"]
    assert left == []


@pytest.mark.rule("CB-004", "CB-062")
def test_the_documents_to_accept_are_the_three_of_the_rule(folder: Path, runtime: PluginRuntime) -> None:
    bundle = load_folder(folder, runtime).bundle
    assert bundle is not None
    asked = {code for code, d in bundle["legal"].items() if d["accept_at_registration"]}
    assert asked == {"cookie_policy", "terms_of_use_and_sale", "information_and_consent_notice"}
    assert [code for code, d in bundle["legal"].items() if d["consent"]] == ["information_and_consent_notice"]


@pytest.mark.rule("CB-010")
def test_the_lists_of_reasons_are_labelled_as_indicative(folder: Path) -> None:
    for page in ("eligible_reasons", "non_eligible_reasons"):
        assert "n’est pas complète" in (folder / f"content/{page}/fr.md").read_text()
        assert "not exhaustive" in (folder / f"content/{page}/en.md").read_text()


@pytest.mark.rule("CB-005", "CB-240", "CB-268", "CB-300")
def test_the_skeletons_state_what_the_rules_want_stated(live: Path, runtime: PluginRuntime) -> None:
    bundle = load_folder(live, runtime).bundle
    assert bundle is not None
    config = bundle["config"]

    def page(code: str) -> str:
        return str(render_markdown(bundle["legal"][code]["texts"]["en"], config, language="en"))

    assert "dpo@demo.example" in page("legal_notice")
    assert "see your data, have them corrected and object" in page("legal_notice")
    terms = page("terms_of_use_and_sale")
    assert "professional liability insurance (each their own)" in terms
    assert "civil liability insurance (Assureur Exemple)" in terms
    assert "Governing law: France" in terms
    assert "help@demo.example" in terms and "1 rue du Pont, 57000 Metz" in terms


@pytest.mark.parametrize(
    "slug",
    ["", "A-b", "demo_clinic", "1abc", "ab", "-abc", "abc-", "x" * 41, "../abc", "abc/def", "abc\n", "démo", "console"],
)
def test_a_bad_slug_is_refused_and_nothing_is_written(slug: str, tmp_path: Path) -> None:
    with pytest.raises(ScaffoldRefused, match="slug"):
        new_tenant(slug, tmp_path / "tenants")
    assert not (tmp_path / "tenants").exists()


def test_an_existing_folder_is_left_alone(folder: Path) -> None:
    before = sorted((p, p.read_bytes()) for p in folder.rglob("*") if p.is_file())
    with pytest.raises(ScaffoldRefused, match="exists already"):
        new_tenant(folder.name, folder.parent)
    assert sorted((p, p.read_bytes()) for p in folder.rglob("*") if p.is_file()) == before
