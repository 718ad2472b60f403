"""Accepting, refusing, proving. One mechanism for all the ways in which a portal may change its documents (CB-067)."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import g, has_app_context
from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert

from core import audit, clock
from core.canonical import canonical
from core.consent import documents
from core.consent.documents import TERMS, LegalVersion
from core.consent.models import Acceptance, Refusal
from core.db import current_tenant_id, db, new_id
from core.messages import _
from core.tenancy.current import TenantView, current_tenant
from core.tenancy.models import TenantRevision
from core.web.frame import Refused

WEB, PHONE = "web", "phone"
BY_LINK = "login_password+email_link"
"""How somebody is known who agrees while registering: the login and password chosen then, and the link sent by e-mail."""


def _today(tenant: TenantView) -> dt.date:
    return clock.today(tenant.time_zone)


def in_force(tenant: TenantView, on: dt.date) -> list[LegalVersion]:
    """Every document's version on a day; an announced change stands beside the version it replaces."""
    return documents.in_force(tenant, on)


def to_accept() -> list[LegalVersion]:
    """What a new account accepts, each with a box of its own (CB-061, CB-062)."""
    tenant = current_tenant()
    return documents.binding(tenant, _today(tenant))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an account stands towards one document: what it must do, and what goes by continued use."""

    missing: tuple[LegalVersion, ...] = ()
    by_use: tuple[LegalVersion, ...] = ()
    refused: tuple[LegalVersion, ...] = ()
    announced: tuple[LegalVersion, ...] = ()


def standing(account_id: uuid.UUID) -> Standing:
    """Compare what the account accepted and refused with what binds today, document by document."""
    tenant = current_tenant()
    today = _today(tenant)
    accepted, refused = _answers_of(account_id)
    missing, by_use, declined = [], [], []
    for v in documents.binding(tenant, today):
        key = (v.code, v.version)
        if key in accepted and accepted[key] >= refused.get(key, accepted[key]):
            continue
        if key in refused:
            declined.append(v)
            missing.append(v)
        elif not any(code == v.code for code, _version in accepted):
            missing.append(v)
        elif v.consent or v.change_mode == "reaccept_sign_in":
            # Consent to a processing never rests on silence, whatever the mode of the document.
            missing.append(v)
        elif v.change_mode in ("tacit", "announced"):
            by_use.append(v)
    coming = [v for v in documents.announced(tenant, today) if (v.code, v.version) not in accepted]
    declined += [v for v in coming if (v.code, v.version) in refused]
    return Standing(tuple(missing), tuple(by_use), tuple(declined), tuple(coming))


Answers = dict[tuple[str, str], dt.datetime]


def _answers_of(account_id: uuid.UUID) -> tuple[Answers, Answers]:
    """(accepted, refused): when each version was last, in one query."""
    rows = db.session.execute(
        select(literal(True), Acceptance.document, Acceptance.version, Acceptance.at)
        .where(Acceptance.account_id == account_id)
        .union_all(
            select(literal(False), Refusal.document, Refusal.version, Refusal.at).where(
                Refusal.account_id == account_id
            )
        )
    )
    accepted: Answers = {}
    refused: Answers = {}
    for agreed, document, version, at in rows:
        latest = accepted if agreed else refused
        latest[(document, version)] = max(at, latest.get((document, version), at))
    return accepted, refused


def missing(account_id: uuid.UUID) -> list[LegalVersion]:
    """The versions without which no service is reachable for this account (CB-004)."""
    return list(standing(account_id).missing)


def accept(
    account_id: uuid.UUID,
    versions: Sequence[LegalVersion],
    *,
    language: str,
    way: str,
    act_kind: str | None = None,
    act_id: uuid.UUID | None = None,
    method: str | None = None,
    channel: str = WEB,
    noted_by: uuid.UUID | None = None,
) -> None:
    """Record that an account accepts versions: who, what, in which language, how, when, with the digest of the text.

    `way` is registration, express, order, continued_use or telephone; an order names its act, an acceptance said on the
    telephone the account that noted it (IA-017). The same again changes nothing.
    `method` is how the person was authenticated (default: the factors of the present session), `channel` is web or
    phone. The trail keeps the digest of each row, so that a change of it is found (IA-112, IA-114).
    """
    rows = [
        {
            "tenant_id": current_tenant_id(),
            "id": new_id(),
            "account_id": account_id,
            "document": v.code,
            "version": v.version,
            "language": v.text(language)[0],
            "digest": v.digest(language),
            "way": way,
            "act_kind": act_kind,
            "act_id": act_id,
            "at": clock.now(),
            "method": method if method is not None else _method(),
            "channel": channel,
            "noted_by": noted_by,
        }
        for v in versions
    ]
    if not rows:
        return
    done = set(
        db.session.execute(insert(Acceptance).values(rows).on_conflict_do_nothing().returning(Acceptance.id)).scalars()
    )
    for row in rows:
        if row["id"] in done:
            details = {k: str(row[k]) for k in ("document", "version", "language", "digest", "way")}
            details |= {"evidence": str(row["id"]), "seal": seal_of(row)}
            if noted_by is not None:
                details["noted_by"] = str(noted_by)
            audit.record("consent.accepted", "account", account_id, details)


def _method() -> str | None:
    """How the person of this request was authenticated; None where nobody is signed in."""
    account = g.get("account") if has_app_context() else None
    return str(account.factors) if account is not None else None


EVIDENCE = (
    "id", "account_id", "document", "version", "language", "digest", "way", "kind", "act_kind", "act_id", "at", "method",
    "channel", "noted_by",
)  # fmt: skip


def seal_of(row: Mapping[str, Any]) -> str:
    """The digest of an acceptance or refusal as it was written: one field changed, another digest (IA-114)."""
    told = {k: row[k].isoformat() if k == "at" else str(row[k]) for k in EVIDENCE if row.get(k) is not None}
    return hashlib.sha256(canonical(told).encode()).hexdigest()


def accept_again(account_id: uuid.UUID, versions: Sequence[LegalVersion], *, language: str) -> None:
    """An express acceptance that may follow a refusal of the same version: always a row of its own."""
    accept(account_id, versions, language=language, way="express", act_kind="acceptance", act_id=new_id())


def accept_by_telephone(account_id: uuid.UUID, *, language: str, noted_by: uuid.UUID) -> list[LegalVersion]:
    """Record what the account's person accepted by voice: all that it has not accepted yet. Returns these versions.

    A row of its own each time, so that it may follow a refusal; `noted_by` is the account of who spoke with them (IA-017).
    """
    versions = missing(account_id)
    accept(
        account_id,
        versions,
        language=language,
        way="telephone",
        act_kind="acceptance",
        act_id=new_id(),
        method="voice",
        channel=PHONE,
        noted_by=noted_by,
    )
    return versions


def accept_by_use(account_id: uuid.UUID, *, language: str) -> list[LegalVersion]:
    """Record as accepted by continued use what the tenant changes tacitly, or announced long enough ago (CB-067).

    Never a consent to processing, never a version that the account refused. Returns what was recorded.
    """
    versions = list(standing(account_id).by_use)
    accept(account_id, versions, language=language, way="continued_use")
    return versions


def refuse(account_id: uuid.UUID, version: LegalVersion, *, kind: str = "refused", channel: str = WEB) -> None:
    """Record that an account refuses a version, or withdraws its consent (`kind` withdrawn, CB-285)."""
    row = Refusal(
        account_id=account_id, document=version.code, version=version.version, kind=kind, at=clock.now(),
        method=_method(), channel=channel,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    details = {"document": version.code, "version": version.version, "evidence": str(row.id)}
    audit.record(f"consent.{kind}", "account", account_id, details | {"seal": seal_of(vars(row))})


def withdraw(account_id: uuid.UUID) -> None:
    """Withdraw every consent to processing that binds today; closing the account is the caller's next step."""
    for version in to_accept():
        if version.consent:
            refuse(account_id, version, kind="withdrawn")


def order_version(
    account_id: uuid.UUID,
    *,
    act_kind: str | None = None,
    act_id: uuid.UUID | None = None,
    language: str | None = None,
    checked: bool = False,
) -> str:
    """The version of the terms that applies to an order placed now (CB-063).

    With `act_kind` and `act_id` the order's acceptance is recorded as well. Raises Refused (409) while a binding
    version is missing or was refused; `checked` says that the caller asked before, in this transaction.
    """
    tenant = current_tenant()
    if not checked and missing(account_id):
        raise Refused(_("Please accept the documents of this portal first: they apply to each order."), status=409)
    terms = documents.find(tenant, TERMS, None, _today(tenant))
    if terms is None:
        raise Refused(_("This portal has no terms of use yet: nothing can be ordered."), status=409)
    if act_id is not None:
        accept(
            account_id,
            [terms],
            language=language or tenant.language,
            way="order",
            act_kind=act_kind or "order",
            act_id=act_id,
        )
    return terms.version


@dataclass(frozen=True, slots=True)
class Proof:
    """A line of an account's proof: what was agreed to or refused, when, how."""

    document: str
    version: str
    title: str
    way: str
    language: str
    at: dt.datetime
    act_kind: str | None = None


def proof(account_id: uuid.UUID, language: str = "") -> list[Proof]:
    """All that an account accepted and refused, oldest first."""
    tenant = current_tenant()
    today = _today(tenant)

    def title(code: str) -> str:
        found = documents.find(tenant, code, None, today)
        return found.title(language or tenant.language) if found else code.replace("_", " ")

    lines = [
        Proof(a.document, a.version, title(a.document), a.way, a.language, a.at, a.act_kind)
        for a in db.session.execute(select(Acceptance).where(Acceptance.account_id == account_id)).scalars()
    ]
    lines += [
        Proof(r.document, r.version, title(r.document), r.kind, "", r.at)
        for r in db.session.execute(select(Refusal).where(Refusal.account_id == account_id)).scalars()
    ]
    return sorted(lines, key=lambda p: (p.at, p.document))


def version_on(account_id: uuid.UUID, document: str, at: dt.datetime) -> str | None:
    """The version of a document that was in force for an account at an instant; None before its first (IA-020)."""
    found = db.session.execute(
        select(Acceptance.version)
        .where(Acceptance.account_id == account_id, Acceptance.document == document, Acceptance.at <= at)
        .order_by(Acceptance.at.desc())
        .limit(1)
    ).scalar_one_or_none()
    return str(found) if found is not None else None


def published(code: str, version: str | None) -> LegalVersion | None:
    """A document for reading: in force or announced, else from an earlier revision of the portal (CB-060)."""
    tenant = current_tenant()
    today = _today(tenant)
    found = documents.find(tenant, code, version, today)
    if found is not None or version is None or code not in tenant.bundle.get("legal", {}):
        return found
    entry = TenantRevision.bundle["legal"][code]
    old = db.session.execute(
        select(entry)
        .where(TenantRevision.tenant_id == tenant.id, entry["version"].astext == version)
        .order_by(TenantRevision.number.desc())
        .limit(1)
    ).scalar_one_or_none()
    return documents.make_version(old, today) if old else None
