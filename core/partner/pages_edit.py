"""The forms of the editor: brand, drawings, texts, hours and contacts, and what plugins opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import abort, g, jsonify, redirect, render_template, request, url_for

from core.db import db
from core.identity.parties import EDIT, partner_view
from core.messages import Message, _
from core.partner import drafts, typed
from core.partner.blueprint import bp, context, frames, my_draft
from core.partner.editable import BRAND, CONTACT, DRAWINGS, SETTINGS, TEXTS, Editable
from core.partner.typed import Wrong
from core.tenancy.content import title_of
from core.tenancy.golive import REQUIRED
from core.web.language import language, say

_INPUTS = {"email": "email", "tel": "tel", "time": "time", "choice": "select", "tick": "checkbox", "markdown": "textarea", "drawing": "file"}  # fmt: skip


# Named as wanted in a form: a live portal may not be without them (golive.py).
_BY_LAW = frozenset(key for key, _rule in REQUIRED) | {
    f"contact.support_hours.{k}" for k in ("from", "to", "days", "time_zone")
}


@dataclass(slots=True)
class Field:
    """A field as the form macros take it."""

    name: str
    label: str
    type: str
    value: str
    help: str
    error: str
    required: bool
    kind: str
    colour: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    attrs: dict[str, str] = field(default_factory=dict)
    inputmode: str = ""
    autocomplete: str = "off"


@dataclass(slots=True)
class Group:
    """Fields that belong together under a heading."""

    title: str
    fields: list[Field] = field(default_factory=list)


def _field(e: Editable, value: Any, error: Message | None, changed: bool) -> Field:
    shown = typed.shown(e, value)
    helps = [say(h) for h in (e.help, typed.expected(e)) if h]
    made = Field(
        e.key, say(e.label), _INPUTS.get(e.kind, "text"), shown, " ".join(helps), say(error) if error else "",
        e.required or ".".join(e.path[1:]) in _BY_LAW, e.kind, shown if e.kind == "colour" else "", [(o, say(typed.option(o))) for o in e.options],
    )  # fmt: skip
    if e.kind == "number":
        made.inputmode = "numeric"
    if e.kind == "markdown":
        made.label = say(_("Text and title"))
        made.attrs = {"spellcheck": "true"}
    if e.kind == "drawing":
        made.attrs = {"accept": ".svg,image/svg+xml"}
    if changed:
        made.attrs["data-changed"] = "yes"
    return made


def _groups(
    draft: drafts.Draft, wanted: Iterable[Editable], values: Mapping[str, Any], bad: Mapping[str, Message]
) -> list[Group]:
    groups: dict[str, Group] = {}
    for e in wanted:
        title = say(e.group) if e.group else ""
        group = groups.setdefault(title, Group(title))
        value = values[e.key] if e.key in values else draft.value(e.key)
        group.fields.append(_field(e, value, bad.get(e.key), e.key in draft.edits))
    return list(groups.values())


def _of(draft: drafts.Draft, *sections: str) -> list[Editable]:
    return [e for e in draft.allowed.values() if e.section in sections]


def _form(template: str, here: str, wanted: list[Editable], back: str, **more: Any) -> Any:
    """Show a form, or take it: kept in the draft, or shown again with what is wrong and all that was typed."""
    draft = my_draft()
    values: dict[str, Any] = {}
    bad: dict[str, Message] = {}
    if request.method == "POST":
        values, bad = _taken(wanted)
        if not bad:
            found = drafts.save(g.tenant, g.account.id, values)
            bad = {w.key: w.message for w in found}
        if not bad:
            db.session.commit()
            if request.accept_mimetypes.best == "application/json":
                return jsonify(saved=True)
            return redirect(f"{back}{'&' if '?' in back else '?'}saved=1")
        if request.accept_mimetypes.best == "application/json":
            return jsonify(saved=False), 422
    # Colours that read badly are kept in the draft, and said each time that the form is shown.
    warned = {w.key: w.message for w in _contrast(draft)} if here == "brand" and not bad else {}
    frames()
    page = render_template(
        template, **context(here, draft), groups=_groups(draft, wanted, values, {**warned, **bad}),
        refused=bool(bad), elsewhere=[m for k, m in bad.items() if k not in {e.key for e in wanted}], action=back, **more,
    )  # fmt: skip
    return page, 422 if bad else 200


def _taken(wanted: list[Editable]) -> tuple[dict[str, Any], dict[str, Message]]:
    values = typed.read(request.form, [e for e in wanted if e.kind != "drawing"])
    bad: dict[str, Message] = {}
    for e in wanted:
        file = request.files.get(e.key) if e.kind == "drawing" else None
        if file is not None and file.filename:
            found = typed.drawing(file.read())
            if isinstance(found, Message):
                bad[e.key] = found
            else:
                values[e.key] = found
        elif e.kind == "drawing" and request.form.get(f"remove/{e.key}") == "yes" and not e.required:
            values[e.key] = None
    return values, bad


def _contrast(draft: drafts.Draft) -> list[Wrong]:
    return list(drafts.checks(g.tenant, draft.bundle, draft.allowed).contrast)


@bp.route("/brand", methods=["GET", "POST"])
@partner_view(EDIT)
def brand() -> Any:
    """Colours, letters, shapes and drawings."""
    return _form("partner/form.html", "brand", _of(my_draft(), BRAND, DRAWINGS), url_for("partner.brand"))


@bp.route("/contact", methods=["GET", "POST"])
@partner_view(EDIT)
def contact() -> Any:
    """Where people turn, and when somebody answers."""
    return _form("partner/form.html", "contact", _of(my_draft(), CONTACT), url_for("partner.contact"))


@bp.route("/settings", methods=["GET", "POST"])
@partner_view(EDIT)
def settings() -> Any:
    """What the plugins of this portal let a partner set: quota, delays, hours."""
    return _form("partner/form.html", "settings", _of(my_draft(), SETTINGS), url_for("partner.settings"))


@bp.get("/texts")
@partner_view(EDIT)
def texts() -> str:
    """The texts of the portal, page by page and language by language."""
    draft = my_draft()
    rows: dict[str, list[tuple[str, bool]]] = {}
    for e in _of(draft, TEXTS):
        rows.setdefault(e.path[1], []).append((e.path[2], e.key in draft.edits))
    titles = {
        name: title_of(str(draft.value(f"content/{name}/{_language(draft)}") or ""), draft.bundle["config"])
        for name in rows
    }
    return render_template("partner/texts.html", **context("texts", draft), rows=rows, titles=titles)


def _language(draft: drafts.Draft) -> str:
    offered = draft.base["config"]["languages"]
    return language() if language() in offered else str(offered[0])


@bp.route("/texts/<name>/<code>", methods=["GET", "POST"])
@partner_view(EDIT)
def text(name: str, code: str) -> Any:
    """One text in one language."""
    wanted = [e for e in _of(my_draft(), TEXTS) if e.path == ("content", name, code)]
    if not wanted:
        abort(404)
    back = url_for("partner.text", name=name, code=code)
    draft = my_draft()
    title = title_of(str(draft.value(wanted[0].key) or ""), draft.bundle["config"], code) or name
    return _form("partner/form.html", "texts", wanted, back, page=name, code=code, title=title)
