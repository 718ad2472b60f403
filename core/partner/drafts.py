"""The draft of a portal: begun on the revision in force, edited, checked, published as a revision, or let go."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.db import db, global_scope, new_id
from core.hooks.types import GoLiveCheck
from core.identity import accounts
from core.messages import Message, _
from core.partner import typed
from core.partner.editable import Editable, applied, between, changed, editables, value_at
from core.partner.models import PortalDraft
from core.partner.typed import Wrong
from core.tenancy import service
from core.tenancy.bundles import diff_bundles
from core.tenancy.current import TenantView
from core.tenancy.export import check_bundle
from core.tenancy.golive import missing_for_live
from core.tenancy.models import TenantRevision
from core.tenancy.service import Applied, Overtaken, TenantRefused

NOTE_MOST = 200
LISTED = 200


def _runtime() -> Any:
    return current_app.extensions["portico"].runtime


def author_of(account_id: uuid.UUID) -> str:
    """How a revision names who published it from here."""
    return f"partner:{account_id}"


def bundle_of(tenant_id: int, number: int) -> dict[str, Any] | None:
    """The bundle of a revision; None where there is none."""
    with global_scope():
        found = db.session.get(TenantRevision, (tenant_id, number))
        bundle = dict(found.bundle) if found is not None else None
        db.session.rollback()
    return bundle


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with what it stands on. `edits` are by key; without any, it is the portal as it was at `base_revision`."""

    base_revision: int
    base: Mapping[str, Any]
    edits: Mapping[str, Any]
    allowed: Mapping[str, Editable]

    @property
    def bundle(self) -> dict[str, Any]:
        """The portal as the draft would have it."""
        return applied(self.base, self.edits, self.allowed)

    def value(self, key: str) -> Any:
        """What the draft holds under a key."""
        return self.edits[key] if key in self.edits else value_at(self.base, self.allowed[key].path)


def _row(account_id: uuid.UUID, *, lock: bool = False) -> PortalDraft | None:
    query = select(PortalDraft).where(PortalDraft.account_id == account_id)
    return db.session.execute(query.with_for_update() if lock else query).scalar_one_or_none()


def mine(view: TenantView, account_id: uuid.UUID) -> Draft:
    """The draft of an account; where it has none, the revision in force without a change."""
    row = _row(account_id)
    # A draft without a change stands on nothing: it begins anew with what is in force.
    number, edits = (row.base_revision, dict(row.edits)) if row is not None and row.edits else (view.revision, {})
    base = view.bundle if number == view.revision else bundle_of(view.id, number)
    assert base is not None
    allowed = editables(base, _runtime())
    # What a plugin closed since, or a page that is gone, is no part of the draft any more.
    return Draft(number, base, {k: v for k, v in edits.items() if k in allowed}, allowed)


def save(view: TenantView, account_id: uuid.UUID, values: Mapping[str, Any]) -> list[Wrong]:
    """Keep these values in the draft; what is wrong with them, in which case nothing is kept.

    Colours that read badly are kept, so that they can be tried together; they are in the way when it is published.
    Raises Closed for a key that a partner may not edit.
    """
    row = _held(view, account_id)
    draft = mine(view, account_id)
    merged = changed(draft.base, {**draft.edits, **values}, draft.allowed)
    bad = problems_of(applied(draft.base, merged, draft.allowed), draft.allowed, merged)
    if bad:
        # What was wrong with the portal before is not this form's doing; what is new is, wherever it shows.
        before = {str(w.message) for w in problems_of(draft.base, draft.allowed, {})}
        bad = [w for w in bad if w.key in values or str(w.message) not in before]
    if bad:
        return bad
    row.base_revision, row.edits, row.updated_at = draft.base_revision, merged, clock.now()
    db.session.flush()
    return []


def _held(view: TenantView, account_id: uuid.UUID) -> PortalDraft:
    """The account's draft, locked; made where there is none, by one of two requests that come at once."""
    now = clock.now()
    fresh = {
        "account_id": account_id,
        "base_revision": view.revision,
        "edits": {},
        "created_at": now,
        "updated_at": now,
    }
    made = insert(PortalDraft).values(tenant_id=view.id, id=new_id(), **fresh)
    db.session.execute(made.on_conflict_do_nothing(index_elements=["tenant_id", "account_id"]))
    row = _row(account_id, lock=True)
    assert row is not None
    return row


def problems_of(bundle: Mapping[str, Any], allowed: Mapping[str, Editable], values: Mapping[str, Any]) -> list[Wrong]:
    """What the check of the portal's folder finds, contrast left out."""
    found = check_bundle(bundle, _runtime()).problems
    return [typed.wrong(p, allowed, values) for p in found if not typed.is_contrast(p)]


def discard(account_id: uuid.UUID) -> None:
    """Let a draft go."""
    db.session.execute(delete(PortalDraft).where(PortalDraft.account_id == account_id))


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who edits at the same time."""

    name: str
    base_revision: int
    updated_at: Any


def others(account_id: uuid.UUID) -> list[Other]:
    """Who else has a draft of this portal."""
    rows = db.session.execute(select(PortalDraft).where(PortalDraft.account_id != account_id)).scalars().all()
    names = accounts.names(r.account_id for r in rows)
    return [Other(names.get(r.account_id, ""), r.base_revision, r.updated_at) for r in rows if r.edits]


# -- checks and publishing ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checks:
    """What stands in the way of publishing (`wrong`, `contrast`, `missing`) and what is only asked before going live."""

    wrong: Sequence[Wrong]
    contrast: Sequence[Wrong]
    missing: Sequence[GoLiveCheck]
    later: Sequence[GoLiveCheck]

    @property
    def passed(self) -> bool:
        return not (self.wrong or self.contrast or self.missing)


def checks(view: TenantView, bundle: Mapping[str, Any], allowed: Mapping[str, Editable]) -> Checks:
    """Whether a bundle may be published: valid, readable (WCAG AA), complete.

    A live portal lacks nothing of what the law wants; a draft portal may, but no change may take away what it has.
    """
    found = check_bundle(bundle, _runtime()).problems
    values = {key: value_at(bundle, e.path) for key, e in allowed.items()}
    told = [(typed.is_contrast(p), typed.wrong(p, allowed, values)) for p in found]
    before = {m.key for m in missing_for_live(view.bundle, _runtime())}
    lacking = missing_for_live(bundle, _runtime())
    hard = lacking if view.state == "live" else [m for m in lacking if m.key not in before]
    return Checks(
        [w for contrast, w in told if not contrast],
        _worst([w for contrast, w in told if contrast]),
        hard,
        [m for m in lacking if m not in hard],
    )


def _worst(found: Sequence[Wrong]) -> list[Wrong]:
    """One line for each colour: a colour stands on several grounds, and what reads on the worst reads on all."""
    worst: dict[str, Wrong] = {}
    for w in sorted(found, key=lambda w: float(str(w.message.params.get("ratio", "0")).partition(":")[0])):
        worst.setdefault(w.key, w)
    return list(worst.values())


def publish(view: TenantView, account_id: uuid.UUID, note: str) -> Applied:
    """Put the draft in force as a revision, at once.

    Raises TenantRefused with all that is missing, and Overtaken when another revision is in force than the one on
    which the draft was begun: then both are shown and `rebase` is next.
    """
    draft = mine(view, account_id)
    if draft.base_revision != view.revision:
        raise Overtaken(view.revision)
    if not draft.edits:
        raise TenantRefused(_("The draft changes nothing."))
    done = _store(view, account_id, draft.bundle, draft.allowed, note[:NOTE_MOST])
    discard(account_id)
    db.session.commit()
    return done


def _store(
    view: TenantView, account_id: uuid.UUID, bundle: dict[str, Any], allowed: Mapping[str, Editable], note: str
) -> Applied:
    reasons = refusals(checks(view, bundle, allowed))
    if reasons:
        raise TenantRefused(*reasons)
    # What is stored is what the folder of this bundle would give: the same defaults, the same order.
    made = check_bundle(bundle, _runtime()).bundle
    assert made is not None
    db.session.commit()
    return service.store(made, author_of(account_id), note, base=view.revision)


def refusals(found: Checks) -> list[Message]:
    """Everything that stands in the way, in words."""
    return [*(w.message for w in (*found.wrong, *found.contrast)), *(m.message for m in found.missing)]


# -- two editors -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Both:
    """A key that was changed here and in what was published meanwhile."""

    editable: Editable
    before: Any
    theirs: Any
    own: Any


def overtaken_by(view: TenantView, draft: Draft) -> tuple[dict[str, Any], list[Both]]:
    """What was published since the draft was begun, as far as a partner may edit it, and what both changed."""
    allowed = editables(view.bundle, _runtime())
    common = {k: e for k, e in allowed.items() if k in draft.allowed}
    theirs = between(draft.base, view.bundle, common)
    both = [
        Both(common[k], value_at(draft.base, common[k].path), value, draft.edits[k])
        for k, value in theirs.items()
        if k in draft.edits and draft.edits[k] != value
    ]
    return theirs, both


def rebase(view: TenantView, account_id: uuid.UUID, keep_theirs: Sequence[str] = ()) -> None:
    """Put the draft onto the revision in force. What both changed is the draft's, but for the keys of `keep_theirs`."""
    draft = mine(view, account_id)
    row = _row(account_id, lock=True)
    if row is None:
        return
    allowed = editables(view.bundle, _runtime())
    edits = {k: v for k, v in draft.edits.items() if k in allowed and k not in keep_theirs}
    row.base_revision, row.edits, row.updated_at = view.revision, changed(view.bundle, edits, allowed), clock.now()
    audit.record("portal_draft.rebased", "account", account_id, {"onto": view.revision})
    db.session.flush()


# -- history -----------------------------------------------------------------------------------------------------------


def roll_back(view: TenantView, account_id: uuid.UUID, number: int) -> Applied:
    """Put what a partner may edit back to an earlier revision, as a new one; what the operator set since then stays.

    Raises TenantRefused, Overtaken.
    """
    target = bundle_of(view.id, number) if number != view.revision else None
    if target is None:
        raise TenantRefused(_("There is no revision {number} to go back to.", number=number))
    allowed = editables(view.bundle, _runtime())
    present = {k: e for k, e in allowed.items() if _stood_in(target, e)}
    edits = between(view.bundle, target, present)
    if not edits:
        raise TenantRefused(_("Revision {number} differs in nothing that you may edit.", number=number))
    return _store(view, account_id, applied(view.bundle, edits, allowed), allowed, f"rollback to {number}")


def _stood_in(target: Mapping[str, Any], e: Editable) -> bool:
    """Whether an earlier revision says anything of this: a plugin that was not enabled then keeps what it has now."""
    if e.path[:2] == ("config", "plugins"):
        return value_at(target, e.path[:3]) is not None
    return not e.required or value_at(target, e.path) is not None


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision in the history: who, when, why, and what of it a partner may edit."""

    number: int
    created_at: Any
    author: str
    note: str
    edits: int
    others: int


def revisions(view: TenantView) -> list[Revision]:
    """The portal's revisions, newest first. What only the operator may change is counted, not shown."""
    columns = (
        TenantRevision.number, TenantRevision.created_at, TenantRevision.author, TenantRevision.note, TenantRevision.changes,
    )  # fmt: skip
    with global_scope():
        rows = db.session.execute(
            select(*columns)
            .where(TenantRevision.tenant_id == view.id)
            .order_by(TenantRevision.number.desc())
            .limit(LISTED)
        ).all()
        db.session.rollback()
    allowed = {".".join(e.path) for e in editables(view.bundle, _runtime()).values()}
    found = []
    for row in rows:
        own = sum(c["path"] in allowed for c in row.changes)
        found.append(Revision(row.number, row.created_at, row.author, row.note, own, len(row.changes) - own))
    return found


def history(view: TenantView, number: int) -> tuple[dict[str, Any], dict[str, Any], int] | None:
    """(bundle before, what this revision changed by key, how much else it changed); None where there is none."""
    new = bundle_of(view.id, number)
    if new is None:
        return None
    old = bundle_of(view.id, number - 1) or new
    allowed = {k: e for k, e in editables(new, _runtime()).items() if _stood_in(old, e)}
    edits = between(old, new, allowed)
    return old, edits, max(0, len(diff_bundles(old, new)) - len(edits))
