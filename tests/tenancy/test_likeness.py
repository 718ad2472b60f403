"""`portico tenant new SLUG --like OTHER`: another portal in one command, with nothing of the other's identity."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from marshmallow import RAISE, Schema, fields

from core.cli.tenants import tenant_group
from core.hooks.manager import PluginRuntime
from core.plugin_api import hookimpl
from core.tenancy.bundles import diff_bundles
from core.tenancy.export import value_at
from core.tenancy.likeness import IDENTITY, new_like
from core.tenancy.loader import load_folder
from core.tenancy.scaffold import ScaffoldRefused

TENANTS = Path(__file__).resolve().parents[2] / "tenants"
SLUGS = sorted(p.name for p in TENANTS.iterdir() if (p / "tenant.yaml").is_file())


@pytest.fixture(scope="module")
def installed() -> PluginRuntime:
    made = PluginRuntime()
    made.discover()
    return made


def words_in(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text("utf-8") for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize("like", SLUGS)
def test_any_portal_can_be_taken_as_the_example_of_another(tmp_path, installed, like):
    before = load_folder(TENANTS / like, installed).bundle
    made, emptied = new_like("mutuelle-demo", TENANTS / like, tmp_path, installed, name="Mutuelle Démo")
    result = load_folder(made, installed)
    assert result.problems == [] and result.bundle is not None
    config, old = result.bundle["config"], before["config"]
    assert (config["slug"], config["name"], config["partner"]["name"]) == (
        "mutuelle-demo",
        "Mutuelle Démo",
        "Mutuelle Démo",
    )
    assert all(h.endswith("mutuelle-demo.example") for h in config["hosts"]) and len(config["hosts"]) == len(
        old["hosts"]
    )
    for name, text in words_in(made).items():
        for word in (old["name"], old["slug"], old["partner"]["name"], *old["hosts"]):
            assert not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text), (name, word)
    for key in IDENTITY:
        assert value_at(config, key) is None, key
        assert (key in emptied) == (value_at(old, key) is not None)
    # What is no identity is the same: rules, services, theme, settings of plugins, languages.
    for key in ("theme", "services", "booking", "identity", "languages", "emergency", "money", "care", "time_zone"):
        assert config[key] == old[key], key
    assert set(config["plugins"]) == set(old["plugins"])
    assert {c: sorted(d["texts"]) for c, d in result.bundle["legal"].items()} == {
        c: sorted(d["texts"]) for c, d in before["legal"].items()
    }
    assert sorted(result.bundle["content"]) == sorted(before["content"])


def test_the_other_s_mark_is_not_lent_and_its_colours_are(tmp_path, installed):
    made, _emptied = new_like("mutuelle-demo", TENANTS / "frontalia", tmp_path, installed, name="Démo & Fils")
    logo = (made / "branding" / "logo.svg").read_text()
    assert "Démo &amp; Fils" in logo and "#0b5fa5" in logo
    assert logo != (TENANTS / "frontalia" / "branding" / "logo.svg").read_text()
    assert (made / "branding" / "hero.svg").is_file()


def test_comments_stay_where_they_can(tmp_path, installed):
    made, _emptied = new_like("mutuelle-demo", TENANTS / "frontalia", tmp_path, installed)
    text = (made / "tenant.yaml").read_text()
    assert "# for a demo: it is no virus scanner" in text
    assert "officer_name" not in text and "email: dpo@mutuelle-demo.example" in text


@pytest.mark.parametrize(
    "name", ["Santé: la suite", "- Liste", "1234", "oui", "L’Étoile d'Or", "# Dièse", "Frontalia Deux"]
)
def test_a_name_that_yaml_would_read_otherwise_is_still_the_name(tmp_path, installed, name):
    made, _emptied = new_like("autre", TENANTS / "frontalia", tmp_path, installed, name=name)
    bundle = load_folder(made, installed).bundle
    assert bundle["config"]["name"] == name.strip()


@pytest.mark.parametrize(
    ("slug", "like", "name", "said"),
    [
        ("x", "frontalia", None, "no slug"),
        ("Bad Slug", "frontalia", None, "no slug"),
        ("console", "frontalia", None, "reserved"),
        ("taken", "frontalia", None, "exists already"),
        ("autre", "nobody", None, "problems of its own"),
        ("autre", "frontalia", "", "one line of words"),
        ("autre", "frontalia", "Two\nlines", "one line of words"),
        ("autre", "frontalia", "<b>", "one line of words"),
        ("autre", "frontalia", 'A "b"', "one line of words"),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_nothing_behind(tmp_path, installed, slug, like, name, said):
    (tmp_path / "taken").mkdir()
    with pytest.raises(ScaffoldRefused, match=said):
        new_like(slug, TENANTS / like, tmp_path, installed, name=" " if name == "" else name)
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def test_an_example_with_problems_is_mended_first(tmp_path, installed):
    broken = tmp_path / "frontalia"
    shutil.copytree(TENANTS / "frontalia", broken)
    (broken / "content" / "help" / "fr.md").unlink()
    with pytest.raises(ScaffoldRefused, match=r"mend them first.*help/fr.md"):
        new_like("autre", broken, tmp_path, installed)


class _Section(Schema):
    class Meta:
        unknown = RAISE

    company = fields.String(required=True, metadata={"identity": True})
    contract = fields.String(metadata={"identity": True})
    quota = fields.Integer(load_default=5)


class _Insurer:
    version = "1.0"
    portico_api = ">=1.0,<2"

    @hookimpl
    def config_schema(self) -> type[Schema]:
        return _Section


def test_what_a_plugin_calls_its_owner_s_identity_is_not_carried_over(tmp_path):
    runtime = PluginRuntime()
    runtime.discover()
    runtime.register(_Insurer(), "insurer")
    source = tmp_path / "frontalia"
    shutil.copytree(TENANTS / "frontalia", source)
    file = source / "tenant.yaml"
    section = "plugins:\n  insurer:\n    company: Assurances du Fleuve\n    contract: C-42\n    quota: 7\n"
    file.write_text(file.read_text().replace("plugins:\n", section))
    made, emptied = new_like("autre", source, tmp_path, runtime, name="Autre")
    assert load_folder(made, runtime).bundle["config"]["plugins"]["insurer"] == {"company": "Autre", "quota": 7}
    assert {"plugins.insurer.company", "plugins.insurer.contract"} <= set(emptied)


def test_one_command(tmp_path, installed):
    shutil.copytree(TENANTS / "frontalia", tmp_path / "frontalia")
    run = CliRunner().invoke(
        tenant_group,
        ["new", "mutuelle-demo", "--like", "frontalia", "--into", str(tmp_path), "--name", "Mutuelle Démo"],
    )
    assert run.exit_code == 0, run.output
    assert "publisher.director: fill it in" in run.output
    again = CliRunner().invoke(tenant_group, ["new", "mutuelle-demo", "--like", "frontalia", "--into", str(tmp_path)])
    assert again.exit_code == 1 and "exists already" in again.output
    both = CliRunner().invoke(
        tenant_group, ["new", "x-y", "--like", "frontalia", "--plugin", "jurisdiction_fr", "--into", str(tmp_path)]
    )
    assert both.exit_code == 1 and "exclude each other" in both.output
    checked = CliRunner().invoke(tenant_group, ["check", str(tmp_path / "mutuelle-demo")])
    assert checked.exit_code == 0, checked.output


def test_a_portal_like_one_made_like_another_differs_in_its_identity_only(tmp_path, installed):
    one, _e = new_like("premier", TENANTS / "frontalia", tmp_path, installed, name="Premier")
    two, _e = new_like("second", one, tmp_path, installed, name="Second")
    changes = diff_bundles(load_folder(one, installed).bundle, load_folder(two, installed).bundle)
    assert all(
        re.match(
            r"config\.(slug|name|hosts|partner\.name|operator\.name|publisher|contact|data_protection|notifications)|branding|content|legal",
            c.path,
        )
        for c in changes
    ), [c.path for c in changes]
