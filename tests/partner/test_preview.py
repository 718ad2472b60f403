"""The preview: the draft in a frame of its own portal, for those who edit it and nobody else; nothing of it is in force."""

from __future__ import annotations

import re

import pytest

BRAND, CONTACT = "/partner/brand", "/partner/contact"
PAGES = (
    "/partner/preview/page/home",
    "/partner/preview/page/help",
    "/partner/preview/page/components",
    "/partner/preview/mail",
)


def test_the_draft_is_shown_with_its_colours_texts_and_drawings(editor, browse, frontalia):
    editor.form(BRAND, {"config/theme/light/brand": "#123a70"})
    editor.form("/partner/texts/home/en", {"content/home/en": "# A promise of the draft\n\nLead."})
    page = editor.page("/partner/preview/page/home?lang=en")
    assert "A promise of the draft" in page
    sheet = re.search(r'href="(/partner/preview/theme.css[^"]*)"', page).group(1)
    assert "--brand:#123a70" in editor.page(sheet)
    assert "/partner/preview/brand/logo.svg" in page
    assert "#123a70" in editor.page("/partner/preview/mail?lang=en")
    visitor = browse()
    assert "A promise of the draft" not in visitor.text(visitor.get("/"))
    assert "#123a70" not in visitor.text(visitor.get(f"/theme/{frontalia.revision}.css"))


def test_the_same_process_serves_the_portal_as_it_is_after_a_preview(editor, browse):
    """A page drawn for the draft leaves nothing behind in what is kept for visitors."""
    before = browse().text(browse().get("/")).replace("nonce", "")
    editor.form("/partner/texts/home/en", {"content/home/en": "# Draft only\n\nLead."})
    editor.get("/partner/preview/page/home?lang=en")
    after = browse().text(browse().get("/"))
    assert "Draft only" not in after and "/partner/preview" not in after
    assert len(before.splitlines()) == len(after.splitlines())


@pytest.mark.parametrize("path", PAGES)
def test_a_preview_stands_in_a_frame_of_its_own_portal_only_and_runs_nothing(editor, path):
    policy = editor.get(path).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "script-src 'none'" in policy
    assert ("'unsafe-inline'" in policy) == path.endswith("mail")
    assert editor.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/", "/pages/help", "/sign-in", "/partner/", "/partner/brand", "/partner/preview"])
def test_no_other_page_may_stand_in_a_frame(editor, path):
    assert "frame-ancestors 'none'" in editor.get(path).headers["Content-Security-Policy"]


def test_only_the_pages_that_hold_the_preview_may_open_a_frame_and_only_of_this_portal(editor):
    for path in ("/partner/preview", "/partner/brand"):
        assert "frame-src http://frontalia.localhost:8000" in editor.get(path).headers["Content-Security-Policy"]
    for path in ("/partner/draft", "/partner/revisions", "/"):
        assert "frame-src" not in editor.get(path).headers["Content-Security-Policy"]
    page = editor.page("/partner/preview?width=phone&mode=dark&code=de")
    assert 'sandbox="allow-same-origin"' in page and 'class="phone"' in page
    assert "mode=dark" in page and "lang=de" in page


@pytest.mark.parametrize("path", [*PAGES, "/partner/preview", "/partner/preview/paper.pdf", "/partner/preview/theme.css", "/partner/preview/brand/logo.svg"])  # fmt: skip
def test_only_who_may_edit_sees_a_preview(editor_on, browse, frontalia, path):
    assert editor_on(frontalia, party="assister").get(path).status_code == 403
    assert editor_on(frontalia, rights=("see_figures",)).get(path).status_code == 403
    assert "/sign-in" in browse().get(path).headers["Location"]


def test_a_paper_is_drawn_in_the_draft_s_brand(editor):
    before = editor.get("/partner/preview/paper.pdf?lang=fr")
    assert before.mimetype == "application/pdf" and before.data.startswith(b"%PDF")
    editor.form(BRAND, {"config/theme/light/brand": "#123a70"})
    assert editor.get("/partner/preview/paper.pdf?lang=fr").data != before.data


def test_dark_and_light_are_chosen_by_the_editor(editor):
    assert 'data-bs-theme="dark"' in editor.page("/partner/preview/page/home?mode=dark")
    assert "<b>evil" not in editor.page('/partner/preview/page/home?mode="><b>evil')
    assert "<b>evil" not in editor.page('/partner/preview?mode="><b>evil&code=xx&width=<b>evil')


@pytest.mark.parametrize(
    "path", ["/partner/preview/page/nothing", "/partner/preview/brand/nothing.svg", "/partner/preview?what=nothing"]
)
def test_what_does_not_exist_is_absent(editor, path):
    assert editor.get(path).status_code == 404


def test_the_links_of_a_preview_lead_nowhere_and_its_cookies_are_the_portal_s(editor):
    answer = editor.get("/partner/preview/page/home")
    assert '<base target="_blank">' in editor.text(answer)
    assert "portico_stats" not in str(answer.headers)
    assert 'class="cookies"' not in editor.text(answer)
