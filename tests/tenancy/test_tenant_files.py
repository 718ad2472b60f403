"""The files beside tenant.yaml: texts in every language, catalogues, and bundles compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.hooks.manager import PluginRuntime
from core.tenancy.loader import LoadResult, Problem, bundle_digest, diff_bundles, load_folder

Edit = Callable[..., int]
Load = Callable[[], LoadResult]
Only = Callable[[], Problem]


# -- legal documents and pages ---------------------------------------------------------------------------------


def test_a_legal_document_missing_in_one_language(load: Load, folder: Path, only: Only) -> None:
    missing = folder / "legal/cookie_policy/2026-11/en.md"
    missing.unlink()
    problem = only()
    assert (problem.file, problem.message) == (
        str(missing),
        "this file is missing: every text exists in every language of the portal",
    )


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
def test_a_text_that_is_not_whole(
    folder: Path, only: Only, text: str, line: int, key: str, message: str, nearest: str
) -> None:
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
def test_a_file_that_cannot_be_read_gives_no_bundle(
    folder: Path, load: Load, data: bytes, line: int, words: str
) -> None:
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
    assert set(changes) == {
        "config.services.in_person.duration_minutes",
        "config.theme.light.accent",
        "content.prices.en",
    }
    assert (
        str(changes["config.services.in_person.duration_minutes"])
        == "config.services.in_person.duration_minutes: 20 → 30"
    )
    assert changes["content.prices.en"].new.startswith("text of ")
    assert bundle_digest(before) != bundle_digest(after)
