"""Bad input in a tenant's folder: file, line, key, what was found, what is allowed, the nearest name; all at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.hooks.manager import PluginRuntime
from core.tenancy.loader import LoadResult, Problem, bundle_digest, diff_bundles, load_folder

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
        ("services:", UNKNOWN_DEEP, 0, "identity.password.min_lenght", "unknown key", "", "min_length, min_strength", "min_length"),
        ("services:", "zzqq: 1\nservices:", 0, "zzqq", "unknown key", "", "theme", ""),
        ("Europe/Paris", "Europe/Pariss", 0, "time_zone", "an IANA time zone is wanted", "'Europe/Pariss'", "Europe/Paris", "Europe/Paris"),
        ("[fr, en]", "[fr, eng]", 0, "languages.1", "not one of the allowed values", "'eng'", "fr, en, de", "en"),
        ("[fr, en]", "[fr, en, fr]", 0, "languages.2", "listed twice", "'fr'", "", ""),
        ("[fr, en]", "fr", 0, "languages", "Not a valid list", "'fr'", "a list", ""),
        ("country: FR", "country: France", 0, "country", "two capital letters", "'France'", "'FR'", ""),
        ("country: FR", "country: 33", 0, "country", "Not a valid string", "33", "'FR'", ""),
        ("hosts: []", "hosts: [portal.example, https://x.example/]", 0, "hosts.1", "a host name", "'https://x.example/'", "", ""),
        ("hosts: []", "hosts: [portal.example, 'Portal.example']", 0, "hosts.1", "a host name", "'Portal.example'", "", ""),
        ("hosts: []", "hosts: ['127.0.0.1']", 0, "hosts.0", "a host name", "'127.0.0.1'", "", ""),
        ("kind: company", "kind: compny", 0, "partner.kind", "not one of the allowed values", "'compny'", "facility, company", "company"),
        ("layout: rounded", "layout: roundd", 0, "theme.layout", "not one of the allowed values", "'roundd'", "lines, rounded", "rounded"),
        ('brand: "#14616b"', "brand: teal", 0, "theme.light.brand", "#rrggbb", "'teal'", "'#0b5fa5'", ""),
        ("radius: 0.75rem", "radius: 12em", 0, "theme.radius", "a length", "'12em'", "'0.5rem'", ""),
        ("duration_minutes: 20", "duration_minutes: soon", 0, "services.in_person.duration_minutes", "Not a valid integer", "'soon'", "5 to 240", ""),
        ("duration_minutes: 20", "duration_minutes: '20'", 0, "services.in_person.duration_minutes", "Not a valid integer", "'20'", "5 to 240", ""),
        ("duration_minutes: 20", "duration_minutes: 2", 0, "services.in_person.duration_minutes", "out of bounds", "2", "5 to 240", ""),
        ("duration_minutes: 20", "price_cents: 3000", 0, "services.in_person.currency", "a price needs its currency", "", "'EUR'", ""),
        ("in_person: {", "in_persn: {", 0, "services.in_persn", "no enabled plugin offers this service", "", "in_person", "in_person"),
        ("  sender_name:", "  providers: {fax: x}\n  sender_name:", 0, "notifications.providers.fax", "not one of the allowed values", "'fax'", "email, sms", ""),
        ("  sender_name:", "  sender_email: nobody\n  sender_name:", 0, "notifications.sender_email", "Not a valid email", "'nobody'", "", ""),
        ("change_mode: published", "change_mode: publish", 0, "legal.documents.0.change_mode", "not one of the allowed values", "'publish'", "published", "published"),
        ("change_mode: published", "change_mode: announced", 0, "legal.documents.0.notice_days", "days of notice", "", "1 to 365", ""),
        ("effective_on: 2026-11-21", "effective_on: soon", 0, "legal.documents.0.effective_on", "Not a valid date", "'soon'", "2026-11-01", ""),
        ("governing_law: FR\n", "governing_law: ''\n", 0, "legal.governing_law", "two capital letters", "''", "'FR'", ""),
        ("statistics: false", "statistics: maybe", 0, "cookies.statistics", "Not a valid boolean", "'maybe'", "true or false", ""),
        ("slug: demo-clinic", "slug: other", 0, "slug", "the slug is the folder's name", "'other'", "demo-clinic", ""),
        ("  jurisdiction_land: {}", "  jurisdiction_lnd: {}", 0, "plugins.jurisdiction_lnd", "no such plugin", "", "jurisdiction_land, plain", "jurisdiction_land"),
        ("jurisdiction_land: {}", "jurisdiction_land: {treshold: 2}", 0, "plugins.jurisdiction_land.treshold", "unknown key", "", "access, threshold", "threshold"),
        ("jurisdiction_land: {}", "jurisdiction_land: {threshold: 12}", 0, "plugins.jurisdiction_land.threshold", "out of bounds", "12", "1 to 9", ""),
        (
            "jurisdiction_land: {}", "jurisdiction_land:\n    access:\n      patient:\n        opened: [in_persn]", 3,
            "plugins.jurisdiction_land.access.patient.opened.0", "not one of the allowed values", "'in_persn'", "in_person", "in_person",
        ),
        ("jurisdiction_land: {}", "plain: {a: 1}", 0, "plugins.plain", "takes no settings", "a", "", ""),
        ("jurisdiction_land: {}", "jurisdiction_land: [1]", 0, "plugins.jurisdiction_land", "Not a valid mapping", "[1]", "", ""),
        ("operator:", "publisher: {director_function: {fr: gérant}}\noperator:", 0, "publisher.director_function", "no text in en", "fr", "fr, en", ""),
        ("operator:", "publisher: {director_function: {fr: gérant, english: x}}\noperator:", 0, "publisher.director_function", "a language is one of", "", "", ""),
        ("operator:", "publisher: {name: ''}\noperator:", 0, "publisher.name", "must not be empty", "''", "", ""),
        ("operator:", "publisher: {contact_email: me at home}\noperator:", 0, "publisher.contact_email", "Not a valid email", "'me at home'", "", ""),
        ("operator:", "publisher:\noperator:", 0, "publisher", "may not be null", "None", "a mapping of", ""),
    ],
)  # fmt: skip
def test_a_wrong_value_names_line_key_found_allowed_and_nearest(
    edit: Edit, only: Only, folder: Path, old: str, new: str, offset: int, key: str, message: str, found: str, allowed: str, nearest: str
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
        "allowed: min_length, min_strength"
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
        ("tenant.yaml", "country"), ("tenant.yaml", "theme.layout"), ("tenant.yaml", "services.in_person.duration_minutes"),
        ("tenant.yaml", "plugins.jurisdiction_sea"), ("en.md", ""), ("hero.svg", ""),
    }  # fmt: skip


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
    assert bundle["config"]["partner"] == {"name": "Demo Clinic", "kind": "company", "conditions": "Advice only", "services": ["in_person"]}
    edit("partner:", "partnr:")
    assert {(p.key, p.nearest) for p in load().problems} == {("partnr", "partner"), ("partner", "")}


@pytest.mark.rule("CB-289")
def test_a_cookie_of_another_purpose_is_refused(edit: Edit, only: Only, load: Load) -> None:
    edit("  statistics: false", "  statistics: true\n  registry: [{name: seen, purpose: usage_statistics, lifetime_days: 30}]")
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
    edit("operator:", "contact: {support_email: help@demo.example}\ndata_protection: {email: Help@demo.example}\noperator:")
    problem = only()
    assert (problem.key, problem.message) == ("data_protection.email", "must be distinct from contact.support_email")


def test_a_reserved_slug_is_refused(tmp_path: Path, folder: Path, runtime: PluginRuntime, edit: Edit) -> None:
    edit("slug: demo-clinic", "slug: console")
    moved = folder.rename(tmp_path / "console")
    assert ["“console” is reserved"] == [p.message for p in load_folder(moved, runtime).problems if p.key == "slug"]


# -- legal documents and pages ---------------------------------------------------------------------------------


def test_a_legal_document_missing_in_one_language(load: Load, folder: Path, only: Only) -> None:
    missing = folder / "legal/cookie_policy/2026-11/en.md"
    missing.unlink()
    problem = only()
    assert (problem.file, problem.message) == (str(missing), "this file is missing: every text exists in every language of the portal")


@pytest.mark.rule("CB-010")
@pytest.mark.parametrize("page", ["home", "help", "prices", "eligible_reasons", "non_eligible_reasons"])
def test_a_required_page_missing_in_one_language(page: str, folder: Path, only: Only) -> None:
    missing = folder / "content" / page / "fr.md"
    missing.unlink()
    assert only().file == str(missing)


def test_a_language_more_needs_every_text_in_it(edit: Edit, load: Load, folder: Path) -> None:
    edit("[fr, en]", "[fr, en, de]")
    problems = load().problems
    assert len(problems) == 4 + 5
    assert all(p.file.endswith("de.md") for p in problems)


def test_a_document_that_is_not_listed_or_listed_twice(edit: Edit, load: Load) -> None:
    line = edit("{code: cookie_policy", "{code: cookies_policy")
    told = [p for p in load().problems if p.file.endswith("tenant.yaml")]
    assert [(p.line, p.key, p.nearest) for p in told] == [(line, "legal.documents.3.code", "cookie_policy")]
    edit("{code: cookies_policy", "{code: legal_notice")
    assert {p.message for p in load().problems} == {"listed twice", "cookie_policy is missing from the list"}


@pytest.mark.parametrize("version", ["..", "../../x", "a/b", ""])
def test_a_version_never_leads_out_of_the_folder(edit: Edit, load: Load, version: str) -> None:
    edit('version: "2026-11"', f'version: "{version}"')
    assert "legal.documents.0.version" in {p.key for p in load().problems}


def test_an_announced_change_needs_both_versions(edit: Edit, load: Load, folder: Path) -> None:
    edit("change_mode: published", 'change_mode: announced, notice_days: 30, previous_version: "2026-01"')
    assert {Path(p.file).parent.name for p in load().problems} == {"2026-01"}
    old = folder / "legal/legal_notice/2026-01"
    old.mkdir()
    for lang in ("fr", "en"):
        (old / f"{lang}.md").write_text("# Before\n\nThe old words.\n")
    result = load()
    assert result.problems == []
    assert result.bundle is not None
    assert result.bundle["legal"]["legal_notice"]["previous_texts"]["en"].startswith("# Before")


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "nearest"),
    [
        ("No title\n\nText\n", 1, "", "the first line must be a title, “# …”", ""),
        ("\n# Late title\n\nText\n", 1, "", "the first line must be a title, “# …”", ""),
        ("# Title\n\n", 1, "", "there is no text under the title", ""),
        ("# Title\n\n{{ publisher.nmae }}\n", 3, "publisher.nmae", "no such value in tenant.yaml", "publisher.name"),
        ("# Title\n\n{{ publisher }}\n", 3, "publisher", "no such value in tenant.yaml", "publisher.name"),
        ("# Title\n\nx\n{{ Publisher.Name }}\n", 4, "{{ Publisher.Name }}", "not a placeholder", ""),
        ("# Title\n\n{{ name | upper }}\n", 3, "{{ name | upper }}", "not a placeholder", ""),
        ("# Title\n\n{{ name\n", 3, "{{ name", "not a placeholder", ""),
    ],
)
def test_a_text_that_is_not_whole(folder: Path, only: Only, text: str, line: int, key: str, message: str, nearest: str) -> None:
    path = folder / "content/prices/en.md"
    path.write_text(text)
    problem = only()
    assert (problem.file, problem.line, problem.key, problem.message) == (str(path), line, key, message)
    if nearest:
        assert problem.nearest.startswith("publisher")


def test_a_draft_may_show_a_value_that_is_not_yet_set(folder: Path, load: Load) -> None:
    (folder / "content/prices/en.md").write_text("# Prices\n\nCall {{ contact.phone }}.\n")
    assert load().problems == []


def test_text_that_is_not_utf8_is_told(folder: Path, load: Load) -> None:
    for name in ("content/prices/en.md", "branding/hero.svg"):
        (folder / name).write_bytes(b"# \xff\xfe")
    assert [(p.file, p.message) for p in load().problems] == [
        (str(folder / "branding/hero.svg"), "the file is not UTF-8 text"),
        (str(folder / "content/prices/en.md"), "the file is not UTF-8 text"),
    ]


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"slug: [", 1, "expected"),
        (b"slug: a\nslug: b\n", 2, "given twice"),
        (b"- a\n", 1, "a mapping of keys is wanted"),
        (b"\xff\xfe\x00", 1, "not UTF-8"),
        (b"a: &x 1\nb: *x\n", 1, "anchors"),
    ],
)
def test_a_file_that_cannot_be_read_gives_no_bundle(folder: Path, load: Load, data: bytes, line: int, words: str) -> None:
    (folder / "tenant.yaml").write_bytes(data)
    result = load()
    assert result.bundle is None
    assert [p.line for p in result.problems] == [line]
    assert words in result.problems[0].message


def test_an_empty_file_names_every_required_key(folder: Path, load: Load) -> None:
    (folder / "tenant.yaml").write_text("")
    result = load()
    assert result.bundle is None
    keys = {p.key for p in result.problems if p.message == "this key is required and missing"}
    assert keys == {"slug", "name", "languages", "time_zone", "country", "partner", "operator", "theme", "legal"}


def test_no_folder(tmp_path: Path, runtime: PluginRuntime) -> None:
    result = load_folder(tmp_path / "nobody", runtime)
    assert result.bundle is None
    assert [p.message for p in result.problems] == ["there is no tenant.yaml here"]


# -- the tenant's catalogue ------------------------------------------------------------------------------------

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


def catalogue(folder: Path, text: str, lang: str = "fr") -> Path:
    path = folder / "translations" / f"{lang}.po"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + text)
    return path


def test_a_catalogue_is_read(folder: Path, load: Load) -> None:
    catalogue(folder, 'msgid "Book with {name}"\nmsgstr "Voir {name}"\n\n#, fuzzy\nmsgid "Home"\nmsgstr "Maison"\n')
    result = load()
    assert result.problems == []
    assert result.bundle is not None
    assert result.bundle["catalogue"] == {"fr": {"Book with {name}": "Voir {name}"}}


def test_placeholders_of_a_catalogue_must_agree(folder: Path, only: Only) -> None:
    path = catalogue(folder, 'msgid "Book with {name}"\nmsgstr "Voir {nom}"\n')
    problem = only()
    assert (problem.file, problem.line, problem.key) == (str(path), 5, "Book with {name}")
    assert (problem.message, problem.found, problem.allowed) == ("the placeholders differ", "nom", "name")


def test_a_catalogue_that_is_none_or_of_no_language(folder: Path, load: Load) -> None:
    catalogue(folder, "this is no catalogue\n")
    catalogue(folder, 'msgid "a"\nmsgstr "b"\n', "nl")
    told = {Path(p.file).name: p.message for p in load().problems}
    assert told["nl.po"] == "not a language of the portal"
    assert told["fr.po"].startswith("not a catalogue")


# -- bundles compared ------------------------------------------------------------------------------------------


def test_the_same_folder_gives_the_same_digest_and_no_change(load: Load) -> None:
    one, two = load().bundle, load().bundle
    assert one is not None and two is not None
    assert bundle_digest(one) == bundle_digest(dict(reversed(two.items())))
    assert diff_bundles(one, two) == []


def test_changes_are_told_by_path(load: Load, edit: Edit, folder: Path) -> None:
    before = load().bundle
    edit("duration_minutes: 20", "duration_minutes: 30")
    edit('accent: "#b4530a"', 'accent: "#a34a08"')
    (folder / "content/prices/en.md").write_text("# Prices\n\n" + "All is free. " * 20)
    after = load().bundle
    assert before is not None and after is not None
    changes = {c.path: c for c in diff_bundles(before, after)}
    assert set(changes) == {"config.services.in_person.duration_minutes", "config.theme.light.accent", "content.prices.en"}
    assert str(changes["config.services.in_person.duration_minutes"]) == "config.services.in_person.duration_minutes: 20 → 30"
    assert changes["content.prices.en"].new.startswith("text of ")
    assert bundle_digest(before) != bundle_digest(after)
