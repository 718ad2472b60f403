"""Pages of the parties' space: the overview, the check, publishing, and the history."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, g, redirect, render_template, request, url_for

from core.db import db
from core.identity import accounts
from core.identity.parties import EDIT, PARTIES, RIGHT_LABELS, partner_view
from core.messages import Message, _
from core.partner import blueprint, changes, drafts, pages_edit, pages_preview
from core.partner.blueprint import bp, context, install, may_edit, my_draft
from core.partner.editable import editables
from core.tenancy.service import Overtaken, TenantRefused

__all__ = ["blueprint", "bp", "install", "pages_edit", "pages_preview"]

# Which organisation stands for a party, each under its own name, from the portal's configuration.
_NAMES = {"operator": ("operator", "name"), "publisher": ("publisher", "name"), "health_data_host": ("host", "name")}
_INSURERS = ("complementary_insurer", "mutual")


@bp.get("/")
@partner_view()
def overview() -> str:
    """Whose account this is and what it may do; for editors, how the draft stands."""
    named = [(label, _name(code)) for code, label in PARTIES.items() if _name(code)]
    partner = g.tenant.config["partner"]
    named.append((PARTIES["insurer"] if partner["kind"] in _INSURERS else _("Partner"), partner["name"]))
    draft = my_draft() if may_edit() else None
    return render_template(
        "partner/overview.html",
        party=PARTIES[g.account.party],
        of_operator=g.account.party == "operator",
        named=named,
        rights=[RIGHT_LABELS[r] for r in sorted(g.account.rights & _meant())],
        **(context("", draft, others=drafts.others(g.account.id)) if draft is not None else {"draft": None}),
    )


def _meant() -> frozenset[str]:
    """The rights that open something on this portal: editing it, and what enabled plugins ask for."""
    return frozenset({EDIT, *(e.right for e in g.tenant.dispatcher.collect("navigation"))})


def _name(party: str) -> str:
    section, key = _NAMES.get(party, ("", ""))
    return str((g.tenant.config.get(section) or {}).get(key) or "")


@bp.get("/draft")
@partner_view(EDIT)
def draft() -> str:
    """What the draft changes, what is in its way, and the button that publishes it."""
    return _draft()


def _draft(reasons: tuple[Message, ...] = ()) -> str:
    mine = my_draft()
    theirs, both = drafts.overtaken_by(g.tenant, mine) if mine.base_revision != g.tenant.revision else ({}, [])
    return render_template(
        "partner/draft.html",
        **context("draft", mine),
        changes=changes.listed(mine.base, mine.edits, mine.allowed),
        checks=drafts.checks(g.tenant, mine.bundle, mine.allowed),
        theirs=changes.listed(mine.base, theirs, mine.allowed),
        both=[(b.editable, changes.change(b.editable, b.before, b.theirs), changes.change(b.editable, b.before, b.own)) for b in both],
        others=drafts.others(g.account.id),
        reasons=reasons,
        done=request.args.get("published"),
    )  # fmt: skip


@bp.post("/draft/publish")
@partner_view(EDIT)
def publish() -> Any:
    """Put the draft in force, at once; refused with all that is missing."""
    try:
        made = drafts.publish(g.tenant, g.account.id, request.form.get("note", "").strip())
    except TenantRefused as refused:
        return _draft(refused.reasons), 409
    return redirect(url_for("partner.draft", published=made.revision))


@bp.post("/draft/rebase")
@partner_view(EDIT)
def rebase() -> Any:
    """Put the draft onto what was published meanwhile; for what both changed, the person chose."""
    theirs = [k.removeprefix("keep/") for k, v in request.form.items() if k.startswith("keep/") and v == "theirs"]
    drafts.rebase(g.tenant, g.account.id, theirs)
    db.session.commit()
    return redirect(url_for("partner.draft"))


@bp.post("/draft/discard")
@partner_view(EDIT)
def discard() -> Any:
    """Let the draft go, asked once."""
    if request.form.get("confirmed") != "yes":
        return _ask(_("Discard your draft?"), _("All that you changed and did not publish is gone. The portal stays as it is."), _("Discard"), url_for("partner.draft"))  # fmt: skip
    drafts.discard(g.account.id)
    db.session.commit()
    return redirect(url_for("partner.draft"))


def _ask(title: Message, told: Message, act: Message, back: str) -> str:
    kept = [(k, v) for k, v in request.form.items() if k not in ("csrf_token", "confirmed")]
    return render_template(
        "partner/ask.html", **context("", my_draft()), title=title, told=told, act=act, back=back, kept=kept
    )


@bp.get("/revisions")
@partner_view(EDIT)
def revisions() -> str:
    """The history: who published what and when; an earlier one can be put back."""
    return _revisions()


def _revisions(reasons: tuple[Message, ...] = ()) -> str:
    rows = drafts.revisions(g.tenant)
    names = _authors(r.author for r in rows)
    return render_template(
        "partner/revisions.html", **context("revisions", my_draft()), rows=rows, names=names, reasons=reasons,
        done=request.args.get("published"),
    )  # fmt: skip


def _authors(authors: Any) -> dict[str, str | Message]:
    """Who published: the name of a person of a party, else the operator."""
    ids = {}
    for author in authors:
        kind, _colon, text = author.partition(":")
        ids[author] = blueprint.ident(text) if kind == "partner" else None
    names = accounts.names([i for i in ids.values() if i is not None])
    return {a: names.get(i, _("a former account")) if i is not None else _("the operator") for a, i in ids.items()}


@bp.get("/revisions/<int:number>")
@partner_view(EDIT)
def revision(number: int) -> str:
    """What a revision changed, as far as a partner may edit it."""
    found = drafts.history(g.tenant, number) if number < 1_000_000_000 else None
    if found is None:
        abort(404)
    old, edits, rest = found
    row = next((r for r in drafts.revisions(g.tenant) if r.number == number), None)
    allowed = editables(drafts.bundle_of(g.tenant.id, number) or old, current_app.extensions["portico"].runtime)
    return render_template(
        "partner/revision.html", **context("revisions", my_draft()), number=number, row=row, others_changed=rest,
        changes=changes.listed(old, edits, allowed), names=_authors([row.author] if row else []),
    )  # fmt: skip


@bp.post("/revisions/<int:number>/put-back")
@partner_view(EDIT)
def put_back(number: int) -> Any:
    """Put what a partner may edit back to an earlier revision, as a new one; asked once."""
    if request.form.get("confirmed") != "yes":
        title = _("Put revision {number} back?", number=number)
        told = _("All visitors see its brand, texts, hours and contacts at once. What the operator set since then stays, and so does the history.")  # fmt: skip
        return _ask(title, told, _("Put back"), url_for("partner.revisions"))
    try:
        made = drafts.roll_back(g.tenant, g.account.id, min(number, 1_000_000_000))
    except Overtaken as overtaken:
        return _revisions(overtaken.reasons), 409
    except TenantRefused as refused:
        return _revisions(refused.reasons), 409
    return redirect(url_for("partner.revisions", published=made.revision))
