"""The draft as visitors would see it: pages, an e-mail, a paper. Nothing of it is in force, and no page runs a script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flask import current_app, g, render_template, url_for

from core import clock
from core.care.papers.blocks import Facts, Heading, Notice, Paper, Paragraph, Points
from core.care.papers.brand import brand_of
from core.care.papers.reports import moment
from core.lazy import lazy
from core.messages import _
from core.notifications.service import base_url, mail_of
from core.tenancy.current import TenantView, make_view
from core.web import pages as public
from core.web import samples
from core.web.language import language, say

if TYPE_CHECKING:
    from core.care.papers import pdf
else:
    pdf = lazy("core.care.papers.pdf")

COMPONENTS, HOME = "components", "home"
MAIL = "appointment_booked"
_HEAD = re.compile(r"<head>", re.IGNORECASE)
_HTML = re.compile(r"<html ", re.IGNORECASE)


def view_of(view: TenantView, bundle: Mapping[str, Any], stamp: str) -> TenantView:
    """The portal with the draft in place of what is in force; `stamp` changes with the draft, so that no browser keeps it."""
    # The preview asks nobody for cookies: the banner would stand before what is to be seen.
    config = {**bundle["config"], "cookies": {**bundle["config"]["cookies"], "statistics": False}}
    made = make_view(view.id, view.slug, view.state, view.revision, {**bundle, "config": config})
    drawings = {n: url_for("partner.preview_drawing", name=n, v=stamp) for n in bundle["branding"]}
    public.read_elsewhere(made, url_for("partner.preview_theme", v=stamp), drawings)
    return made


def page(draft: TenantView, name: str, mode: str) -> str:
    """A public page (`home`, a page of the contents, or every component) as a visitor of the draft sees it.

    `mode` is light, dark or "" for what the device asks for. Raises LookupError for a page that does not exist.
    """
    before = g.tenant, g.account
    g.tenant, g.account = draft, None
    try:
        body = _page(name)
    finally:
        g.tenant, g.account = before
    # Links lead nowhere from here: the frame opens no window, and a page of the portal may not stand in a frame.
    body = _HEAD.sub('<head><base target="_blank">', body, count=1)
    return _HTML.sub(f'<html data-bs-theme="{mode}" ', body, count=1) if mode in ("light", "dark") else body


def _page(name: str) -> str:
    if name == COMPONENTS:
        return render_template("style/style.html", sample=samples.sample(clock.now()))
    if name == HOME:
        return str(current_app.view_functions["web.home"]())
    if name not in g.tenant.bundle["content"]:
        raise LookupError(name)
    return str(current_app.view_functions["web.page"](page=name))


def mail(draft: TenantView) -> str:
    """The e-mail that confirms an appointment, with an invented person."""
    when = moment(clock.now(), language(), draft.time_zone)
    words = {
        "portal": draft.name, "link": base_url(draft), "name": samples.PERSON, "when": when, "professional": samples.PERSON,
        "place": samples.ADDRESS,
    }  # fmt: skip
    before = g.tenant
    g.tenant = draft
    try:
        return mail_of(draft, MAIL, words, language())[2]
    finally:
        g.tenant = before


def paper(draft: TenantView) -> bytes:
    """A paper in the draft's brand, with invented words, as PDF bytes."""
    now = clock.now()
    before = g.tenant
    g.tenant = draft
    try:
        blocks = (
            Facts(((say(_("When")), moment(now, language(), draft.time_zone)), (say(_("With")), samples.PERSON), (say(_("Where")), samples.ADDRESS))),
            Heading(say(_("A heading that stands over text"))),
            Paragraph(say(_("A paragraph in body size, with a line length of at most seventy characters so that the eye finds the next line."))),
            Points((say(_("Your appointment is confirmed.")), say(_("You get the answer by e-mail.")))),
            Notice(say(_("This paper is a specimen: every word in it is invented.")), say(_("Specimen"))),
        )  # fmt: skip
        made = Paper(
            title=say(_("Specimen of a paper")),
            brand=brand_of(draft, language()),
            language=language(),
            made_at=now,
            blocks=blocks,
            page_words=say(_("Page {page} of {pages}", page="{page}", pages="{pages}")),
        )
        return pdf.render(made)
    finally:
        g.tenant = before
