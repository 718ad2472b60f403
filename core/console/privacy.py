"""Rights requests, reports and evidence of authority in the console: listed without words, opened with an entry on the trail."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.identity import accounts, dependants
from core.identity.accounts import UnknownAccount
from core.privacy import answering, authority, files, policy, reports
from core.privacy import service as rights
from core.privacy.models import OPEN, AuthorityRequest, PrivacyFile, RightsRequest
from core.tenancy import keys, service
from core.tenancy.crossing import operating_on, working_in


@dataclass(frozen=True, slots=True)
class Line:
    """A request in the list: no name, no words. `flag`: late, near or empty."""

    portal: str
    id: uuid.UUID
    reference: str
    kind: str
    channel: str
    addressee: str
    state: str
    waiting: str | None
    received_at: dt.datetime
    due_at: dt.datetime
    due_day: dt.date
    flag: str


def listed() -> list[Line]:
    """The requests of all portals: the open ones first, by the day they are due."""
    lines = []
    now = clock.now()
    for portal in service.list_tenants():
        with working_in(portal.id):
            for r in db.session.execute(select(RightsRequest)).scalars():
                due = policy.due_at(r.received_at)
                flag, day = rights.flag_of(r, due, now), policy.due_day(r.received_at)
                lines.append(
                    Line(portal.slug, r.id, r.reference, r.kind, r.channel, r.addressee, r.state, r.waiting, r.received_at, due, day, flag)
                )  # fmt: skip
    return sorted(lines, key=lambda x: (x.state != OPEN, x.due_at))


def enter(tenant_id: int, operator_id: uuid.UUID, *, account_email: str, **told: Any) -> uuid.UUID:
    """Enter what came by post or e-mail. `account_email` finds the account of the person, where there is one. Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "rights.enter"):
        found = accounts.by_email(account_email) if account_email.strip() else None
        row = rights.enter(operator_id, account_id=found.id if found else None, **told)
        made = row.id
        db.session.commit()
    return made


def opened(tenant_id: int, operator_id: uuid.UUID, request_id: uuid.UUID) -> rights.Shown | None:
    """Read a request; the reading is on the portal's trail. None where there is none."""
    with operating_on(tenant_id, str(operator_id), "rights.read"):
        row: RightsRequest | None = RightsRequest.get(request_id)
        if row is None:
            return None
        audit.record("rights.read", rights.KIND, row.id)
        shown = rights.shown(row)
        db.session.commit()
        db.session.expunge_all()
    return shown


def act(
    tenant_id: int, operator_id: uuid.UUID, request_id: uuid.UUID, what: str, words: str,
    proof: files.Upload | None = None,
) -> None:  # fmt: skip
    """Do one step: details, proof, received, validate, answer, refuse. Raises Refused, ValueError for no such step."""
    by = str(operator_id)
    steps: dict[str, Callable[[], Any]] = {
        "details": lambda: rights.ask(request_id, "operator", by, "details", words),
        "proof": lambda: rights.ask(request_id, "operator", by, "proof", words),
        "received": lambda: rights.give(rights.locked(request_id), "operator", by, words, proof),
        "validate": lambda: rights.validate_identity(request_id, by, words),
        "answer": lambda: answering.answer(request_id, by, words),
        "refuse": lambda: rights.refuse(request_id, "operator", by, words),
    }
    if what not in steps:
        raise ValueError(what)
    with operating_on(tenant_id, by, f"rights.{what}"):
        steps[what]()
        db.session.commit()


def file_of(tenant_id: int, operator_id: uuid.UUID, file_id: uuid.UUID) -> Any | None:
    """A proof or evidence as a download; the reading is on the trail. A person's copy is for the person alone: None."""
    with operating_on(tenant_id, str(operator_id), "privacy_file.read"):
        row: PrivacyFile | None = PrivacyFile.get(file_id)
        if row is None or row.kind == "export":
            return None
        audit.record("privacy_file.read", row.subject_kind, row.subject_id, {"file": str(row.id), "kind": row.kind})
        answer = files.download(row, f"{row.kind}-{row.id.hex[:8]}")
        db.session.commit()
    return answer


# -- reports of anomalies --------------------------------------------------------------------------------------------


def all_reports() -> list[tuple[str, reports.Line]]:
    """The reports of all portals, those that wait first."""
    lines = []
    for portal in service.list_tenants():
        with working_in(portal.id):
            lines += [(portal.slug, r) for r in reports.everybody()]
    return sorted(lines, key=lambda x: (x[1].handled_at is not None, x[1].at))


def open_report(tenant_id: int, operator_id: uuid.UUID, report_id: uuid.UUID) -> tuple[reports.Line, str] | None:
    """Read a report; the reading is on the portal's trail."""
    with operating_on(tenant_id, str(operator_id), "report.read"):
        try:
            found = reports.words_of(report_id)
        except keys.Erased:
            return None
        db.session.commit()
    return found


def handle_report(tenant_id: int, operator_id: uuid.UUID, report_id: uuid.UUID) -> None:
    """Mark a report as handled. Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "report.handle"):
        reports.handle(report_id, str(operator_id))
        db.session.commit()


# -- authority over somebody -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A person whom an account acts for, with the last request for evidence."""

    id: uuid.UUID
    relation: str
    kind: str
    age: int
    declared_at: dt.datetime | None
    last: AuthorityRequest | None


def held_by(tenant_id: int, account_id: uuid.UUID) -> list[Held]:
    """The people whom an account acts for: no name, how old, since when declared; and what was asked."""
    with working_in(tenant_id):
        last: dict[uuid.UUID, AuthorityRequest] = {}
        for row in reversed(authority.of(account_id)):
            last[row.dependant_id] = row
        found = []
        for d in dependants.listed(account_id):
            declared = dependants.access_dependant(account_id, d.id).declared_at
            found.append(Held(d.id, d.relation, d.kind, d.age, declared, last.get(d.id)))
        db.session.expunge_all()
    return found


def ask_authority(
    tenant_id: int, operator_id: uuid.UUID, account_id: uuid.UUID, dependant_id: uuid.UUID, words: str
) -> uuid.UUID:
    """Ask for evidence. Raises Refused, NotFound."""
    with operating_on(tenant_id, str(operator_id), "authority.ask"):
        made = authority.ask(account_id, dependant_id, str(operator_id), words).id
        db.session.commit()
    return made


def open_authority(tenant_id: int, operator_id: uuid.UUID, request_id: uuid.UUID) -> authority.Shown | None:
    """Read a request with the documents sent; the reading is on the portal's trail."""
    with operating_on(tenant_id, str(operator_id), "authority.read"):
        row: AuthorityRequest | None = AuthorityRequest.get(request_id)
        if row is None:
            return None
        audit.record("authority.read", authority.KIND, row.id)
        shown = authority.shown(row)
        db.session.commit()
        db.session.expunge_all()
    return shown


def decide_authority(tenant_id: int, operator_id: uuid.UUID, request_id: uuid.UUID, proven: bool, words: str) -> None:
    """Say whether the authority is proven. Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "authority.decide"):
        authority.decide(request_id, str(operator_id), proven, words)
        db.session.commit()


def known(tenant_id: int, account_id: uuid.UUID) -> bool:
    """Whether the portal has this account."""
    with working_in(tenant_id):
        try:
            accounts.by_id(account_id)
        except UnknownAccount:
            return False
        return True
