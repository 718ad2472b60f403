"""Agreements and their withdrawal as evidence: who, how known, which text, when, by which way; checked and exported (IA-112 to IA-114).

The rows can only be added. Each one's digest stands in the audit chain, whose entries hang on one another: whoever changes
a row, or the chain, is found by `verify`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import uuid
import zipfile
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from core import audit
from core.audit.models import AuditEntry
from core.consent import service as consent
from core.consent.models import Acceptance, Refusal
from core.db import db
from core.identity import accounts
from core.identity.models import Account
from core.tenancy import keys


@dataclass(frozen=True, slots=True)
class Record:
    """One act of agreement, refusal or withdrawal. `in_force_since` is None while the account is not confirmed (IA-019)."""

    id: uuid.UUID
    account_id: uuid.UUID
    name: str
    document: str
    version: str
    language: str
    digest: str
    act: str
    at: dt.datetime
    method: str
    channel: str
    in_force_since: dt.datetime | None
    seal: str
    entry: int | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether the evidence of an account holds: `broken` names what does not fit."""

    records: int
    broken: tuple[str, ...]
    chain: str

    @property
    def whole(self) -> bool:
        return not self.broken


def _entries(account_id: uuid.UUID) -> dict[str, tuple[int, str]]:
    """(sequence number, digest) of the chain's entries by the id of their row."""
    e = AuditEntry
    rows = db.session.execute(
        select(e.seq, e.details).where(
            e.object_kind == "account", e.object_id == str(account_id), e.action.like("consent.%")
        )
    )
    found = {}
    for seq, details in rows:
        told = json.loads(details)
        if "evidence" in told:
            found[str(told["evidence"])] = (int(seq), str(told["seal"]))
    return found


def records(account_id: uuid.UUID) -> list[Record]:
    """All acts of an account, oldest first, each compared with the chain."""
    account = accounts.by_id(account_id)
    try:
        name = accounts.person(account).name
    except keys.Erased:
        name = ""
    entries = _entries(account_id)
    rows: list[Any] = []
    for model in (Acceptance, Refusal):
        query = select(model).where(model.account_id == account_id).execution_options(populate_existing=True)
        rows += db.session.execute(query).scalars()
    return sorted((_record(account, name, row, entries) for row in rows), key=lambda r: (r.at, r.document))


def _record(account: Account, name: str, row: Any, entries: dict[str, tuple[int, str]]) -> Record:
    seal = consent.seal_of({k: getattr(row, k, None) for k in consent.EVIDENCE})
    entry = entries.get(str(row.id))
    act = row.way if isinstance(row, Acceptance) else row.kind
    first = act == "registration"
    since = account.confirmed_at if first else row.at
    if first and since is not None:
        since = max(since, row.at)
    return Record(
        row.id, account.id, name, row.document, row.version, getattr(row, "language", ""), getattr(row, "digest", ""), act,
        row.at, row.method or (consent.BY_LINK if first else ""), row.channel or "", since, seal, entry[0] if entry else None,
        entry is not None and entry[1] == seal,
    )  # fmt: skip


def verify(account_id: uuid.UUID) -> Verification:
    """Compare the account's rows with the chain, and the chain with itself (IA-114)."""
    found = records(account_id)
    broken = [f"{r.document} {r.version}, {r.act}, {r.at.isoformat()}" for r in found if not r.whole]
    known = {str(r.id) for r in found}
    broken += [
        f"the row of entry {seq} is missing" for row, (seq, _s) in _entries(account_id).items() if row not in known
    ]
    chain = audit.service.verify()
    if chain.broken_at is not None:
        broken.append(f"chain: {chain.problem}")
    return Verification(len(found), tuple(broken), chain.head)


def export(account_id: uuid.UUID) -> bytes:
    """Records, documents as they were shown, and what verifies them, as one ZIP (IA-112, IA-114)."""
    found = records(account_id)
    checked = verify(account_id)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        texts = {(r.document, r.version, r.language) for r in found if r.language}
        shown = {}
        for document, version, language in sorted(texts):
            text = _text(document, version, language)
            path = f"documents/{document}-{version}-{language}.md"
            shown[path] = hashlib.sha256(text.encode()).hexdigest()
            archive.writestr(path, text)
        checking = asdict(checked) | {"whole": checked.whole, "entries": _chain(account_id)}
        body = {"records": [asdict(r) for r in found], "documents": shown, "verification": checking}
        archive.writestr("evidence.json", json.dumps(body, ensure_ascii=False, indent=1, default=_plain))
    audit.record("evidence.exported", "account", account_id, {"records": len(found)})
    return out.getvalue()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)


def _text(document: str, version: str, language: str) -> str:
    found = consent.published(document, version)
    return found.text(language)[1] if found is not None else ""


def _chain(account_id: uuid.UUID) -> list[dict[str, Any]]:
    e = AuditEntry
    rows = db.session.execute(
        select(e)
        .where(e.object_kind == "account", e.object_id == str(account_id), e.action.like("consent.%"))
        .order_by(e.seq)
    ).scalars()
    return [
        {"seq": r.seq, "at": r.at, "action": r.action, "details": r.details, "prev": r.prev.hex(), "hash": r.hash.hex()}
        for r in rows
    ]
