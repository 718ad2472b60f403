"""Complaints and incidents: recorded, tracked, and promised by their portal."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from core import audit, clock
from core.console.models import Complaint, Incident
from core.db import db, new_id
from core.identity import accounts
from core.identity.models import Account
from core.identity.policy import parameters
from core.identity.recovery import BREACH, register_breach
from core.messages import _
from core.notifications.service import Recipient, notify
from core.promises.models import Promise
from core.tenancy import keys, service
from core.tenancy.crossing import operating_on, working_in
from core.tenancy.current import current_tenant
from core.web.frame import Refused

CHANNELS = ("email", "post", "phone")
SUBJECT_MOST, WORDS_MOST = 200, 10_000
SUMMARY_MOST = 500
_NEXT = {"open": ("answered", "closed"), "answered": ("open", "closed"), "closed": ("open",)}


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint in the list: nothing that a person wrote."""

    portal: str
    id: uuid.UUID
    channel: str
    state: str
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ComplaintShown:
    """A complaint, opened."""

    id: uuid.UUID
    channel: str
    state: str
    received_at: dt.datetime
    name: str
    email: str
    subject: str
    words: str


def complaints() -> list[ComplaintLine]:
    """The complaints of all portals, the oldest open first."""
    lines = []
    for portal in service.list_tenants():
        with working_in(portal.id):
            rows = db.session.execute(select(Complaint)).scalars()
            lines += [ComplaintLine(portal.slug, r.id, r.channel, r.state, r.received_at) for r in rows]
    order = {"open": 0, "answered": 1, "closed": 2}
    return sorted(lines, key=lambda c: (order[c.state], c.received_at))


def record_complaint(
    tenant_id: int,
    operator_id: uuid.UUID,
    *,
    channel: str,
    name: str,
    email: str,
    subject: str,
    words: str,
    received_at: dt.datetime,
) -> uuid.UUID:
    """Record a complaint; the sender is told by e-mail that it arrived (CB-240). Raises Refused naming what is wrong."""
    problems = []
    if channel not in CHANNELS:
        problems.append(_("Please say how the complaint came."))
    if not subject.strip() or len(subject) > SUBJECT_MOST:
        problems.append(_("A subject of 1 to {most} characters is wanted.", most=SUBJECT_MOST))
    if not words.strip() or len(words) > WORDS_MOST:
        problems.append(_("What the person wrote is wanted, {most} characters at most.", most=WORDS_MOST))
    if channel == "email" and "@" not in email:
        problems.append(_("The sender’s e-mail address is wanted, so that they are told."))
    if received_at > clock.now():
        problems.append(_("A complaint cannot have come in the future."))
    if problems:
        raise Refused(*problems, status=422)
    with operating_on(tenant_id, str(operator_id), "complaint.record") as view:
        person_id = new_id()
        body = {"name": name.strip(), "email": email.strip(), "subject": subject.strip(), "words": words.strip()}
        row = Complaint(
            person_id=person_id,
            channel=channel,
            state="open",
            sealed=keys.seal_json(person_id, "complaints", "sealed", body),
            received_at=received_at,
            recorded_by=str(operator_id),
        )
        db.session.add(row)
        db.session.flush()
        audit.record("complaint.recorded", "complaint", row.id, {"channel": channel})
        if email.strip():
            to = Recipient(email.strip(), "", view.language, view.time_zone, name.strip())
            notify(
                "complaint_received",
                account_id=person_id,
                person_id=person_id,
                to=to,
                channels=("email",),
                link="/pages/help",
            )
        found = row.id
        db.session.commit()
    return found


def open_complaint(tenant_id: int, operator_id: uuid.UUID, complaint_id: uuid.UUID) -> ComplaintShown | None:
    """Read a complaint; the reading is on the portal's trail. None where there is none."""
    with operating_on(tenant_id, str(operator_id), "complaint.read"):
        row = Complaint.get(complaint_id)
        if row is None:
            return None
        audit.record("complaint.read", "complaint", row.id)
        body = keys.unseal_json(row.person_id, "complaints", "sealed", row.sealed)
        shown = ComplaintShown(row.id, row.channel, row.state, row.received_at, **body)
        db.session.commit()
    return shown


def turn_complaint(tenant_id: int, operator_id: uuid.UUID, complaint_id: uuid.UUID, state: str) -> bool:
    """Mark a complaint as answered or closed, or open it again. False where there is none. Raises Refused."""
    with operating_on(tenant_id, str(operator_id), "complaint.turn"):
        row = db.session.execute(
            select(Complaint).where(Complaint.id == complaint_id).with_for_update()
        ).scalar_one_or_none()
        if row is None:
            return False
        if state not in _NEXT[row.state]:
            raise Refused(
                _("This complaint cannot be turned from “{old}” to “{new}”.", old=row.state, new=state), status=409
            )
        audit.record("complaint.turned", "complaint", row.id, {"from": row.state, "to": state})
        row.state = state
        if state == "answered":
            row.answered_at = clock.now()
        row.closed_at = clock.now() if state == "closed" else None
        db.session.commit()
    return True


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """An incident with how many notices are out: `sent` in time, `late` after it, `open` not sent yet."""

    portal: str
    id: uuid.UUID
    found_at: dt.datetime
    due_at: dt.datetime
    summary: str
    concerned: int
    open: int
    missed: int


def incidents() -> list[IncidentLine]:
    """The incidents of all portals, newest first, with the notices of the portal that are still owed."""
    lines = []
    for portal in service.list_tenants():
        with working_in(portal.id):
            rows = db.session.execute(select(Incident)).scalars().all()
            owed = db.session.execute(
                select(Promise.due_at, Promise.state, func.count())
                .where(Promise.kind == BREACH, Promise.settled_at.is_(None))
                .group_by(Promise.due_at, Promise.state)
            ).all()
            for r in rows:
                count = {state: n for due, state, n in owed if due == r.due_at}
                lines.append(
                    IncidentLine(
                        portal.slug,
                        r.id,
                        r.found_at,
                        r.due_at,
                        r.summary,
                        r.concerned,
                        count.get("open", 0),
                        count.get("missed", 0),
                    )
                )
    return sorted(lines, key=lambda i: i.found_at, reverse=True)


def register_incident(
    tenant_id: int, operator_id: uuid.UUID, *, found_at: dt.datetime, summary: str, emails: Iterable[str] | None
) -> Incident:
    """Register a breach of credentials: every person concerned is told in time and must choose a new password (CB-120).

    `emails` are the addresses concerned; None means every account of the portal. Raises Refused.
    """
    if not summary.strip() or len(summary) > SUMMARY_MOST:
        raise Refused(_("A summary of 1 to {most} characters is wanted, without names.", most=SUMMARY_MOST), status=422)
    if found_at > clock.now():
        raise Refused(_("A breach cannot have been found in the future."), status=422)
    with operating_on(tenant_id, str(operator_id), "incident.register"):
        concerned = _concerned(emails)
        hours = parameters().at("breach_notice_hours", found_at.date()).value
        count = register_breach(concerned, found_at)
        row = Incident(
            found_at=found_at,
            registered_at=clock.now(),
            registered_by=str(operator_id),
            summary=summary.strip(),
            concerned=count,
            due_at=found_at + dt.timedelta(hours=hours),
        )
        db.session.add(row)
        db.session.flush()
        audit.record("incident.registered", "incident", row.id, {"concerned": count})
        db.session.commit()
        db.session.expunge(row)
    return row


def _concerned(emails: Iterable[str] | None) -> list[uuid.UUID]:
    if emails is None:
        return list(
            db.session.execute(select(Account.id).where(Account.state != "closed").order_by(Account.id)).scalars()
        )
    found, unknown = [], 0
    for address in emails:
        account = accounts.by_email(address)
        if account is None:
            unknown += 1
        else:
            found.append(account.id)
    if unknown:
        raise Refused(
            _(
                "{count} of these addresses have no account on {portal}. Nobody was told yet.",
                count=unknown,
                portal=current_tenant().name,
            ),
            status=422,
        )
    if not found:
        raise Refused(_("Please name the addresses concerned, or choose all accounts."), status=422)
    return sorted(set(found))
