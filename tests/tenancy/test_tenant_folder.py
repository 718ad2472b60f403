"""Bad input in a tenant's folder: file, line, key, what was found, what is allowed, the nearest name; all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.hooks.manager import PluginRuntime
from core.tenancy.loader import LoadResult, Problem, load_folder

Edit = Callable[..., int]
Load = Callable[[], LoadResult]
Only = Callable[[], Problem]


def test_the_folder_passes_and_the_bundle_is_json(load: Load) -> None:
    result = load()
    assert result.problems == []
    assert result.bundle is not None
    assert json.loads(json.dumps(result.bundle)) == result.bundle
    assert set(result.bundle) == {"config", "legal", "content", "branding", "catalogue"}
    assert result.bundle["config"]["plugins"] == {"jurisdiction_land": {"threshold": 3}}
    assert result.bundle["config"]["operator"]["since"] == "2026-11-21"
    assert set(result.bundle["legal"]["legal_notice"]["texts"]) == {"fr", "en"}


UNKNOWN_DEEP = "identity: {password: {min_lenght: 12}}\nservices:"


@pytest.mark.parametrize(
    ("old", "new", "offset", "key", "message", "found", "allowed", "nearest"),
    [
        ("time_zone:", "time_zon: x\ntime_zone:", 0, "time_zon", "unknown key", "", "languages", "time_zone"),
        (
            "services:",
            UNKNOWN_DEEP,
            0,
            "identity.password.min_lenght",
            "unknown key",
            "",
            "min_length, min_strength, require",
            "min_length",
        ),
        ("services:", "zzqq: 1\nservices:", 0, "zzqq", "unknown key", "", "theme", ""),
        (
            "Europe/Paris",
            "Europe/Pariss",
            0,
            "time_zone",
            "an IANA time zone is wanted",
            "'Europe/Pariss'",
            "Europe/Paris",
            "Europe/Paris",
        ),
        ("[fr, en]", "[fr, eng]", 0, "languages.1", "not one of the allowed values", "'eng'", "fr, en, de", "en"),
        ("[fr, en]", "[fr, en, fr]", 0, "languages.2", "listed twice", "'fr'", "", ""),
        ("[fr, en]", "fr", 0, "languages", "Not a valid list", "'fr'", "a list", ""),
        ("country: FR", "country: France", 0, "country", "two capital letters", "'France'", "'FR'", ""),
        ("country: FR", "country: 33", 0, "country", "Not a valid string", "33", "'FR'", ""),
        (
            "hosts: []",
            "hosts: [portal.example, https://x.example/]",
            0,
            "hosts.1",
            "a host name",
            "'https://x.example/'",
            "",
            "",
        ),
        (
            "hosts: []",
            "hosts: [portal.example, 'Portal.example']",
            0,
            "hosts.1",
            "a host name",
            "'Portal.example'",
            "",
            "",
        ),
        ("hosts: []", "hosts: ['127.0.0.1']", 0, "hosts.0", "a host name", "'127.0.0.1'", "", ""),
        (
            "kind: company",
            "kind: compny",
            0,
            "partner.kind",
            "not one of the allowed values",
            "'compny'",
            "facility, company",
            "company",
        ),
        (
            "layout: rounded",
            "layout: roundd",
            0,
            "theme.layout",
            "not one of the allowed values",
            "'roundd'",
            "lines, rounded",
            "rounded",
        ),
        ('brand: "#14616b"', "brand: teal", 0, "theme.light.brand", "#rrggbb", "'teal'", "'#0b5fa5'", ""),
        ("radius: 0.75rem", "radius: 12em", 0, "theme.radius", "a length", "'12em'", "'0.5rem'", ""),
        (
            "duration_minutes: 20",
            "duration_minutes: soon",
            0,
            "services.in_person.duration_minutes",
            "Not a valid integer",
            "'soon'",
            "5 to 240",
            "",
        ),
        (
            "duration_minutes: 20",
            "duration_minutes: '20'",
            0,
            "services.in_person.duration_minutes",
            "Not a valid integer",
            "'20'",
            "5 to 240",
            "",
        ),
        (
            "duration_minutes: 20",
            "duration_minutes: 2",
            0,
            "services.in_person.duration_minutes",
            "out of bounds",
            "2",
            "5 to 240",
            "",
        ),
        (
            "duration_minutes: 20",
            "price_cents: 3000",
            0,
            "services.in_person.currency",
            "a price needs its currency",
            "",
            "'EUR'",
            "",
        ),
        (
            "in_person: {",
            "in_persn: {",
            0,
            "services.in_persn",
            "no enabled plugin offers this service",
            "",
            "in_person",
            "in_person",
        ),
        (
            "  sender_name:",
            "  providers: {fax: x}\n  sender_name:",
            0,
            "notifications.providers.fax",
            "not one of the allowed values",
            "'fax'",
            "email, sms",
            "",
        ),
        (
            "  sender_name:",
            "  sender_email: nobody\n  sender_name:",
            0,
            "notifications.sender_email",
            "Not a valid email",
            "'nobody'",
            "",
            "",
        ),
        (
            "change_mode: published",
            "change_mode: publish",
            0,
            "legal.documents.0.change_mode",
            "not one of the allowed values",
            "'publish'",
            "published",
            "published",
        ),
        (
            "change_mode: published",
            "change_mode: announced",
            0,
            "legal.documents.0.notice_days",
            "days of notice",
            "",
            "1 to 365",
            "",
        ),
        (
            "effective_on: 2026-11-21",
            "effective_on: soon",
            0,
            "legal.documents.0.effective_on",
            "Not a valid date",
            "'soon'",
            "2026-11-01",
            "",
        ),
        (
            "governing_law: FR\n",
            "governing_law: ''\n",
            0,
            "legal.governing_law",
            "two capital letters",
            "''",
            "'FR'",
            "",
        ),
        (
            "statistics: false",
            "statistics: maybe",
            0,
            "cookies.statistics",
            "Not a valid boolean",
            "'maybe'",
            "true or false",
            "",
        ),
        (
            'slug: "demo-clinic"',
            "slug: other",
            0,
            "slug",
            "the slug is the folder's name",
            "'other'",
            "demo-clinic",
            "",
        ),
        (
            "  jurisdiction_land: {}",
            "  jurisdiction_lnd: {}",
            0,
            "plugins.jurisdiction_lnd",
            "no such plugin",
            "",
            "jurisdiction_land, plain",
            "jurisdiction_land",
        ),
        (
            "jurisdiction_land: {}",
            "jurisdiction_land: {treshold: 2}",
            0,
            "plugins.jurisdiction_land.treshold",
            "unknown key",
            "",
            "access, threshold",
            "threshold",
        ),
        (
            "jurisdiction_land: {}",
            "jurisdiction_land: {threshold: 12}",
            0,
            "plugins.jurisdiction_land.threshold",
            "out of bounds",
            "12",
            "1 to 9",
            "",
        ),
        (
            "jurisdiction_land: {}",
            "jurisdiction_land:\n    access:\n      patient:\n        opened: [in_persn]",
            3,
            "plugins.jurisdiction_land.access.patient.opened.0",
            "not one of the allowed values",
            "'in_persn'",
            "in_person",
            "in_person",
        ),
        ("jurisdiction_land: {}", "plain: {a: 1}", 0, "plugins.plain", "takes no settings", "a", "", ""),
        (
            "jurisdiction_land: {}",
            "jurisdiction_land: [1]",
            0,
            "plugins.jurisdiction_land",
            "Not a valid mapping",
            "[1]",
            "",
            "",
        ),
        (
            "operator:",
            "publisher: {director_function: {fr: gérant}}\noperator:",
            0,
            "publisher.director_function",
            "no text in en",
            "fr",
            "fr, en",
            "",
        ),
        (
            "operator:",
            "publisher: {director_function: {fr: gérant, english: x}}\noperator:",
            0,
            "publisher.director_function",
            "a language is one of",
            "",
            "",
            "",
        ),
        ("operator:", "publisher: {name: ''}\noperator:", 0, "publisher.name", "must not be empty", "''", "", ""),
        (
            "operator:",
            "publisher: {contact_email: me at home}\noperator:",
            0,
            "publisher.contact_email",
            "Not a valid email",
            "'me at home'",
            "",
            "",
        ),
        ("operator:", "publisher:\noperator:", 0, "publisher", "may not be null", "None", "a mapping of", ""),
    ],
)
def test_a_wrong_value_names_line_key_found_allowed_and_nearest(
    edit: Edit,
    only: Only,
    folder: Path,
    old: str,
    new: str,
    offset: int,
    key: str,
    message: str,
    found: str,
    allowed: str,
    nearest: str,
) -> None:
    line = edit(old, new) + offset
    problem = only()
    assert (problem.file, problem.line, problem.key) == (str(folder / "tenant.yaml"), line, key)
    assert message in problem.message
    assert found in problem.found
    assert allowed in problem.allowed
    assert problem.nearest == nearest
    assert str(problem).startswith(f"{folder}/tenant.yaml:{line}: {key}: ")


def test_the_sentence_reads_well(edit: Edit, only: Only, folder: Path) -> None:
    line = edit("services:", UNKNOWN_DEEP)
    assert str(only()) == (
        f"{folder}/tenant.yaml:{line}: identity.password.min_lenght: unknown key; did you mean `min_length`? "
        "allowed: min_length, min_strength, require"
    )


def test_a_missing_key_is_told_where_it_should_stand(edit: Edit, only: Only) -> None:
    edit("  governing_law: FR\n", "")
    problem = only()
    assert (problem.key, problem.message) == ("legal.governing_law", "this key is required and missing")
    assert problem.line == edit("legal:", "legal:")


def test_all_problems_are_told_at_once(edit: Edit, load: Load, folder: Path) -> None:
    edit("country: FR", "country: fr")
    edit("layout: rounded", "layout: square")
    edit("duration_minutes: 20", "duration_minutes: 0")
    edit("jurisdiction_land: {}", "jurisdiction_sea: {}")
    (folder / "content/help/en.md").unlink()
    (folder / "branding/hero.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    told = {(Path(p.file).name, p.key) for p in load().problems}
    assert told == {
        ("tenant.yaml", "country"),
        ("tenant.yaml", "theme.layout"),
        ("tenant.yaml", "services.in_person.duration_minutes"),
        ("tenant.yaml", "plugins.jurisdiction_sea"),
        ("en.md", ""),
        ("hero.svg", ""),
    }


def test_a_plugin_that_fails_to_give_its_schema_is_not_taken_for_one_without(
    edit: Edit, only: Only, runtime: PluginRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        version, portico_api = "1.0", ">=1.0,<2"

        @staticmethod
        def config_schema() -> None:
            raise RuntimeError("no schema today")

    from core.plugin_api import hookimpl

    Broken.config_schema = staticmethod(hookimpl(Broken.config_schema))  # type: ignore[method-assign]
    runtime.register(Broken(), "broken")
    edit("jurisdiction_land: {}", "broken: {a: 1}")
    assert only().message == "this plugin failed when asked for its settings; see the log"


@pytest.mark.rule("CB-035")
def test_a_portal_names_its_partner_with_the_scope_of_the_contract(edit: Edit, load: Load) -> None:
    edit("  conditions: All services of the portal", "  conditions: Advice only\n  services: [in_person]")
    bundle = load().bundle
    assert bundle is not None
    assert bundle["config"]["partner"] == {
        "name": "Demo Clinic",
        "kind": "company",
        "conditions": "Advice only",
        "services": ["in_person"],
    }
    edit("partner:", "partnr:")
    assert {(p.key, p.nearest) for p in load().problems} == {("partnr", "partner"), ("partner", "")}


@pytest.mark.rule("CB-289")
def test_a_cookie_of_another_purpose_is_refused(edit: Edit, only: Only, load: Load) -> None:
    edit(
        "  statistics: false",
        "  statistics: true\n  registry: [{name: seen, purpose: usage_statistics, lifetime_days: 30}]",
    )
    assert load().problems == []
    edit("purpose: usage_statistics", "purpose: advertising")
    problem = only()
    assert problem.key == "cookies.registry.0.purpose"
    assert problem.allowed == "navigation_and_identification, usage_statistics"


@pytest.mark.rule("CB-291")
def test_consent_to_cookies_is_explicit_unless_the_tenant_says_otherwise(edit: Edit, load: Load, only: Only) -> None:
    line = edit("  consent_mode: explicit\n", "")
    bundle = load().bundle
    assert bundle is not None
    assert bundle["config"]["cookies"]["consent_mode"] == "explicit"
    assert edit("  statistics: false", "  statistics: false\n  consent_mode: scrolling") == line
    assert only().allowed == "explicit, implied"


@pytest.mark.rule("CB-116")
def test_no_setting_switches_the_second_factor_off(edit: Edit, load: Load) -> None:
    edit("services:", "identity: {second_factor: {enabled: false, channels: []}}\nservices:")
    assert {p.key for p in load().problems} == {"identity.second_factor.enabled", "identity.second_factor.channels"}


@pytest.mark.rule("CB-050")
def test_no_portal_opens_accounts_to_minors(edit: Edit, only: Only) -> None:
    edit("services:", "identity: {minimum_age_years: 16}\nservices:")
    assert only().key == "identity.minimum_age_years"


@pytest.mark.rule("CB-005", "CB-288")
def test_the_officer_has_an_address_of_their_own(edit: Edit, only: Only) -> None:
    edit(
        "operator:",
        "contact: {support_email: help@demo.example}\ndata_protection: {email: Help@demo.example}\noperator:",
    )
    problem = only()
    assert (problem.key, problem.message) == ("data_protection.email", "must be distinct from contact.support_email")


def test_a_reserved_slug_is_refused(tmp_path: Path, folder: Path, runtime: PluginRuntime, edit: Edit) -> None:
    edit('slug: "demo-clinic"', "slug: console")
    moved = folder.rename(tmp_path / "console")
    assert [p.message for p in load_folder(moved, runtime).problems if p.key == "slug"] == ["“console” is reserved"]


def test_a_document_of_another_name_takes_a_place(edit, load, folder):
    edit("{code: cookie_policy,", "{code: biscuits, stands_for: cookie_policy,")
    (folder / "legal" / "cookie_policy").rename(folder / "legal" / "biscuits")
    assert [str(p) for p in load().problems] == []


def test_a_place_is_taken_once(edit, only):
    edit("{code: cookie_policy,", "{code: cookie_policy, stands_for: legal_notice,")
    assert "another document has that place" in str(only())
