"""Reports of anomalies and misuse: each has a reference, and is seen by the operator until it is handled (IA-105)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select

from core import audit, clock
from core.db import db
from core.identity import accounts, recovery
from core.identity.models import SecurityReport
from core.messages import Message, _
from core.tenancy import keys
from core.web.frame import Refused

WORDS_MOST = 4_000
KINDS: dict[str, Message] = {"anomaly": _("Malfunction or anomaly"), "misuse": _("Credentials lost or misused")}


@dataclass(frozen=True, slots=True)
class Line:
    """A report in a list: nothing that a person wrote."""

    id: uuid.UUID
    reference: str
    account_id: uuid.UUID
    kind: str
    at: dt.datetime
    handled_at: dt.datetime | None


def reference_of(report_id: uuid.UUID) -> str:
    """What a report is called in letters."""
    return f"A-{report_id.hex[:8].upper()}"


def send(account_id: uuid.UUID, words: str) -> str:
    """A signed-in person reports a malfunction or anomaly; its reference. Raises Refused (422)."""
    if not words.strip() or len(words) > WORDS_MOST:
        raise Refused(_("Please describe it in 1 to {most} characters.", most=WORDS_MOST), status=422)
    return reference_of(recovery.keep_report(accounts.by_id(account_id), "anomaly", words.strip()).id)


def _line(row: SecurityReport) -> Line:
    return Line(row.id, reference_of(row.id), row.account_id, row.kind, row.at, row.handled_at)


def of(account_id: uuid.UUID) -> list[Line]:
    """The account's own reports, newest first."""
    s = SecurityReport
    query = select(s).where(s.account_id == account_id, s.kind == "anomaly").order_by(s.at.desc())
    return [_line(r) for r in db.session.execute(query).scalars()]


def everybody() -> list[Line]:
    """All reports of the portal, those that wait first."""
    s = SecurityReport
    query = select(s).order_by(s.handled_at.is_not(None), s.at)
    return [_line(r) for r in db.session.execute(query).scalars()]


def words_of(report_id: uuid.UUID) -> tuple[Line, str] | None:
    """A report, opened; None where there is none. Raises keys.Erased."""
    row: SecurityReport | None = SecurityReport.get(report_id)
    if row is None:
        return None
    person_id = accounts.by_id(row.account_id).person_id
    audit.record("report.read", "security_report", row.id)
    return _line(row), keys.unseal(person_id, "security_reports", "sealed", row.sealed).decode()


def handle(report_id: uuid.UUID, operator_id: str) -> None:
    """The operator has seen to it. Raises Refused (404)."""
    row: SecurityReport | None = SecurityReport.get(report_id)
    if row is None:
        raise Refused(_("There is no such report."), status=404)
    if row.handled_at is None:
        row.handled_at, row.handled_by = clock.now(), operator_id
        audit.record("report.handled", "security_report", row.id)
