"""The preview: the draft of the signed-in person in a frame of their own portal, at the width of a phone or wider."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, g, render_template, request, url_for

from core.identity.parties import EDIT, partner_view
from core.messages import Message, _
from core.partner import preview
from core.partner.blueprint import bp, context, frames, my_draft, stamp
from core.tenancy import theme
from core.tenancy.content import title_of
from core.tenancy.current import TenantView
from core.web.frame import framed_here

WIDTHS = (("phone", _("Phone")), ("wide", _("Computer")))
MODES = (("light", _("Light")), ("dark", _("Dark")))
_DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def _draft_view() -> TenantView:
    draft = my_draft()
    return preview.view_of(g.tenant, draft.bundle, stamp(draft))


def _answer(body: Any, mimetype: str = "text/html", policy: str = "") -> Response:
    answer = Response(body, mimetype=mimetype)
    answer.headers["Content-Security-Policy"] = policy or framed_here()
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.get("/preview")
@partner_view(EDIT)
def preview_page() -> str:
    """The draft at work: page, e-mail or paper, on a phone or wider, light or dark, in each language."""
    draft = my_draft()
    code = request.args.get("code") if request.args.get("code") in g.tenant.languages else g.tenant.language
    chosen = {
        "what": request.args.get("what", preview.HOME),
        "width": _one_of(request.args.get("width"), WIDTHS),
        "mode": _one_of(request.args.get("mode"), MODES),
        "code": code,
    }
    pages: list[tuple[str, Message | str]] = [(preview.HOME, _("Home"))]
    pages += [
        (name, title_of(str(texts.get(code) or ""), draft.bundle["config"], str(code)) or name)
        for name, texts in draft.bundle["content"].items()
        if name != preview.HOME
    ]
    pages += [(preview.COMPONENTS, _("Every component")), ("mail", _("E-mail"))]
    if chosen["what"] not in [code for code, _label in pages]:
        abort(404)
    if chosen["what"] == "mail":
        shown = url_for("partner.preview_mail", lang=chosen["code"], v=stamp(draft))
    else:
        shown = url_for(
            "partner.preview_of", name=chosen["what"], lang=chosen["code"], mode=chosen["mode"], v=stamp(draft)
        )
    frames()
    return render_template(
        "partner/preview.html",
        **context("preview", draft),
        chosen=chosen,
        pages=pages,
        widths=WIDTHS,
        modes=MODES,
        shown=shown,
    )


def _one_of(given: str | None, choices: tuple[tuple[str, Message], ...]) -> str:
    return given if given in [code for code, _label in choices] else choices[0][0]


@bp.get("/preview/page/<name>")
@partner_view(EDIT)
def preview_of(name: str) -> Response:
    """A page of the draft, for a frame of this portal only."""
    try:
        return _answer(preview.page(_draft_view(), name, request.args.get("mode", "")))
    except LookupError:
        abort(404)


@bp.get("/preview/mail")
@partner_view(EDIT)
def preview_mail() -> Response:
    """An e-mail in the draft's brand, for a frame of this portal only."""
    return _answer(preview.mail(_draft_view()), policy=framed_here(styles=True))


@bp.get("/preview/paper.pdf")
@partner_view(EDIT)
def preview_paper() -> Response:
    """A paper in the draft's brand."""
    return _answer(preview.paper(_draft_view()), "application/pdf")


@bp.get("/preview/theme.css")
@partner_view(EDIT)
def preview_theme() -> Response:
    """The tokens of the draft."""
    return _answer(theme.stylesheet(my_draft().bundle["config"]["theme"]), "text/css")


@bp.get("/preview/brand/<name>.svg")
@partner_view(EDIT)
def preview_drawing(name: str) -> Response:
    """A drawing of the draft."""
    drawing = my_draft().bundle["branding"].get(name)
    if drawing is None:
        abort(404)
    return _answer(drawing, "image/svg+xml", _DRAWING_POLICY)
