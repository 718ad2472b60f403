"""Use cases on portals: apply, roll back, go live, suspend, resume. A revision takes effect at once in all processes."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete, select

from core import audit, clock
from core.db import db, global_scope, tenant_scope
from core.hooks.types import GoLiveCheck
from core.jobs import announce
from core.messages import Message, _
from core.tenancy.export import write_folder
from core.tenancy.golive import missing_for_live
from core.tenancy.loader import Change, LoadResult, bundle_digest, diff_bundles, load_folder
from core.tenancy.models import Tenant, TenantHost, TenantRevision

log = logging.getLogger("portico.tenancy")
SUSPENSION_REASONS = ("force_majeure", "technical", "regulatory")


class TenantRefused(Exception):
    """Something that cannot be done with a portal; `reasons` says all of why."""

    def __init__(self, *reasons: Message) -> None:
        super().__init__("; ".join(str(r) for r in reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Applied:
    """The outcome of an apply: the revision in force, and what changed from the one before (empty: nothing did)."""

    tenant_id: int
    slug: str
    revision: int
    changes: Sequence[Change]


def _runtime() -> Any:
    return current_app.extensions["portico"].runtime


def _settings() -> Any:
    return current_app.extensions["portico"].settings


def check(folder: Path) -> LoadResult:
    """All problems of a tenant's folder; needs no database."""
    return load_folder(folder, _runtime())


def apply(folder: Path, author: str, note: str = "") -> Applied:
    """Store the folder as a new revision, in force at once. Raises TenantRefused with every problem of the folder."""
    result = check(folder)
    if result.bundle is None or result.problems:
        raise TenantRefused(*(Message("{problem}", {"problem": str(p)}) for p in result.problems))
    return store(result.bundle, author, note)


class Overtaken(TenantRefused):
    """The portal has a newer revision (`revision`) than the one on which a change was made."""

    def __init__(self, revision: int) -> None:
        super().__init__(_("Revision {number} was published meanwhile.", number=revision))
        self.revision = revision


def store(bundle: Mapping[str, Any], author: str, note: str = "", *, base: int | None = None) -> Applied:
    """Store a validated bundle. The same content again makes no new revision.

    `base` is the revision on which the change was made: when another one is in force, Overtaken is raised.
    """
    slug = bundle["config"]["slug"]
    with global_scope():
        tenant = db.session.execute(select(Tenant).where(Tenant.slug == slug).with_for_update()).scalar_one_or_none()
        old: Mapping[str, Any] = {}
        if tenant is None:
            tenant = Tenant(slug=slug, state="draft", revision=0, created_at=clock.now())
            db.session.add(tenant)
            db.session.flush()
        else:
            old = _bundle(tenant.id, tenant.revision)
        if base is not None and tenant.revision != base:
            newer = tenant.revision
            db.session.rollback()
            raise Overtaken(newer)
        changes = diff_bundles(old, bundle) if old else []
        if old and not changes:
            db.session.rollback()
            return Applied(tenant.id, slug, tenant.revision, [])
        number = _append(tenant, bundle, author, note, changes)
        _set_hosts(tenant.id, bundle["config"])
        db.session.commit()
        tenant_id = tenant.id
    _announce(tenant_id, old, bundle, number, changes)
    return Applied(tenant_id, slug, number, changes)


def _append(tenant: Tenant, bundle: Mapping[str, Any], author: str, note: str, changes: Sequence[Change]) -> int:
    last = db.session.execute(
        select(TenantRevision.number)
        .where(TenantRevision.tenant_id == tenant.id)
        .order_by(TenantRevision.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    number = (last or 0) + 1
    db.session.add(
        TenantRevision(
            tenant_id=tenant.id,
            number=number,
            created_at=clock.now(),
            author=author,
            note=note,
            digest=bundle_digest(dict(bundle)),
            bundle=dict(bundle),
            changes=[{"path": c.path, "old": c.old, "new": c.new} for c in changes],
        )
    )
    tenant.revision = number
    return number


def _bundle(tenant_id: int, number: int) -> Mapping[str, Any]:
    found: Mapping[str, Any] = db.session.execute(
        select(TenantRevision.bundle).where(TenantRevision.tenant_id == tenant_id, TenantRevision.number == number)
    ).scalar_one()
    return found


def _set_hosts(tenant_id: int, config: Mapping[str, Any]) -> None:
    hosts = {h.lower() for h in config.get("hosts", [])}
    if _settings().env != "production":
        hosts.add(f"{config['slug']}.localhost")
    taken = (
        db.session.execute(select(TenantHost.host).where(TenantHost.host.in_(hosts), TenantHost.tenant_id != tenant_id))
        .scalars()
        .all()
    )
    if taken:
        db.session.rollback()
        raise TenantRefused(*(_("The host {host} already opens another portal.", host=h) for h in taken))
    db.session.execute(delete(TenantHost).where(TenantHost.tenant_id == tenant_id))
    db.session.add_all(TenantHost(host=h, tenant_id=tenant_id) for h in sorted(hosts))


def _announce(
    tenant_id: int, old: Mapping[str, Any], new: Mapping[str, Any], number: int, changes: Sequence[Change]
) -> None:
    with tenant_scope(tenant_id):
        audit.record(
            "tenant.applied",
            "tenant_revision",
            number,
            {"digest": bundle_digest(dict(new)), "changed": [c.path for c in changes][:200]},
        )
        for code, document in new.get("legal", {}).items():
            before = old.get("legal", {}).get(code)
            if before is None or before.get("version") != document.get("version"):
                announce(
                    "terms_published",
                    {
                        "document": code,
                        "version": document.get("version"),
                        "effective_on": document.get("effective_on"),
                        "mode": document.get("change_mode"),
                    },
                )
        db.session.commit()


def rollback(slug: str, author: str, to: int | None = None) -> Applied:
    """Put an earlier revision back in force, as a new one, so that history stays whole. Default: the one before."""
    with global_scope():
        tenant = _locked(slug)
        target = to if to is not None else tenant.revision - 1
        found = db.session.get(TenantRevision, (tenant.id, target))
        if found is None or target == tenant.revision:
            raise TenantRefused(_("There is no revision {number} of {slug} to go back to.", number=target, slug=slug))
        bundle = dict(found.bundle)
        db.session.rollback()
    return store(bundle, author, f"rollback to {target}")


def _locked(slug: str) -> Tenant:
    tenant = db.session.execute(select(Tenant).where(Tenant.slug == slug).with_for_update()).scalar_one_or_none()
    if tenant is None:
        raise TenantRefused(_("There is no portal called {slug}.", slug=slug))
    return tenant


def diff(folder: Path) -> Sequence[Change]:
    """What applying this folder would change. Raises TenantRefused when the folder has problems."""
    result = check(folder)
    if result.bundle is None or result.problems:
        raise TenantRefused(*(Message("{problem}", {"problem": str(p)}) for p in result.problems))
    with global_scope():
        tenant = db.session.execute(
            select(Tenant).where(Tenant.slug == result.bundle["config"]["slug"])
        ).scalar_one_or_none()
        old = _bundle(tenant.id, tenant.revision) if tenant else {}
        db.session.rollback()
    return diff_bundles(old, result.bundle)


def export(slug: str, folder: Path, number: int | None = None) -> list[Path]:
    """Write a revision (default: the one in force) as a folder; returns the files that changed. Raises TenantRefused."""
    with global_scope():
        tenant = _locked(slug)
        wanted = number or tenant.revision
        found = db.session.get(TenantRevision, (tenant.id, wanted))
        if found is None:
            raise TenantRefused(_("There is no revision {number} of {slug}.", number=wanted, slug=slug))
        bundle = dict(found.bundle)
        db.session.rollback()
    return write_folder(bundle, folder, _runtime())


def lacking(slug: str) -> list[GoLiveCheck]:
    """What a portal still lacks before it may go live."""
    with global_scope():
        tenant = _locked(slug)
        bundle = _bundle(tenant.id, tenant.revision)
        db.session.rollback()
    return missing_for_live(bundle, _runtime())


def go_live(slug: str, author: str) -> None:
    """Open a portal to the public. Raises TenantRefused with all that is missing (CB-002, CB-270)."""
    missing = lacking(slug)
    if missing:
        raise TenantRefused(*(m.message for m in missing))
    _set_state(slug, "live", author, None, None, None)


def suspend(slug: str, author: str, reason: str, notice: str | None = None, until: dt.datetime | None = None) -> None:
    """Close a portal for a time or for good, without prior notice; visitors read the notice (CB-069)."""
    if reason not in SUSPENSION_REASONS:
        raise TenantRefused(
            _(
                "“{reason}” is no reason for a suspension; allowed: {allowed}.",
                reason=reason,
                allowed=", ".join(SUSPENSION_REASONS),
            )
        )
    _set_state(slug, "suspended", author, reason, notice, until)


def resume(slug: str, author: str) -> None:
    """Open a suspended portal again; it must still have what the law wants."""
    go_live(slug, author)


def resume_due() -> list[str]:
    """Open again every portal whose suspension was to end by now (CB-069); returns their slugs.

    One that lacks something the law wants stays closed: the log says what, and the operator decides.
    """
    with global_scope():
        due = db.session.scalars(
            select(Tenant.slug).where(Tenant.state == "suspended", Tenant.state_until <= clock.now())
        ).all()
        db.session.rollback()
    opened = []
    for slug in due:
        try:
            resume(slug, "schedule")
            opened.append(slug)
        except TenantRefused as refusal:
            log.warning("a portal cannot resume", extra={"tenant": slug, "missing": len(refusal.reasons)})
    return opened


def _set_state(
    slug: str, state: str, author: str, reason: str | None, notice: str | None, until: dt.datetime | None
) -> None:
    with global_scope():
        tenant = _locked(slug)
        before = tenant.state
        tenant.state, tenant.state_reason, tenant.state_notice, tenant.state_until = state, reason, notice, until
        tenant_id = tenant.id
        db.session.commit()
    with tenant_scope(tenant_id):
        audit.record("tenant.state", "tenant", slug, {"from": before, "to": state, "reason": reason, "author": author})
        db.session.commit()


@dataclass(frozen=True, slots=True)
class TenantSummary:
    """A line of `portico tenant list`."""

    id: int
    slug: str
    state: str
    revision: int
    hosts: tuple[str, ...]
    name: str


def list_tenants() -> list[TenantSummary]:
    """Every portal of the installation, the console left out."""
    with global_scope():
        hosts: dict[int, list[str]] = {}
        for host in db.session.execute(select(TenantHost).order_by(TenantHost.host)).scalars():
            hosts.setdefault(host.tenant_id, []).append(host.host)
        rows = db.session.execute(
            select(Tenant, TenantRevision.bundle["config"]["name"].astext)
            .join(TenantRevision, (TenantRevision.tenant_id == Tenant.id) & (TenantRevision.number == Tenant.revision))
            .where(Tenant.slug != "console")
            .order_by(Tenant.slug)
        ).all()
        db.session.rollback()
        return [TenantSummary(t.id, t.slug, t.state, t.revision, tuple(hosts.get(t.id, ())), name) for t, name in rows]
