"""Receipts: a decision on which an act was done or refused is kept, sealed with the person's key, digest in the trail."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from flask import current_app
from sqlalchemy import select, tuple_

from core import audit, clock
from core.audit.models import DecisionReceipt
from core.db import current_tenant_id, db, new_id
from core.hooks.decisions import Decision, Effect, Obligation, Question, Reason, UsedParameter, canonical, digest
from core.messages import Message
from core.tenancy import keys
from core.tenancy.current import current_tenant

EXPORT_PAGE = 500


def question_data(question: Question) -> dict[str, Any]:
    """A question as JSON-ready facts, in the form of `portico decide`."""
    patient, professional = question.patient, question.professional
    return {
        "question": question.name,
        "at": question.at.isoformat(),
        "service": question.service,
        "patient": {
            "category": patient.category,
            "statuses": sorted(patient.statuses),
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
            "country": patient.country,
        },
        "professional": {
            "country": professional.country,
            "kind": professional.kind,
            "specialty": professional.specialty,
        },
        "facts": json.loads(canonical(dict(question.facts))),
    }


def decision_data(decision: Decision) -> dict[str, Any]:
    """A decision as JSON-ready data; messages keep their id and parameters, so that any language can be told later."""
    plain: dict[str, Any] = json.loads(canonical(dataclasses.asdict(decision, dict_factory=_dict)))
    return plain


def _dict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {k: (sorted(v) if isinstance(v, frozenset) else v) for k, v in pairs}


def keep(
    question: Question,
    decision: Decision,
    *,
    person_id: uuid.UUID,
    account_id: uuid.UUID | None,
    act_kind: str,
    act_id: uuid.UUID | None,
) -> uuid.UUID:
    """Store a receipt in the present transaction and put its digest on the trail; returns its id."""
    row = made(question, decision, person_id=person_id, account_id=account_id, act_kind=act_kind, act_id=act_id)
    db.session.add(row)
    db.session.flush()
    note(row)
    return row.id


def made(
    question: Question,
    decision: Decision,
    *,
    person_id: uuid.UUID,
    account_id: uuid.UUID | None,
    act_kind: str,
    act_id: uuid.UUID | None,
) -> DecisionReceipt:
    """A receipt that is not stored yet: for a caller that stores it with the act itself and then calls `note`."""
    body = {
        "asked": question_data(question),
        "answered": decision_data(decision),
        "configuration": current_tenant().revision,
    }
    runtime = current_app.extensions["portico"].runtime
    versions = {
        n: str(getattr(runtime.modules[n], "version", ""))
        for n in sorted(current_tenant().dispatcher.enabled)
        if n in runtime.modules
    }
    return DecisionReceipt(
        tenant_id=current_tenant_id(),
        id=new_id(),
        decided_at=clock.now(),
        question=question.name,
        effect=str(decision.effect),
        person_id=person_id,
        account_id=account_id,
        act_kind=act_kind,
        act_id=act_id,
        sealed=keys.seal_json(person_id, "decision_receipts", "sealed", body),
        digest=digest(body),
        plugin_versions=versions,
    )


def note(row: DecisionReceipt) -> None:
    """Put the digest of a stored receipt on the trail."""
    audit.record(
        "decision.kept",
        row.act_kind,
        row.act_id or row.id,
        {"receipt": str(row.id), "digest": row.digest, "effect": row.effect},
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt, opened."""

    id: uuid.UUID
    decided_at: dt.datetime
    question: str
    asked: Mapping[str, Any]
    decision: Decision
    act_kind: str
    act_id: uuid.UUID | None
    plugin_versions: Mapping[str, str]
    configuration: int


def _message(data: Mapping[str, Any]) -> Message:
    params = {k: (_message(v) if isinstance(v, dict) and "msgid" in v else v) for k, v in data["params"].items()}
    return Message(data["msgid"], params, data["domain"], data.get("context"))


def restored(data: Mapping[str, Any]) -> Decision:
    """A decision from its data."""
    reasons = tuple(
        Reason(
            r["code"], r["source"], _message(r["message"]), r["rule"], r["citation"],
            tuple(UsedParameter(p["key"], p["value"], dt.date.fromisoformat(p["since"]), p["unit"]) for p in r["parameters"]),
            Effect(r["effect"]),
        )
        for r in data["reasons"]
    )  # fmt: skip
    obligations = tuple(
        Obligation(o["code"], o["source"], _message(o["message"]), o["details"]) for o in data["obligations"]
    )
    return Decision(Effect(data["effect"]), reasons, obligations, data["values"])


def opened(row: DecisionReceipt) -> Receipt:
    """Open a receipt. Raises keys.Erased after the person's erasure."""
    body = keys.unseal_json(row.person_id, "decision_receipts", "sealed", row.sealed)
    return Receipt(
        row.id, row.decided_at, row.question, body["asked"], restored(body["answered"]), row.act_kind, row.act_id,
        row.plugin_versions, body["configuration"],
    )  # fmt: skip


def access_receipt(receipt_id: uuid.UUID, account_id: uuid.UUID) -> Receipt | None:
    """The account's own receipt, or None: "absent" and "not yours" are the same."""
    row = db.session.execute(
        select(DecisionReceipt).where(DecisionReceipt.id == receipt_id, DecisionReceipt.account_id == account_id)
    ).scalar_one_or_none()
    return opened(row) if row is not None else None


def exported(since: dt.datetime | None, until: dt.datetime | None) -> Iterator[dict[str, Any] | None]:
    """The portal's receipts of a time (from `since`, before `until`), oldest first, for asking them again.

    Each as its facts, date, effect, values and versions, without a name, an account or an act; None for one whose person
    was erased. Read in pages: memory does not grow with their number.
    """
    after: tuple[dt.datetime, uuid.UUID] | None = None
    while True:
        query = select(DecisionReceipt).order_by(DecisionReceipt.decided_at, DecisionReceipt.id).limit(EXPORT_PAGE)
        if since is not None:
            query = query.where(DecisionReceipt.decided_at >= since)
        if until is not None:
            query = query.where(DecisionReceipt.decided_at < until)
        if after is not None:
            query = query.where(tuple_(DecisionReceipt.decided_at, DecisionReceipt.id) > after)
        rows = list(db.session.execute(query).scalars())
        for row in rows:
            yield _exported(row)
        if len(rows) < EXPORT_PAGE:
            return
        after = rows[-1].decided_at, rows[-1].id
        db.session.expunge_all()


def _exported(row: DecisionReceipt) -> dict[str, Any] | None:
    try:
        body = keys.unseal_json(row.person_id, "decision_receipts", "sealed", row.sealed)
    except keys.Erased:
        return None
    return {
        "id": str(row.id),
        **body["asked"],
        "decided_at": row.decided_at,
        "effect": row.effect,
        "values": body["answered"]["values"],
        "plugin_versions": row.plugin_versions,
        "configuration": body["configuration"],
    }


def of_account(account_id: uuid.UUID, limit: int = 50) -> list[Receipt]:
    """The account's receipts, newest first."""
    rows = db.session.execute(
        select(DecisionReceipt)
        .where(DecisionReceipt.account_id == account_id)
        .order_by(DecisionReceipt.decided_at.desc())
        .limit(limit)
    ).scalars()
    return [opened(r) for r in rows]
